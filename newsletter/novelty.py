"""Which listed papers are new (the diff), and the word for each source: fresh, quiet, stale, partial, broken."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain

from newsletter.identity import title_key
from newsletter.models import Announcement, Entry, Listing, Paper, Word

RECENT = timedelta(days=14)
"""Hugging Face lets papers up to 14 days old be submitted; what an undated ranking holds beyond that is not news."""

_FEW = 1 / 3
"""A list with less than this share of its usual length is still growing."""


@dataclass(frozen=True, slots=True)
class KnownPaper:
    """What is remembered of a paper that was listed before."""

    paper: Paper
    standing: str  # new · old · composed
    first_listed: date
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What the diff needs to know of the past, as far as it touches the listings at hand."""

    papers: Mapping[str, KnownPaper]  # by key
    keys_by_arxiv_id: Mapping[str, str]
    keys_by_title: Mapping[str, str]
    batches: Mapping[tuple[str, str, str], date]  # (source, name, fingerprint) -> the day it was first served for
    usual: Mapping[tuple[str, str], int]  # (source, name) -> the usual number of entries


@dataclass(frozen=True, slots=True)
class Diff:
    """What a set of listings changes: papers to write, and what to say of each listing."""

    papers: tuple[KnownPaper, ...]  # new and changed ones, with merged facts
    listed: tuple["Listed", ...]  # one for each listing, in the order given

    @property
    def new(self) -> int:
        """How many papers were never listed before and wait for an edition."""
        return sum(listed.new for listed in self.listed)


@dataclass(frozen=True, slots=True)
class Listed:
    """One listing with its word, and its entries under the keys the papers are known by."""

    listing: Listing
    word: Word
    new: int
    note: str
    keys: tuple[str, ...]  # one for each entry


def diff(listings: Sequence[Listing], memory: Memory) -> Diff:
    """Compare listings with what is remembered.

    A paper is new once in its life: a replacement, a cross-list or a re-listing of a known one never is. The listings
    are taken in order of capture, so the result does not depend on the order in which they are given.
    """
    book = _Book(memory)
    order = sorted(listings, key=lambda a: (a.captured_at, a.day, a.source, a.name, a.fingerprint))
    # Announcements of new papers first: the same paper may stand as a cross-list in another category's listing.
    for announcement in Announcement:
        for listing in order:
            for entry in listing.entries:
                if entry.announcement is announcement:
                    book.enter(listing, entry)
    listed = tuple(book.listed(listing) for listing in listings)
    return Diff(tuple(book.changed[key] for key in sorted(book.changed)), listed)


