"""What can be done about votes: cast one, undo it, look at them; and what a person means by a paper or a topic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from newsletter.database import Database, Transaction
from newsletter.errors import PaperboyError
from newsletter.identity import normalise_id, title_key
from newsletter.models import Interest, Paper
from newsletter.queries import editions
from subscribers import addresses, allowance, queries, service, vote_queries
from subscribers.models import KnownSubscriber
from subscribers.votes import Vote, What, interests
from subscribers.wording import nearest, quoted

_RECENT = 2_000  # papers whose titles are compared with one that nobody knows


@dataclass(frozen=True, slots=True)
class Voted:
    """A vote that was cast."""

    known: KnownSubscriber  # whose it is
    vote: Vote
    news: bool  # False: they said so already, and nothing was changed


def vote(database: Database, token_or_address: str, what: What, about: str, *, now: datetime, how: str) -> Voted | None:
    """Cast a reader's vote about the paper of a key or the topic of a label; their earlier one about it ends.

    The same vote again changes nothing, its age neither. None where nobody has that token or address. `how` is mail,
    page or command.

    Raises:
        PaperboyError: there is no such paper or topic, or they voted too often today on the page.

    """
    with database.begin() as tx:
        known = service.find(tx, token_or_address)
        if known is None:
            return None
        about = known_topic(tx, about) if what is What.MUTE_TOPIC else known_paper(tx, about).key
        cast = Vote(what, about, now, how, vote_queries.edition_of(tx, what, about))
        news = vote_queries.record(tx, known.id, cast)
        # After their row is held, as for coming back, so that nobody waits in a circle.
        if news and how == "page" and not allowance.take(tx, [(allowance.CHANGES, known.token)], now=now):
            raise PaperboyError("You voted very often today; please go on tomorrow. What you said so far counts.")
        return Voted(known, cast, news)


def undo(database: Database, token_or_address: str, about: str, *, topic: bool, now: datetime) -> bool:
    """Let a reader's vote count no longer; whether there was one. `about` is a paper's key or a topic's label."""
    with database.begin() as tx:
        known = service.find(tx, token_or_address)
        return known is not None and vote_queries.undo(tx, known.id, about, topic=topic, now=now)


def undo_all(database: Database, token_or_address: str, *, now: datetime) -> int:
    """Let none of a reader's votes count any longer; how many there were."""
    with database.begin() as tx:
        known = service.find(tx, token_or_address)
        return 0 if known is None else vote_queries.undo_all(tx, known.id, now=now)


# ---- looking at them -------------------------------------------------------------------------------------------------


def votes_of(tx: Transaction, token_or_address: str, *, undone: bool = False) -> tuple[Vote, ...]:
    """A reader's votes, the newest first; with `undone` those too that count no longer."""
    known = service.find(tx, token_or_address)
    return () if known is None else vote_queries.of(tx, known.id, undone=undone)


def voted(tx: Transaction, subscriber_id: int, *, now: datetime) -> tuple[Interest, ...]:
    """The interests that a reader's votes come to today, as `service.audience` has them."""
    return interests(vote_queries.of(tx, subscriber_id), now.astimezone(UTC).date())


def names(tx: Transaction, votes: Iterable[Vote]) -> Mapping[str, str]:
    """What papers that were voted on are called, by key; one that is gone is left out."""
    keys = {vote.about for vote in votes if vote.what is not What.MUTE_TOPIC}
    return {paper.key: paper.title for paper in editions.papers_by_key(tx, keys)}


# ---- what is meant ---------------------------------------------------------------------------------------------------


def reader(tx: Transaction, address: str) -> KnownSubscriber:
    """The subscriber with an address.

    Raises:
        PaperboyError: nobody has it; the sentence suggests the nearest one.

    """
    known = service.find(tx, address)
    if known is None:
        raise nobody(tx, address)
    return known


def nobody(tx: Transaction, address: str) -> PaperboyError:
    """What to say where nobody has an address.

    Raises:
        ValueError: it is no address.

    """
    key = addresses.fold(address)
    return PaperboyError(f"subscriber ({address}): nobody has this address{nearest(key, queries.near(tx, key))}")


def meant(votes: Sequence[Vote], titles: Mapping[str, str], text: str) -> Vote:
    """Which of a reader's votes somebody means: by key, arXiv id or title of the paper, or by the topic's label.

    Raises:
        PaperboyError: there is none; the sentence suggests the nearest one.

    """
    names: dict[str, Vote] = {}
    for one in votes:
        title = titles.get(one.about, "")
        for name in (one.about, one.about.casefold(), title, title_key(title)):
            names.setdefault(name, one)
    arxiv_id = normalise_id(text)
    folded = " ".join(text.split()).casefold()
    for name in (text, arxiv_id[0] if arxiv_id else "", folded, title_key(text)):
        if name and name in names:
            return names[name]
    hint = nearest(folded, names) or "; `paperboy votes list` shows their votes"
    raise PaperboyError(f"vote ({quoted(text)}): they cast none on this{hint}")


def known_paper(tx: Transaction, text: str) -> Paper:
    """The paper of a key, an arXiv id in any form, or a title.

    Raises:
        PaperboyError: it was never listed; the sentence suggests the nearest one.

    """
    by_key = editions.papers_by_key(tx, {text})
    if by_key:
        return by_key[0]
    arxiv_id = normalise_id(text)
    if arxiv_id is not None:
        found = editions.papers_by_arxiv_id(tx, {arxiv_id[0]})
    else:
        found = editions.papers_by_title(tx, {title_key(text)} - {""})
    if found:
        return next(iter(found.values()))
    recent = vote_queries.titles(tx, _RECENT)
    named = {key.casefold(): key for key in recent} if arxiv_id else {one.casefold(): one for one in recent.values()}
    close = get_close_matches(arxiv_id[0] if arxiv_id else text.casefold(), named, n=1, cutoff=0.6)
    hint = f"; did you mean {quoted(named[close[0]])}?" if close else ", so it cannot be voted on"
    raise PaperboyError(f"paper ({quoted(text)}): it was never listed{hint}")


def known_topic(tx: Transaction, text: str) -> str:
    """The label of a topic as the newest edition that has it writes it; case does not count.

    Raises:
        PaperboyError: no topic was ever called so; the sentence suggests the nearest one.

    """
    labels: dict[str, str] = {}
    for label in vote_queries.labels(tx):
        labels.setdefault(label.casefold(), label)
    found = labels.get(" ".join(text.split()).casefold())
    if found is not None:
        return found
    close = get_close_matches(text.casefold(), labels, n=1, cutoff=0.5)
    hint = f"did you mean {quoted(labels[close[0]])}?" if close else "`paperboy editions show` names those of a day"
    raise PaperboyError(f"topic ({quoted(text)}): no topic is called so; {hint}")
