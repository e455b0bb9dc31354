import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from callinsight.config import TaggingConfig
from callinsight.errors import ConfigError
from callinsight.pipeline.embedding import load_encoder
from callinsight.pipeline.tagger import load_tagger
from callinsight.records import DEMAND_STANCES, STANCES
from callinsight.tagging.concerns import Tagger, pieces
from callinsight.tagging.encoder import SIZE, Turn, encode
from callinsight.tagging.gold import read_gold
from callinsight.tagging.heads import PRECISIONS, Heads, load_heads
from callinsight.tagging.labelled import LabelledTurn, Labels
from callinsight.tagging.names import NameFinder
from callinsight.tagging.reading import NOTHING, Reading
from callinsight.tagging.sentences import PIECE_WORDS, sentences_of
from callinsight.tagging.training import Example
from callinsight.tagging.user_concerns import UserConcerns
from callinsight.taxonomy import DEFAULT_TAXONOMY, TRAINED, AskKind, Concern, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
SHORT_TURNS = Path(__file__).parents[2] / "benchmarks" / "short_turns.csv"
ASKS = {
    "price_list": AskKind("price_list", "Price list", (), ("price list",)),
    "case_study": AskKind("case_study", "Case study", (), ("case study",)),
}
AXES = {name: axis for axis, name in enumerate((*TRAINED, *STANCES, "ask"))}
BIAS = 9  # with nothing on its axis, nothing is likely
SMALL = "Good to see you all again, folks."
DEAR = "That is far too dear for us."
LATER = "We will think it over."
FILLER = "This goes on for quite a while and says nothing at all about what they think of us."


def odds(chance: float) -> float:
    return float(np.log(chance / (1 - chance)))


def some_heads(**changed) -> Heads:
    """Heads with an axis each: what lies on it makes the concern, the stance, the ask."""
    concern_weights = np.zeros((len(TRAINED), SIZE + 3), np.float32)
    stance_weights = np.zeros((len(STANCES), SIZE + 3), np.float32)
    ask_weights = np.zeros((1, SIZE + 3), np.float32)
    for rows, names in (
        (concern_weights, TRAINED),
        (stance_weights, STANCES),
        (ask_weights, ["ask"]),
    ):
        for row, name in zip(rows, names, strict=True):
            row[AXES[name]] = 1
    concern_weights[:, -1] = ask_weights[:, -1] = -BIAS
    heads = Heads(
        concerns=TRAINED,
        groups=(),
        encoder="print",
        center=np.zeros(SIZE, np.float32),
        spread=np.full(SIZE, SIZE**-0.5, np.float32),
        concern_weights=concern_weights,
        calibration=np.tile(np.array([1, 0], np.float32), (len(TRAINED), 1)),
        thresholds=np.full(len(TRAINED), 0.4, np.float32),
        precise=np.tile(np.linspace(0.45, 0.8, len(PRECISIONS), dtype=np.float32), (12, 1)),
        stance_weights=stance_weights,
        objection_threshold=0.45,
        ask_weights=ask_weights,
        ask_threshold=0.6,
        ask_calibration=np.array([[1, 0]], np.float32),
    )
    return replace(heads, **changed)


def leaning(stance: str) -> dict[str, float]:
    return {other: 0.94 if other == stance else 0.02 for other in STANCES}


def vectors_of(turn: Turn, *sentences: dict[str, float]) -> dict[str, np.ndarray]:
    """Vectors in which these sentences of the turn, one after the other, carry what is so likely."""
    given = iter(sentences)
    vectors = {}
    for piece in pieces(turn):
        spans = sentences_of(piece.text)
        rows = np.zeros((len(spans), SIZE + 1), np.float16)
        for row, (start, end) in zip(rows, spans, strict=True):
            row[SIZE] = share = len(piece.text[start:end].split()) / len(piece.text.split())
            for name, chance in next(given, {}).items():
                value = np.log(chance) if name in STANCES else odds(chance) + BIAS
                row[AXES[name]] = value / share
        vectors[piece.key] = rows
    return vectors


def tagger(*, taxonomy=TAXONOMY, heads=None, competitors=(), **options) -> Tagger:
    names = NameFinder(taxonomy.rivals(competitors))
    return Tagger(taxonomy, heads or some_heads(), encoder="print", names=names, **options)


