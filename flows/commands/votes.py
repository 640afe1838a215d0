"""votes: what readers said of papers and topics, said for them, or undone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from flows.commands import opening, screen
from newsletter.errors import PaperboyError

if TYPE_CHECKING:
    from subscribers.votes import Vote

votes = typer.Typer(
    no_args_is_help=True,
    help="What readers want more or less of: look at their votes, cast one for them, undo it. Votes fade with time.",
)

Address = Annotated[str, typer.Argument(help="The reader's e-mail address.", show_default=False)]
_STYLES = {"more": "green", "less": "yellow", "mute_topic": "red"}
_WORDS = {"more": "more", "less": "less", "mute_topic": "mute topic"}


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    app.add_typer(votes, name="votes", rich_help_panel="Readers and topics")


# ---- looking at them -------------------------------------------------------------------------------------------------


@votes.command("list")
def list_votes(
    address: Annotated[str | None, typer.Argument(help="A reader; all of them by default.", show_default=False)] = None,
    undone: Annotated[bool, typer.Option("--undone", help="Of one reader: those too that count no longer.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """List votes, newest first: what was said of which paper or topic, when and how, and what it weighs today.

    A new vote for a paper weighs 1, as much as an example paper. A paper stands with its key, which `undo` takes.

    Example: `paperboy votes list reader@example.org --undone`. Changes nothing.
    """
    from subscribers import vote_queries, voting

    if address is not None:
        opening.address_key(address)
    if undone and address is None:
        raise PaperboyError("votes: name the reader whose undone votes are to be shown")
    with opening.database(opening.settings()) as database, database.begin() as tx:
        if address is None:
            found = vote_queries.newest(tx, limit)
            titles = voting.names(tx, [vote for _who, vote in found])
            _show_all(found, titles)
            return
        known = voting.reader(tx, address)
        mine = voting.votes_of(tx, known.token, undone=undone)
        titles = voting.names(tx, mine[:limit])
        weights = {one.value: one.weight for one in voting.voted(tx, known.id, now=opening.now())}
    _show(known.subscriber.address, mine[:limit], titles, weights)
    if len(mine) > limit:
        screen.say(f"and {len(mine) - limit} older; `--limit` shows them")


def _show_all(found: "Sequence[tuple[str, Vote]]", titles: Mapping[str, str]) -> None:
    if not found:
        screen.say("There is no vote yet; `paperboy votes add` casts one.")
        return
    rows = [(screen.when(vote.at), who, _what(vote), vote.how, _about(vote, titles)) for who, vote in found]
    screen.table(("when", "reader", "vote", "by", "about"), rows)


def _show(address: str, mine: "Sequence[Vote]", titles: Mapping[str, str], weights: Mapping[str, float]) -> None:
    if not mine:
        screen.say(f"{address} has no vote.")
        return
    rows = [
        (screen.when(vote.at), _what(vote), vote.how, _weight(vote, weights), _about(vote, titles)) for vote in mine
    ]
    screen.table(("when", "vote", "by", "weight", "about"), rows)


def _what(vote: "Vote") -> Text:
    return Text(_WORDS[vote.what], "dim" if vote.undone_at else _STYLES[vote.what])


def _weight(vote: "Vote", weights: Mapping[str, float]) -> str:
    if vote.undone_at is not None:
        return f"undone {vote.undone_at:%Y-%m-%d}"
    if vote.what == "mute_topic":
        return ""
    return f"{weights[vote.about]:.2f}" if vote.about in weights else "faded"


def _about(vote: "Vote", titles: Mapping[str, str]) -> str:
    title = titles.get(vote.about)
    return f"{vote.about}  {title}" if title else vote.about


# ---- changing them ---------------------------------------------------------------------------------------------------


@votes.command("add")
def add(
    address: Address,
    what: Annotated[
        Literal["more", "less"], typer.Argument(help="Whether they want papers like this one.", show_default=False)
    ],
    paper: Annotated[str, typer.Argument(help="Its arXiv id, a link, or its title.", show_default=False)],
) -> None:
    """Say for a reader that they want more, or less, like a paper; it moves their next digest.

    It takes the place of what they said of the same paper before.

    Example: `paperboy votes add reader@example.org more 2401.10774`. Changes that reader's votes.
    """
    _cast(address, what, paper)


@votes.command("mute")
def mute(
    address: Address,
    topic: Annotated[str, typer.Argument(help="The topic's label, as the digest shows it.", show_default=False)],
) -> None:
    """Say for a reader that they want no papers of topics with this label, until it is undone.

    Example: `paperboy votes mute reader@example.org "Video diffusion"`. Changes that reader's votes.
    """
    _cast(address, "mute_topic", topic)


def _cast(address: str, what: str, about: str) -> None:
    from subscribers import voting
    from subscribers.votes import What

    opening.address_key(address)
    with opening.database(opening.settings()) as database:
        done = voting.vote(database, address, What(what), about, now=opening.now(), how="command")
        with database.begin() as tx:
            if done is None:
                raise voting.nobody(tx, address)
            named = _about(done.vote, voting.names(tx, [done.vote]))
    who = done.known.subscriber.address
    if done.news:
        screen.say(f"{who}: {_WORDS[what]}: {named}", _STYLES[what])
        screen.say("It counts from the next digest on; `paperboy votes undo` takes it back.")
    else:
        screen.say(f"{who}: {_WORDS[what]}: {named} was said already; nothing was changed.")


@votes.command("undo")
def undo(
    address: Address,
    about: Annotated[
        str | None, typer.Argument(metavar="[PAPER|TOPIC]", help="What they voted on.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of their votes.")] = False,
) -> None:
    """Let a reader's vote count no longer: on a paper, by id or title, on a topic, by its label, or all of them.

    It stays to be read with `paperboy votes list ADDRESS --undone`.

    Example: `paperboy votes undo reader@example.org 2401.10774`. Changes that reader's votes.
    """
    from subscribers import voting

    if (about is None) != everything:
        raise PaperboyError("votes: name a paper or topic, or say --all, not both; nothing was changed")
    opening.address_key(address)
    with opening.database(opening.settings()) as database:
        with database.begin() as tx:
            known = voting.reader(tx, address)
            mine = voting.votes_of(tx, known.token)
            titles = voting.names(tx, mine)
            chosen = voting.meant(mine, titles, about) if about is not None else None
        who = known.subscriber.address
        if chosen is None:
            number = voting.undo_all(database, known.token, now=opening.now())
            screen.say(f"{who}: {screen.count(number, 'vote')} undone.")
            return
        topic = chosen.what == "mute_topic"
        voting.undo(database, known.token, chosen.about, topic=topic, now=opening.now())
    screen.say(f"{who}: undone: {_WORDS[chosen.what]}: {_about(chosen, titles)}")
