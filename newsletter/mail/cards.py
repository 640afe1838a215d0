"""Paper to card: what a mail says of one paper, cleaned and in words, before any layout."""

import re
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from urllib.parse import quote

from newsletter.mail import text as words
from newsletter.mail.latex import to_unicode
from newsletter.models import Paper
from newsletter.relevance.keysentence import key_sentence
from newsletter.relevance.sentences import Span

FULL_ABSTRACT = 560
SHORT_ABSTRACT = 240
LONGEST_TITLE = 300

_MOST = 4_000  # of a stranger's text; no abstract of arXiv is longer, and what is would cost the others their mail
_LONGEST_FACT = 80

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_ACCEPTED = re.compile(
    r"(?P<verb>accepted|to appear|(?:to be )?published|appearing|presented)\b"
    r"(?P<where>(?:\b(?:Proc|Conf|Int|Intl|Symp|Trans|Assoc|vol|no)\.|[^.;])*)",
    re.IGNORECASE,
)
_ACRONYM = re.compile(
    r"\((?!Non|Main|Full|Long|Short|Best|Oral|Poster|Spotlight)(?P<name>[A-Z][\w@&/' -]{1,30}?)\)?"
    r",?\s*(?P<year>(?:20)\d\d)?\)?(?=$|[\s,)])"
)
_EXTENT = re.compile(r"[,/]?\s*\b\d+\s+(?:pages?|figures?|tables?)\b.*", re.IGNORECASE)
_VENUE = re.compile(
    r"\b(?:NeurIPS|NIPS|ICML|ICLR|CVPR|ICCV|ECCV|WACV|ACL|EMNLP|NAACL|EACL|COLING|COLM|AAAI|IJCAI|KDD|SIGIR|WWW|SIGGRAPH"
    r"|INTERSPEECH|ICASSP|CoRL|ICRA|IROS|RSS|AISTATS|UAI|TMLR|JMLR|TACL|MICCAI)\b[ ',]*\d{2,4}\b[^.,;()\n]{0,40}",
    re.IGNORECASE,
)


class Detail(IntEnum):
    """How much of a paper a mail shows; the budget takes it down step by step."""

    FULL = 0
    SHORT = 1  # of the abstract little more than the sentence that says what is new
    BARE = 2  # no abstract
    LINE = 3  # the title alone
    OUT = 4  # left out; the mail says how many


@dataclass(frozen=True, slots=True)
class Card:
    """What a mail says of one paper; all of it plain text without control characters."""

    title: str
    url: str | None
    authors: tuple[str, ...]
    facts: tuple[str, ...]
    abstract: str
    links: tuple[tuple[str, str], ...]  # label, address; the first is the title's
    key: Span | None = None  # the sentence of the abstract that says what is new


def card(paper: Paper) -> Card:
    """The card of a paper; unknown facts are left out."""
    links = tuple(reading_on(paper))
    named = title(paper)
    # Looked for in what is shown, so that it is a part of it to the letter.
    abstract = words.clean(to_unicode(words.clean(paper.abstract[:_MOST])))
    return Card(
        title=named,
        url=links[0][1] if links else None,
        authors=words.authors(to_unicode(words.clean(name[:_MOST])) for name in paper.authors),
        facts=tuple(_facts(paper)),
        abstract=abstract,
        links=links,
        key=key_sentence(named, abstract),
    )


def title(paper: Paper) -> str:
    """The title, cleaned, its LaTeX as Unicode; never empty."""
    told = words.clean(to_unicode(words.clean(paper.title[:_MOST])))
    return words.shorten(told, LONGEST_TITLE) or words.clean(paper.arxiv_id or paper.key) or "Untitled"


def day_name(day: date, *, year: bool = False) -> str:
    """A day in English whatever the locale: `Sat 21 Nov`, with the year `Sat 21 Nov 2026`."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{f' {day.year}' if year else ''}"


def acceptance(paper: Paper) -> str | None:
    """Where it was accepted, as the authors' comment says it, or the journal; None where neither says so."""
    comment = words.clean(to_unicode(words.clean((paper.comment or "")[:_MOST])))
    if found := _ACCEPTED.search(comment):
        where = _EXTENT.sub("", found["where"])
        acronym = _ACRONYM.search(where)
        if acronym and acronym.start() > 30:
            said = f"{found['verb'].lower()} at {acronym['name']} {acronym['year'] or ''}"
        else:
            said = found["verb"].lower() + re.split(r"\s\(", where)[0]
        if len(said) > 12:
            return words.shorten(said.rstrip(" ,.:"), _LONGEST_FACT)
    if named := _VENUE.search(comment):
        return words.shorten(named[0].rstrip(" ,.:"), _LONGEST_FACT)
    return words.shorten(words.clean(to_unicode(words.clean((paper.journal or "")[:_MOST]))), _LONGEST_FACT) or None


def _facts(paper: Paper) -> list[str]:
    facts = ["withdrawn by its authors"] if paper.withdrawn else []
    if paper.upvotes:
        facts.append(words.counted(paper.upvotes, "upvote"))
    if paper.comments:
        facts.append(words.counted(paper.comments, "comment"))
    if paper.code_stars:
        facts.append(f"code with {words.counted(paper.code_stars, 'star')}")
    if paper.organization and (organization := words.clean(paper.organization)):
        facts.append(words.shorten(organization, 60))
    if codes := [words.clean(code) for code in paper.categories[:4]]:
        facts.append(", ".join(codes) + (", …" if len(paper.categories) > 4 else ""))
    if accepted := acceptance(paper):
        facts.append(accepted)
    if paper.published:
        facts.append(day_name(paper.published.date(), year=True)[4:])
    return facts


def reading_on(paper: Paper) -> list[tuple[str, str]]:
    """Where to read on; a withdrawn paper has no PDF, a paper without an arXiv id only what its sources named."""
    found: list[tuple[str, str | None]] = []
    if paper.arxiv_id:
        name = quote(paper.arxiv_id, safe="/.-")
        found.append(("Abstract", f"https://arxiv.org/abs/{name}"))
        if not paper.withdrawn:
            found.append(("PDF", f"https://arxiv.org/pdf/{name}"))
    elif paper.doi:
        found.append(("DOI", f"https://doi.org/{quote(paper.doi, safe='/.-()')}"))
    found += [("Code", words.web_address(paper.code_url)), ("Project", words.web_address(paper.project_url))]
    if paper.arxiv_id and "huggingface" in paper.sources:
        found.append(("Hugging Face", f"https://huggingface.co/papers/{quote(paper.arxiv_id, safe='/.-')}"))
    return [(label, url) for label, url in found if url]
