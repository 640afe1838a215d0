"""Which fields of research a paper is about, by the cues of the table of headings."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import pairwise

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.headings import CATEGORIES, FAMILIES, TABLE
from newsletter.relevance.words import passages, tokenise

_SAID_ONCE = 0.5
"""What one mention in an abstract counts; the title, a second mention or another cue make a paper surely about it."""

_FEW, _LIKELY = 500, 0.02
"""So many papers of a background are trusted half; without any, one paper in fifty is about a thing."""

_ONE_WAY = (
    (re.compile(r"\blarge vision language model\b"), "lvlm"),
    (re.compile(r"\bvision language model\b"), "vlm"),
    (re.compile(r"\b(?:large )?language model\b"), "llm"),
    (re.compile(r"\b(?:multimodal llm|large multimodal model|lmm)\b"), "mllm"),
    (re.compile(r"\b(scaling|power|physical|physic|conservation|constitutive) law\b"), r"\1law"),
)


def about(paper: Paper) -> Mapping[str, float]:
    """The headings that are true for a paper, each with how surely, from 0.5 (a cue is said once) to 1."""
    return _about(*passages(paper))


def knows(heading: str) -> bool:
    """Whether a heading is one of the tables."""
    return heading in FAMILIES or heading in TABLE


def holds(heading: str, paper: Paper) -> bool:
    """Whether a heading of the table is surely true for a paper; of one that is in no table, False."""
    return about(paper).get(heading, 0.0) >= 1.0


def fits(label: str, paper: Paper) -> float:
    """How surely a heading is true for a paper, from 0 to 1: by its cues, its category, or the words of the phrase."""
    if knows(label):
        sure = about(paper).get(label, 0.0)
    else:
        words = f" {' '.join(tokenise(label))} "
        title, *rest = (f" {' '.join(tokenise(text))} ".count(words) for text in passages(paper))
        sure = 0.0 if not title + sum(rest) else 1.0 if title or sum(rest) > 1 else _SAID_ONCE
    if not sure and paper.categories and category_heading(paper.categories[0]) == label:
        return _SAID_ONCE
    return sure


def mentions(phrase: str) -> bool:
    """Whether a phrase of folded words holds a cue, or a part of one."""
    return any(True for _cue in _found(_words(phrase)))


def shown_by(phrase: str) -> frozenset[str]:
    """The headings that a phrase is a cue of, all by itself."""
    words = " ".join(_words(phrase))
    index, _longest = _index()
    return frozenset(heading for heading in index.get(words, ()) if (words,) in _cues()[heading])


def usual(heading: str, background: Background) -> float:
    """About what share of all papers a heading is true for: the cues of its fields in the background."""
    return trusted(min(0.5, sum(_share(parts, background) for parts in _all_cues(heading))), background)


def trusted(share: float, background: Background) -> float:
    """A share of the background, the more mixed with a likely one the fewer papers it knows."""
    trust = background.size / (background.size + _FEW)
    return trust * share + (1 - trust) * _LIKELY


def breadth(heading: str) -> int:
    """How many cues show a heading: more, the wider it is."""
    return len(_all_cues(heading))


@cache
def _all_cues(heading: str) -> frozenset[tuple[str, ...]]:
    fields = (heading, *FAMILIES.get(heading, ()))
    return frozenset(parts for field in fields for parts in _cues().get(field, ()))


def category_heading(category: str) -> str | None:
    """What a section is called that is mostly of one arXiv category; None where that says too little."""
    return CATEGORIES.get(category) or CATEGORIES.get(category.split(".", maxsplit=1)[0])


def _share(parts: tuple[str, ...], background: Background) -> float:
    shares = []
    for part in parts:
        words = part.split()
        pairs = words if len(words) == 1 else [f"{one} {two}" for one, two in pairwise(words)]
        shares.append(min(background.share(pair) for pair in pairs))
    return min(shares) if len(shares) == 1 else min(shares) / 2


@lru_cache(maxsize=4096)
def _about(*texts: str) -> Mapping[str, float]:
    index, _longest = _index()
    first: set[str] = set()
    seen: Counter[str] = Counter()
    for number, text in enumerate(texts):
        for phrase in _found(_words(text)):
            seen[phrase] += 1
            if number == 0:
                first.add(phrase)
    strength = {phrase: 1.0 if phrase in first or count > 1 else _SAID_ONCE for phrase, count in seen.items()}
    sure: dict[str, float] = {}
    said: Counter[str] = Counter()
    for heading in sorted({heading for phrase in seen for heading in index[phrase]}):
        for parts in _cues()[heading]:
            least = min(strength.get(part, 0.0) for part in parts)
            if least:
                sure[heading] = max(sure.get(heading, 0.0), least)
                said[heading] += 1
    fields = {heading: 1.0 if said[heading] > 1 else value for heading, value in sure.items()}
    return fields | _families(fields)


def _families(fields: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for field, sure in fields.items():
        for family in _parents().get(field, ()):
            found[family] = max(found.get(family, fields.get(family, 0.0)), sure)
    return found


@cache
def _parents() -> Mapping[str, tuple[str, ...]]:
    """Heading -> the families it belongs to."""
    found: dict[str, list[str]] = {}
    for family, fields in FAMILIES.items():
        for field in fields:
            found.setdefault(field, []).append(family)
    return {field: tuple(families) for field, families in found.items()}


def _found(words: list[str]) -> Iterator[str]:
    """Every cue in a text; one within a longer one counts too."""
    index, longest = _index()
    opening = _opening()
    for start, word in enumerate(words):
        if word not in opening:
            continue
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            phrase = " ".join(words[start:end])
            if phrase in index:
                yield phrase


def _words(text: str) -> list[str]:
    """A text's folded words, with `large language model` and its like in the short form."""
    folded = " ".join(tokenise(text))
    for pattern, short in _ONE_WAY:
        folded = pattern.sub(short, folded)
    return folded.split()


@cache
def _cues() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Heading -> its cues, each the folded phrases that must all be there."""
    return {
        heading: tuple(dict.fromkeys(tuple(" ".join(_words(part)) for part in cue.split(" + ")) for cue in cues))
        for heading, cues in TABLE.items()
    }


@cache
def _index() -> tuple[Mapping[str, tuple[str, ...]], int]:
    """Phrase -> the headings it is part of a cue of, and the words of the longest phrase."""
    found: dict[str, list[str]] = {}
    for heading, cues in _cues().items():
        for parts in cues:
            for part in parts:
                found.setdefault(part, []).append(heading)
    longest = max(len(phrase.split()) for phrase in found)
    return {phrase: tuple(dict.fromkeys(headings)) for phrase, headings in found.items()}, longest


@cache
def _opening() -> frozenset[str]:
    """The words that cues begin with."""
    return frozenset(phrase.split(maxsplit=1)[0] for phrase in _index()[0])
