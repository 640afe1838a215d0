"""Subscribers, what they declared, and their consent; no mail and no papers."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from newsletter.models import Interest, InterestKind, Profile, Recipient, Skip


class Cadence(StrEnum):
    """On which local days a subscriber has a slot."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"  # Monday to Friday
    WEEKLY = "weekly"  # on the schedule's weekday


class SubscriptionState(StrEnum):
    """A person's consent."""

    PENDING = "pending"  # asked for, not confirmed by the person
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""The names of a schedule's weekday: 0 is Monday."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a subscriber's digest is due: `hour` o'clock in `zone` on each day of the cadence."""

    cadence: Cadence = Cadence.DAILY
    weekday: int = 0  # 0 is Monday; used by weekly
    hour: int = 7
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a digest may hold."""

    max_papers: int = 12
    max_per_topic: int = 6
    floor: float = 0.05  # papers that score less are not worth a line
    discovery: bool = True  # one paper from beyond their interests, labelled as such


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a subscriber has who says nothing else."""

    limits: Limits = field(default_factory=Limits)
    schedule: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True, slots=True)
class Wants:
    """Interests as people declare them, for a named topic or for themselves."""

    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()  # arXiv ids without version, or a pasted title, an empty line and the abstract
    text: str = ""
    mute: tuple[str, ...] = ()

    def interests(self, topic: str | None = None) -> tuple[Interest, ...]:
        """The same as a flat list; `topic` is the label they came with, None for the reader's own."""
        parts = (
            (InterestKind.KEYWORD, self.keywords),
            (InterestKind.CATEGORY, self.categories),
            (InterestKind.AUTHOR, self.authors),
            (InterestKind.SEED, self.seeds),
            (InterestKind.TEXT, (self.text,) if self.text else ()),
            (InterestKind.MUTE, self.mute),
        )
        return tuple(Interest(kind=kind, value=value, topic=topic) for kind, values in parts for value in values)


@dataclass(frozen=True, slots=True)
class NamedTopic:
    """A topic an operator named, which subscribers may follow."""

    name: str  # as the roster and the command line call it
    label: str  # as readers see it
    wants: Wants = field(default_factory=Wants)

    def interests(self) -> tuple[Interest, ...]:
        """Its interests, each with this topic's label."""
        return self.wants.interests(self.label)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What is declared of one person, with the defaults filled in."""

    address: str  # as it is mailed
    name: str = ""
    topics: tuple[str, ...] = ()  # names of the topics they follow
    wants: Wants = field(default_factory=Wants)
    limits: Limits = field(default_factory=Limits)
    schedule: Schedule = field(default_factory=Schedule)
    paused_until: date | None = None  # the first local day on which a digest may be due again


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a person's consent stands, and how it came to that."""

    state: SubscriptionState
    how: str  # roster · one-click · page · mail · command · complaint
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownSubscriber:
    """A subscriber as the database knows them."""

    id: int
    token: str  # opaque, for links and the return path
    subscriber: Subscriber
    subscription: Subscription
    origin: str = "roster"  # how they first came: roster · web · mail
    cursor: int = 0  # id of the last edition served
    served_at: datetime | None = None
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address never to mail again."""

    address_key: str
    reason: str  # bounce · complaint · refused · operator
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """The soft bounces of an address."""

    days: int  # on which one was counted
    at: datetime  # of the last


@dataclass(frozen=True, slots=True)
class Audience:
    """Some of those who have not unsubscribed: those who are due, and the reasons of the others."""

    recipients: tuple[Recipient, ...] = ()
    skips: tuple[tuple[int, Skip], ...] = ()  # subscriber id and reason


def profile(
    known: Subscriber, topics: dict[str, NamedTopic], *, voted: tuple[Interest, ...] = (), reader: str = ""
) -> Profile:
    """Their own interests, those of the topics they follow and of their votes, each said once.

    A topic that is gone says nothing. `reader` is the token that, with the day, chooses the paper from beyond.
    """
    followed = [topics[name] for name in known.topics if name in topics]
    found: dict[tuple[InterestKind, str], Interest] = {}
    for interest in (*known.wants.interests(), *(each for topic in followed for each in topic.interests()), *voted):
        found.setdefault((interest.kind, interest.value.casefold()), interest)
    limits = known.limits
    return Profile(
        interests=tuple(found.values()),
        max_papers=limits.max_papers,
        max_per_topic=limits.max_per_topic,
        floor=limits.floor,
        discovery=limits.discovery,
        reader=reader,
    )
