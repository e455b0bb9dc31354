from __future__ import annotations

from pathlib import Path

import pytest

from callinsight.errors import ConfigError
from callinsight.taxonomy import (
    DEFAULT_TAXONOMY,
    TRAINED,
    AskKind,
    Competitor,
    Concern,
    ContentType,
    Product,
    Stage,
    TitleRule,
    Titles,
    TopicDefinition,
    load_taxonomy,
)

PIPELINES = Path(__file__).parents[1] / "pipelines"
SMALL = """\
version = "1"

[concerns.price]
label = "Price"
description = "What it costs."
patterns = ["too much"]

[concerns.competitor]
label = "Rivals"
description = "Who else."
names = ["Initech"]

[cues]
objection = ["but"]
question = ["how"]
ask = ["send"]

[asks.study]
label = "Case study"
content_types = ["case_study"]
patterns = ["case study"]

[personas]
boss = "Decides"
user = "Works with it"

[titles.functions.company]
words = ["CEO"]
unless = ["Assistant"]
[titles.seniority.top]
words = ["Chief"]
[titles.personas]
company = { top = "boss", other = "user" }
other = { any = "unknown" }

[stages.early]
label = "Early"
crm = ["Demo"]
cues = ["see my screen"]
[stages.late]
label = "Late"

[content_types]
case_study = { stages = ["late"], review_days = 365 }
"""
LIST = 'must be a list of texts, such as ["one", "two"]'


