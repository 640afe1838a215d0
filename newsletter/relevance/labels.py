"""Naming: headings that are true for most of a group and tell it from the rest of its day."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.fields import about, breadth, category_heading, fits, mentions, trusted, usual
from newsletter.relevance.headings import FAMILIES
from newsletter.relevance.phrases import Phrase, heading, noun_phrases, phrases_of, slug, written_as
from newsletter.relevance.rhetoric import BARE, BROAD

__all__ = ["Name", "heading", "label_groups", "noun_phrases", "slug", "telling_terms"]

_TERMS = 8  # kept per topic
_LEAST = 0.15  # distinction below which a phrase says nothing
_MOST_OF = 0.5  # of a group's papers a heading is true for, at least
_SURELY = 0.4  # and surely for so many
_BROADLY = 1.3  # power of the share a heading is true for: being true for more weighs more than being rare elsewhere
_NARROWER = 0.999  # for each cue: of two headings that are true alike the narrower one is taken
_FAMILY = 0.9  # what a heading of several fields counts beside that of one
_CATEGORY, _LIFT = 0.5, 1.3
"""Of a group's papers are of the category it is named after, and so many times the day's share."""
_ELSEWHERE = 0.8  # of its papers are about what other groups are called: then it needs no name
_DOUBT = 8.0
"""Papers' worth of what is usual, mixed with the rest of a day: in a small day little is proof of being rare."""
_TITLES = 0.25  # of the group's titles hold such a phrase
_KNOWN = 5  # papers of the background hold a phrase that may head a section: no coinages
_COINED = 0.75  # what a phrase found in the papers counts beside a heading of the table

_NAME = re.compile(r"^(?!\d[A-Z]+\b).*\d")
"""A word with a digit names a model or a benchmark that papers use; 3D does not."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a topic is called."""

    key: str
    label: str
    terms: tuple[str, ...]

    def fits(self, paper: Paper) -> float:
        """How surely it is true for a paper, from 0 to 1."""
        return fits(self.label, paper)


@dataclass(frozen=True, slots=True)
class _Term:
    """A phrase that distinguishes a group."""

    words: str  # folded
    written: str
    score: float
    papers: frozenset[int]  # those of the group that hold it
    titles: int


@dataclass(frozen=True, slots=True)
class _Option:
    """A heading that a group may have."""

    label: str
    score: float
    papers: frozenset[int]  # those of the group it is surely true for
    share: float  # of the group it is true for, a mention counting half


def label_groups(
    groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], background: Background
) -> tuple[Name | None, ...]:
    """Name each group by what tells it from the other groups and the rest of the day; labels and keys are unique.

    None for a group that nothing tells from the rest: it has no topic.
    """
    ordered = [sorted(papers, key=lambda paper: paper.key) for papers in groups]
    terms = _terms(ordered, rest, background)
    chosen = _chosen(ordered, rest, _options(ordered, rest, terms, background))
    return tuple(
        Name(slug(label), label, tuple(term.written for term in found)) if label else None
        for label, found in zip(chosen, terms, strict=True)
    )


def telling_terms(
    groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], background: Background
) -> tuple[tuple[str, ...], ...]:
    """The phrases that tell each group from the other groups and the rest of the day, best first."""
    ordered = [sorted(papers, key=lambda paper: paper.key) for papers in groups]
    return tuple(tuple(term.written for term in found) for found in _terms(ordered, rest, background))


# ---- what papers say themselves ------------------------------------------------------------------------------------


def _terms(groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], background: Background) -> list[list[_Term]]:
    """What distinguishes each group, best first, without phrases that are part of a better one."""
    held = [phrases_of(papers) for papers in groups]
    day: Counter[str] = Counter()
    for phrases in (*held, phrases_of(rest)):
        for words, phrase in phrases.items():
            day[words] += len(phrase.papers)
    total = sum(len(papers) for papers in groups) + len(rest)
    return [_ranked(phrases, len(papers), day, total, background) for phrases, papers in zip(held, groups, strict=True)]