def read(text: str, *sentences: dict[str, float], **options) -> Reading:
    turn = Turn("", text)
    return tagger(**options).read([turn], vectors_of(turn, *sentences))[0]


def with_patterns(**patterns: tuple[str, ...]):
    """The taxonomy with these phrases instead of those of a concern."""
    changed = {
        name: replace(concern, patterns=patterns.get(name, ()))
        for name, concern in TAXONOMY.concerns.items()
    }
    return replace(TAXONOMY, concerns=changed)


def example(id_: str, text: str, *labels: Labels, **chances: float) -> Example:
    vector = np.zeros(SIZE, np.float32)
    for name, value in chances.items():
        vector[AXES[name]] = value
    return Example(LabelledTurn(id_, "here", "", text, labels), vector)


PRICE = Labels(("price_budget",), "objection", ask=False)
VALUE = Labels(("value_roi",), "question", ask=False)


# --- concerns ---


def test_a_concern_and_all_that_is_known_of_it():
    reading = read(DEAR, {"price_budget": 0.8, **leaning("objection")}, taxonomy=with_patterns())

    (found,) = reading.concerns
    assert (found.label, found.status, found.evidence, found.why) == (
        *("price_budget", "sure", DEAR, ""),
    )
    assert found.score == pytest.approx(0.8, abs=3e-3)
    assert reading.stance == "objection"
    assert reading.stance_score == pytest.approx(0.94, abs=3e-3)
    assert (reading.asks, reading.ask_kind, reading.ask_evidence) == (False, "", "")


@pytest.mark.parametrize(
    ("chance", "status"), [(0.42, "sure"), (0.38, "unsure"), (0.12, "unsure"), (0.08, None)]
)
def test_the_band_of_the_unsure(chance, status):
    reading = read(DEAR, {"price_budget": chance})

    assert [concern.status for concern in reading.concerns] == ([status] if status else [])
    assert reading.stance == ("mention" if status == "sure" else "none")
    assert reading.raised == ("mention" if status else "none")


@pytest.mark.parametrize(("chance", "labels"), [(0.12, ["price_budget"]), (0.08, [])])
def test_hardly_likely_is_not_shown_however_low_the_threshold(chance, labels):
    heads = some_heads(thresholds=np.full(len(TRAINED), 0.11, np.float32))

    assert [c.label for c in read(DEAR, {"price_budget": chance}, heads=heads).concerns] == labels


@pytest.mark.parametrize(
    ("precision", "chance", "status"),
    [
        (0, 0.75, "sure"),
        (0.9, 0.75, "sure"),
        (0.95, 0.75, "unsure"),
        (0.95, 0.42, "unsure"),
        (0.95, 0.08, None),
        (0.95, 0.85, "sure"),
    ],
)
def test_who_wants_more_precision_gets_fewer_sure_tags(precision, chance, status):
    reading = read(DEAR, {"price_budget": chance}, precision=precision)

    assert [concern.status for concern in reading.concerns] == ([status] if status else [])


def test_each_concern_has_its_own_threshold():
    thresholds = np.full(len(TRAINED), 0.4, np.float32)
    thresholds[TRAINED.index("value_roi")] = 0.7

    reading = read(
        DEAR, {"value_roi": 0.6, "price_budget": 0.6}, heads=some_heads(thresholds=thresholds)
    )

    assert [(c.label, c.status) for c in reading.concerns] == [
        ("price_budget", "sure"),
        ("value_roi", "unsure"),
    ]


def test_concerns_stand_in_the_order_of_the_taxonomy():
    reading = read(DEAR, {"trust_proof": 0.9, "need_fit": 0.7, "price_budget": 0.5})

    assert [c.label for c in reading.concerns] == ["price_budget", "need_fit", "trust_proof"]


def test_a_concern_that_the_user_removed_is_not_found():
    taxonomy = replace(TAXONOMY, concerns={"value_roi": TAXONOMY.concerns["value_roi"]})

    reading = read(DEAR, {"price_budget": 0.9, "value_roi": 0.6}, taxonomy=taxonomy)

    assert [concern.label for concern in reading.concerns] == ["value_roi"]


# --- what shows it ---


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_evidence_is_the_sentence_that_carries_it(place):
    sentences = [SMALL, LATER]
    sentences.insert(place, DEAR)
    said = [{}, {}]
    said.insert(place, {"price_budget": 0.9})

    (found,) = read(" ".join(sentences), *said).concerns

    assert found.evidence == DEAR


