"""The nouns of callinsight, in the order of the flow.

Times inside a call are seconds from its start; moments are ISO 8601 texts with an offset; dates
are ISO 8601 dates. Each record is one row of the table with its plural name.
"""

from __future__ import annotations

from dataclasses import dataclass

SIDES = ("rep", "buyer")
UNCERTAIN = "uncertain speaker"  # in place of a name, where it may have been another voice
STANCES = ("objection", "question", "mention", "none")
DEMAND_STANCES = ("objection", "question")
TAGGED_LANGUAGES = (
    "en",
    "",
)  # what the taggers read; a call of unknown language is taken for English
OUTCOMES = ("open", "won", "lost", "disqualified")
ROLES = ("viewer", "requester", "editor", "admin")  # each may do what those before it may
UNKNOWN = "unknown"
CRM, INFERRED = "crm", "inferred"  # where a call's stage comes from
# what stands where personal data was taken out, as a pattern
PLACEHOLDER = r"\[(?:email|phone|card|bank|government|address|link|password|name) \d+\]"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One recorded conversation, with what the CRM knew of it when it took place."""

    id: str
    file: str  # as the manifest writes it
    recorded_at: str
    title: str = ""
    account: str = ""
    deal: str = ""
    deal_stage: str = ""  # the CRM's own word, at the time of the call
    stage: str = UNKNOWN  # buying stage, see taxonomy
    stage_source: str = UNKNOWN  # crm | inferred from what was said | unknown
    stage_probability: float = (
        0.0  # 1 from the CRM, else of the likeliest stage; 0 if none was sought
    )
    amount: float | None = None
    currency: str = ""
    outcome: str = "open"
    outcome_reason: str = ""
    language: str = ""  # as the manifest says, else as it was heard
    consent: str = ""
    consent_ref: str = ""
    rep_channel: int | None = None  # 0-based
    retention_until: str = ""
    legal_hold: bool = False
    vocabulary: str = ""  # names to expect, separated by ;
    fingerprint: str = ""  # sha256 of the source file
    channels: int = 0  # of the recording; 0 for a transcript or where it is not known
    duration_s: float = 0.0
    missing_s: float = 0.0  # sound that could not be decoded
    status: str = "done"  # done | partial | empty | failed | refused
    reason: str = ""  # why it is not done

    @property
    def is_read(self) -> bool:
        """Whether what its buyers say is tagged and counts: words in a language that is known."""
        return self.status in ("done", "partial") and self.language in TAGGED_LANGUAGES

    @property
    def is_closed(self) -> bool:
        """Whether nobody may read or hear it; a legal hold may keep words of it all the same."""
        return self.status == "refused"


@dataclass(frozen=True, kw_only=True)
class Participant:
    """A person in a call, as far as the files say."""

    call: str
    name: str
    person: str = ""  # the customer's own id of the person
    side: str  # rep | buyer
    title: str = ""
    persona: str = UNKNOWN
    persona_source: str = UNKNOWN  # manifest | title | unknown
    channel: int | None = None  # 0-based


@dataclass(frozen=True)
class Word:
    """A word with its times in seconds, in an utterance from the start of the call."""

    start_s: float
    end_s: float
    text: str  # with its leading space and its punctuation
    probability: float = 1.0  # as the speech engine sees it
    heard: str = ""  # what the engine heard instead, where the user's list mends it


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What one speaker said without a longer pause."""

    id: str  # {call}:{position:04d}
    call: str
    position: int
    start_s: float
    end_s: float
    estimated: bool = False  # the times are guessed: a transcript did not say them
    channel: int | None  # 0-based; None for mono recordings and transcripts
    voice: str = (
        ""  # the name in a transcript, or which of the voices in a channel; by itself no person
    )
    voice_confidence: float = 1.0  # that this voice said it
    overlaps: bool = False  # somebody else speaks meanwhile
    speaker: str
    side: str  # rep | buyer | unknown
    side_confidence: float  # 0 to 1
    side_source: str = UNKNOWN  # sheets | words | voice | unknown
    persona: str = UNKNOWN
    text: str = ""
    words: tuple[Word, ...] = ()  # none from a transcript that does not time them


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """Personal data that was taken out of an utterance; what it was is kept nowhere."""

    call: str
    utterance: str
    position: int  # 0, 1, ... in the utterance
    kind: str  # email | phone | card | bank | government | address | link | password | name
    placeholder: str  # as it stands in the text
    start_s: float  # of the words it stands for, else of the utterance
    end_s: float


