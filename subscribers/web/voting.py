"""Voting from the mail's links: the page says what will happen, its buttons do it, and each can be undone."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from newsletter.database import Transaction
from newsletter.errors import LinkInvalid
from newsletter.mail.latex import to_unicode
from newsletter.mail.text import clean
from newsletter.models import Paper
from newsletter.queries import editions
from subscribers import queries, tokens, vote_queries, voting
from subscribers.models import KnownSubscriber
from subscribers.tokens import Purpose
from subscribers.votes import Vote, What
from subscribers.web.forms import Form
from subscribers.web.frame import Frame

_AUTHORS = 3  # names that are shown
_WORDS = {What.MORE: "More like this", What.LESS: "Less like this"}
_DONE = {
    What.MORE: "Noted: your next digests lean towards papers like this one.",
    What.LESS: "Noted: your next digests lean away from papers like this one.",
    What.MUTE_TOPIC: "Noted: your digests leave this topic out.",
}
_UNDONE = "Undone: it counts no longer."


@dataclass(frozen=True, slots=True)
class _Seen:
    """One paper before one reader, and what they said of it so far."""

    known: KnownSubscriber
    paper: Paper
    topic: str  # its label, empty where it belongs to none
    current: Vote | None
    muted: bool


def router(frame: Frame) -> APIRouter:
    """The pages of voting."""
    pages = APIRouter()

    # Before the others: a paper's key may hold slashes.
    @pages.post("/vote/{signed}/{key:path}/undo")
    def undo(signed: str, key: str, form: Annotated[Form, Depends(frame.form)]) -> Response:
        seen = _seen(frame, signed, key)
        topic = form.get("what") == "topic"
        about = seen.topic if topic else seen.paper.key
        voting.undo(frame.database, seen.known.token, about, topic=topic, now=frame.clock())
        return _page(frame, signed, key, done=_UNDONE)

    @pages.post("/vote/{signed}/{key:path}")
    def cast(signed: str, key: str, form: Annotated[Form, Depends(frame.form)]) -> Response:
        seen = _seen(frame, signed, key)
        what = _what(form.get("what"))
        if what is None or (what is What.MUTE_TOPIC and not seen.topic):
            raise HTTPException(422)
        about = seen.topic if what is What.MUTE_TOPIC else seen.paper.key
        voting.vote(frame.database, seen.known.token, what, about, now=frame.clock(), how="page")
        return _page(frame, signed, key, done=_DONE[what])

    @pages.get("/vote/{signed}/{key:path}")
    def ask(signed: str, key: str, what: str = "") -> Response:
        """What will happen, and the buttons; changes nothing, for link scanners open every address in a mail."""
        return _page(frame, signed, key, asked=_what(what))

    return pages


def _what(text: str) -> What | None:
    return What(text) if text in set(What) else None


def _seen(frame: Frame, signed: str, key: str) -> _Seen:
    token, _edition = tokens.read_digest(Purpose.VOTES, signed, keys=frame.keys)
    with frame.database.read() as tx:
        known = queries.by_token(tx, token)
        found = editions.papers_by_key(tx, {key})
        if known is None or not found:
            raise LinkInvalid("The reader or the paper is gone.")
        topic = vote_queries.topic_of(tx, key)
        said = _said(tx, known.id)
    return _Seen(known, found[0], topic, said.get((key, False)), (topic, True) in said)


def _said(tx: Transaction, subscriber_id: int) -> dict[tuple[str, bool], Vote]:
    """Their votes by what they are about and whether that is a topic."""
    return {(vote.about, vote.what is What.MUTE_TOPIC): vote for vote in vote_queries.of(tx, subscriber_id)}


def _page(frame: Frame, signed: str, key: str, *, asked: What | None = None, done: str = "") -> Response:
    seen = _seen(frame, signed, key)
    said = seen.current.what if seen.current else None
    choices = [(what, words) for what, words in _WORDS.items() if what is not said]
    if seen.topic and not seen.muted:
        choices.append((What.MUTE_TOPIC, f"Nothing more on {seen.topic}"))
    heading = next((f"{words}?" for what, words in choices if what is asked), "More or less of this?")
    choices.sort(key=lambda choice: choice[0] is not asked)  # the one that was clicked in the mail comes first
    names = seen.paper.authors
    votes = f"/preferences/{frame.sign(Purpose.PREFERENCES, seen.known.token)}/votes"
    return frame.page(
        "vote.html",
        heading=heading,
        title=_shown(seen.paper.title),
        authors=", ".join(map(_shown, names[:_AUTHORS])) + (" and others" if len(names) > _AUTHORS else ""),
        topic=seen.topic,
        muted=seen.muted,
        current=_WORDS[said] if said else "",
        choices=choices,
        done=done,
        paper_url=frame.link(f"/papers/{quote(key, safe='')}"),
        votes_url=frame.link(votes),
        here=frame.link(f"/vote/{quote(signed, safe='')}/{quote(key, safe='')}"),
    )


def _shown(text: str) -> str:
    """A stranger's words as a reader can read them."""
    return clean(to_unicode(clean(text)))