def test_two_concerns_have_each_their_sentence():
    reading = read(f"{SMALL} {DEAR} {LATER}", {}, {"price_budget": 0.9}, {"timing_priority": 0.6})

    assert {concern.label: concern.evidence for concern in reading.concerns} == {
        "price_budget": DEAR,
        "timing_priority": LATER,
    }


def test_evidence_is_as_it_was_said():
    dear = "It’s — honestly — far “too” déar 😀 für uns!"

    (found,) = read(f" {SMALL}  {dear}\n{LATER}", {}, {"price_budget": 0.9}).concerns

    assert found.evidence == dear


def test_a_sentence_that_did_not_fit_the_window_is_no_evidence():
    turn = Turn("", f"{SMALL} {DEAR} {LATER}")
    vectors = vectors_of(turn, {}, {"price_budget": 0.9})
    (key,) = vectors
    seen = {key: vectors[key][:2]}

    (found,) = tagger().read([turn], seen)[0].concerns

    assert found.evidence == DEAR


def test_the_words_that_tell():
    taxonomy = with_patterns(price_budget=("too dear", "think it over", "budget~"))

    (found,) = read(f"{DEAR} {LATER}", {"price_budget": 0.9}, taxonomy=taxonomy).concerns

    assert (found.evidence, found.why) == (DEAR, "says “too dear”")


def test_all_words_that_tell():
    taxonomy = with_patterns(price_budget=("too dear", "dear", "budget~"))

    text = "Too dear, with all budgets gone."
    (found,) = read(text, {"price_budget": 0.9}, taxonomy=taxonomy).concerns

    assert found.why == "says “too dear”, “budgets”"


def test_without_words_that_tell_the_most_similar_turn_learnt_from():
    examples = [
        example("h-1", "Beyond our means.", PRICE, PRICE, price_budget=3),
        example("h-2", "A split one.", PRICE, VALUE, price_budget=3, value_roi=2),
        example("h-3", "What do we gain?", VALUE, price_budget=3, value_roi=2),
        example("h-4", "No money left.", PRICE, price_budget=3, need_fit=9),
    ]
    said = {"price_budget": 0.9, "value_roi": 0.05}
    options = {"taxonomy": with_patterns(), "examples": examples}

    (found,) = read(DEAR, said, **options).concerns
    (unlike,) = read(DEAR, {"trust_proof": 0.9}, **options).concerns

    assert found.why == "like “Beyond our means.” (h-1)"
    assert unlike.why == ""


# --- stance ---


@pytest.mark.parametrize(
    ("chances", "stance", "score"),
    [
        ((0.50, 0.30, 0.10, 0.10), "objection", 0.5),
        ((0.46, 0.50, 0.02, 0.02), "objection", 0.46),  # the threshold decides, not the likeliest
        ((0.43, 0.30, 0.10, 0.17), "question", 0.3),
        ((0.40, 0.20, 0.20, 0.20), "mention", 0.4),
        ((0.05, 0.05, 0.10, 0.80), "mention", 0.9),  # with a concern, `none` cannot be
    ],
)
def test_the_stance_where_there_is_a_concern(chances, stance, score):
    said = dict(zip(STANCES, chances, strict=True))

    reading = read(DEAR, {"price_budget": 0.9, **said})

    assert reading.stance == stance
    assert reading.stance_score == pytest.approx(score, abs=2e-3)


@pytest.mark.parametrize(
    ("chances", "stance", "score"),
    [((0.50, 0.30, 0.10, 0.10), "objection", 0.5), ((0.20, 0.60, 0.10, 0.10), "none", 0.1)],
)
def test_an_objection_may_be_sure_while_what_it_is_about_is_not(chances, stance, score):
    said = dict(zip(STANCES, chances, strict=True))

    reading = read(DEAR, {"price_budget": 0.3, **said})

    assert [one.status for one in reading.concerns] == ["unsure"]
    assert reading.stance == stance
    assert reading.stance_score == pytest.approx(score, abs=2e-3)


def test_without_a_concern_the_stance_is_none():
    said = dict(zip(STANCES, (0.8, 0.1, 0.05, 0.05), strict=True))

    reading = read(DEAR, said)

    assert (reading.concerns, reading.stance) == ((), "none")
    assert reading.stance_score == pytest.approx(0.05, abs=2e-3)


# --- asks ---


