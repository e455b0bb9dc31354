"""What invented buyers say of a few themes, in as many words as a test needs."""

import itertools

THEMES = {
    "forklift": (
        (
            "Our forklifts stand still because the batteries are empty by noon",
            "Nobody charges the forklift batteries at night",
            "The forklift battery dies in the middle of the late shift",
            "We had to hire two more forklifts since the batteries never last",
        ),
        (
            "and the drivers wait at the charger.",
            "so the pallets stay in the yard.",
            "and the warehouse comes to a halt.",
            "which happens in every one of our warehouses.",
            "and the charger itself is broken half of the time.",
        ),
    ),
    "audit": (
        (
            "The auditors want to see who approved each payment",
            "We failed the audit since no approval was written down",
            "For the audit somebody searches the records for weeks",
            "Our auditors ask for a record of every approval",
        ),
        (
            "and we cannot show them one.",
            "and all we have is old emails.",
            "and the records lie in four different folders.",
            "so the audit costs us a fortune.",
            "and half of the approvals have no name on them.",
        ),
    ),
    "nurses": (
        (
            "Our nurses spend hours on writing reports about each patient",
            "The nurses write down every patient on paper first",
            "On the ward a nurse types the same patient notes twice",
            "Patients wait while the nurses fill in forms",
        ),
        (
            "and have no time left for the patients.",
            "and the doctors cannot read the notes.",
            "which is why two nurses left the hospital.",
            "on every ward of the hospital.",
            "and the night shift does it again.",
        ),
    ),
    "customs": (
        (
            "Our trucks are held at the border because customs papers are missing",
            "Customs sent the lorry back since a declaration was wrong",
            "Every customs declaration is typed by hand at the border",
            "The border takes two days when the customs code is wrong",
        ),
        (
            "and the driver sleeps in the cab.",
            "and the goods arrive too late.",
            "so the importer pays a fine.",
            "and the freight is spoiled by then.",
            "on each shipment out of Turkey.",
        ),
    ),
    "wine": (
        (
            "Half of the wine in our cellars is on no list",
            "The vintage on the bottle is not the one in our wine list",
            "We count every bottle in the wine cellar by hand",
            "Guests order a wine that we ran out of last year",
        ),
        (
            "and the sommelier is ashamed of it.",
            "so the restaurant loses the sale.",
            "and the cellar master retired in spring.",
            "in all of our restaurants.",
            "and the grapes have changed as well.",
        ),
    ),
}
SMALL_TALK = (
    "Hello, good morning, how are you today, all well?",
    "It has been raining here the whole week, it's dreadful.",
    "Sorry, I can't hear you, I think you are on mute.",
    "Does Tuesday afternoon work for you, or rather Thursday morning?",
    "Thank you so much for your time, have a great weekend.",
    "Hang on a moment, there is somebody at the door.",
)


def turns_of(theme: str) -> list[str]:
    """Twenty turns on one theme."""
    openings, endings = THEMES[theme]
    return [f"{opening}, {ending}" for opening, ending in itertools.product(openings, endings)]