@dataclass(frozen=True, kw_only=True)
class Voice:
    """How one voice of a call sounds; kept only where the pipeline file says `enroll_reps`."""

    call: str
    voice: str  # as its utterances say it; `channel 0` where channels tell the speakers apart
    vector: bytes  # float32, one unit vector
    seconds: float  # of speech behind it
    model: str  # vectors of one model compare


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One thing a buyer's utterance says, with the facts of its call that reports count by."""

    utterance: str
    kind: str  # concern | ask | competitor | topic
    label: str
    stance: str  # objection | question | mention | none
    score: float  # probability
    status: str  # sure | unsure | uncertain_speaker; only what is sure counts
    source: str  # which model
    evidence: str  # the words of the turn that carry it
    why: str = ""  # for people: the phrase in them, else the most similar turn learnt from
    taxonomy: str = ""  # version of the definitions
    call: str
    deal: str  # the deal, else the call
    persona: str
    stage: str
    month: str  # YYYY-MM in the pipeline's timezone


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What a person says of a buyer's turn; rows are added and never changed.

    What a turn says is `concern;concern/stance/ask;ask`, such as `price_budget/objection/pricing_sheet`,
    and `/none/` where it says nothing.
    """

    id: int = 0  # 1, 2, ... in the order they were made; 0 is not stored yet
    call: str
    utterance: str  # its id at that time; a call that is heard again numbers its turns anew
    context: str  # the seller's turn before, as it was
    text: str  # the turn, as it was
    at: str  # moment
    who: str
    action: str  # accept | change | reject | undo
    undoes: int = 0  # the correction that an undo takes back
    before: str  # what the turn said until then
    after: str


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A theme found in what buyers say; its id is never given to another."""

    id: int
    label: str
    terms: str  # separated by ;
    centroid: bytes  # float32, one unit vector
    size: int  # turns, over all months
    label_source: str = "found"  # found | user
    status: str = "active"  # active | retired by the user | replaced in a rebuild
    first_seen: str = ""  # YYYY-MM of its first turn
    defined_as: str = ""  # its id in the taxonomy, if the user defined it
    named_by: str = ""  # the concern that it is another word for; empty for one of its own

    @property
    def is_own(self) -> bool:
        """Whether it is a demand of its own: no concern names it, or a person has named it."""
        return self.label_source == "user" or not self.named_by


@dataclass(frozen=True, kw_only=True)
class TopicChange:
    """What became of a topic in a rebuild."""

    rebuild: int  # 1, 2, ...
    topic: int
    became: int | None  # the topic that lives on in its place, if there is one
    cosine: float  # to that one, else to the nearest of the new ones


@dataclass(frozen=True, kw_only=True)
class ContentItem:
    """An asset of the content inventory; an empty list of stages or personas means any."""

    id: str
    title: str
    content_type: str
    url: str = ""
    summary: str = ""
    concerns: tuple[str, ...] = ()
    personas: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    product_specific: bool | None = None  # about the product itself; None where nobody says
    owner: str = ""
    status: str = "live"  # draft | live | archived
    audience: str = "external"  # internal | external
    published_on: str = ""
    updated_on: str = ""
    expires_on: str = ""
    review_period_days: int | None = None
    language: str = ""
    cost: float | None = None
    source: str = ""  # the sheet or the import that lists it
    listed_at: str = ""  # file and row of the import that listed it last


@dataclass(frozen=True, kw_only=True)
class ItemChange:
    """What became different in the inventory; rows are added and never changed."""

    id: int = 0  # 1, 2, ... in the order they were seen; 0 is not stored yet
    item: str
    at: str  # moment it was seen
    source: str  # the sheet or the import it was seen in, else who changed it
    field: str  # empty where the asset itself came or went
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A concern, persona or stage that an asset's words speak of; it applies once accepted."""

    item: str
    field: str  # concerns | personas | stages
    value: str
    score: float  # probability
    why: str  # the words behind it
    status: str = "proposed"  # proposed | accepted | rejected
    who: str = ""  # whoever accepted or rejected it
    at: str = ""  # moment of that
    in_bulk: bool = False  # accepted among many, by nobody who looked at this asset


