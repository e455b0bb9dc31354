"""Small talk, appointments and mere assent, told from talk of the buyer's business by examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

NEAREST = 3  # examples of each kind that a turn is held against
SMALL_TALK = (
    # hello, can you hear me
    "Hello, good morning, how are you?",
    "Good morning, can you hear me all right?",
    "Sorry I'm late, my last meeting ran over.",
    "You're on mute, I can't hear you.",
    "My camera isn't working today, sorry.",
    "Can you see my screen now?",
    "Your screen is frozen.",
    "Sorry, you broke up there, could you say that again?",
    "Hi, nice to meet you, I'm Anna and I look after finance.",
    "Who else is joining us today?",
    "Let me just close the door, it's noisy here.",
    "Sorry about the noise, there's somebody drilling next door.",
    "Hang on, somebody's at the door.",
    # weather, weekend, family, food
    "It's been raining all week here.",
    "Lovely weather, the sun is out at last.",
    "How was your weekend?",
    "We went to the lake with the children.",
    "My daughter has a match on Saturday.",
    "The dog kept me up all night.",
    "I've got a coffee and a biscuit, so I'm fine.",
    "We're having cake, it's her birthday.",
    "I was on holiday in Spain last week.",
    "The traffic was dreadful, the train was cancelled.",
    "I've got a cold, so excuse my voice.",
    "Ha, that's funny, my husband would love that.",
    "Did you see the football last night?",
    "I'll make us some tea.",
    "What a lovely picture behind you.",
    # appointments
    "Let's talk again on Thursday at ten.",
    "I'll put it in the diary.",
    "Does next Tuesday afternoon work for you?",
    "I have another meeting at half past.",
    "I'm away next week, so the week after.",
    "Send me an invite and I'll bring my colleague.",
    "We have thirty minutes, shall we start?",
    "I have to leave in ten minutes.",
    "Ring me on Monday after lunch.",
    # thanks, goodbye
    "Thank you so much for your time.",
    "Thanks, that's very kind of you.",
    "Have a great weekend, bye.",
    "Take care, speak soon.",
    "Right, I'd better go.",
    "Safe journey home.",
    "Say hello to your team from me.",
    # yes, go on
    "Yes, that makes sense, go on.",
    "Okay, sure, no problem.",
    "I see what you mean.",
    "That's fine by me.",
    "Let me think about that for a moment.",
    "I honestly don't know, I'd have to ask.",
    "Good question.",
    "I have it here in front of me.",
    "I'll write that down.",
    "You were going to show me something.",
    "Yes please, do that.",
    "Exactly, you're right.",
)
BUSINESS = (
    # how it is done today
    "Everything is done by hand today, in spreadsheets.",
    "Somebody types each one into the system.",
    "We print it out and carry it to the next desk.",
    "It takes us about two weeks at the end of every month.",
    "We get about four hundred a month from sixty suppliers.",
    "The old system was built in house and nobody understands it any more.",
    "Three people do nothing else all day.",
    "Each branch does it its own way.",
    "We keep it all in one shared mailbox.",
    # what hurts
    "We lose track of who has approved what.",
    "Things get lost and then the customer rings us.",
    "We were charged twice and nobody noticed.",
    "Nobody knows where an order stands.",
    "People leave and the knowledge goes with them.",
    "We are always chasing somebody for an answer.",
    "The numbers in the two systems never agree.",
    "Every mistake costs us a customer.",
    "Our staff hate it and work around it.",
    "Reports come too late to act on.",
    "We had an audit and could not show the records.",
    "Half of our stock is in the wrong place.",
    "The machine stands still until a part arrives.",
    "Our patients wait too long for an appointment.",
    # what is wanted, asked and feared
    "Does it work with the software we have?",
    "How long does it take until everyone can use it?",
    "What does it cost for fifty users?",
    "It is more than we have budgeted.",
    "How do I know that it will pay for itself?",
    "Where is our data kept and who can see it?",
    "Our lawyers will not accept that clause.",
    "Can it be set up differently for each department?",
    "Can I see who changed it and when?",
    "We need it on a phone, out in the field.",
    "I would have to convince the board.",
    "We looked at another vendor who does the same.",
    "What happens if the internet goes down?",
    "We tried a tool like that and nobody used it.",
    "Do you have a customer of our size?",
    "I need a report for each site every week.",
    "We are too small for something like this.",
    "Could you send me the price list and a case study?",
    # what moves a business
    "We cannot find enough drivers.",
    "The new regulation comes into force next year.",
    "We are opening two more sites.",
    "Our energy costs have doubled.",
    "We want to grow without hiring.",
    "Our customers ask for it more and more.",
)


def leaning(
    embed: Callable[[list[str]], NDArray[np.float32]],
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A function that says of unit vectors [n, 384] how far each leans to business.

    That is its mean cosine to the nearest examples of business less that to those of small talk.
    """
    small, business = embed(list(SMALL_TALK)), embed(list(BUSINESS))

    def lean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        difference: NDArray[np.float32] = _near(vectors, business) - _near(vectors, small)
        return difference

    return lean


def _near(vectors: NDArray[np.float32], examples: NDArray[np.float32]) -> NDArray[np.float32]:
    cosines = np.sort(vectors @ examples.T, axis=1)[:, -NEAREST:]
    mean: NDArray[np.float32] = cosines.mean(axis=1)
    return mean
