from __future__ import annotations

import dataclasses

import pytest

from callinsight.tagging.personas import persona_of_title
from callinsight.taxonomy import DEFAULT_TAXONOMY, TitleRule, Titles, load_taxonomy

TITLES = {
    "economic_buyer": """
        CEO | Chief Executive Officer | Co-Founder & CEO | CEO / Founder | Founding Partner
        Owner | Business Owner | Owner/Operator | Sole Proprietor | President | President & COO
        Managing Director | Managing Director DACH | General Manager | Managing Partner | Partner
        Founder and CTO | CFO | Interim CFO | Deputy CFO | Chief Financial Officer | Finance Director
        Group Finance Director | VP Finance | VP of Finance | Vice President of Finance
        Senior Vice President, Finance | Head of Finance | Director, Finance & IT | Director FP&A
        Geschäftsführer | Geschäftsführerin | GESCHÄFTSFÜHRER | Geschäftsführer (m/w/d)
        Geschäftsführer:in | Geschäftsführender Gesellschafter | Geschäftsführende Gesellschafterin
        Alleingeschäftsführer | Mitglied der Geschäftsleitung | Inhaber | Inhaberin | Mitinhaber
        Gründer | Mitgründerin | Vorstandsvorsitzender | Finanzvorstand | Leiter Finanzen
        Leiterin Finanzen & Controlling | Finanzleiter | Kaufmännische Leiterin
        Kaufmännischer Leiter und Prokurist | Bereichsleiter Finanzen
    """,
    "executive_sponsor": """
        COO | Chief Operating Officer | CMO | Chief Marketing Officer | CRO | Chief Revenue Officer
        Chief People Officer | CHRO | Chief Product Officer | Chief Digital Officer | VP Sales
        Vice President Sales | SVP Operations | EVP, Customer Experience | VP People | Board Member
        Executive Director | Vertriebsvorstand | Vorstand Vertrieb | Mitglied des Vorstands
        Personalvorstand | Bereichsleiterin Produktion | Bereichsleitung Logistik
    """,
    "champion": """
        Director of Sales | Sales Director | Regional Director | Head of Operations | Head of Digital
        Head of Customer Support | Head of People | Head of Product | Head of Shared Services
        Director, Supply Chain | Capital Projects Director | Director of Nursing | Marketing Director
        Deputy Director of Operations | Head of Accounting | Vertriebsleiter | Vertriebsleiter:in
        Vertriebsleiter/in | Marketingleitung | Leitung Kundendienst | Leiterin Personal | Werksleiter
        Leiter Buchhaltung | Leiter Finanzbuchhaltung | Betriebsleiter | Stellv. Leiter Logistik
        Abteilungsleiterin Kundenservice | Leiter Digitalisierung | Personalleiter
    """,
    "technical_evaluator": """
        CIO | CTO | Chief Information Officer | Chief Technology Officer | VP Engineering
        VP of IT | Head of IT | IT Director | IT Manager | IT-Leiter | IT-Leiterin | Leiter IT
        Leiter EDV | Leiter IT/Organisation | Head of Engineering | Engineering Manager
        Senior Software Engineer | DevOps Engineer | Software Developer | Softwareentwickler
        Softwareentwickler*in | Frontend-Entwicklerin | Solutions Architect | Enterprise Architect
        Softwarearchitektin | ERP Administrator | System Administrator | Systemadministratorin
        Datenbankadministrator | Head of Data | Data Scientist | Data Engineer | Director of Analytics
        Head of Business Systems | Systems Integration Engineer | Network Manager | Cloud Lead
        Technischer Leiter | Technical Director | Wirtschaftsinformatiker | IT-Systemkaufmann
        Bereichsleiter Informatik | Director of Finance Systems | Head of IT/OT
    """,
    "security_compliance": """
        CISO | Chief Information Security Officer | Head of Information Security | IT Security Manager
        Information Security Manager | Security Engineer | Cybersecurity Analyst | VP Security
        Data Protection Officer | DPO | Privacy Counsel | Chief Privacy Officer | Compliance Manager
        Head of Risk & Compliance | Chief Risk Officer | GRC Lead | Datenschutzbeauftragter
        Externer Datenschutzbeauftragter | Leiterin Informationssicherheit
        Informationssicherheitsbeauftragte | IT-Sicherheitsbeauftragter | Leiter Risikomanagement
        Compliance-Beauftragte
    """,
    "legal_procurement": """
        Head of Procurement | VP Procurement | Chief Procurement Officer | Procurement Manager
        Strategic Sourcing Lead | Purchasing Manager | Senior Buyer | Category Buyer | Buyer
        Vendor Manager | IT Procurement Manager | General Counsel | Associate General Counsel
        Senior Contracts Counsel | Contract Manager | Legal Director | Head of Legal | Paralegal
        Legal Assistant | Company Secretary | Einkaufsleiter | Einkaufsleiterin | Leiter Einkauf
        Leitung Zentraleinkauf | Sachbearbeiterin Einkauf | Strategische Einkäuferin
        Technischer Einkäufer | Beschaffungsmanager | Leiter Recht | Rechtsanwältin | Syndikusanwalt
        Justiziarin | Vertragsmanager | Leiter Vergabestelle
    """,
    "end_user": """
        Assistant to the CEO | Executive Assistant to the CEO | Executive Assistant | PA to the CFO
        Assistentin der Geschäftsführung | Vorstandsassistent | Sekretärin der Geschäftsleitung
        Teamassistenz | Referent der Geschäftsführung | Sales Manager | Account Manager
        Regional Sales Manager | Product Manager | Produktmanagerin | Project Manager | Projektleiter
        Office Manager | Assistant Manager | Finance Manager | Accounts Payable Manager | AP Specialist
        AP Team Lead | Team Lead | Teamleiter Kundendienst | Gruppenleiterin Logistik | Teamleiter Finanzen
        Schichtleiter | Filialleiterin | Shift Supervisor | Operations Coordinator | Purchase Ledger Clerk
        Accounts Payable Clerk | Data Entry Clerk | Invoice Processing Assistant | Customer Service Rep
        Financial Analyst | Business Analyst | Loan Officer | HR Administrator | Chief Accountant
        Staff Accountant | Bookkeeper | Registered Nurse | Teacher | Maintenance Technician
        Finanzbuchhalterin | Bilanzbuchhalter | Sachbearbeiter Buchhaltung | Sachbearbeiter:in Logistik
        Mitarbeiterin Kundenservice | Industriekauffrau | Kaufmännischer Angestellter | Disponent
        Pflegefachkraft | Lehrerin | Audit Manager | Health and Safety Manager
        Fachkraft für Arbeitssicherheit
    """,
    "unknown": """
        Product Owner | Process Owner | Chief of Staff | Chief of Staff to the CEO | Intern
        Marketing Intern | Praktikant | IT-Praktikantin | Werkstudent | Werkstudentin Einkauf
        Auszubildender | Trainee | Former CEO | Ex-CTO | HR Business Partner | Finance Business Partner
        Account Executive | Consultant | Unternehmensberater | Advisor to the CEO | Prokurist | Finance
        Sales | Betriebsrat | Flugbegleiterin | Non-Executive Director | Art Director | Freelancer
        Financial Controller | - | n/a | ???
    """,
}
CASES = [
    (title.strip(), persona)
    for persona, titles in TITLES.items()
    for line in titles.strip().splitlines()
    for title in line.split("|")
]


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy(DEFAULT_TAXONOMY)


