"""The newest edition as one reader's digest, at once: for a preferences page that shows what each choice does.

The papers are prepared once for each edition and matched in one thread of their own, one reader after the other, so
that a preview neither waits for another page nor holds one up.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from newsletter.database import Database
from newsletter.errors import PaperboyError
from newsletter.models import BEYOND, Digest, Interest, InterestKind, Paper, Profile
from newsletter.queries import editions
from newsletter.relevance.matching import Window
from newsletter.settings import Settings
from newsletter.steps.background import background
from newsletter.steps.seeds import examples
from newsletter.steps.trial import Suggestions, last_editions, suggest

log = logging.getLogger("subscribers.site")

PATIENCE = 20.0
"""Seconds a page waits for its preview; after a new edition the first one takes some."""

_WEEK = 7  # days that a weekly reader's preview covers
_WAITING = 12  # previews that wait for their turn; each takes some hundredths of a second
_TRIED = 40  # keywords of which the preview says when they bring nothing
_SUGGESTED_FOR = 5  # interests for which related terms are sought: each takes about half a second
_TERMS = 4  # for each of these
_ASKED = 6  # times a minute that one link may ask for related terms: they take seconds of a core
_REMEMBERED = 50  # suggestions
_KNOWN = 10_000  # links whose previews are counted

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Shown:
    """One paper of a preview."""

    paper: Paper
    reason: str
    new: bool  # the choices that are kept would not bring it


@dataclass(frozen=True, slots=True)
class Preview:
    """What a digest would be."""

    day: date  # of the newest edition
    since: date  # of the first one it covers
    considered: int  # papers of those editions
    matched: int
    personal: bool  # False: they say nothing that can be looked up, so these are the most noticed papers
    sections: tuple[tuple[str, tuple[Shown, ...]], ...] = ()  # label and papers; empty: nothing would be mailed
    lost: tuple[Paper, ...] = ()  # papers that only the choices that are kept bring
    silent: tuple[str, ...] = ()  # keywords that bring no paper by themselves
    sample: bool = False
    beyond: str = BEYOND

    @property
    def papers(self) -> int:
        """How many there are."""
        return sum(len(shown) for _label, shown in self.sections)

    @property
    def new(self) -> int:
        """How many of them the choices that are kept would not bring."""
        return sum(one.new for _label, shown in self.sections for one in shown)


class NotNow(PaperboyError):
    """No preview at the moment; the sentence says when. `status` is the answer's, `again` seconds until another try."""

    def __init__(self, message: str, *, status: int = 503, again: int = 3) -> None:
        super().__init__(message)
        self.status = status
        self.again = again


@dataclass(slots=True)
class Allowance:
    """So many a minute for each name, and as many at once as half of that; kept in the process."""

    minute: int
    left: OrderedDict[str, tuple[float, datetime]] = field(default_factory=OrderedDict)

    def take(self, name: str, now: datetime) -> bool:
        """Whether there is one left."""
        most = self.minute / 2
        had, at = self.left.pop(name, (most, now))
        have = min(most, had + max(0.0, (now - at).total_seconds()) * self.minute / 60)
        self.left[name] = (have - 1 if have >= 1 else have, now)
        if len(self.left) > _KNOWN:
            self.left.popitem(last=False)
        return have >= 1