@dataclass(frozen=True, kw_only=True)
class UsageEvent:
    """Something that happened to an asset."""

    id: str  # hash of the row, so that importing twice changes nothing
    item: str
    occurred_at: str
    event: str  # share | view | buyer_view | download | call_mention
    actor: str = ""
    deal: str = ""
    call: str = ""
    channel: str = ""
    source: str = (
        "sheet"  # sheet | call, where it is mentioned in one | page, where a link is copied
    )
    utterance: str = ""  # that mentions it
    confidence: float = 1.0  # that this asset is meant


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A person's word on whether an asset answers a demand; the latest of a cell and asset counts."""

    id: int = 0  # 1, 2, ... in the order they were made; 0 is not stored yet
    concern: str  # or topic:ID
    persona: str
    stage: str
    item: str
    answers: bool
    who: str
    at: str  # moment


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Demand against supply in one cell of a month.

    A cell is a concern raised by a persona at a stage; `any` in their place is a roll-up.
    """

    id: str  # month/concern/persona/stage
    month: str  # or another period: 2026-04..2026-06
    concern: str  # or topic:ID, a theme that no concern names
    persona: str
    stage: str
    raising: int  # deals that raise it
    eligible: int  # deals that could have
    calls: int  # calls in which it is raised
    objections: int  # deals that raise it as an objection
    questions: int
    asks: int
    share: float
    share_low: float  # Jeffreys 95 % interval
    share_high: float
    unresolved: int  # raising deals that are lost or stalled, or in which it came back
    amount: float  # money in the raising deals that are open
    p_value: float  # adjusted for the number of cells
    supply: int  # live, fresh, fitting assets
    verdict: str  # gap | weak | covered | oversupplied | low_demand | too_few_calls
    score: float
    reason: str
    candidates: tuple[str, ...] = ()  # ids of the best items
    # what keeps each of them from answering, else `fits`, with what is not known of it
    candidate_obstacles: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()  # ids of the utterances behind the count
    weight: float = 1.0  # of the cell in the score, such as its share of the open pipeline
    rank_low: int = 0  # where it ranks among gaps, best and worst of 90 % of bootstraps over deals;
    rank_high: int = 0  # 0 if it does not rank
    evidence_as: tuple[str, ...] = ()  # of each: its stance, `+ask` where it asks for material
    lost: int = 0  # raising deals that are lost;
    stalled: int = 0  # open, and silent for long;
    returned: int = 0  # in which it came back in a later call: a deal may be several
    rolled_up: str = ""  # id of the roll-up that speaks where this cell has too few calls
    amount_lost: float = 0.0  # money in the raising deals that are lost
    unvouched: int = 0  # of the supply: assets of which nobody can be sure; they cover nothing
    undated: int = 0  # of the supply: those without any date,
    bulk_tagged: int = 0  # whose concern was accepted among many,
    unowned: int = 0  # and without an owner
    disqualified: int = 0  # raising deals that sales gave up as no fit: neither lost nor unresolved

    @property
    def vouched(self) -> int:
        """The assets that answer it for sure."""
        return self.supply - self.unvouched

    @property
    def level(self) -> str:
        """What it speaks of: `cell`, or a roll-up over the personas of a stage or over all."""
        if self.persona != "any":
            return "cell"
        return "concern" if self.stage == "any" else "stage"


@dataclass(frozen=True, kw_only=True)
class Unused:
    """An asset that earns little or nothing as it stands, and what to do about it."""

    item: str
    kind: str  # unused | low use | stale | expired | unowned
    why: str
    advice: str  # promote | refresh | retag | retire | keep | ask the owner | assign an owner
    cause: str = (
        ""  # nobody asks | asked for but not used | wrong persona or stage | nobody can tell
    )


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a month's report said when it was made, so that a later change of the past is seen."""

    id: int = 0  # 1, 2, ... in the order they were taken; 0 is not stored yet
    month: str
    taken_at: str  # moment
    as_of: str  # the day the report speaks of
    digest: str  # of the content; equal content is kept once
    definitions: str  # version and digest of the taxonomy
    tagger: str
    speech: str
    content: str  # JSON: calls, deals, accounts, gaps, unused assets, requests


@dataclass(frozen=True, kw_only=True)
class Edition:
    """The shared definitions as a run used them; rows are added and never changed."""

    id: int = 0  # 1, 2, ... in the order they came into use; 0 is not stored yet
    version: str
    digest: str
    used_from: str = ""  # moment; empty is when it is stored
    content: str  # JSON


