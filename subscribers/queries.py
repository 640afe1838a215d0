"""SQL about people only; the first argument is always `tx`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.database import Transaction
from newsletter.queries import marks, notices
from newsletter.queries.bulk import ids_as, packed_ids, texts
from newsletter.schema import bounces, deliveries, editions, subscribers, subscriptions, suppressions, topics
from subscribers import consent_queries, stored
from subscribers.consent_queries import Consent, Said
from subscribers.models import (
    KnownSubscriber,
    NamedTopic,
    Score,
    Subscription,
    SubscriptionState,
    Suppression,
)

_CHUNK = 5_000  # values in one IN: below the bound parameters either database takes

Item = TypeVar("Item")

# ---- reading ---------------------------------------------------------------------------------------------------------

_EVERYTHING = select(
    subscribers,
    subscriptions.c.state,
    subscriptions.c.how,
    subscriptions.c.changed_at,
    exists().where(suppressions.c.address_key == subscribers.c.address_key).label("suppressed"),
).join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)


def everyone(tx: Transaction) -> dict[str, KnownSubscriber]:
    """Every subscriber by address key, whatever their consent; of those who were erased there is nothing to tell."""
    rows = tx.execute(_EVERYTHING.where(subscribers.c.address != "").order_by(subscribers.c.id)).mappings()
    return {row["address_key"]: stored.known(row) for row in rows}


def not_unsubscribed(tx: Transaction) -> dict[str, KnownSubscriber]:
    """The subscribers with a pending or active subscription, by address key, in the order of their ids."""
    wanted = _EVERYTHING.where(subscriptions.c.state != SubscriptionState.UNSUBSCRIBED)
    return {row["address_key"]: stored.known(row) for row in tx.execute(wanted.order_by(subscribers.c.id)).mappings()}


def cursors(tx: Transaction, keys: Collection[str] | None = None) -> list[int]:
    """The cursors of those who have not unsubscribed, each once, the highest first; `keys` narrows it to some."""
    found = (
        select(subscribers.c.cursor)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .where(*_open(tx, keys))
    )
    return list(tx.scalars(found.distinct().order_by(subscribers.c.cursor.desc())))


def page(
    tx: Transaction,
    *,
    after: int,
    limit: int,
    above: int = -1,
    upto: int | None = None,
    keys: Collection[str] | None = None,
) -> list[KnownSubscriber]:
    """The next who have not unsubscribed, by id; of those with a cursor above one, up to another, or with some keys."""
    wanted = _EVERYTHING.where(*_open(tx, keys), subscribers.c.id > after, subscribers.c.cursor > above)
    if upto is not None:
        wanted = wanted.where(subscribers.c.cursor <= upto)
    return [stored.known(row) for row in tx.execute(wanted.order_by(subscribers.c.id).limit(limit)).mappings()]


def _open(tx: Transaction, keys: Collection[str] | None) -> list[ColumnElement[bool]]:
    """Who is pending or active, of all or of some address keys."""
    is_open = subscriptions.c.state != SubscriptionState.UNSUBSCRIBED
    return [is_open] if keys is None else [is_open, subscribers.c.address_key.in_(texts(tx, keys))]


def open_keys(tx: Transaction, keys: Collection[str]) -> frozenset[str]:
    """Those of the address keys whose owner has not unsubscribed."""
    found = select(subscribers.c.address_key).join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    return frozenset(tx.scalars(found.where(*_open(tx, keys))))


def by_token(tx: Transaction, token: str) -> KnownSubscriber | None:
    """The subscriber with this token."""
    row = tx.execute(_EVERYTHING.where(subscribers.c.token == token)).mappings().first()
    return None if row is None else stored.known(row)


def by_id(tx: Transaction, subscriber_id: int, *, hold: bool = False) -> KnownSubscriber | None:
    """The subscriber with this id; with `hold` nobody else changes their consent before the transaction ends."""
    if hold:
        tx.execute(select(subscribers.c.id).where(subscribers.c.id == subscriber_id).with_for_update(key_share=True))
    row = tx.execute(_EVERYTHING.where(subscribers.c.id == subscriber_id)).mappings().first()
    return None if row is None else stored.known(row)


def by_address_key(tx: Transaction, key: str) -> KnownSubscriber | None:
    """The subscriber with this folded address."""
    row = tx.execute(_EVERYTHING.where(subscribers.c.address_key == key)).mappings().first()
    return None if row is None else stored.known(row)


def near(tx: Transaction, key: str) -> list[str]:
    """Addresses of the same domain, or the same before the @, for a suggestion; some of them where they are many."""
    local, _, domain = key.rpartition("@")
    one = subscribers.c.address_key
    alike = select(one).where(
        or_(one.endswith(f"@{domain}", autoescape=True), one.startswith(f"{local}@", autoescape=True))
    )
    return list(tx.scalars(alike.order_by(one).limit(_CHUNK)))


def wanting(tx: Transaction, subscriber_ids: Iterable[int]) -> set[int]:
    """Those of the ids whose subscription is active and whose address is not suppressed."""
    return set(tx.scalars(_wanting(tx.dialect.name), {"ids": packed_ids(set(subscriber_ids))}))


@cache
def _wanting(dialect: str) -> Select[tuple[int]]:
    """Made once: it is asked before every handful of mails."""
    suppressed = exists().where(suppressions.c.address_key == subscribers.c.address_key)
    active = (
        select(subscribers.c.id)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .where(subscriptions.c.state == SubscriptionState.ACTIVE, ~suppressed)
    )
    return active.where(subscribers.c.id.in_(ids_as(dialect, "ids")))


def address_keys(tx: Transaction, subscriber_ids: Iterable[int]) -> dict[int, str]:
    """The folded addresses of subscribers."""
    wanted = select(subscribers.c.id, subscribers.c.address_key)
    found: dict[int, str] = {}
    for chunk in _chunks(sorted(set(subscriber_ids))):
        found.update((row.id, row.address_key) for row in tx.execute(wanted.where(subscribers.c.id.in_(chunk))))
    return found


def all_topics(tx: Transaction) -> dict[str, NamedTopic]:
    """The named topics by name, in the order of their names."""
    rows = tx.execute(select(topics).order_by(topics.c.name)).mappings()
    return {row["name"]: stored.topic(row["name"], row["declaration"]) for row in rows}


def suppressed_keys(tx: Transaction) -> frozenset[str]:
    """Every suppressed address key."""
    return frozenset(tx.scalars(select(suppressions.c.address_key)))


def suppression(tx: Transaction, key: str) -> Suppression | None:
    """Why an address is suppressed, if it is."""
    row = tx.execute(select(suppressions).where(suppressions.c.address_key == key)).mappings().first()
    return None if row is None else Suppression(**row)


def edition_before_latest(tx: Transaction) -> int:
    """The id of the last edition but one; 0 where there is none."""
    ids = tx.scalars(select(editions.c.id).order_by(editions.c.id.desc()).limit(2)).all()
    before = ids[1] if len(ids) == 2 else 0
    # Whoever signed up after a backup was made is unknown to it, and has had the newest edition perhaps.
    restored = marks.restored(tx)
    return before if restored is None else max(before, min(restored.edition, ids[0] if ids else 0))


# ---- writing ---------------------------------------------------------------------------------------------------------


def insert_subscribers(tx: Transaction, rows: Sequence[Mapping[str, Any]], consent: Subscription) -> list[int]:
    """New subscribers, all with the same consent; their ids, in no promised order."""
    if not rows:
        return []
    ids = list(tx.scalars(insert(subscribers).returning(subscribers.c.id), list(rows)))
    for chunk in _chunks(ids):  # one statement for thousands of rows: the driver would send them one by one
        each = select(
            subscribers.c.id,
            literal(str(consent.state)),
            literal(consent.how),
            literal(consent.changed_at, subscriptions.c.changed_at.type),
        ).where(subscribers.c.id.in_(chunk))
        tx.execute(insert(subscriptions).from_select(["subscriber_id", "state", "how", "changed_at"], each))
    return ids


def update_subscriber(tx: Transaction, subscriber_id: int, row: Mapping[str, Any]) -> None:
    """New values for some columns."""
    tx.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(**row))


def activate_from_roster(tx: Transaction, subscriber_ids: Collection[int], now: datetime) -> None:
    """Pending subscriptions, and those the roster itself ended, become active; a reader's own word stands."""
    ours = and_(subscriptions.c.state == SubscriptionState.UNSUBSCRIBED, subscriptions.c.how == "roster")
    # Said in the statement itself: somebody may have clicked "unsubscribe" since the plan was made.
    open_ = or_(subscriptions.c.state == SubscriptionState.PENDING, ours)
    back = _set_consent(tx, subscriber_ids, Subscription(SubscriptionState.ACTIVE, "roster", now), open_)
    consent_queries.add_to_all(tx, back, Consent(Said.RETURNED, now, "roster"))