def test_an_ask_with_its_sentence_and_its_kind():
    text = f"{SMALL} Could you send me a price list? {LATER}"

    reading = read(text, {}, {"ask": 0.8}, taxonomy=replace(TAXONOMY, asks=ASKS))

    assert (reading.asks, reading.ask_kind) == (True, "price_list")
    assert reading.ask_evidence == "Could you send me a price list?"
    assert reading.ask_score == pytest.approx(0.8, abs=3e-3)


@pytest.mark.parametrize(
    ("before", "ask", "kind"),
    [
        ("We have read your case study.", "Could you send me a price list?", "price_list"),
        ("I do like that case study.", "Could you send it to me?", "case_study"),
        ("We do like what we see.", "Could you send me something?", "other"),
    ],
)
def test_what_is_asked_for_stands_in_the_asking_sentence_else_near_it(before, ask, kind):
    reading = read(f"{before} {ask}", {}, {"ask": 0.9}, taxonomy=replace(TAXONOMY, asks=ASKS))

    assert (reading.asks, reading.ask_kind) == (True, kind)


def test_below_its_threshold_it_is_unsure_what_is_asked_for():
    text = "Could you send me a price list?"

    reading = read(text, {"ask": 0.58}, taxonomy=replace(TAXONOMY, asks=ASKS))

    assert (reading.asks, reading.ask_kind, reading.ask_status) == (False, "", "unsure")
    assert (reading.ask_kinds, reading.ask_evidence) == (("price_list",), text)
    assert reading.ask_score == pytest.approx(0.58, abs=3e-3)


def test_what_is_hardly_an_ask_is_none():
    text = "Could you send me a price list?"

    reading = read(text, {"ask": 0.09}, taxonomy=replace(TAXONOMY, asks=ASKS))

    assert (reading.asks, reading.ask_kinds, reading.ask_evidence) == (False, (), "")
    assert reading.ask_status == "sure"


def test_all_that_is_asked_for_with_the_likeliest_first():
    text = "Could you send me a case study and maybe a price list?"

    reading = read(text, {"ask": 0.9}, taxonomy=replace(TAXONOMY, asks=ASKS))

    assert (reading.ask_kind, reading.ask_kinds) == ("case_study", ("case_study", "price_list"))


# --- rivals ---


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("Paperlane", "We have seen Paperlane last week.", "says “Paperlane”"),
        ("Müller & Söhne", "Hm, müller & söhne do that for us.", "says “müller & söhne”"),
    ],
)
def test_a_rivals_name_is_a_sure_competitor(name, text, why):
    reading = read(text, competitors=[name])

    (found,) = reading.concerns
    (rival,) = reading.rivals
    assert (found.label, found.status, found.evidence, found.why) == (
        *("competitor", "sure", text, why),
    )
    assert found.score >= 0.9
    assert (rival.label, rival.status, rival.evidence, rival.why) == (name, "sure", text, why)


def test_a_rivals_name_leaves_a_higher_score():
    (found,) = read("We have seen Acme.", {"competitor": 0.98}, competitors=["Acme"]).concerns

    assert found.score == pytest.approx(0.98, abs=3e-3)


def test_a_rivals_name_makes_sure_what_heads_are_unsure_of():
    said = {"competitor": 0.3}

    (found,) = read("We have seen Acme.", said, competitors=["Acme"]).concerns

    assert (found.status, found.why) == ("sure", "says “Acme”")


def test_a_rivals_name_does_not_drown_the_other_concerns():
    reading = read("Acme wants a lot less.", {"price_budget": 0.5}, competitors=["Acme"])

    assert [(c.label, c.status) for c in reading.concerns] == [
        ("price_budget", "sure"),
        ("competitor", "sure"),
    ]


def test_the_evidence_of_a_rival_is_the_sentence_that_names_it():
    said = {"competitor": 0.05}

    (found,) = read(f"{DEAR} Last week we saw Acme.", said, {}, competitors=["Acme"]).concerns

    assert found.evidence == "Last week we saw Acme."


def test_rivals_of_the_taxonomy_count_as_those_of_the_pipeline():
    rivals = replace(TAXONOMY.concerns["competitor"], names=("Invoq",))
    taxonomy = replace(TAXONOMY, concerns={**TAXONOMY.concerns, "competitor": rivals})
    text = "My brother works at Invoq now."

    assert [c.label for c in read(text, taxonomy=taxonomy).concerns] == ["competitor"]
    assert read(text).concerns == ()
    without = Tagger(taxonomy, some_heads(), encoder="print")  # that nobody gave names to
    turn = Turn("", text)
    assert without.read([turn], vectors_of(turn)) == [read(text, taxonomy=taxonomy)]