def _ranked(
    phrases: Mapping[str, Phrase], papers: int, day: Counter[str], total: int, background: Background
) -> list[_Term]:
    scored = []
    for words, phrase in phrases.items():
        if len(phrase.papers) < min(2, papers):
            continue
        score = _distinction(words, phrase, papers, day[words], total, background)
        if score > _LEAST:
            scored.append(_Term(words, written_as(phrase), score, frozenset(phrase.papers), len(phrase.titles)))
    scored.sort(key=lambda one: (-round(one.score, 9), one.words))
    kept: list[_Term] = []
    for term in scored:
        if not any(_overlap(term.words, other.words) for other in kept):
            kept.append(term)
        if len(kept) == _TERMS:
            break
    return kept


def _distinction(words: str, phrase: Phrase, papers: int, in_day: int, total: int, background: Background) -> float:
    """How well a phrase stands for the group: the share that holds it, times how much rarer it is elsewhere."""
    parts = words.split()
    inside = len(phrase.papers) / (papers + 1)
    outside = (in_day - len(phrase.papers) + 0.5) / (total - papers + 1)
    score = inside * math.log(max(inside / max(outside, trusted(_usual(words, background), background), 1e-3), 1e-9))
    return score * (1 + len(phrase.titles) / papers) * (0.7, 1.25, 1.3)[min(len(parts), 3) - 1]


def _usual(words: str, background: Background) -> float:
    """The share of the background that holds a phrase: its rarest pair."""
    parts = words.split()
    return min(map(background.share, parts if len(parts) == 1 else [f"{one} {two}" for one, two in pairwise(parts)]))


def _overlap(words: str, other: str) -> bool:
    """Whether two phrases share more than they differ."""
    one, two = set(words.split()), set(other.split())
    return one <= two or two <= one or len(one & two) >= 2


def _can_head(term: _Term, background: Background) -> bool:
    """Whether a phrase may be a heading: words in a row that others use too, no name of a model, new to the tables.

    What the tables know has its heading there: `3D Gaussian` would only say it worse.
    """
    if " " not in term.written or term.words in BARE or term.words in BROAD:
        return False
    if any(_NAME.search(word) for word in term.written.split()) or mentions(term.words):
        return False
    return background.size < 1_000 or _usual(term.words, background) * background.size >= _KNOWN


# ---- headings a group may have -------------------------------------------------------------------------------------


class _Day:
    """Which headings are how surely true for the papers of a day."""

    def __init__(self, groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], background: Background) -> None:
        self._held = [[about(paper) for paper in papers] for papers in (*groups, rest)]
        self._weights = [_summed(papers) for papers in self._held]
        self._all = _summed(self._weights)
        self._total = sum(map(len, self._held))
        self._background = background

    def headings(self, group: int) -> Iterator[_Option]:
        """The headings of the tables that are true for a part of a group worth naming."""
        papers = self._held[group]
        for label, weight in self._weights[group].items():
            true = frozenset(number for number, paper in enumerate(papers) if paper.get(label, 0.0) >= 1.0)
            said = sum(label in paper for paper in papers)
            if said < min(2, len(papers)) or len(true) < max(1.0, _SURELY * len(papers)):
                continue
            usually = _DOUBT * usual(label, self._background)
            outside = (self._all[label] - weight + usually) / (self._total - len(papers) + _DOUBT)
            inside = (weight + len(true)) / 2 / (len(papers) + 1)
            narrow = (_FAMILY if label in FAMILIES else 1.0) * _NARROWER ** breadth(label)
            score = inside**_BROADLY * math.log(inside / max(outside, 1e-3)) * narrow
            if score > _LEAST:
                yield _Option(label, score, true, weight / len(papers))


def _summed(papers: Iterable[Mapping[str, float]]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for paper in papers:
        for label, sure in paper.items():
            weights[label] = weights.get(label, 0.0) + sure
    return weights


def _options(
    groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], terms: Sequence[Sequence[_Term]], background: Background
) -> list[list[_Option]]:
    """For each group the headings it may have, best first: those of the tables, and phrases that its papers share."""
    day = _Day(groups, rest, background)
    found = []
    for number, (papers, ranked) in enumerate(zip(groups, terms, strict=True)):
        least = max(2.0, _MOST_OF * len(papers))
        phrases = [
            _Option(heading(term.written), _COINED * term.score, term.papers, len(term.papers) / len(papers))
            for term in ranked
            if len(term.papers) >= least
            and term.titles >= max(2.0, _TITLES * len(papers))
            and _can_head(term, background)
        ]
        options = [*day.headings(number), *phrases]
        found.append(sorted(options, key=lambda one: (-round(one.score, 9), one.label)))
    return found