@pytest.mark.parametrize(("title", "persona"), [*CASES, ("", "unknown"), ("  ", "unknown")])
def test_titles(taxonomy, title, persona):
    assert persona_of_title(title, taxonomy) == persona


def test_the_table_is_wide(taxonomy):
    titles = [title for title, _ in CASES]

    assert len(titles) > 280
    assert len(set(titles)) == len(titles)
    assert set(TITLES) == {*taxonomy.personas, "unknown"}


@pytest.fixture
def mine(taxonomy):
    """Rules that show which of several wins."""
    titles = Titles(
        functions={
            "money": TitleRule("money", ("money",), unless=("no",)),
            "tools": TitleRule("tools", ("money", "tools")),
            "bare": TitleRule("bare", ("bare",)),
        },
        seniority={
            "helper": TitleRule("helper", ("helper",)),
            "boss": TitleRule("boss", ("helper", "boss")),
        },
        personas={
            "any": {"helper": "end_user"},
            "money": {"boss": "economic_buyer", "any": "champion"},
            "tools": {"other": "technical_evaluator"},
            "other": {"boss": "executive_sponsor"},
        },
    )
    return dataclasses.replace(taxonomy, titles=titles)


@pytest.mark.parametrize(
    ("title", "persona"),
    [
        ("Boss of money", "economic_buyer"),
        ("Money", "champion"),  # whatever the seniority
        ("Boss of no money", "unknown"),  # the second function, which has no such seniority
        ("Tools", "technical_evaluator"),  # no seniority fits
        ("Boss of tools", "unknown"),
        ("Boss", "executive_sponsor"),  # no function fits
        ("Helper", "end_user"),
        ("Money helper", "end_user"),  # whatever the function, asked first
        ("Bare boss", "unknown"),  # a function without a row
        ("Somebody", "unknown"),
    ],
)
def test_the_first_that_fits_and_the_row_of_the_table(mine, title, persona):
    assert persona_of_title(title, mine) == persona