def end_subscriptions(
    tx: Transaction, subscriber_ids: Collection[int], *, how: str, now: datetime, origin: str | Mapping[int, str] = ""
) -> None:
    """Subscriptions end; one the roster had ended before becomes the reader's own word, any other ended one stays.

    Each end is written down, with its origin, the same of all or by subscriber; so is a reader's no to a confirmation
    that may be on its way, though nothing is to end. What waits to be sent to them about it is called off.
    """
    by_roster = subscriptions.c.how == "roster"
    open_ = subscriptions.c.state != SubscriptionState.UNSUBSCRIBED
    asking: list[int] = []
    _hold(tx, subscriber_ids)
    if how != "roster":
        open_ = or_(open_, by_roster)
        asking = consent_queries.with_open_question(tx, subscriber_ids)
    ended = _set_consent(tx, subscriber_ids, Subscription(SubscriptionState.UNSUBSCRIBED, how, now), open_)
    said = Consent(Said.WITHDRAWN, now, how)
    if isinstance(origin, str):
        consent_queries.add_to_all(tx, {*ended, *asking}, replace(said, origin=origin))
    else:
        consent_queries.add_each(tx, [(one, replace(said, origin=origin[one])) for one in sorted({*ended, *asking})])
    for chunk in _chunks(sorted({*ended, *asking})):
        notices.call_off(tx, select(subscribers.c.token).where(subscribers.c.id.in_(chunk)), now=now)