@pytest.fixture
def taxonomy(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "taxonomy.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_taxonomy(path)
    return str(caught.value)


class TestLoading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_all_sections_are_read(self, taxonomy, encoding):
        read = load_taxonomy(taxonomy(SMALL.encode(encoding)))
        assert read.version == "1"
        assert read.concerns == {
            "price": Concern("price", "Price", "What it costs.", patterns=("too much",)),
            "competitor": Concern("competitor", "Rivals", "Who else.", names=("Initech",)),
        }
        assert read.cues == {"objection": ("but",), "question": ("how",), "ask": ("send",)}
        study = AskKind("study", "Case study", ("case_study",), ("case study",))
        assert read.asks == {"study": study}
        assert read.personas == {"boss": "Decides", "user": "Works with it"}
        assert read.titles == Titles(
            functions={"company": TitleRule("company", ("CEO",), ("Assistant",))},
            seniority={"top": TitleRule("top", ("Chief",))},
            personas={"company": {"top": "boss", "other": "user"}, "other": {"any": "unknown"}},
        )
        assert read.stages == {
            "early": Stage("early", "Early", ("Demo",), ("see my screen",)),
            "late": Stage("late", "Late"),
        }
        assert read.content_types == {"case_study": ContentType("case_study", ("late",), 365)}

    def test_a_version_may_be_a_number(self, taxonomy):
        assert load_taxonomy(taxonomy(SMALL.replace('"1"', "2"))).version == "2"

    def test_the_starter_is_the_one_the_pipelines_use(self):
        assert load_taxonomy(DEFAULT_TAXONOMY) == load_taxonomy(PIPELINES / "taxonomy.toml")
        assert len(load_taxonomy(DEFAULT_TAXONOMY).concerns) == 12


class TestStages:
    @pytest.mark.parametrize(
        ("word", "stage"),
        [
            ("Discovery", "awareness"),
            ("FIRST CALL", "awareness"),
            ("first-call", "awareness"),
            ("Technical_Review", "consideration"),
            ("needs  analysis ", "consideration"),
            ("Negotiation", "decision"),
            ("closed/won", "retention"),
            ("Decision", "decision"),  # the stage's own name
            ("", "unknown"),
            ("Closed Lost", "unknown"),
            ("pre-discovery", "unknown"),
        ],
    )
    def test_the_words_of_the_crm_in_any_case(self, word, stage):
        assert load_taxonomy(DEFAULT_TAXONOMY).stage_of(word) == stage

    def test_the_words_of_the_file_in_any_case(self, taxonomy):
        assert load_taxonomy(taxonomy(SMALL)).stage_of("demo") == "early"


class TestFilesThatCannotBeUsed:
    def test_a_missing_file(self, tmp_path):
        path = tmp_path / "gone.toml"
        assert refusal(path) == (
            f"{path}: there is no such taxonomy file; name one under [tagging] in the pipeline file"
        )

    def test_a_folder(self, tmp_path):
        assert refusal(tmp_path) == (
            f"{tmp_path}: the taxonomy file cannot be read (Is a directory); "
            "mend its permissions or the path under [tagging] in the pipeline file"
        )

    def test_another_encoding(self, taxonomy):
        path = taxonomy(SMALL.replace("Price", "Preisgefüge").encode("cp1252"))
        assert refusal(path) == f"{path}: this is not UTF-8 text; save it again as UTF-8"

    def test_what_is_not_toml_is_named_by_its_line(self, taxonomy):
        path = taxonomy(SMALL.replace('label = "Rivals"', "label = Rivals"))
        assert refusal(path) == (
            f"{path}: this is not valid TOML: Invalid value (at line 9, column 9)"
        )


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("[cues]", "[cuse]", "the top level has no setting 'cuse'; did you mean 'cues'?"),
        (
            'version = "1"',
            "",
            "the top level needs the setting 'version'",
        ),
        (
            'version = "1"',
            'version = "1"\nzzz = 1',
            (
                "the top level has no setting 'zzz'; it may have version, concerns, cues, asks, personas, "
                "titles, stages, content_types, competitors, products, topics, lead_stages"
            ),
        ),
        (
            'patterns = ["too much"]',
            'pattern = ["too much"]',
            "[concerns.price] has no setting 'pattern'; did you mean 'patterns'?",
        ),
        ('label = "Price"\n', "", "[concerns.price] needs the setting 'label'"),
        ('label = "Price"', "label = 1", "[concerns.price] label must be text in quotes, not 1"),
        ('["too much"]', '"too much"', f"[concerns.price] patterns {LIST}"),
        ('["too much"]', "[1]", f"[concerns.price] patterns {LIST}"),
        (
            "[concerns.competitor]",
            "[concerns]\nrival = 1\n[concerns.rest]",
            "'concerns.rival' must be a table: write [concerns.rival] above its settings",
        ),
        (
            "[cues]\n",
            "[cues]\nmention = []\n",
            "[cues] has no setting 'mention'; did you mean 'question'?",
        ),
        ('ask = ["send"]\n', "", "[cues] needs the setting 'ask'"),
        ('ask = ["send"]', 'ask = "send"', f"[cues] ask {LIST}"),
        (
            'content_types = ["case_study"]',
            'content_types = ["case_studies"]',
            "[asks.study] names the unknown content type 'case_studies'; did you mean 'case_study'?",
        ),
        (
            'content_types = ["case_study"]',
            'content_types = ["zzz"]',
            "[asks.study] names the unknown content type 'zzz'; it must be one of case_study",
        ),
        (
            'content_types = ["case_study"]',
            'content_types = "case_study"',
            f"[asks.study] content_types {LIST}",
        ),
        ('patterns = ["case study"]\n', "", "[asks.study] needs the setting 'patterns'"),
        ('boss = "Decides"', "boss = true", "[personas] boss must be text in quotes, not true"),
        (
            'top = "boss"',
            'top = "bos"',
            "[titles.personas] company names the unknown persona 'bos'; did you mean 'boss'?",
        ),
        (
            'top = "boss"',
            'top = "champion"',
            (
                "[titles.personas] company names the unknown persona 'champion'; "
                "it must be one of boss, user, unknown"
            ),
        ),
        (
            'top = "boss"',
            "top = 1",
            "[titles.personas] company top must be text in quotes, not 1",
        ),
        (
            'top = "boss"',
            'tops = "boss"',
            "[titles.personas] company names the unknown seniority 'tops'; did you mean 'top'?",
        ),
        (
            "company = {",
            "compary = {",
            "[titles.personas] names the unknown function 'compary'; did you mean 'company'?",
        ),
        (
            'other = { any = "unknown" }',
            'other = "user"',
            (
                "[titles.personas] other must say the persona by seniority, "
                'such as { head = "champion" }, or { any = "champion" }'
            ),
        ),
        (
            "[titles.personas]",
            "[titles.persona]",
            "[titles] has no setting 'persona'; did you mean 'personas'?",
        ),
        (
            'words = ["CEO"]',
            'word = ["CEO"]',
            "[titles.functions.company] has no setting 'word'; did you mean 'words'?",
        ),
        ('words = ["CEO"]\n', "", "[titles.functions.company] needs the setting 'words'"),
        ('words = ["CEO"]', 'words = "CEO"', f"[titles.functions.company] words {LIST}"),
        (
            'words = ["Chief"]',
            "words = []",
            "[titles.seniority.top] has an empty word or none; write one, or remove it",
        ),
        (
            'unless = ["Assistant"]',
            'unless = ["-"]',
            "[titles.functions.company] has an empty word or none; write one, or remove it",
        ),
        (
            "[titles.seniority.top]",
            "[titles]\nseniority = 1\n[titles.rest]",
            "[titles] has no setting 'rest'; it may have functions, seniority, personas",
        ),
        ('cues = ["see my screen"]', 'cues = "screen"', f"[stages.early] cues {LIST}"),
        ('crm = ["Demo"]', 'crm = "Demo"', f"[stages.early] crm {LIST}"),
        (
            'stages = ["late"]',
            'stages = ["lat"]',
            "[content_types.case_study] names the unknown stage 'lat'; did you mean 'late'?",
        ),
        (
            'stages = ["late"]',
            'stages = ["zzz"]',
            (
                "[content_types.case_study] names the unknown stage 'zzz'; "
                "it must be one of early, late"
            ),
        ),
        (
            "review_days = 365",
            "review_days = true",
            "[content_types.case_study] review_days must be a whole number, not true",
        ),
        (
            "review_days = 365",
            "review_days = 0",
            "[content_types.case_study] review_days is 0; write 1 or more",
        ),
        (
            ", review_days = 365",
            "",
            "[content_types.case_study] needs the setting 'review_days'",
        ),
    ],
)
def test_mistakes(taxonomy, right, wrong, message):
    assert SMALL.count(right) == 1
    path = taxonomy(SMALL.replace(right, wrong))
    assert refusal(path) == f"{path}: {message}"