def test_a_rival_where_the_user_removed_the_concern():
    taxonomy = replace(TAXONOMY, concerns={"value_roi": TAXONOMY.concerns["value_roi"]})

    reading = read("We have seen Acme.", competitors=["Acme"], taxonomy=taxonomy)

    assert (reading.concerns, reading.stance) == ((), "none")
    assert [rival.label for rival in reading.rivals] == ["Acme"]


# --- concerns of the user's own ---


OWN = Concern("accessibility", "Accessibility", "Can everyone use it?", ("screen reader~",))
WITH_OWN = replace(TAXONOMY, concerns={OWN.id: OWN, **TAXONOMY.concerns})


def no_embedding(texts: list[str]) -> np.ndarray:
    raise AssertionError("phrases need no vectors")


def read_own(text: str, *sentences: dict[str, float]) -> Reading:
    own = UserConcerns([OWN], np.zeros((0, 0), np.float32), no_embedding)
    return read(text, *sentences, taxonomy=WITH_OWN, own=own)


def test_a_concern_of_ones_own_beside_those_of_the_heads():
    blind = "A blind colleague needs his screen readers."

    reading = read_own(f"{DEAR} {blind}", {"price_budget": 0.95})

    assert [(c.label, c.status, c.evidence) for c in reading.concerns] == [
        ("accessibility", "sure", blind),  # in the order of the taxonomy
        ("price_budget", "sure", DEAR),
    ]
    assert reading.concerns[0].why == "says “screen readers”"
    assert read_own(DEAR).concerns == ()


def test_a_concern_of_ones_own_has_a_stance():
    said = leaning("objection")

    assert read_own("It has no screen reader.", said).stance == "objection"


# --- long and short turns ---


def test_a_long_turn_is_read_in_pieces():
    turn = Turn("What do you think?", " ".join([*[FILLER] * 13, DEAR]))

    parts = pieces(turn)

    assert len(parts) == 3
    assert " ".join(part.text.strip() for part in parts) == turn.text
    assert {part.context for part in parts} == {turn.context}
    assert all(len(part.text.split()) <= PIECE_WORDS for part in parts)


@pytest.mark.parametrize("before", [0, 1, 6, 13, 40])
def test_what_is_said_at_the_end_of_a_long_turn_counts_as_much(before):
    said = [*[{}] * before, {"price_budget": 0.8}]

    reading = read(" ".join([*[FILLER] * before, DEAR]), *said)

    (found,) = reading.concerns
    assert (found.label, found.evidence) == ("price_budget", DEAR)
    assert found.score == pytest.approx(0.8, abs=2e-2)


def test_the_stance_is_that_of_the_part_with_the_likeliest_concern():
    mention = {"price_budget": 0.6, **leaning("mention")}
    objection = {"value_roi": 0.9, **leaning("objection")}
    text = " ".join([FILLER] * 12)

    reading = read(text, mention, *[{}] * 6, objection)
    turned = read(text, objection, *[{}] * 6, mention)

    assert [c.label for c in reading.concerns] == ["price_budget", "value_roi"]
    assert (reading.stance, turned.stance) == ("objection", "objection")


def test_a_concern_that_the_user_removed_does_not_choose_the_part():
    taxonomy = replace(TAXONOMY, concerns={"value_roi": TAXONOMY.concerns["value_roi"]})
    removed = {"price_budget": 0.9, **leaning("mention")}
    kept = {"value_roi": 0.6, **leaning("objection")}

    reading = read(" ".join([FILLER] * 12), removed, *[{}] * 6, kept, taxonomy=taxonomy)

    assert ([c.label for c in reading.concerns], reading.stance) == (["value_roi"], "objection")


def test_an_ask_at_the_end_of_a_long_turn():
    ask = "Could you send me a price list?"

    reading = read(
        " ".join([*[FILLER] * 13, ask]),
        *[{}] * 13,
        {"ask": 0.9},
        taxonomy=replace(TAXONOMY, asks=ASKS),
    )

    assert (reading.asks, reading.ask_kind, reading.ask_evidence) == (True, "price_list", ask)