def _hold(tx: Transaction, subscriber_ids: Collection[int]) -> None:
    """Let nobody else change the consent of these people before the transaction ends."""
    for chunk in _chunks(sorted(subscriber_ids)):
        people = select(subscribers.c.id).where(subscribers.c.id.in_(chunk)).order_by(subscribers.c.id)
        tx.execute(people.with_for_update(key_share=True))


def _set_consent(
    tx: Transaction, subscriber_ids: Collection[int], consent: Subscription, condition: ColumnElement[bool]
) -> list[int]:
    """The ids of those whose consent changed."""
    values = {"state": str(consent.state), "how": consent.how, "changed_at": consent.changed_at}
    changed: list[int] = []
    for chunk in _chunks(sorted(subscriber_ids)):
        theirs = update(subscriptions).where(subscriptions.c.subscriber_id.in_(chunk), condition).values(**values)
        changed += tx.scalars(theirs.returning(subscriptions.c.subscriber_id))
    return changed


def replace_topics(tx: Transaction, gone: Collection[str], put: Iterable[NamedTopic]) -> None:
    """Topics go, come, or are declared anew."""
    declared = [{"name": topic.name, "declaration": stored.declaration(topic)} for topic in put]
    names = [*gone, *(str(each["name"]) for each in declared)]
    for chunk in _chunks(names):
        tx.execute(delete(topics).where(topics.c.name.in_(chunk)))
    if declared:
        tx.execute(insert(topics), declared)


def insert_suppression(tx: Transaction, suppression: Suppression) -> bool:
    """Whether it is new; the first reason stays."""
    values = {
        "address_key": suppression.address_key,
        "reason": suppression.reason,
        "detail": suppression.detail,
        "at": suppression.at,
    }
    # Said in the statement: a mail server may hand over two bounces of one address at the same time.
    return tx.execute(_insert(tx, suppressions).values(**values).on_conflict_do_nothing()).rowcount > 0


def delete_suppression(tx: Transaction, key: str) -> bool:
    """Whether there was one."""
    return tx.execute(delete(suppressions).where(suppressions.c.address_key == key)).rowcount > 0


def score(tx: Transaction, key: str) -> Score | None:
    """The soft bounces counted of an address; the row stays ours until the transaction ends."""
    query = select(bounces.c.score, bounces.c.at).where(bounces.c.address_key == key).with_for_update()
    row = tx.execute(query).first()
    return None if row is None else Score(row.score, row.at)


def put_score(tx: Transaction, key: str, score: Score, detail: str) -> None:
    """Keep what was counted; of two that were first at the same moment one is kept, as both are of one day."""
    values = {"score": score.days, "at": score.at, "detail": detail}
    if not tx.execute(update(bounces).where(bounces.c.address_key == key).values(**values)).rowcount:
        tx.execute(_insert(tx, bounces).values(address_key=key, **values).on_conflict_do_nothing())


def delete_score(tx: Transaction, key: str) -> None:
    """Forget what was counted of an address."""
    tx.execute(delete(bounces).where(bounces.c.address_key == key))


def returned(tx: Transaction, delivery_key: str) -> tuple[int, str] | None:
    """The subscriber of a delivery and the address it went to; None where there is none, or they were erased."""
    query = select(deliveries.c.subscriber_id, deliveries.c.address).where(deliveries.c.key == delivery_key)
    row = tx.execute(query.where(deliveries.c.address != "")).first()
    return None if row is None else (row.subscriber_id, row.address)


def note_return(tx: Transaction, delivery_key: str, words: str) -> None:
    """Write down what came back for a delivery, in the place of the server's last words; its state stays."""
    tx.execute(update(deliveries).where(deliveries.c.key == delivery_key).values(reply=words))


def _insert(tx: Transaction, table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, which both databases spell alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def _chunks(items: Sequence[Item]) -> Iterable[Sequence[Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