def test_a_section_that_is_no_table(taxonomy):
    path = taxonomy(
        SMALL.replace('boss = "Decides"\nuser = "Works with it"\n', "")
        .replace("[personas]\n", "")
        .replace('version = "1"', 'version = "1"\npersonas = ["boss"]')
    )
    assert refusal(path) == (
        f"{path}: 'personas' must be a table: write [personas] above its settings"
    )


class TestTitleRules:
    @pytest.mark.parametrize(
        ("words", "unless", "title", "fits"),
        [
            (("CEO",), (), "ceo", True),
            (("ceo",), (), "Interim CEO (Germany)", True),
            (("co-founder",), (), "Co Founder", True),
            (("vice president finance",), (), "Vice-President, Finance", True),
            (("it",), (), "Head of IT/OT", True),
            (("it",), (), "Digital Capital Auditor", False),
            (("it",), (), "IT’s new head", True),
            (("r&d",), (), "Head of R&D", True),
            (("c++",), (), "cc", False),
            (("head",), ("interim",), "Interim head of sales", False),
            (("head",), ("inter",), "Interim head of sales", True),
            (("head",), ("VICE-head",), "Vice head of sales", False),
            (("einkauf~",), (), "Einkaufsleiter", True),
            (("einkauf~",), (), "Großeinkauf", False),
            (("~leiter",), (), "Einkaufsleiter", True),
            (("~leiter",), (), "Leiter", True),
            (("~leiter",), (), "Leiterin", False),
            (("kaufmännische~ leit~",), (), "Kaufmännische Leiterin", True),
            (("geschäftsführer",), (), "Gescha\u0308ftsfu\u0308hrer", True),  # as macOS writes it
            (("head",), (), "", False),
        ],
    )
    def test_whole_words_in_any_case(self, words, unless, title, fits):
        assert TitleRule("company", words, unless).fits(title) is fits


OWN = """
[concerns.green]
label = "Sustainability"
description = "Emissions and waste."
examples = ["One.", "Two.", "Three.", "Four.", "Five."]

[competitors.paperlane]
label = "Paperlane"
names = ["Paperlane", "paper plane"]
description = "Cheap."
examples = ["We use Paperlane."]

[products.scan]
label = "Sable Scan"
names = ["Sable Scan"]

[topics.winter]
label = "Winter stock"
description = "Before the cold."
examples = ["One.", "Two.", "Three.", "Four.", "Five."]
patterns = ["winter stock"]
"""


