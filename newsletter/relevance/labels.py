"""Naming: noun phrases that tell a group of papers from the rest of its day, set like section headings."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.rhetoric import BROAD, NOT_LAST, NOUNS, RHETORIC
from newsletter.relevance.words import STOP_WORDS, clean, fold

_LONGEST = 3  # words in a phrase
_TERMS = 8  # kept per topic
_PIECE = re.compile(r"[.,;:!?()\[\]{}\"“”$|/<>=]+(?:\s|$)|[;:!?()\[\]{}\"“”$|/<>=]+|\s[-–—]+\s|[–—]")
_WORD = re.compile(r"[^\W_]+(?:[-\u2010'’.][^\W_]+)*(?:\+\+)?")


@dataclass(frozen=True, slots=True)
class Name:
    """What a topic is called."""

    key: str
    label: str
    terms: tuple[str, ...]


@dataclass(slots=True)
class _Phrase:
    """A candidate: which papers of the group hold it, and how it is written there."""

    papers: set[int] = field(default_factory=set)
    titles: set[int] = field(default_factory=set)
    written: Counter[str] = field(default_factory=Counter)


def label_groups(groups: Sequence[Sequence[Paper]], rest: Sequence[Paper], background: Background) -> tuple[Name, ...]:
    """Name each group by what tells it from the other groups and the rest of the day; labels and keys are unique."""
    held = [_phrases(papers) for papers in groups]
    day: Counter[str] = Counter()
    for phrases in (*held, _phrases(rest)):
        for words, phrase in phrases.items():
            day[words] += len(phrase.papers)
    total = sum(len(papers) for papers in groups) + len(rest)
    ranked = [
        _ranked(phrases, len(papers), day, total, background) for phrases, papers in zip(held, groups, strict=True)
    ]
    taken: set[str] = {"other"}
    names: dict[int, Name] = {}
    # The largest group chooses first; a later one with the same best phrase adds its second.
    for number in sorted(range(len(groups)), key=lambda one: (-len(groups[one]), groups[one][0].key)):
        names[number] = _name(ranked[number], taken)
    return tuple(names[number] for number in range(len(groups)))


def _ranked(
    phrases: dict[str, _Phrase], papers: int, day: Counter[str], total: int, background: Background
) -> list[tuple[str, str, float]]:
    """(folded words, as written, score), best first, without phrases that are part of a better one."""
    scored = []
    for words, phrase in phrases.items():
        if len(phrase.papers) < min(2, papers):
            continue
        score = _distinction(words, phrase, papers, day[words], total, background)
        if score > 0:
            scored.append((score, words, _written(phrase)))
    scored.sort(key=lambda one: (-round(one[0], 9), one[1]))
    kept: list[tuple[str, str, float]] = []
    for score, words, written in scored:
        if not any(_overlap(words, other) for other, _written_so, _score in kept):
            kept.append((words, written, score))
        if len(kept) == _TERMS:
            break
    return kept


def _distinction(words: str, phrase: _Phrase, papers: int, in_day: int, total: int, background: Background) -> float:
    """How well a phrase stands for the group: the share that holds it, times how much rarer it is elsewhere."""
    inside = len(phrase.papers) / (papers + 1)
    outside = (in_day - len(phrase.papers) + 0.5) / (total - papers + 1)
    parts = words.split()
    pairs = parts if len(parts) == 1 else [f"{one} {two}" for one, two in zip(parts, parts[1:], strict=False)]
    usual = min(background.share(pair) for pair in pairs)
    score = inside * math.log(max(inside / max(outside, usual, 1e-4), 1e-9))
    titled = len(phrase.titles) / papers
    return score * (1 + titled) * (0.75, 1.25, 1.3)[len(parts) - 1]


def _overlap(words: str, other: str) -> bool:
    """Whether two phrases share more than they differ."""
    one, two = set(words.split()), set(other.split())
    return one <= two or two <= one or len(one & two) >= 2


def _name(ranked: Sequence[tuple[str, str, float]], taken: set[str]) -> Name:
    """The best phrase, joined by the second where that is nearly as good or the first is taken."""
    headings = [heading(written) for _words, written, _score in ranked]
    terms = tuple(written for _words, written, _score in ranked)
    options = []
    if headings:
        options.append(headings[0])
        if len(headings) > 1:
            both = f"{headings[0]} and {headings[1]}"
            near = ranked[1][2] >= 0.6 * ranked[0][2] and len(both) <= 48
            options.insert(0 if near else 1, both)
            options.extend(f"{headings[0]}, {headings[1]} and {third}" for third in headings[2:])
            options.extend(headings[1:])
    number = 2
    while not options or slug(options[0]) in taken:
        if options:
            options.pop(0)
        if not options:
            options.append(f"{headings[0] if headings else 'Mixed'} {number}")
            number += 1
    key = slug(options[0])
    taken.add(key)
    return Name(key=key, label=options[0], terms=terms)


def slug(label: str) -> str:
    """A label as a key: lower case letters and digits joined by hyphens."""
    return "-".join(fold(word) for word in _WORD.findall(label.replace("'", ""))) or "topic"


def heading(written: str) -> str:
    """A phrase in Title Case; acronyms and names keep their capitals."""
    return " ".join(_capital(word, first=not number) for number, word in enumerate(written.split()))


def _capital(word: str, *, first: bool) -> str:
    if not first and word in {"of", "for", "in", "and", "to", "with", "on"}:
        return word
    pieces = word.split("-")
    return "-".join(
        piece
        if not piece.islower() or (number and piece in {"of", "to", "the", "in", "and"})
        else piece[0].upper() + piece[1:]
        for number, piece in enumerate(pieces)
    )


def _written(phrase: _Phrase) -> str:
    """The commonest way it is written, preferring lower case over the capitals of titles, and capitals of acronyms."""
    return min(phrase.written, key=lambda text: (-phrase.written[text], text.swapcase()))


def _phrases(papers: Sequence[Paper]) -> dict[str, _Phrase]:
    found: dict[str, _Phrase] = {}
    for number, paper in enumerate(papers):
        for text, titled in ((paper.title, True), (paper.abstract, False)):
            for words, written in _candidates(text):
                phrase = found.setdefault(words, _Phrase())
                phrase.papers.add(number)
                if titled:
                    phrase.titles.add(number)
                else:
                    phrase.written[written] += 2  # running text shows the case a word really has
                phrase.written[written] += 1
    return {words: phrase for words, phrase in found.items() if phrase.titles}


def _candidates(text: str) -> Iterator[tuple[str, str]]:
    """Every run of one to three words that may be a noun phrase: (folded, as written)."""
    for piece in _PIECE.split(clean(text)):
        words = _WORD.findall(piece)
        folded = [" ".join(fold(part) for part in re.split(r"[-\u2010]", word)) for word in words]
        for start in range(len(words)):
            for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
                if not _inner(folded[end - 1]):
                    break
                if not _opens(folded[start]):
                    break
                if _closes(folded[end - 1]):
                    yield " ".join(folded[start:end]), " ".join(words[start:end])


def _inner(word: str) -> bool:
    return word not in STOP_WORDS and word not in RHETORIC and not word.endswith("ly")


def _opens(word: str) -> bool:
    return not word[0].isdigit() or any(char.isalpha() for char in word)


def _closes(word: str) -> bool:
    if len(word) < 2 or word.replace(".", "").isdigit():
        return False
    if word in NOUNS:
        return True
    return not word.endswith(_ADJECTIVE_ENDS) and word not in NOT_LAST


_ADJECTIVE_ENDS = ("ive", "al", "ous", "able", "ible", "ful", "less", "ed", "ic", "ary", "ant", "ent", "est", "ward")
