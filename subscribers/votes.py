"""What readers said of papers and topics, and the interests that come of it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from newsletter.models import Interest, InterestKind

HALF_LIFE = 180
"""Days after which a vote counts half: interests drift. `docs/decisions/027-votes.md` has what other figures cost."""

MEMORY = timedelta(days=4 * HALF_LIFE)
"""From this age on a vote is no longer counted: a sixteenth of it would be left."""

LESS = 0.5
"""What a new vote against a paper weighs; one for a paper weighs 1. To dislike has many reasons."""

SHARE = 0.25
"""The most that one of many votes weighs in the sum of all of its kind; of a few, twice as much as the mean one."""

MOST = 200
"""Votes on papers that are counted, the newest; beyond it more votes tell nothing more and cost every digest."""


class What(StrEnum):
    """What a vote says."""

    MORE = "more"  # like this paper
    LESS = "less"  # like this paper
    MUTE_TOPIC = "mute_topic"  # no papers of topics with this label


@dataclass(frozen=True, slots=True)
class Vote:
    """One thing a reader said."""

    what: What
    about: str  # the paper's key, or the topic's label
    at: datetime
    how: str = "page"  # mail · page · command
    edition_id: int | None = None  # where it was read; None where that is not known
    undone_at: datetime | None = None  # when it was undone, or another took its place; None: it counts


_KINDS = {What.MORE: InterestKind.LIKED, What.LESS: InterestKind.DISLIKED}


def interests(votes: Iterable[Vote], day: date) -> tuple[Interest, ...]:
    """What a reader's votes make of their profile on a day: liked and disliked papers by weight, and muted topics.

    A weight is above 0 and at most 1, which is what an example paper weighs; it halves every `HALF_LIFE` days. The sum
    of a kind is that of the votes as they have faded, but none has more than its share of it: what is cut off goes to
    the others. Muted topics neither fade nor are counted out. The order of the votes does not matter.
    """
    current = [vote for vote in votes if vote.undone_at is None]
    papers = [vote for vote in current if vote.what is not What.MUTE_TOPIC and _age(vote, day) < MEMORY.days]
    counted = sorted(papers, key=_newest_first)[:MOST]
    found: list[Interest] = []
    for what, kind in _KINDS.items():
        mine = [vote for vote in counted if vote.what is what]
        full = LESS if what is What.LESS else 1.0
        weights = shared([full * 0.5 ** (_age(vote, day) / HALF_LIFE) for vote in mine])
        found += [Interest(kind, vote.about, weight=weight) for weight, vote in zip(weights, mine, strict=True)]
    labels = sorted({vote.about for vote in current if vote.what is What.MUTE_TOPIC})
    return (*found, *(Interest(InterestKind.MUTED_TOPIC, label) for label in labels))


def shared(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights with the same sum of which none has more than its share, in their order.

    The share is `SHARE`, of fewer than eight weights twice that of the mean one: one alone or two keep what they have.
    """
    if not weights:
        return ()
    total = math.fsum(weights)
    most = total * max(SHARE, min(1.0, 2 / len(weights)))
    ordered = sorted(weights, reverse=True)
    over, times = 0, 1.0
    # Each that is cut off raises the others, and may lift the next one over the share.
    while ordered[over] * times > most:
        over += 1
        times = (total - over * most) / math.fsum(ordered[over:])
    line = ordered[over]
    return tuple(round(most if weight > line else weight * times, 9) for weight in weights)


def _age(vote: Vote, day: date) -> int:
    """In days; a vote from after that day, by a clock that was wrong, is new."""
    return max(0, (day - vote.at.date()).days)


def _newest_first(vote: Vote) -> tuple[float, str, str]:
    return (-vote.at.timestamp(), vote.about, vote.what)
