"""What is held of a reader, behind the link of their preferences: their votes, all their data, and having it erased."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from newsletter.mail import cards
from newsletter.queries import editions
from newsletter.reports import masked
from subscribers import preferences, privacy, voting
from subscribers.models import KnownSubscriber, SubscriptionState
from subscribers.tokens import Purpose
from subscribers.votes import Vote, What
from subscribers.web.forms import Form
from subscribers.web.frame import Frame
from subscribers.web.shown import paper_path

_FILE = "my-data.json"
_MOST = 500  # votes that are listed; two hundred on papers count

_WORDS = {What.MORE: "More like this", What.LESS: "Less like this", What.MUTE_TOPIC: "Nothing on this topic"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One vote in words."""

    vote: Vote
    words: str
    title: str  # of the paper, or the topic's label
    url: str  # empty where there is no page

    @property
    def topic(self) -> bool:
        """Whether it is about a topic."""
        return self.vote.what is What.MUTE_TOPIC


def router(frame: Frame) -> APIRouter:
    """The pages of what is a reader's own."""
    routes = APIRouter()
    pages = _Pages(frame)

    @routes.get("/preferences/{signed}/votes")
    def votes(signed: str) -> Response:
        return pages.votes(signed)

    @routes.post("/preferences/{signed}/votes")
    def undo(signed: str, form: Annotated[Form, Depends(frame.form)]) -> Response:
        return pages.undo(signed, form)

    @routes.get("/preferences/{signed}/data.json")
    def data(signed: str) -> Response:
        return pages.data(signed)

    @routes.get("/preferences/{signed}/erase")
    def ask(signed: str) -> Response:
        return pages.ask(signed)

    @routes.post("/preferences/{signed}/erase")
    def erase(signed: str, form: Annotated[Form, Depends(frame.form)]) -> Response:
        return pages.erase(signed, form)

    return routes


@dataclass(frozen=True, slots=True)
class _Pages:
    frame: Frame

    def token(self, signed: str) -> str:
        return self.frame.read(Purpose.PREFERENCES, signed)

    def known(self, signed: str) -> KnownSubscriber:
        with self.frame.database.read() as tx:
            return preferences.preferences(tx, self.token(signed))

    def here(self, signed: str) -> str:
        return self.frame.link(f"/preferences/{quote(signed, safe='')}")

    # ---- votes -----------------------------------------------------------------------------------------------------

    def votes(self, signed: str, *, done: str = "") -> Response:
        """What they said of papers and topics, the newest first, each with a button that undoes it."""
        with self.frame.database.read() as tx:
            known = preferences.preferences(tx, self.token(signed))
            cast = voting.votes_of(tx, known.token)
            shown = cast[:_MOST]
            keys = {vote.about for vote in shown if vote.what is not What.MUTE_TOPIC}
            titles = {paper.key: cards.title(paper) for paper in editions.papers_by_key(tx, keys)}
        rows = [self._row(vote, titles) for vote in shown]
        return self.frame.page(
            "choose_votes.html", here=self.here(signed), rows=rows, more=len(cast) - len(shown), done=done
        )

    def _row(self, vote: Vote, titles: dict[str, str]) -> _Row:
        if vote.what is What.MUTE_TOPIC:
            return _Row(vote, _WORDS[vote.what], vote.about, "")
        url = self.frame.link(paper_path(vote.about)) if vote.about in titles else ""
        return _Row(vote, _WORDS[vote.what], titles.get(vote.about, vote.about), url)

    def undo(self, signed: str, form: Form) -> Response:
        """Let one of their votes count no longer, or all of them; as often as one likes."""
        known, now = self.known(signed), self.frame.clock()
        what, about = form.get("what"), form.get("about")
        if what == "all":
            count = voting.undo_all(self.frame.database, known.token, now=now)
            return self.votes(signed, done="Undone: none of your votes counts any longer." if count else "")
        if what not in {"paper", "topic"} or not about:
            raise HTTPException(422)
        undone = voting.undo(self.frame.database, known.token, about, topic=what == "topic", now=now)
        return self.votes(signed, done="Undone: it counts no longer." if undone else "")

    # ---- data ------------------------------------------------------------------------------------------------------

    def data(self, signed: str) -> Response:
        """Everything that is held of them."""
        known = self.known(signed)
        held = privacy.export(self.frame.database, known.token, now=self.frame.clock())
        headers = {"Content-Disposition": f'attachment; filename="{_FILE}"'}
        return JSONResponse(held, headers=headers)

    def ask(self, signed: str, *, wrong: str = "") -> Response:
        """What would go and what would stay; changes nothing."""
        known = self.known(signed)
        return self.frame.page(
            "choose_erase.html",
            422 if wrong else 200,
            here=self.here(signed),
            address=masked(known.subscriber.address),
            declared=not preferences.may_choose(known),
            active=known.subscription.state is SubscriptionState.ACTIVE,
            wrong=wrong,
        )

    def erase(self, signed: str, form: Form) -> Response:
        """Take them out of everything, once the box is ticked too."""
        known = self.known(signed)
        if form.get("sure") != "yes":
            return self.ask(signed, wrong="Please tick the box first: this cannot be undone.")
        outbox = self.frame.settings.outbox_dir
        privacy.erase(self.frame.database, known.token, now=self.frame.clock(), outbox=outbox)
        return self.frame.page("choose_erased.html")