class TestWhatUsersDefine:
    def test_concerns_rivals_products_and_topics(self, taxonomy):
        read = load_taxonomy(taxonomy(SMALL + OWN))
        five = ("One.", "Two.", "Three.", "Four.", "Five.")
        green = Concern("green", "Sustainability", "Emissions and waste.", examples=five)
        assert read.concerns["green"] == green
        assert read.competitors == {
            "paperlane": Competitor(
                "paperlane",
                "Paperlane",
                ("Paperlane", "paper plane"),
                "Cheap.",
                ("We use Paperlane.",),
            )
        }
        assert read.products == {"scan": Product("scan", "Sable Scan", ("Sable Scan",))}
        assert read.topics == {
            "winter": TopicDefinition(
                "winter", "Winter stock", "Before the cold.", five, ("winter stock",)
            )
        }

    def test_none_of_them_is_needed(self, taxonomy):
        read = load_taxonomy(taxonomy(SMALL))
        assert (read.competitors, read.products, read.topics) == ({}, {}, {})

    def test_names_of_the_concern_and_of_the_pipeline_file_are_rivals_too(self, taxonomy):
        rivals = load_taxonomy(taxonomy(SMALL + OWN)).rivals(
            ["PAPER PLANE", "Globex", "globex", ""]
        )
        assert list(rivals) == ["paperlane", "Initech", "Globex"]
        assert rivals["Globex"] == Competitor("Globex", "Globex", ("Globex",))

    def test_the_digest_changes_with_a_definition_and_not_with_the_version(self, taxonomy):
        first = load_taxonomy(taxonomy(SMALL)).digest
        assert (
            load_taxonomy(taxonomy(SMALL.replace('version = "1"', "version = 2"))).digest == first
        )
        assert load_taxonomy(taxonomy(SMALL.replace('"too much"', '"too dear"'))).digest != first
        assert len(first) == 12

    def test_the_tagger_has_learnt_what_the_starter_defines(self):
        assert set(load_taxonomy(DEFAULT_TAXONOMY).concerns) == set(TRAINED)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            'waste."\nexamples = ["One.", "Two.", "Three.", "Four.", "Five."]',
            'waste."\nexamples = ["One."]',
            (
                "[concerns.green] has 1 example; "
                "write 5 to 10 sentences under examples or a phrase under patterns"
            ),
        ),
        (
            'description = "Before the cold."\nexamples = ["One.", "Two.", "Three.", "Four.", "Five."]',
            'description = "Before the cold."\nexamples = []',
            (
                "[topics.winter] has no examples; "
                "write 5 to 10 sentences under examples as buyers say them"
            ),
        ),
        (
            'names = ["Paperlane", "paper plane"]',
            'names = ["Paperlane", " - "]',
            (
                "[competitors.paperlane] has an empty name or none; "
                "write names as they are said, or remove it"
            ),
        ),
        (
            'names = ["Sable Scan"]',
            "names = []",
            "[products.scan] has an empty name or none; write names as they are said, or remove it",
        ),
        (
            'names = ["Sable Scan"]',
            'names = ["paper-plane"]',
            (
                "[competitors.paperlane] has the name 'paper plane', which [products.scan] has too; "
                "remove it from one of them"
            ),
        ),
        (
            'names = ["Sable Scan"]',
            'name = ["Sable Scan"]',
            "[products.scan] has no setting 'name'; did you mean 'names'?",
        ),
        (
            'patterns = ["winter stock"]',
            'patterns = "winter stock"',
            f"[topics.winter] patterns {LIST}",
        ),
        (
            "[competitors.paperlane]\n",
            "[competitors]\nother = 1\n[competitors.paperlane]\n",
            "'competitors.other' must be a table: write [competitors.other] above its settings",
        ),
    ],
)
def test_mistakes_in_what_users_define(taxonomy, right, wrong, message):
    assert OWN.count(right) == 1
    path = taxonomy(SMALL + OWN.replace(right, wrong))
    assert refusal(path) == f"{path}: {message}"


def test_an_ask_may_be_general(taxonomy):
    general = SMALL.replace(
        'patterns = ["case study"]', 'patterns = ["case study"]\ngeneral = true'
    )
    assert load_taxonomy(taxonomy(general)).asks["study"].general
    path = taxonomy(general.replace("true", "1"))
    assert refusal(path) == f"{path}: [asks.study] general must be true or false, not 1"
