"""What a roster asks to change, decided without a database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from subscribers import addresses
from subscribers.models import KnownSubscriber, NamedTopic, Subscriber, SubscriptionState
from subscribers.roster.reading import Roster


@dataclass(frozen=True, slots=True)
class Change:
    """A subscriber who stays, with what is different."""

    subscriber_id: int
    subscriber: Subscriber  # as the roster wants it
    fields: tuple[str, ...]  # as the roster calls them; `subscription` when somebody comes back


@dataclass(frozen=True, slots=True)
class Removal:
    """A subscriber the roster no longer names: their subscription ends, the row stays."""

    subscriber_id: int
    address: str


@dataclass(frozen=True, slots=True)
class KeptOut:
    """An address of the roster that is left exactly as it is."""

    address: str
    why: str  # unsubscribed · suppressed · erased · own choices


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that applying a roster does; each of its addresses is in exactly one group."""

    added: tuple[Subscriber, ...] = ()
    changed: tuple[Change, ...] = ()
    removed: tuple[Removal, ...] = ()
    unchanged: tuple[str, ...] = ()  # addresses
    kept_out: tuple[KeptOut, ...] = ()
    topics_added: tuple[str, ...] = ()
    topics_changed: tuple[str, ...] = ()
    topics_removed: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether applying it would change nothing."""
        people = self.added or self.changed or self.removed
        return not (people or self.topics_added or self.topics_changed or self.topics_removed)


def plan(
    roster: Roster,
    known: Mapping[str, KnownSubscriber],
    *,
    topics: Mapping[str, NamedTopic] | None = None,
    suppressed: Collection[str] = (),
    erased: Collection[str] = (),
) -> Plan:
    """What `roster` asks of a database that knows these subscribers by address key, topics by name, and suppressions.

    Somebody the roster itself once removed comes back with it; a reader who left by themselves, or an address that is
    suppressed or was erased, stays as it is. Readers who came by web or mail are never removed, and once they confirmed
    what they chose stands, whatever the roster says.
    """
    added: list[Subscriber] = []
    changed: list[Change] = []
    unchanged: list[str] = []
    kept_out: list[KeptOut] = []
    named: set[str] = set()
    for wanted in roster.subscribers:
        key = addresses.fold(wanted.address)
        named.add(key)
        have = known.get(key)
        why = _kept_out(have, suppressed=key in suppressed, erased=key in erased)
        if why:
            kept_out.append(KeptOut(wanted.address, why))
        elif have is None:
            added.append(wanted)
        elif differences := _differences(have, wanted):
            changed.append(Change(have.id, wanted, differences))
        else:
            unchanged.append(wanted.address)
    before = topics or {}
    after = {topic.name: topic for topic in roster.topics}
    return Plan(
        added=tuple(added),
        changed=tuple(changed),
        removed=tuple(_removals(known, named)),
        unchanged=tuple(unchanged),
        kept_out=tuple(kept_out),
        topics_added=tuple(name for name in after if name not in before),
        topics_changed=tuple(name for name in after if name in before and before[name] != after[name]),
        topics_removed=tuple(sorted(name for name in before if name not in after)),
    )


def _kept_out(have: KnownSubscriber | None, *, suppressed: bool, erased: bool) -> str:
    """Why an address that the roster names is left as it is; empty where it is not."""
    if suppressed:
        return "suppressed"
    if erased:
        return "erased"
    if have is not None and has_left(have):
        return "unsubscribed"
    chose = have is not None and have.origin != "roster" and have.subscription.state is SubscriptionState.ACTIVE
    return "own choices" if chose else ""


def has_left(known: KnownSubscriber) -> bool:
    """Whether they ended their subscription themselves, or had it ended for them by anything but the roster."""
    subscription = known.subscription
    return subscription.state is SubscriptionState.UNSUBSCRIBED and subscription.how != "roster"


def _differences(have: KnownSubscriber, wanted: Subscriber) -> tuple[str, ...]:
    found = ["subscription"] if have.subscription.state is not SubscriptionState.ACTIVE else []
    for field in fields(Subscriber):
        old, new = getattr(have.subscriber, field.name), getattr(wanted, field.name)
        if field.name in {"wants", "limits", "schedule"}:
            found += [part.name for part in fields(new) if getattr(old, part.name) != getattr(new, part.name)]
        elif old != new:
            found.append(field.name)
    return tuple(found)


def _removals(known: Mapping[str, KnownSubscriber], named: Collection[str]) -> list[Removal]:
    gone = (
        have
        for key, have in known.items()
        if key not in named
        and have.origin == "roster"
        and have.subscription.state is not SubscriptionState.UNSUBSCRIBED
    )
    return [Removal(have.id, have.subscriber.address) for have in sorted(gone, key=lambda each: each.id)]