# ---- which group has which -----------------------------------------------------------------------------------------


_Way = Callable[[int, int, Sequence[_Option]], Iterable[_Option]]
"""Headings for a group, from its size, its number and its options."""


def _chosen(
    groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], options: Sequence[Sequence[_Option]]
) -> list[str | None]:
    """The label of each group; the surest is given first, and none that reads like one given."""
    chosen: list[str | None] = [None] * len(groups)
    taken: list[frozenset[str]] = [_stems("Other")]
    for way in (_single, _of_category(groups, rest, chosen)):
        offers = sorted(
            (-round(one.score, 9), papers[0].key, one.label, number)
            for number, papers in enumerate(groups)
            if chosen[number] is None and papers
            for one in way(len(papers), number, options[number])
        )
        for _score, _key, label, number in offers:
            stems = _stems(label)
            if chosen[number] is None and not any(_alike(stems, other) for other in taken):
                chosen[number] = label
                taken.append(stems)
    return chosen


def _single(papers: int, _number: int, options: Sequence[_Option]) -> Iterator[_Option]:
    """One field that most of the group is about."""
    least = max(1.0, _SURELY * papers)
    return (one for one in options if len(one.papers) >= least and one.share >= _MOST_OF)


def _of_category(groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], chosen: Sequence[str | None]) -> _Way:
    """A way for what no field names: the arXiv category that most of a group is of, more than of the day.

    Not for a group most of which is about what other groups are called: it has a better place there.
    """
    day = Counter(paper.categories[0] for papers in (*groups, rest) for paper in papers if paper.categories)
    total = sum(map(len, groups)) + len(rest)

    def way(papers: int, number: int, _options: Sequence[_Option]) -> Iterator[_Option]:
        given = set(chosen)
        placed = sum(
            any(sure >= 1.0 and one in given for one, sure in about(paper).items()) for paper in groups[number]
        )
        if placed >= _ELSEWHERE * papers:
            return
        held = Counter(paper.categories[0] for paper in groups[number] if paper.categories)
        for category, count in held.items():
            label, share = category_heading(category), count / papers
            more = share * total / day[category]
            if label and count >= min(2, papers) and share >= _CATEGORY and more >= _LIFT:
                yield _Option(label, share * math.log(more), frozenset(), share)

    return way


_SMALL = frozenset({"by", "of", "for", "in", "and", "with", "the", "to"})
_SAME = (
    ("multimodal llm", "vision-language model"),
    ("vision-language-action", "vla"),
    ("diffusion model", "image generation by diffusion"),
    ("benchmark", "evaluation"),
)
"""What is another word for the same papers, in lower case."""
_EVERYWHERE = frozenset({"imag", "languag", "learn", "llm", "model", "video", "vision"})
"""Words that many headings share, as stems."""
_END = re.compile(r"(?<=[a-z]{3})(?:ing|ion|ions|ive|al|e|es|s)$")


def read_alike(one: str, two: str) -> bool:
    """Whether two labels say nearly the same to a reader: one within the other, or half of the words the same."""
    return _alike(_stems(one), _stems(two))


def same_field(one: str, two: str) -> bool:
    """Whether two labels read alike and share a word that few have: `Language Models` is no vision-language model."""
    both = _stems(one) & _stems(two)
    return read_alike(one, two) and bool(both - _EVERYWHERE)


def _stems(label: str) -> frozenset[str]:
    text = label.lower()
    for said, meant in _SAME:
        text = text.replace(said, meant)
    return frozenset(
        _END.sub("", word) for word in text.replace("-", " ").replace(",", " ").split() if word not in _SMALL
    )


def _alike(one: frozenset[str], two: frozenset[str]) -> bool:
    """Whether two headings say nearly the same: one within the other, half of the words, or two telling ones."""
    both = one & two
    return one <= two or two <= one or 2 * len(both) >= len(one | two) or len(both - _EVERYWHERE) >= 2
