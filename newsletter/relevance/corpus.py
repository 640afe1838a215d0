"""The background's papers as text to be searched: what holds a phrase, is near to a paper, or defines a short form."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix

from newsletter.models import Paper
from newsletter.relevance.abbreviations import abbreviations
from newsletter.relevance.features import Background
from newsletter.relevance.words import STOP_WORDS, fold, passages, terms, tokenise

Words = tuple[str, ...]
"""Folded words in a row."""

_PREFIX = re.compile(r"^(?:multi|pre|semi|non|fine)(?=[a-z]{2})")

_LEAST = 3  # papers that hold a term by which near ones are sought
_NEAR = 40  # papers that are called near
_SOUGHT, _LOOKED_AT = 12, 1_500
"""A paper near to another holds one of its most telling terms; so many terms, of so many papers, are looked for."""

_DEFINED = 2  # papers that define a short form
_MEANT = 0.7  # of the papers that define it mean the same
_OWN = 0.3  # of the papers that hold a short form speak of what it stands for


class Corpus:
    """Papers by number, the newest first; nothing is read closely before it is asked for."""

    def __init__(self, papers: Sequence[Paper], background: Background) -> None:
        """Take the papers that `background` was fitted on, in any order."""
        known = {paper.key: paper for paper in papers}
        self.papers = tuple(known[key] for key in sorted(known, reverse=True))
        self._background = background
        self._lower = ["\n".join(passages(paper)).lower() for paper in self.papers]
        self._words: dict[int, str] = {}

    # ---- papers ----------------------------------------------------------------------------------------------------

    def holds(self, number: int, words: Words) -> bool:
        """Whether a paper holds these words in a row, within its title, its abstract or a keyword."""
        if number not in self._words:
            found = " | ".join(" ".join(tokenise(passage)) for passage in passages(self.papers[number]))
            self._words[number] = f" {found} "
        return f" {' '.join(words)} " in self._words[number]

    def holding(self, words: Words) -> list[int]:
        """The papers that hold these words in a row."""
        return [number for number in self._apart(words) if self.holds(number, words)]

    def _apart(self, words: Collection[str]) -> list[int]:
        """The papers that hold all these words anywhere."""
        beginnings = [_beginning(word) for word in words]
        found = []
        for number, text in enumerate(self._lower):
            # Accents are folded away: only plain text can be passed over without reading its words.
            if text.isascii() and not all(beginning in text for beginning in beginnings):
                continue
            if all(self.holds(number, (word,)) for word in words):
                found.append(number)
        return found

    def count(self, words: Sequence[str]) -> float:
        """How many papers hold a phrase: at most as many as hold its rarest pair."""
        content = [word for word in words if word not in STOP_WORDS] or list(words)
        pairs = content if len(content) == 1 else [f"{one} {two}" for one, two in pairwise(content)]
        return min(self._background.share(pair) for pair in pairs) * self._background.size

    def nearest(self, papers: Sequence[Paper]) -> list[int]:
        """The papers nearest to the middle of some others, nearer than one in twenty is by chance."""
        own = {paper.key for paper in papers}
        sought = {number for term in self._telling(papers) for number in self._apart(term)}
        numbers = sorted(number for number in sought if self.papers[number].key not in own)
        if not numbers:
            return []
        middle = csr_matrix(self._background.vectors(papers).mean(axis=0))
        found = self._background.vectors([self.papers[number] for number in numbers])
        cosines = np.round((found @ middle.T).toarray().ravel(), 9)
        chance = float(self._background.typical(middle)[0])
        best = np.lexsort((np.arange(len(numbers)), -cosines))[:_NEAR]
        return sorted(numbers[place] for place in best if cosines[place] > chance)

    def _telling(self, papers: Sequence[Paper]) -> list[Words]:
        """The terms that tell some papers from the rest."""
        held = Counter(term for paper in papers for term in {*terms(paper.title), *terms(paper.abstract)})
        worth = {
            tuple(term.split()): count * self._background.specificity(term.split())
            for term, count in held.items()
            if self.count(term.split()) >= _LEAST
        }
        found, read = [], 0.0
        for words in sorted(worth, key=lambda one: (-round(worth[one], 9), one))[:_SOUGHT]:
            read += self.count(words)
            if read <= _LOOKED_AT:
                found.append(words)
        return found

    # ---- short and long forms --------------------------------------------------------------------------------------

    def definitions(self, numbers: Iterable[int]) -> Counter[tuple[str, str]]:
        """The short and long forms that some papers define, with the number of papers that do."""
        found: Counter[tuple[str, str]] = Counter()
        for number in numbers:
            if "(" in self._lower[number]:
                found.update({pair for passage in passages(self.papers[number]) for pair in abbreviations(passage)})
        return found

    def other_forms(self, said: str) -> dict[Words, str]:
        """The short form that papers define for a phrase, or the long one for a short, and how they write it.

        None where papers mean different things by it: MD is not always molecular dynamics.
        """
        words = tuple(tokenise(said))
        numbers = self.holding(words)
        pairs = self.definitions(numbers)
        found: dict[Words, str] = {}
        short = _most(pairs, partial(_short_of, words))
        if short and self._means(short) == words and self._mostly(tuple(tokenise(short)), numbers):
            found[tuple(tokenise(short))] = short
        for place, word in enumerate(words):
            long = _most(pairs, partial(_long_of, word))
            if long and self._means(word) == tuple(tokenise(long)):
                whole = (*words[:place], *tokenise(long), *words[place + 1 :])
                if len(words) == 1 or len(self.holding(whole)) >= _DEFINED:
                    found[whole] = " ".join(long if fold(each) == word else each for each in said.split())
        found.pop(words, None)
        return found

    def _mostly(self, short: Words, numbers: Collection[int]) -> bool:
        """Whether enough of the papers that hold a short form are some of these."""
        holding = self.holding(short)
        return len({*holding} & {*numbers}) >= _OWN * len(holding)

    def _means(self, short: str) -> Words | None:
        """What most papers that define a short form mean by it; None where they mean different things."""
        folded = short.lower()
        texts = [number for number, text in enumerate(self._lower) if f"({folded}" in text or f"{folded} (" in text]
        meant: Counter[Words] = Counter()
        for (found, long), papers in self.definitions(texts).items():
            if fold(found) == fold(short):
                meant[tuple(tokenise(long))] += papers
        if not meant:
            return None
        words, papers = min(meant.items(), key=lambda pair: (-pair[1], pair[0]))
        return words if papers >= _MEANT * meant.total() else None


def commonest(written: Counter[str]) -> str:
    """The commonest spelling; of equals that in small letters."""
    return min(written, key=lambda text: (-written[text], text.swapcase()))


def _most(pairs: Counter[tuple[str, str]], wanted: Callable[[str, str], str]) -> str:
    """The commonest way to write what is wanted of the definitions; empty where too few papers give it."""
    found: Counter[str] = Counter()
    for pair, papers in pairs.items():
        found[wanted(*pair)] += papers
    found.pop("", None)
    return commonest(found) if found.total() >= _DEFINED else ""


def _short_of(words: Words, short: str, long: str) -> str:
    return short if tuple(tokenise(long)) == words else ""


def _long_of(word: str, short: str, long: str) -> str:
    return long if tokenise(short) == [word] else ""


def _beginning(word: str) -> str:
    """What plain lower case text holds if it holds the folded word: `studies` and `study` begin alike.

    `multiagent` may be written `multi-agent`, so there it is what follows the prefix.
    """
    word = _PREFIX.sub("", word)
    return word if len(word) <= 3 else word[: max(3, len(word) - 2)]