class Previews:
    """Previews of one site; made in the server's event loop, and asked from there only."""

    def __init__(self, database: Database, settings: Settings, *, minute: int = 60) -> None:
        self._database, self._settings = database, settings
        self._allowance, self._asking = Allowance(minute), Allowance(_ASKED)
        self._matching = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._relating = ThreadPoolExecutor(1, thread_name_prefix="related")
        self._waiting = 0
        self._related: OrderedDict[tuple[int, tuple[Interest, ...]], Suggestions] = OrderedDict()
        self._newest = 0  # edition; this and the next are touched by the matching thread alone
        self._windows: dict[int, Window] = {}

    async def show(
        self, reader: str, wanted: Profile, kept: Profile, *, weekly: bool, now: datetime, patience: float = PATIENCE
    ) -> Preview:
        """The digest for what somebody wants now, beside what they had before; `reader` is their token.

        Raises:
            NotNow: too many in a minute, too many others wait, or it takes longer than `patience` seconds.
            PaperboyError: there is no edition yet.

        """
        return await self._made(reader, self._matching, lambda: self._preview(wanted, kept, weekly), now, patience)

    async def related(self, reader: str, interests: Sequence[Interest], *, now: datetime) -> Suggestions:
        """Terms that go with somebody's own keywords, the newest of them, with their text and examples.

        Raises:
            NotNow: as for `show`.
            PaperboyError: there is no edition yet.

        """
        words = [one for one in interests if one.kind is InterestKind.KEYWORD]
        others = [one for one in interests if one.kind in {InterestKind.TEXT, InterestKind.SEED}]
        sought = [*words[-_SUGGESTED_FOR:], *others][:_SUGGESTED_FOR]
        if not self._asking.take(reader, now):
            raise NotNow("That was asked very often in a minute; please try again in a moment.", status=429)
        return await self._made(reader, self._relating, lambda: self._suggestions(tuple(sought)), now, PATIENCE)

    async def _made(
        self, reader: str, pool: ThreadPoolExecutor, make: Callable[[], _Made], now: datetime, patience: float
    ) -> _Made:
        if not self._allowance.take(reader, now):
            raise NotNow("That were many previews in a minute; the next one comes in a moment.", status=429, again=5)
        if self._waiting >= _WAITING:
            raise NotNow("Many people are choosing just now; the preview comes in a moment.")
        self._waiting += 1
        made = asyncio.get_running_loop().run_in_executor(pool, make)
        made.add_done_callback(self._done)
        finished, _ = await asyncio.wait([made], timeout=patience)
        if not finished:
            # It goes on: what was prepared is there for the next one.
            raise NotNow("The papers are being prepared; the preview comes in a moment.")
        return made.result()

    def _done(self, made: "asyncio.Future[_Made]") -> None:
        self._waiting -= 1
        if not made.cancelled() and (error := made.exception()) is not None and not isinstance(error, PaperboyError):
            log.error("site.preview_failed", exc_info=error)

    def _suggestions(self, sought: tuple[Interest, ...]) -> Suggestions:
        """In the relating thread; kept, so that whoever did not wait finds them when they ask again."""
        with self._database.read() as tx:
            newest = editions.latest(tx)
        name = (newest.id if newest else 0, sought)
        if name not in self._related:
            self._related[name] = suggest(self._database, sought, self._settings, limit=_TERMS)
        if len(self._related) > _REMEMBERED:
            self._related.popitem(last=False)
        return self._related[name]

    # ---- in the matching thread ------------------------------------------------------------------------------------

    def _preview(self, wanted: Profile, kept: Profile, weekly: bool) -> Preview:
        window = self._window(_WEEK if weekly else 1)
        with self._database.read() as tx:
            window.know(examples(tx, (*wanted.interests, *kept.interests)))
        now, before = window.digests([wanted, kept])
        papers = {paper.key: paper for paper in window.papers}
        had = _keys(before)
        sections = tuple(
            (section.label, tuple(Shown(papers[p.paper_key], p.reason, p.paper_key not in had) for p in section.picks))
            for section in (now.sections if now else ())
        )
        newest = window.editions[-1]
        return Preview(
            day=newest.day,
            since=window.editions[0].day,
            considered=len(window.papers),
            matched=now.matched if now else 0,
            personal=now is None or now.personal,
            sections=sections,
            lost=tuple(papers[key] for key in had if key not in _keys(now)),
            silent=self._silent(window, wanted),
            sample=newest.sample,
        )

    def _silent(self, window: Window, wanted: Profile) -> tuple[str, ...]:
        """Keywords without an effect, each tried alone."""
        tried = [one for one in wanted.interests if one.kind is InterestKind.KEYWORD and one.topic is None][:_TRIED]
        alone = [replace(wanted, interests=(one,), max_papers=1, discovery=False) for one in tried]
        return tuple(one.value for one, made in zip(tried, window.digests(alone), strict=True) if made is None)

    def _window(self, days: int) -> Window:
        """The papers of the last days' editions, prepared when the first one asks after a new edition."""
        with self._database.read() as tx:
            newest = editions.latest(tx)
        if newest is not None and newest.id != self._newest:
            self._windows.clear()
            self._newest = newest.id
        if days not in self._windows:
            found = last_editions(self._database, days)
            fitted = background(self._database, self._settings.cache_dir, day=found[-1].day, sample=found[-1].sample)
            self._windows[days] = Window(found, fitted)
        return self._windows[days]


def _keys(digest: Digest | None) -> dict[str, None]:
    picks = (pick for section in (digest.sections if digest else ()) for pick in section.picks)
    return {pick.paper_key: None for pick in picks}
