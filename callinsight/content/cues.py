"""Words and patterns by which it is known that an asset is spoken of: its type, and what is done with it."""

from __future__ import annotations

import re

from callinsight.content.stems import stem, stems_of

# words of everyday talk: alone they name no asset, however rare in titles
EVERYDAY = frozenset(
    """
    price prices cost costs invoice invoices team teams week weeks month months year years
    day days time times work works people person call calls number numbers page pages email
    mail data system systems firm firms company companies customer customers supplier
    suppliers paper papers office desk plan plans start begin end small big first last right
    place good best better great honest line lines table tool tools video videos short guide
    report sheet story friday monday side spring autumn summer winter release tour bank
    detail details late early payment paid pay twice thing things scan scanner discount
    discounts money left real realistic change changes changed season budget approval
    approvals approve approved move phone live open opening connect connects connector
    connectors api product return returns switch switcher buyer buyers compare compared
    comparison term terms contract security benchmark state finance leader leaders account
    accounts payable journey history read find found match query handbook article post blog
    website site link document file question answer need needs process business project user
    users use using word words plain hour hours minute minutes second seconds cash hate cares
    care home homes boat boats book books close closes ledger van bag pack implementation
    reference spreadsheet enough stop stops slip peak peaks making room twenty thirty forty
    fifty sixty seventy eighty ninety hundred thousand million purchase go questions talk
    talks
    """.split()  # noqa: SIM905 - a list of words
)
NOUNS: dict[str, tuple[str, ...]] = {  # what an asset of a type is called in talk
    "blog": ("blog", "blog post", "post", "article", "piece"),
    "ebook": ("ebook", "e book", "handbook", "guide", "essay", "book"),
    "whitepaper": ("white paper", "whitepaper", "paper"),
    "infographic": ("infographic", "poster", "graphic"),
    "research_report": ("report", "study", "survey", "benchmark", "research"),
    "webinar": ("webinar", "recording", "webcast", "replay", "session"),
    "video": ("video", "film", "clip", "movie"),
    "solution_brief": ("solution brief", "brief", "overview"),
    "one_pager": ("one pager", "one-pager", "page", "flyer", "leaflet"),
    "data_sheet": ("data sheet", "datasheet", "fact sheet", "reference", "documentation"),
    "comparison_guide": ("comparison", "comparison guide"),
    "demo": ("demo recording", "product tour"),
    "case_study": ("case study", "case studies", "customer story", "success story", "story"),
    "battle_card": ("battle card", "battlecard"),
    "roi_tool": (
        *("roi calculator", "return calculator", "savings calculator", "calculator", "roi tool"),
        *("roi model", "savings sheet", "savings worksheet", "payback sheet"),
    ),
    "pricing_sheet": ("price sheet", "pricing sheet", "price list", "pricing page", "rate card"),
    "security_pack": ("security pack", "security whitepaper", "security white paper"),
    "implementation_guide": ("implementation guide", "migration guide", "roll out guide", "guide"),
    "legal_pack": ("terms explained", "legal pack", "contract guide"),
    "pitch_deck": ("deck", "sales deck", "pitch deck", "slides"),
    "talk_track": ("talk track", "call script"),
    "onboarding": ("handbook", "training video", "training videos", "training guide", "videos"),
    "newsletter": ("newsletter", "release notes"),
}
LOOSE = frozenset(  # nouns that are as often something else
    """
    piece story page table paper report study reference guide book brief film clip post
    overview session recording documentation video videos graphic movie slides survey
    research deck handbook article benchmark webinar comparison blog
    """.split()  # noqa: SIM905 - a list of words
)
GIVEN = re.compile(  # sent, put before somebody, or there to be had
    r"\b(?:send|sends|sent|sending|forward(?:ed|ing)?|share[ds]?|sharing|attach(?:ed|ing)?"
    r"|(?:e-?mail|mail|drop|pop|put|post) (?:you|them|it|him|her|the|our|that|this)|link|inbox|here's"
    r"|have a look|look at|show you|published|we (?:wrote|made|did|called)|yours if"
    r"|you'll have|you might like"
    r"|on (?:our|your) (?:site|website|blog|home page)|a (?:page|post|piece|sheet) of (?:its own|ours))\b"
)
TAKEN = re.compile(  # read, seen, used
    r"\b(?:read|saw|seen|watch(?:ed)?|look(?:ed)? at|went through|going through|download(?:ed)?"
    r"|fill(?:ed)? in"
    r"|listened|loved|liked|printed|clicked|forwarded|according to|in front of me|you sent|have you got open"
    r"|on your (?:site|website|blog|home page)|tried your|(?:found|got|have) (?:your|that|the)"
    r"|of yours|hangs)\b"
)
ASKED = re.compile(
    r"\b(?:(?:can|could|will|may|might) (?:you|i|we)\b"
    r".*\b(?:send|share|mail|e-?mail|forward|get|have|show|give|see)"
    r"|do you have|have you got|is there|are there|you got|i(?:'d| would) (?:like|love|need|want)"
    r"|(?:i|we) (?:need|want) (?:an?|the|some|your|something)|if you had|please send|would (?:an?|you)\b)"
)
BID = re.compile(
    r"^(?:(?:and|so|then|but|please|kindly|right|okay|ok|well)[, ]+)*"
    r"(?:send|give|get|mail|e-?mail|forward|show) (?:me|us)\b"
)
DENIED = re.compile(
    r"\b(?:don't have|do not have|haven't got|have no|there's no|there is no|can't send"
    r"|cannot send|should write"
    r"|not yet|still being|being written|isn't any|no use|instead of|won't)\b"
)
OTHERS = re.compile(
    r"\b(?!you\b|i\b|we\b|have\b|just\b)\w+ (?:sent|showed|gave|took) (?:us|me)\b"
    r"|\bour (?:own )?\w+ (?:wrote|made)\b"
)
BETWEEN = frozenset(
    """
    the a an that this your our latest new last little short old own whole
    """.split()  # noqa: SIM905 - a list of words
)
SHORT = frozenset(
    """
    it that what there here he she who let
    """.split()  # noqa: SIM905 - a list of words
)
EVERYDAY_STEMS = frozenset(map(stem, EVERYDAY))
LOOSE_STEMS = frozenset(" ".join(stems_of(noun)) for noun in LOOSE)
