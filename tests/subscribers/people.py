"""Invented people and rosters, and hypothesis strategies for them."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from newsletter import schema
from subscribers.models import Cadence, Defaults, Limits, NamedTopic, Schedule, Subscriber, Wants
from subscribers.roster import Roster

NOW = datetime(2026, 9, 4, 12, 0, tzinfo=UTC)  # a Friday

ZONES = (
    "UTC",
    "Europe/Zurich",
    "America/New_York",
    "America/Sao_Paulo",  # midnight did not exist once a year
    "America/St_Johns",  # clocks went back at 00:01, over midnight
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # a day that was left out
    "Africa/Casablanca",
    "Antarctica/Troll",  # two hours
)

words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "M")), min_size=1, max_size=12)
keyword_lists = st.lists(
    st.sampled_from(("KV cache", "diffusion", "x: y", "no", "null", "1e3", "- a", "# b", "'", "Ölfilm", "数据")),
    max_size=4,
    unique=True,
).map(tuple)
wants = st.builds(
    Wants,
    keywords=keyword_lists,
    categories=st.sampled_from(((), ("cs.CL",), ("hep-th", "cond-mat.mes-hall"))),
    authors=keyword_lists,
    seeds=st.sampled_from(((), ("2401.10770",), ("hep-th/9901001", "0704.0001"))),
    text=st.sampled_from(("", "I work on: this & that.", "2026-01-01", "a " * 100 + "b")),
    mute=keyword_lists,
)
limits = st.builds(
    Limits,
    st.integers(1, 200),
    st.integers(1, 200),
    st.sampled_from((0.0, 0.05, 0.1, 1.0, 1e-7, 12345.678)),
    st.booleans(),
)
schedules = st.builds(Schedule, st.sampled_from(Cadence), st.integers(0, 6), st.integers(0, 23), st.sampled_from(ZONES))
topics = st.lists(
    st.builds(
        NamedTopic,
        name=st.sampled_from(("speech", "null", "language-models", "3d")),
        label=st.sampled_from(("Speech", "Everything: about <it>", "3d")),
        wants=wants,
    ),
    unique_by=lambda topic: topic.name,
    max_size=4,
).map(tuple)


@st.composite
def rosters(draw, most=5):
    """Any roster of up to `most` people, out of eight addresses."""
    named = draw(topics)
    addresses = draw(
        st.lists(st.sampled_from([f"reader{n}@example.org" for n in range(8)]), unique=True, max_size=most)
    )
    people = tuple(
        Subscriber(
            address=address,
            name=draw(st.sampled_from(("", "Ada", 'D\'Arcy: the "1st"', "Žofie 数", "yes", "007"))),
            topics=tuple(topic.name for topic in named if draw(st.booleans())),
            wants=draw(wants),
            limits=draw(limits),
            schedule=draw(schedules),
            paused_until=draw(st.sampled_from((None, date(2026, 9, 5), date(2020, 1, 1)))),
        )
        for address in addresses
    )
    return Roster(Defaults(draw(limits), draw(schedules)), named, people)


def roster_of(*people: Subscriber, topics: tuple[NamedTopic, ...] = ()) -> Roster:
    """A roster with the built-in defaults."""
    return Roster(Defaults(), topics, people)


def person(name: str, **declared) -> Subscriber:
    """`ada` is ada@example.org."""
    return Subscriber(address=f"{name}@example.org", name=name.title(), **declared)


# ---- what other parts would write ------------------------------------------------------------------------------------


def clear(database) -> None:
    """An empty database again, between the examples of a property."""
    with database.begin() as tx:
        for table in reversed(schema.metadata.sorted_tables):
            tx.execute(delete(table))


def make_editions(database, *ids: int) -> None:
    """Editions with these ids, one a day."""
    with database.begin() as tx:
        for each in ids:
            day = date(2026, 1, 1) + timedelta(days=each)
            row = {"id": each, "day": day, "sample": False, "composed_at": NOW, "papers": 0, "remarks": []}
            tx.execute(insert(schema.editions).values(**row))


def mark_served(database, address: str, *, cursor: int, at: datetime | None) -> None:
    """As the enqueue step does."""
    people = schema.subscribers
    with database.begin() as tx:
        tx.execute(update(people).where(people.c.address == address).values(cursor=cursor, served_at=at))


def set_state(database, address: str, state: str, *, how: str = "page", origin: str = "web") -> None:
    """As the site does for somebody who signs up there."""
    people, consent = schema.subscribers, schema.subscriptions
    with database.begin() as tx:
        number = tx.scalar(select(people.c.id).where(people.c.address == address))
        tx.execute(update(people).where(people.c.id == number).values(origin=origin))
        tx.execute(update(consent).where(consent.c.subscriber_id == number).values(state=state, how=how))


def contents(database) -> dict[str, list]:
    """Every row about people, for comparing before and after."""
    tables = (schema.subscribers, schema.subscriptions, schema.suppressions, schema.topics)
    with database.begin() as tx:
        return {t.name: sorted(map(repr, tx.execute(select(t)).all())) for t in tables}
