"""Related papers: those that share what a paper is about, found with the index of search."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

from newsletter.asking import Term, readable, spoken
from newsletter.database import Transaction
from newsletter.models import Paper
from newsletter.queries import archive, search
from newsletter.queries.archive import Placed
from newsletter.relevance.words import STOP_WORDS

_TERMS = 36  # of a paper whose rarity is looked up
_SOUGHT = 14  # of them, for which other papers are
_EACH = 600  # papers looked up for a term, the newest
_READ = 48  # papers that are read, those that share most
_LEAST = 4  # terms in common: fewer are no likeness

Words = tuple[str, ...]
"""A word, or two in a row, folded."""


def alike(tx: Transaction, paper: Paper, *, sample: bool, limit: int) -> tuple[Placed, ...]:
    """The papers nearest to one, the nearest first; each term in common counts as much as it is rare."""
    size = sum(head.papers for head in archive.heads(tx, sample=sample))
    told = _counted(paper)
    terms = sorted(told, key=lambda term: (-told[term], term))[:_TERMS]
    rarity = {}
    for term in terms:
        held = search.count_holding(tx, Term(term))
        if held > 1:  # in no other paper: nothing is found by it
            rarity[term] = max(0.0, math.log((size + 1) / (held + 0.5)))
    weights = {term: (1 + math.log(told[term])) * rare for term, rare in rarity.items() if rare}
    sought = sorted(weights, key=lambda term: (-round(weights[term], 9), term))[:_SOUGHT]
    worth: Counter[str] = Counter()
    for term in sought:
        found = search.holding(tx, Term(term), sample=sample, limit=_EACH)
        worth.update(dict.fromkeys(found, round(weights[term] * 1e6)))
    del worth[paper.key]
    keys = sorted(worth, key=lambda key: (-worth[key], key))[:_READ]
    scored = [(_nearness(weights, rarity, one.paper), one) for one in archive.papers(tx, keys)]
    near = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-round(pair[0], 9), pair[1].paper.key))
    return tuple(one for _score, one in near[:limit])


def _nearness(weights: Mapping[Words, float], rarity: Mapping[Words, float], other: Paper) -> float:
    """The cosine of two papers but for the length of the first, over the terms of the first."""
    told = _counted(other, weights)
    shared = [term for term in weights if term in told]
    if len(shared) < _LEAST:
        return 0.0
    length = math.sqrt(1 + len(other.title.split()) + len(other.abstract.split()))
    return math.fsum(weights[term] * (1 + math.log(told[term])) * rarity[term] for term in shared) / length


def _counted(paper: Paper, only: Iterable[Words] | None = None) -> dict[Words, float]:
    """How often a paper says its telling words and pairs of them, those of the title twice; a pair once is chance."""
    title, abstract = _words(paper.title), _words(paper.abstract)
    found: Counter[Words] = Counter()
    for words, times in ((title, 2), (abstract, 1)):
        for word in words:
            found[(word,)] += times
        for pair in pairwise(words):
            found[pair] += times
    wanted = set(found) if only is None else set(only)
    return {
        term: float(count)
        for term, count in found.items()
        if term in wanted and all(map(_tells, term)) and (only is not None or len(term) == 1 or count > 1)
    }


def _words(text: str) -> list[str]:
    return [word for _span, word in spoken(readable(text))]


def _tells(word: str) -> bool:
    return len(word) > 1 and word not in STOP_WORDS and not word[0].isdigit()