def test_the_stance_of_a_rivals_name_is_that_of_the_part_that_names_it():
    """Heads see nothing of the rival; what is said of it stands in the last part."""
    rival = "Acme is the better one."
    said = [{"competitor": 0.05, **leaning("mention")}, *[{}] * 11, leaning("objection")]

    reading = read(" ".join([*[FILLER] * 12, rival]), *said, competitors=["Acme"])

    assert [c.evidence for c in reading.concerns] == [rival]
    assert reading.stance == "objection"


def test_the_stance_of_a_concern_of_ones_own_is_that_of_the_part_that_raises_it():
    blind = "It has no screen reader."
    said = [leaning("mention"), *[{}] * 11, leaning("objection")]

    reading = read_own(" ".join([*[FILLER] * 12, blind]), *said)

    assert [c.evidence for c in reading.concerns] == [blind]
    assert reading.stance == "objection"


@pytest.mark.parametrize("text", ["Yeah, okay.", "Mm-hmm.", "", " ", "…", "I see. Okay, thanks."])
def test_a_turn_that_only_keeps_the_talk_going_says_nothing_and_is_not_encoded(text):
    turn = Turn("Is it the price?", text)

    assert pieces(turn) == []
    assert tagger().read([turn], {}) == [NOTHING]
    assert Reading((), "none", 1.0, False, (), 0.0) == NOTHING


@pytest.mark.parametrize("text", ["Overpriced.", "Too expensive?!", "Yes, dear."])
def test_one_word_is_enough(text):
    reading = read(text, {"price_budget": 0.9})

    assert [(c.label, c.status, c.evidence) for c in reading.concerns] == [
        ("price_budget", "sure", text)
    ]


def test_a_turn_that_starts_without_a_seller():
    assert pieces(Turn("", DEAR)) == [Turn("", DEAR)]


# --- many turns ---


def test_no_turns_no_readings():
    assert tagger().read([], {}) == []


def test_turns_are_read_alike_alone_and_together():
    random = np.random.default_rng(8)
    texts = [SMALL, "Hm.", " ".join([FILLER] * 13), DEAR, f"{DEAR} {LATER}", ""]
    turns = [Turn(str(number), texts[number % len(texts)]) for number in range(60)]
    vectors = {
        piece.key: random.normal(4, 4, (len(sentences_of(piece.text)), SIZE + 1)).astype("f2")
        for turn in turns
        for piece in pieces(turn)
    }
    for rows in vectors.values():
        rows[:, SIZE] = 1 / len(rows)
    one = tagger()

    together = one.read(turns, vectors)

    alone = [one.read([turn], vectors)[0] for turn in turns]
    assert one.read(turns, vectors) == together
    assert sum(bool(reading.concerns) for reading in together) > 20
    for given, expected in zip(together, alone, strict=True):
        assert len(given.concerns) == len(expected.concerns)
        for ours, theirs in zip(given.concerns, expected.concerns, strict=True):
            assert ours.score == pytest.approx(theirs.score, abs=2e-4)
            assert replace(ours, score=theirs.score) == theirs
        assert (given.stance, given.asks) == (expected.stance, expected.asks)


def test_heads_of_another_encoder_are_refused():
    with pytest.raises(ConfigError) as caught:
        Tagger(TAXONOMY, some_heads(), encoder="another")

    assert str(caught.value) == (
        "the tagger was trained on another encoder; run 'make tagger' to train it on this one"
    )


# --- the heads and the encoder that come with the program ---


@pytest.fixture(scope="module")
def shipped() -> Tagger:
    return load_tagger(TaggingConfig(DEFAULT_TAXONOMY), TAXONOMY, load_heads())


@pytest.fixture
def read_shipped(shipped):
    """One turn read with all that is shipped."""

    def read_one(text: str, context: str = "") -> Reading:
        turn = Turn(context, text)
        return shipped.read([turn], encode(pieces(turn), {}, load_encoder))[0]

    return read_one


def sure(reading: Reading) -> set[str]:
    return {concern.label for concern in reading.concerns if concern.status == "sure"}


