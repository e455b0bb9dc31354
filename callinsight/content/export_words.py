"""How content platforms and people call the columns of an export, and what stands in them.

English and German; the likeliest word of a column comes first. Words are compared as `exports.plain`
leaves them.
"""

from __future__ import annotations


def _listed(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {ours: tuple(words.split(", ")) for ours, words in table.items()}


NAMES = _listed(  # columns
    {
        "asset_id": (
            "asset id, content id, item id, post id, external id, document id, id, guid, asset, "
            "sku, key, asset nr, inhalts id, kennung, nummer, nr"
        ),
        "title": (
            "title, asset title, asset name, content title, post title, document title, page "
            "title, headline, name, file name, heading, titel, überschrift, bezeichnung, "
            "seitentitel, dateiname"
        ),
        "content_type": (
            "content type, asset type, type of content, content format, format, post type, "
            "document type, media type, type, kind, layout, folder, inhaltstyp, inhaltsart, art "
            "des inhalts, dokumenttyp, medientyp, typ, art"
        ),
        "url": (
            "url, link, permalink, web address, page url, asset url, live url, public url, "
            "address, canonical, canonical url, location, share link, webadresse, "
            "seitenadresse, adresse"
        ),
        "summary": (
            "summary, description, abstract, excerpt, meta description, short description, "
            "teaser, seo.description, subtitle, notes, paragraph, zusammenfassung, "
            "kurzbeschreibung, beschreibung, kurztext, inhaltsangabe, anreisser"
        ),
        "concerns": (
            "concerns, objections, objection, concern, pain points, objections handled, "
            "einwände, einwand, bedenken, schmerzpunkte"
        ),
        "personas": (
            "personas, persona, buyer persona, target persona, target audience, buying role, "
            "role, roles, audience segment, zielgruppe, zielgruppen, zielpersona, rolle, rollen"
        ),
        "stages": (
            "stages, stage, funnel stage, buyer stage, buying stage, sales stage, funnel, buyer "
            "journey, buyers journey, journey stage, lifecycle stage, kaufphase, "
            "vertriebsphase, phase, phasen, stufe"
        ),
        "topics": (
            "topics, topic, tags, keywords, categories, category, labels, themes, themen, "
            "thema, schlagwörter, schlagworte, stichwörter, kategorien, kategorie, rubrik"
        ),
        "product_specific": "product specific, about product, produktbezogen, produktspezifisch",
        "owner": (
            "owner, content owner, asset owner, author, authors, created by, responsible, "
            "editor, writer, contact, verantwortlich, verantwortliche, verantwortlicher, "
            "zuständig, eigentümer, autor, autorin, verfasser, erstellt von, ansprechpartner, "
            "redaktion"
        ),
        "status": (
            "status, state, publish status, post status, workflow status, draft, "
            "veröffentlichungsstatus, zustand"
        ),
        "audience": (
            "audience, visibility, access, internal external, internal or external, "
            "sichtbarkeit, zugriff, intern extern, intern oder extern"
        ),
        "published_on": (
            "published on, publish date, published, publication date, date published, published "
            "at, post date, release date, created, created on, created at, creation date, date, "
            "veröffentlicht am, veröffentlichungsdatum, erscheinungsdatum, veröffentlicht, "
            "erschienen am, erschienen, erstellt am, datum"
        ),
        "updated_on": (
            "updated on, last updated, updated, last modified, modified, date modified, updated "
            "at, modified at, last reviewed, reviewed on, last review, lastmod, aktualisiert "
            "am, letzte aktualisierung, aktualisiert, letzte änderung, zuletzt geändert, "
            "geändert am, überarbeitet am, zuletzt geprüft, geprüft am, stand"
        ),
        "expires_on": (
            "expires on, expires, expiry date, expiration date, expiry, valid until, unpublish "
            "date, end date, gültig bis, ablaufdatum, läuft ab am"
        ),
        "review_period_days": (
            "review period days, review period, review every days, prüffrist in tagen, "
            "prüffrist tage"
        ),
        "language": "language, lang, locale, sprache",
        "cost": (
            "cost, production cost, budget, spend, herstellungskosten, produktionskosten, kosten"
        ),
    }
)

TYPES = _listed(  # types of content
    {
        "blog": (
            "blog post, blog article, post, article, news, press release, story, blogs, "
            "blogbeitrag, blogartikel, beitrag, artikel, meldung, pressemitteilung"
        ),
        "case_study": (
            "customer story, success story, case studies, customer success story, testimonial, "
            "reference, customer case, fallstudie, fallstudien, kundengeschichte, "
            "anwenderbericht, erfolgsgeschichte, referenz, referenzbericht, kundenstimme"
        ),
        "ebook": "e book, guide, ebooks, handbook, playbook, book, leitfaden, ratgeber, handbuch",
        "whitepaper": (
            "white paper, whitepapers, paper, position paper, fachartikel, positionspapier"
        ),
        "infographic": "info graphic, poster, infografik, schaubild, plakat",
        "research_report": (
            "report, research, analyst report, survey, benchmark, study, studie, bericht, "
            "umfrage, marktstudie"
        ),
        "webinar": (
            "webcast, webinar recording, on demand webinar, event, webinars, podcast, "
            "webinaraufzeichnung, veranstaltung"
        ),
        "video": "videos, clip, film, explainer video, animation, erklärvideo, imagefilm",
        "solution_brief": (
            "brief, solution overview, use case, product page, landing page, lösungsübersicht, "
            "anwendungsfall, produktseite"
        ),
        "one_pager": (
            "onepager, one page, flyer, leaflet, brochure, 1 pager, einseiter, faltblatt, "
            "broschüre, prospekt"
        ),
        "data_sheet": (
            "datasheet, data sheets, product sheet, fact sheet, spec sheet, documentation, "
            "docs, technical documentation, product documentation, doc, manual, datenblatt, "
            "datenblätter, produktblatt, dokumentation, technische dokumentation"
        ),
        "comparison_guide": (
            "comparison, compare, competitor comparison, versus page, vergleich, "
            "produktvergleich, wettbewerbsvergleich"
        ),
        "demo": "product demo, product tour, demo video, interactive demo, produktdemo, vorführung",
        "battle_card": "battlecard, competitive card, battle cards, kill sheet, wettbewerbskarte",
        "roi_tool": (
            "calculator, roi calculator, business case, roi, tool, value calculator, rechner, "
            "roi rechner, wirtschaftlichkeitsrechnung, amortisationsrechner"
        ),
        "pricing_sheet": (
            "price list, pricing, price sheet, rate card, quote template, preisliste, preise, "
            "preisblatt"
        ),
        "security_pack": (
            "security, security whitepaper, compliance, certificate, security documentation, "
            "trust center, trust centre, sicherheit, sicherheitskonzept, zertifikat, "
            "datenschutz, datenschutzkonzept"
        ),
        "implementation_guide": (
            "implementation, migration guide, setup guide, how to, integration guide, "
            "quickstart, tutorial, admin guide, deployment guide, walkthrough, install, "
            "installation, tutorials, quickstarts, anleitung, einrichtung, "
            "installationsanleitung, einführungsleitfaden"
        ),
        "legal_pack": (
            "legal, contract, terms, contract template, policy, legal document, vertrag, "
            "vertragsmuster, agb, auftragsverarbeitung, richtlinie"
        ),
        "pitch_deck": (
            "deck, presentation, slides, sales deck, slide deck, pitch, präsentation, folien, "
            "foliensatz"
        ),
        "talk_track": (
            "script, email template, talk tracks, call script, template, sequence, "
            "gesprächsleitfaden, vorlage, skript"
        ),
        "onboarding": (
            "training, course, getting started, user guide, help article, help, schulung, kurs, "
            "erste schritte, benutzerhandbuch, hilfe"
        ),
        "newsletter": (
            "newsletters, release notes, changelog, release note, email newsletter, rundbrief, "
            "versionshinweise"
        ),
    }
)

STATES = _listed(  # states
    {
        "live": (
            "publish, published, active, approved, public, current, no, false, online, "
            "veröffentlicht, aktiv, freigegeben, öffentlich, aktuell, nein"
        ),
        "draft": (
            "pending, in progress, in review, future, scheduled, unpublished, wip, yes, true, "
            "planned, idea, private, entwurf, in arbeit, in prüfung, geplant, unveröffentlicht, "
            "ja"
        ),
        "archived": (
            "archive, retired, inactive, trash, expired, deprecated, deleted, archiviert, "
            "archiv, zurückgezogen, inaktiv, abgelaufen, veraltet, gelöscht"
        ),
    }
)

SEEN_BY = _listed(  # who may see it
    {
        "internal": (
            "private, internal only, employees, sales only, reps, staff, restricted, intern, "
            "nur intern, mitarbeiter, vertrieb, vertraulich"
        ),
        "external": (
            "public, customer facing, customers, everyone, anyone, buyers, prospects, extern, "
            "öffentlich, kunden, alle, interessenten"
        ),
    }
)

STEPS = _listed(  # buying stages
    {
        "awareness": (
            "tofu, top of funnel, top, attract, education, discover, learn, aufmerksamkeit, "
            "kennenlernen"
        ),
        "consideration": (
            "mofu, middle of funnel, middle, evaluate, evaluation, solution, abwägung, "
            "erwägung, bewertung, vergleich"
        ),
        "decision": (
            "bofu, bottom of funnel, bottom, purchase, selection, close, convert, entscheidung, "
            "kauf, abschluss, auswahl"
        ),
        "retention": (
            "post sale, customer, onboarding, adoption, renewal, expansion, delight, bindung, "
            "kundenbindung, bestandskunden, nutzung, verlängerung"
        ),
    }
)

ROLES = _listed(  # buyers' roles
    {
        "economic_buyer": (
            "economic buyer, decision maker, budget holder, cfo, finance, entscheider, "
            "budgetverantwortlicher, budgetverantwortliche, finanzen, finanzleitung"
        ),
        "executive_sponsor": (
            "executive, executives, c level, c suite, ceo, leadership, geschäftsführung, "
            "geschäftsleitung, vorstand"
        ),
        "champion": (
            "influencer, manager, project lead, advocate, projektleitung, projektleiter, "
            "abteilungsleitung"
        ),
        "technical_evaluator": (
            "technical buyer, developer, developers, engineer, engineering, it, architect, cto, "
            "technical, administrator, admin, it manager, devops, technik, technische leitung, "
            "entwickler, entwicklung, it leitung, administration"
        ),
        "security_compliance": (
            "security, ciso, compliance, dpo, risk, informationssicherheit, datenschutz, "
            "datenschutzbeauftragte, sicherheit"
        ),
        "legal_procurement": (
            "legal, procurement, purchasing, counsel, buyer, recht, rechtsabteilung, einkauf, "
            "beschaffung"
        ),
        "end_user": (
            "user, users, end users, practitioner, operator, anwender, nutzer, benutzer, "
            "sachbearbeitung"
        ),
    }
)