class _Book:
    """The papers of one diff: looked up in memory, entered once, merged from then on."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.changed: dict[str, KnownPaper] = {}
        self._by_arxiv_id = dict(memory.keys_by_arxiv_id)
        self._by_title = dict(memory.keys_by_title)
        self._first: dict[str, int] = {}  # key of a new paper -> id() of the listing that brought it
        self._old: dict[str, int] = {}  # the same for papers never listed before that are no news

    def key(self, paper: Paper) -> str:
        """The key a listed paper is known by, or its own."""
        if paper.arxiv_id is None:
            return self._by_title.get(title_key(paper.title), paper.key)
        known = self._by_arxiv_id.get(paper.arxiv_id)
        if known is not None:
            return known
        # A paper first seen without an id is joined to its id now; two ids with one title stay two papers.
        same_title = self._by_title.get(title_key(paper.title))
        if same_title is not None and self._get(same_title).paper.arxiv_id is None:
            return same_title
        return paper.key

    def _get(self, key: str) -> KnownPaper:
        return self.changed.get(key) or self.memory.papers[key]

    def enter(self, listing: Listing, entry: Entry) -> None:
        key = self.key(entry.paper)
        listed = replace(entry.paper, key=key)
        if key in self.changed or key in self.memory.papers:
            known = self._get(key)
            merged = merge(known.paper, listed)
            if merged != known.paper:
                self.changed[key] = replace(known, paper=merged)
        else:
            standing = "new" if is_news(listing, entry) else "old"
            self.changed[key] = KnownPaper(listed, standing, listing.day, listing.sample)
            (self._first if standing == "new" else self._old)[key] = id(listing)
        arxiv_id = self._get(key).paper.arxiv_id
        if arxiv_id is not None:
            self._by_arxiv_id[arxiv_id] = key
        self._by_title.setdefault(title_key(listed.title), key)

    def listed(self, listing: Listing) -> Listed:
        new = sum(1 for first in self._first.values() if first == id(listing))
        old = sum(1 for first in self._old.values() if first == id(listing))
        word, note = _word(listing, new, old, self.memory)
        return Listed(listing, word, new, note, tuple(self.key(entry.paper) for entry in listing.entries))


def is_news(listing: Listing, entry: Entry) -> bool:
    """Whether a paper never listed before is news in this listing.

    Replacements never are. arXiv says `new` only where a category that was asked for is the paper's primary one, so a
    first version announced as a cross-list is news while it is recent. An undated ranking holds old papers: of these
    only recent ones are.
    """
    paper = entry.paper
    if paper.withdrawn or entry.announcement in {Announcement.REPLACE, Announcement.REPLACE_CROSS}:
        return False
    if entry.announcement is Announcement.CROSS:
        return paper.version in {None, 1} and _is_recent(paper, listing.day)
    return listing.dated or _is_recent(paper, listing.day)


def _is_recent(paper: Paper, day: date) -> bool:
    if paper.published is not None:
        return day - paper.published.date() <= RECENT
    # The first four digits of a new-style id are year and month: this month's and last month's are recent enough.
    yymm = (paper.arxiv_id or "")[:4]
    return yymm in {day.strftime("%y%m"), (day.replace(day=1) - timedelta(days=1)).strftime("%y%m")}


def may_have_been_sent(paper: Paper, *, first_listed: date, announced: date | None, until: datetime) -> bool:
    """Whether a paper nobody remembers may have been mailed by an instant: whether a list could have held it by then.

    `first_listed` is the first day of a list it is known to be on, `announced` the first on which arXiv calls it new.
    What arXiv announces later, or what was submitted later, could not have been listed. Of a paper without a date
    nothing is known until it is too old for every ranking.
    """
    day = until.date()
    if first_listed <= day:
        return True
    if announced is not None:
        return False
    if paper.published is not None:
        return paper.published <= until
    return first_listed - day <= RECENT


def merge(known: Paper, listed: Paper) -> Paper:
    """One paper from two accounts of it: arXiv's word on the work, the latest figures, and nothing known ever lost."""
    ours, theirs = "arxiv" in known.sources, "arxiv" in listed.sources
    work, other = (listed, known) if theirs or not ours else (known, listed)
    versions = [version for version in (known.version, listed.version) if version is not None]
    return replace(
        known,
        title=work.title or other.title,
        abstract=work.abstract or other.abstract,
        authors=work.authors or other.authors,
        arxiv_id=known.arxiv_id or listed.arxiv_id,
        version=max(versions, default=None),
        categories=_longer(work.categories, other.categories),
        published=known.published or listed.published,
        comment=work.comment or other.comment,
        journal=work.journal or other.journal,
        doi=work.doi or other.doi,
        organization=listed.organization or known.organization,
        upvotes=known.upvotes if listed.upvotes is None else listed.upvotes,
        comments=known.comments if listed.comments is None else listed.comments,
        keywords=listed.keywords or known.keywords,
        code_url=listed.code_url or known.code_url,
        code_stars=known.code_stars if listed.code_stars is None else listed.code_stars,
        project_url=listed.project_url or known.project_url,
        withdrawn=known.withdrawn or listed.withdrawn,
        sources=tuple(sorted({*known.sources, *listed.sources})),
    )


def _longer(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return second if len(second) > len(first) else first


def _word(listing: Listing, new: int, old: int, memory: Memory) -> tuple[Word, str]:
    """The word for a listing, and a sentence where the word needs one."""
    count = len(listing.entries)
    weekend = (listing.asked or listing.day).weekday() >= 5
    if count == 0:
        return Word.QUIET, "nothing was announced" + (" (a weekend)" if weekend else "")
    if not listing.complete or (listing.stated is not None and listing.stated > count):
        total = f" of {listing.stated}" if listing.stated is not None else ""
        return Word.PARTIAL, listing.note or f"only {count}{total} entries could be read"
    if not new:
        return _nothing_new(listing, old, memory, weekend=weekend)
    usual = memory.usual.get((listing.source, listing.name), 0)
    if listing.dated and listing.captured_at.date() <= listing.day and count < usual * _FEW:
        return Word.PARTIAL, f"{count} so far where {usual} are usual: the list is still growing"
    return Word.FRESH, listing.note


def _nothing_new(listing: Listing, old: int, memory: Memory, *, weekend: bool) -> tuple[Word, str]:
    """An earlier batch served again is stale, save at a weekend; the same day read again is quiet."""
    served = memory.batches.get((listing.source, listing.name, listing.fingerprint))
    if served is None and old:
        return Word.QUIET, f"{old} papers not seen before, but none is news: revised, withdrawn, or too old"
    if served is None:
        return Word.QUIET, "every paper on it was listed before"
    if not listing.dated or served == (listing.asked or listing.day):
        return Word.QUIET, "unchanged since it was read last"
    if weekend:
        return Word.QUIET, f"the weekend: the list of {served} is served again"
    return Word.STALE, f"the list of {served} was served again"


def keys_of(listings: Iterable[Listing]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The keys, arXiv ids and title keys a diff of these listings will look up."""
    papers = [entry.paper for entry in chain.from_iterable(listing.entries for listing in listings)]
    return (
        frozenset(paper.key for paper in papers),
        frozenset(paper.arxiv_id for paper in papers if paper.arxiv_id),
        frozenset(title_key(paper.title) for paper in papers),
    )