@dataclass(frozen=True, kw_only=True)
class ContentRequest:
    """Content that somebody asks for, until it is delivered."""

    id: int = 0  # 1, 2, ...; shown as R-1
    title: str
    content_type: str = ""
    concern: str = ""  # or topic:ID
    persona: str = ""
    stage: str = ""
    gap: str = ""  # id of the gap it comes from
    deals: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()  # ids of utterances
    competitor: str = ""
    claims: str = ""  # what it must say
    tried: str = ""  # id of the asset that was tried, and why it is not enough
    use: str = ""  # what it is for
    priority: str = "P2"  # P1 | P2 | P3
    needed_by: str = ""  # date
    requester: str
    created_at: str  # moment
    state: str = "new"  # new | accepted | in_progress | delivered | declined
    owner: str = ""  # who writes it
    item: str = ""  # the asset it was delivered as
    votes: int = 0  # of others than the requester


@dataclass(frozen=True, kw_only=True)
class RequestEvent:
    """What happened to a content request; rows are added and never changed."""

    id: int = 0  # 1, 2, ...; 0 is not stored yet
    request: int
    at: str  # moment
    who: str
    event: str  # new | accept | decline | start | deliver | vote | comment | remind
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something in the input that could not be used; it leaves the exit code at 1 until mended."""

    stage: str
    subject: str  # a call, or file and row
    error: str


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who may open the pages."""

    name: str
    role: str  # see ROLES
    password: str = ""  # its argon2 hash; empty for whom a proxy signs in
    added_at: str  # moment
    disabled: bool = False  # kept, but let in by nothing


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a program asks with in the name of a user."""

    digest: str  # its sha256; the token itself is kept nowhere
    user: str
    made_at: str  # moment

    @property
    def id(self) -> str:
        """How people tell it from others."""
        return self.digest[:8]


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """That somebody played, exported or changed something; never what was said in it."""

    id: int = 0  # 1, 2, ...; 0 is not stored yet
    at: str  # moment
    who: str
    action: str  # play | export | the name of what was changed
    subject: str  # the address it was done at, or who it was done to


@dataclass(frozen=True, kw_only=True)
class Mending:
    """What a person mends in a call; rows are added and never changed, the latest of a thing holds."""

    id: int = 0  # 1, 2, ... in the order they were made; 0 is not stored yet
    call: str
    at: str  # moment
    who: str
    # side or role of a voice | turn, the side of one turn | words | title | persona | undo
    what: str
    subject: str  # the voice, the utterance at that time, or the participant's name
    text: str = ""  # of the utterance at that time: it is found by it when turns are numbered anew
    before: str
    after: str
    undoes: int = 0  # the mending that an undo takes back


@dataclass(frozen=True, kw_only=True)
class HeardTurn:
    """A turn as it was heard, kept while people's words stand in its place."""

    utterance: str
    call: str
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Playlist:
    """Excerpts that somebody collects."""

    id: int = 0  # 1, 2, ...; 0 is not stored yet
    name: str
    who: str
    created_at: str  # moment
    month: str = ""  # of which a run picked it; empty for those that people made


@dataclass(frozen=True, kw_only=True)
class PlaylistItem:
    """An excerpt in a playlist."""

    playlist: int
    utterance: str
    call: str
    who: str
    at: str  # moment it was added


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """A call that is not read again, or keeps the words it has; of what was said nothing is here."""

    id: str  # of the call
    what: str  # call: all of it went | words: somebody's turns or name went
    fingerprint: str = ""  # sha256 of its file
    file_hash: str = ""  # sha256 of the file's name, by which it is known once the file is gone
    at: str  # moment


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where a command wrote something of calls outside the database: an erasure looks there."""

    path: str  # relative to the database's folder, if it lies in it
    what: str  # report: a folder of a month, also a playlist's | brief | requests | backup
    month: str = ""  # of a report


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """That something was erased: when, by whom, how much of what kind; nothing of what it was."""

    id: int = 0  # 1, 2, ...; 0 is not stored yet
    at: str  # moment
    who: str
    what: (
        str  # call | person | account | age | audio | list: no longer listed | refused: by its row
    )
    content: str  # JSON: how many of each kind, calls kept by legal hold
    text: str  # the same for people
