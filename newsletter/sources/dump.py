"""The text dump of the papers page: what is left of it when somebody copies it as text."""

import re
from datetime import UTC, date, datetime
from itertools import takewhile

from newsletter.errors import SourceMalformed
from newsletter.identity import paper_key
from newsletter.models import Paper
from newsletter.sources.common import Batch, tidy

_MARK = "Get trending papers in your email inbox"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    rf"(?P<month>{'|'.join(_MONTHS)}) (?P<day>\d{{1,2}})(?:, (?P<year>(?:19|20)\d\d))?(?: (?P<comments>\d+))?"
)
_AUTHORS = re.compile(r"•\s*\d+ authors?")
_CHROME = re.compile(r"new|Get trending papers in your email inbox.*|Subscribe|Daily Papers|by\s*AK and the research.*")
_GLUED = "Subscribe"
_DOT = "·"


def looks_like_dump(text: str) -> bool:
    """Whether a text begins as the papers page does."""
    return _MARK in text[:2000]


def parse_dump(text: str, *, year: int | None = None) -> Batch:
    """The papers of a dump; `year` is the page's own, which its dates leave out.

    A card is a title, an abstract, and sometimes a footer of three lines: authors' count or organisation, a dot, a date
    with the count of comments. There are no ids, so every key is a title key.

    Raises:
        SourceMalformed: the lines do not pair up as titles and abstracts.

    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    head = sum(1 for _ in takewhile(_is_chrome, lines))
    lines = lines[head:]
    if lines and lines[0].startswith(_GLUED):
        lines[0] = lines[0].removeprefix(_GLUED)
    papers: list[Paper] = []
    place = 0
    while place < len(lines):
        if place + 1 == len(lines) or _is_footer(lines, place) or _is_footer(lines, place + 1):
            raise SourceMalformed(f"the title {lines[place][:60]!r} has no abstract", source="file")
        title, abstract = lines[place], lines[place + 1]
        place += 2
        facts: dict[str, object] = {}
        if _is_footer(lines, place):
            facts = _footer(lines[place], lines[place + 2], year)
            place += 3
        papers.append(_paper(title, abstract, facts))
    if not papers:
        raise SourceMalformed("the dump holds no papers", source="file")
    return Batch(tuple(papers))


def _is_chrome(line: str) -> bool:
    return _CHROME.fullmatch(line) is not None or _DATE.fullmatch(line) is not None


def _is_footer(lines: list[str], place: int) -> bool:
    return place + 2 < len(lines) and lines[place + 1] == _DOT and _DATE.fullmatch(lines[place + 2]) is not None


def _footer(who: str, when: str, year: int | None) -> dict[str, object]:
    match = _DATE.fullmatch(when)
    assert match is not None, "a footer was recognised by its date"
    facts: dict[str, object] = {"comments": int(match["comments"]) if match["comments"] else None}
    known = int(match["year"]) if match["year"] else year
    if known is not None:
        try:
            day = date(known, _MONTHS.index(match["month"]) + 1, int(match["day"]))
            facts["published"] = datetime(day.year, day.month, day.day, tzinfo=UTC)
        except ValueError:
            pass  # 29 February of a year that has none: unknown
    if not _AUTHORS.fullmatch(who):
        # The slug of the organisation's page, then its name.
        slug, _, name = who.partition(" ")
        facts["organization"] = tidy(name or slug, 200)
    return facts


def _paper(title: str, abstract: str, facts: dict[str, object]) -> Paper:
    one_line = tidy(title, 1000)
    published, comments, organization = facts.get("published"), facts.get("comments"), facts.get("organization")
    return Paper(
        key=paper_key(None, one_line),
        title=one_line,
        abstract=tidy(abstract),
        published=published if isinstance(published, datetime) else None,
        comments=comments if isinstance(comments, int) else None,
        organization=organization if isinstance(organization, str) else None,
        sources=("file",),
    )
