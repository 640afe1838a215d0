"""Whose interests a command is about: a topic's, a reader's, or those written on the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands import opening, people
from newsletter.errors import PaperboyError, RosterError

if TYPE_CHECKING:
    from newsletter.database import Database
    from newsletter.models import Profile
    from newsletter.settings import Settings
    from subscribers.models import NamedTopic, Subscriber
    from subscribers.roster import Roster

Name = Annotated[str, typer.Argument(help="A topic, as `paperboy topics list` calls it.", show_default=False)]
Keywords = Annotated[
    list[str] | None, typer.Option("--keyword", "-k", help="A word or phrase; may be repeated.", show_default=False)
]
Seeds = Annotated[
    list[str] | None,
    typer.Option(
        "--seed", help="An example paper: its arXiv id, or its title and abstract; may be repeated.", show_default=False
    ),
]
Text = Annotated[str, typer.Option("--text", help="Free text: a sentence or two about the work.", show_default=False)]
Categories = Annotated[
    list[str] | None, typer.Option("--category", help="An arXiv category; may be repeated.", show_default=False)
]
Authors = Annotated[
    list[str] | None, typer.Option("--author", help="The name of an author; may be repeated.", show_default=False)
]
Mutes = Annotated[
    list[str] | None,
    typer.Option("--mute", help="A phrase or category that is not wanted; may be repeated.", show_default=False),
]
Address = Annotated[
    str, typer.Option("--subscriber", help="A reader: what they want and the topics they follow.", show_default=False)
]


def profile(
    database: "Database",
    settings: "Settings",
    declared: Mapping[str, Sequence[str] | str | None],
    *,
    name: str = "",
    address: str = "",
) -> tuple[str, "Profile"]:
    """What to call them, and their profile: a topic's or a reader's interests, and those declared beside them.

    The roster is read as it is now; what it does not name is looked for in the database.

    Raises:
        PaperboyError: there is no such topic or reader, nothing was asked for, or a value cannot be read.

    """
    from newsletter.models import Profile
    from subscribers import roster

    own = roster.interests({field: value for field, value in declared.items() if value}).interests()
    if not (own or name or address):
        raise PaperboyError("topics: name a topic, or give --subscriber, --keyword or another interest")
    known = _roster(settings)
    label, found = "These interests", Profile()
    if address:
        label, found = _reader(database, known, address)
    if name:
        topic = _topic(database, known, name)
        label = f"{label}, and {topic.label}" if address else topic.label
        found = replace(found, interests=(*found.interests, *topic.interests()))
    return label, replace(found, interests=(*found.interests, *own))


def _roster(settings: "Settings") -> "Roster | None":
    try:
        return people.read(settings)
    except RosterError:
        return None  # `roster check` says what is wrong with it


def _topic(database: "Database", known: "Roster | None", name: str) -> "NamedTopic":
    from subscribers import service

    declared = {topic.name: topic for topic in known.topics} if known else {}
    if name in declared:
        return declared[name]
    with database.begin() as tx:
        return service.known_topic(tx, name)


def _reader(database: "Database", known: "Roster | None", address: str) -> tuple[str, "Profile"]:
    from subscribers import addresses, queries, voting
    from subscribers import models as people_models

    key = opening.address_key(address)
    with database.begin() as tx:
        topics = queries.all_topics(tx)
        stored = queries.by_address_key(tx, key)
        voted = voting.voted(tx, stored.id, now=opening.now()) if stored else ()
    topics |= {topic.name: topic for topic in known.topics} if known else {}
    declared: dict[str, Subscriber] = {addresses.fold(one.address): one for one in known.subscribers} if known else {}
    person = declared.get(key) or (stored.subscriber if stored else None)
    if person is None:
        raise PaperboyError(f"subscriber ({address}): nobody has this address")
    return person.name or person.address, people_models.profile(
        person, topics, voted=voted, reader=stored.token if stored else ""
    )
