"""What can be done about people: apply the roster, find the audience, honour an unsubscribe, suppress an address."""

import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress as ignoring
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from newsletter.database import Database, Transaction
from newsletter.errors import PaperboyError, RosterError
from newsletter.identity import normalise_id
from newsletter.models import InterestKind, Recipient, Skip
from subscribers import addresses, consent_queries, due, queries, roster, stored, vote_queries
from subscribers.models import (
    Audience,
    Defaults,
    KnownSubscriber,
    NamedTopic,
    Subscription,
    SubscriptionState,
    Suppression,
    profile,
)
from subscribers.votes import MEMORY, Vote, interests

_PAGE = 1_000  # subscribers read at a time

# ---- the roster ------------------------------------------------------------------------------------------------------


def read_roster(path: Path, *, shown: str | None = None) -> roster.Roster:
    """The roster in a file; `shown` is how mistakes call it, by default as `path` is written.

    Raises:
        RosterError: the file is missing, is no UTF-8 text, or holds mistakes.

    """
    name = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise RosterError(f"roster ({name}): there is no such file; make one like roster.example.yaml") from error
    except UnicodeDecodeError as error:
        raise RosterError(f"roster ({name}): byte {error.start} is no UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise RosterError(f"roster ({name}): cannot be read: {error.strerror}") from error
    return roster.parse(text, path=name)


def apply_roster(database: Database, declared: roster.Roster, *, now: datetime, dry_run: bool = False) -> roster.Plan:
    """Make the database hold what the roster declares, all or nothing; the plan says what that changed.

    With `dry_run` the plan is made and nothing is written.
    """
    with database.begin() as tx:
        named = {addresses.fold(each.address) for each in declared.subscribers}
        plan = roster.plan(
            declared,
            queries.everyone(tx),
            topics=queries.all_topics(tx),
            suppressed=queries.suppressed_keys(tx),
            erased=consent_queries.erased_among(tx, named),
        )
        if not dry_run:
            _apply(tx, declared, plan, now)
    return plan


def _apply(tx: Transaction, declared: roster.Roster, plan: roster.Plan, now: datetime) -> None:
    put = {*plan.topics_added, *plan.topics_changed}
    queries.replace_topics(tx, plan.topics_removed, (topic for topic in declared.topics if topic.name in put))
    cursor = queries.edition_before_latest(tx)
    rows = [
        stored.columns(each, addresses.fold(each.address))
        | {
            "token": secrets.token_urlsafe(16),
            "origin": "roster",
            "cursor": cursor,  # so that the newest edition is their first
            "created_at": now,
        }
        for each in plan.added
    ]
    queries.insert_subscribers(tx, rows, Subscription(SubscriptionState.ACTIVE, "roster", now))
    for change in plan.changed:
        # Somebody who asked by web or mail, and has not confirmed, is the operator's from now on.
        declared_row = stored.columns(change.subscriber, addresses.fold(change.subscriber.address))
        queries.update_subscriber(tx, change.subscriber_id, declared_row | {"origin": "roster"})
    back = [change.subscriber_id for change in plan.changed if "subscription" in change.fields]
    queries.activate_from_roster(tx, back, now)
    queries.end_subscriptions(tx, [each.subscriber_id for each in plan.removed], how="roster", now=now)


def export_roster(database: Database, defaults: Defaults) -> roster.Roster:
    """Everybody with an active subscription and every topic, as a roster with these defaults."""
    with database.begin() as tx:
        people = queries.not_unsubscribed(tx).values()
        topics = queries.all_topics(tx)
    active = (each.subscriber for each in people if each.subscription.state is SubscriptionState.ACTIVE)
    return roster.Roster(defaults, tuple(topics.values()), tuple(active))


def named_topics(tx: Transaction) -> tuple[NamedTopic, ...]:
    """Every named topic, by name."""
    return tuple(queries.all_topics(tx).values())


def example_papers(tx: Transaction) -> frozenset[str]:
    """The arXiv ids that readers, or the topics they follow, give as examples."""
    topics = queries.all_topics(tx)
    found: set[str] = set()
    after = 0
    while people := queries.page(tx, after=after, limit=_PAGE):
        after = people[-1].id
        interests = (one for known in people for one in profile(known.subscriber, topics).interests)
        named = (normalise_id(one.value) for one in interests if one.kind is InterestKind.SEED)
        found.update(known[0] for known in named if known)  # a pasted title is looked up nowhere
    return frozenset(found)


def known_topic(tx: Transaction, name: str) -> NamedTopic:
    """One named topic.

    Raises:
        PaperboyError: nobody named it; the sentence suggests the nearest one.

    """
    known = queries.all_topics(tx)
    if name in known:
        return known[name]
    close = get_close_matches(name.casefold(), known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else "`paperboy topics list` shows them all"
    raise PaperboyError(f"topic ({name}): there is no such topic; {hint}")


# ---- the audience ----------------------------------------------------------------------------------------------------


def audience(
    database: Database,
    *,
    now: datetime,
    latest_edition: int | None,
    respect_hours: bool = True,
    only: Collection[str] = (),
    size: int = _PAGE,
) -> Iterator[Audience]:
    """Everybody who has not unsubscribed, each either as a recipient or with the reason why not, in pages of a size.

    `latest_edition` is the newest edition's id, None where there is none. With `respect_hours` False the hour counts
    as reached, and who was served today already is known by their cursor alone. `only` narrows it to some addresses.
    Each page is read when it is asked for, in a transaction of its own; a page is of one cursor, the highest first, so
    that whoever is served on the way moves to where we have been already.
    """
    keys = _folded(only).values() if only else None
    with database.begin() as tx:
        topics = queries.all_topics(tx)
        cursors = queries.cursors(tx, keys)
    # From one cursor down to the next: a cursor that is given back meanwhile is still ahead of us.
    for above, upto in zip([*cursors[1:], -1], [None, *cursors[1:]], strict=False):
        after = 0
        while True:
            with database.begin() as tx:
                people = queries.page(tx, after=after, limit=size, above=above, upto=upto, keys=keys)
                skips = _skips(people, now=now, latest_edition=latest_edition, respect_hours=respect_hours)
                who = [known for known in people if known.id not in skips]
                voted = vote_queries.of_many(tx, [known.id for known in who], since=now - MEMORY) if who else {}
            if not people:
                break
            after = people[-1].id
            recipients = (_recipient(known, topics, voted.get(known.id, ()), now) for known in who)
            yield Audience(tuple(recipients), tuple(skips.items()))


def unknown(tx: Transaction, only: Collection[str]) -> tuple[str, ...]:
    """Those of the addresses that are nobody's."""
    keys = _folded(only)
    known = queries.open_keys(tx, keys.values())
    return tuple(address for address in only if keys.get(address) not in known)


def _folded(only: Collection[str]) -> dict[str, str]:
    """The keys of addresses; what is no address has none."""
    keys: dict[str, str] = {}
    for address in only:
        with ignoring(ValueError):
            keys[address] = addresses.fold(address)
    return keys


def _skips(
    people: Iterable[KnownSubscriber], *, now: datetime, latest_edition: int | None, respect_hours: bool
) -> dict[int, Skip]:
    """Who is not due, with the reason."""
    judged = (
        (known.id, _skip(known, now=now, latest_edition=latest_edition, respect_hours=respect_hours))
        for known in people
    )
    return {who: reason for who, reason in judged if reason is not None}


def _skip(known: KnownSubscriber, *, now: datetime, latest_edition: int | None, respect_hours: bool) -> Skip | None:
    """The first reason that applies, from the lasting ones to those of the hour."""
    schedule, paused_until = known.subscriber.schedule, known.subscriber.paused_until
    is_due = due.is_due if respect_hours else due.is_day_due
    if known.suppressed:
        return Skip.SUPPRESSED
    if known.subscription.state is SubscriptionState.PENDING:
        return Skip.UNCONFIRMED
    if paused_until is not None and paused_until > due.local_day(schedule, now):
        return Skip.PAUSED
    if not is_due(schedule, served_at=known.served_at, now=now):
        return Skip.NOT_DUE
    if latest_edition is None or known.cursor >= latest_edition:
        return Skip.NOTHING_NEW
    return None


def _recipient(
    known: KnownSubscriber, topics: dict[str, NamedTopic], votes: Iterable[Vote], now: datetime
) -> Recipient:
    person = known.subscriber
    voted = interests(votes, now.astimezone(UTC).date())
    return Recipient(
        subscriber_id=known.id,
        address=person.address,
        name=person.name,
        profile=profile(person, topics, voted=voted, reader=known.token),
        cursor=known.cursor,
        zone=person.schedule.zone,
        token=known.token,
    )


def still_wanted(tx: Transaction, subscriber_ids: Iterable[int]) -> set[int]:
    """Those who are still active and not suppressed: asked again just before sending."""
    return queries.wanting(tx, subscriber_ids)


# ---- consent ---------------------------------------------------------------------------------------------------------


def unsubscribe(database: Database, token_or_address: str, *, now: datetime, how: str) -> KnownSubscriber | None:
    """End a subscription for good, by the subscriber's token or address; as often as one likes.

    Returns the subscriber as they are now, None where nobody has that token or address. `how` is one-click, page,
    mail or command.
    """
    with database.begin() as tx:
        known = find(tx, token_or_address)
        if known is None:
            return None
        queries.end_subscriptions(tx, [known.id], how=how, now=now)
        return queries.by_token(tx, known.token)


def find(tx: Transaction, token_or_address: str) -> KnownSubscriber | None:
    """The subscriber with a token or an address; None where it is nobody's."""
    if "@" not in token_or_address:
        return queries.by_token(tx, token_or_address)
    try:
        return queries.by_address_key(tx, addresses.fold(token_or_address))
    except ValueError:
        return None


def suppress(database: Database, address: str, *, reason: str, detail: str, now: datetime) -> bool:
    """Never mail an address again, whether or not it is a subscriber's; whether that is news. The first reason stays.

    Raises:
        ValueError: it is no address.

    """
    with database.begin() as tx:
        return queries.insert_suppression(tx, Suppression(addresses.fold(address), reason, detail, now))


def suppression(tx: Transaction, address: str) -> Suppression | None:
    """Why an address is suppressed; None where it is not.

    Raises:
        ValueError: it is no address.

    """
    return queries.suppression(tx, addresses.fold(address))


def lift_suppression(database: Database, address: str) -> bool:
    """Allow an address again; whether it had been suppressed. A subscription that ended stays ended.

    Raises:
        ValueError: it is no address.

    """
    key = addresses.fold(address)
    with database.begin() as tx:
        queries.delete_score(tx, key)  # or the next soft bounce would suppress it again
        return queries.delete_suppression(tx, key)