@pytest.mark.parametrize(
    ("context", "text", "concern", "stance"),
    [
        (
            "The business plan comes to forty thousand a year.",
            "That is way too expensive for us, we can't afford it.",
            "price_budget",
            "objection",
        ),
        (
            "Shall we go ahead?",
            "I can't decide this alone, I have to run it by my boss and the board first.",
            "authority_consensus",
            "objection",
        ),
        (
            "It runs for three years.",
            "We won't sign a three-year contract, the cancellation terms are unacceptable.",
            "legal_procurement",
            "objection",
        ),
        ("Any questions so far?", "How much does it cost per user?", "price_budget", "question"),
        (
            "Where would you like to start?",
            "Where is our data stored, and is it encrypted?",
            "security_compliance",
            "question",
        ),
        (
            "Here is how it works.",
            "Does it integrate with our SAP system?",
            "technical_integration",
            "question",
        ),
    ],
)
def test_a_clear_turn(read_shipped, context, text, concern, stance):
    reading = read_shipped(text, context)

    likeliest = max(reading.concerns, key=lambda found: found.score)
    assert (likeliest.label, likeliest.status, likeliest.evidence) == (concern, "sure", text)
    assert likeliest.why.startswith(("says “", "like “"))
    assert reading.stance == stance
    assert not reading.asks
    assert reading.ask_kind == ""


@pytest.mark.parametrize("place", range(3))
def test_a_clear_sentence_among_others(read_shipped, place):
    dear = "That is way too expensive for us, we can't afford it."
    sentences = [FILLER, "My brother drove us to the lake on Sunday morning."]
    sentences.insert(place, dear)

    reading = read_shipped(" ".join(sentences), "The plan comes to forty thousand a year.")

    found = next(concern for concern in reading.concerns if concern.label == "price_budget")
    assert found.evidence == dear


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Can you send me a case study from a company like ours?", "case_study"),
        ("Could you email me your SOC 2 report, please?", "security_pack"),
        ("Could you send me something that I can look at tonight?", "other"),
    ],
)
def test_an_ask_with_its_kind(read_shipped, text, kind):
    reading = read_shipped(text, "Is there anything you need from us?")

    assert (reading.asks, reading.ask_kind, reading.ask_evidence) == (True, kind, text)


@pytest.mark.parametrize(
    ("context", "text"),
    [
        (
            "Tell me about your process today.",
            "Every month we spend three days typing invoices by hand, and it drives everybody mad.",
        ),
        (
            "How do you do it today?",
            "Our drivers write everything on paper and half of it gets lost on the way.",
        ),
        ("How was the weekend?", "Oh lovely, thanks, we went hiking with the kids."),
    ],
)
def test_a_pain_or_small_talk_is_no_demand(read_shipped, context, text):
    reading = read_shipped(text, context)

    assert not sure(reading) or reading.stance not in DEMAND_STANCES
    assert not reading.asks


def test_what_the_seller_said_is_not_what_the_buyer_says(read_shipped):
    price = "That is far too expensive, nobody can afford the forty thousand a year."

    readings = [read_shipped("Oh, I went hiking with the kids.", said) for said in ("", price)]

    assert not any(map(sure, readings))


def test_turns_of_one_and_two_words(shipped):
    """186 that nothing has learnt from, 88 with a concern, 98 with none."""
    gold = read_gold(SHORT_TURNS, list(TAXONOMY.concerns))
    turns = [Turn(turn.context, turn.text) for turn in gold]

    readings = shipped.read(
        turns, encode([part for turn in turns for part in pieces(turn)], {}, load_encoder)
    )

    pairs = list(zip(gold, readings, strict=True))
    assert not [g.text for g, r in pairs if not g.concerns and sure(r)]
    assert sum(not g.concerns for g in gold) == 98
    assert sum(len(sure(r) & g.concerns) for g, r in pairs) == 57
    assert sum(len(sure(r) - g.concerns) for g, r in pairs) == 5
    assert sum(len(g.concerns) for g in gold) == 88
    asked = {g.text: r.ask_kind for g, r in pairs if r.asks}
    assert asked == {"References, please.": "reference_call", "Whose paper?": "contract"}


def test_readings_are_the_same_each_time(shipped):
    texts = [DEAR, "Where is our data stored?", "Nice weather today.", f"{FILLER} " * 8 + DEAR]
    turns = [Turn(context, text) for context, text in itertools.product(("", "And you?"), texts)]
    parts = [piece for turn in turns for piece in pieces(turn)]

    vectors = encode(parts, {}, load_encoder)
    again = encode(reversed(parts), {}, load_encoder)

    assert shipped.read(turns, vectors) == shipped.read(turns, again)
