"""The sentence of an abstract that says what is new, found by what such sentences have in common.

A sentence is worth the announcement in it ("we propose", "this paper shows"), its share of the title's words and of the
other sentences' words, less what marks background, details, results and links. Weights: docs/decisions/028.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

from newsletter.relevance import cues
from newsletter.relevance.sentences import Span, sentences
from newsletter.relevance.words import STOP_WORDS, fold

FEWEST = 3
"""An abstract of fewer sentences is read at a glance: none of them is set apart."""

LEAST = 2.0
"""What a sentence must be worth: below it nobody can say which one is new, and none is better than a wrong one."""

CLEAR = 0.75
"""How far the best must be above the second where it announces nothing by name."""

_TITLE = 2.0  # for all of the title's words
_NAMED = 1.0  # for the name before the colon of the title
_IS = 2.0  # for "NAME is", which tells what it is
_LATER = 0.12  # for each sentence before it
_AFTER = 0.6  # what comes after the announcement tells more of it
_TURN = 1.0  # for a verb of their own in the first sentence in which the authors act: there the background ends
_REACH = 5  # words between the subject and its verb: "we therefore first propose"

_NAME = re.compile(r"^([^:]{2,40}):\s")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*|%")


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence with its worth; `announces` where a subject such as "we" does something in it."""

    span: Span
    worth: float
    announces: bool


def key_sentence(title: str, abstract: str) -> Span | None:
    """Where the sentence that says what is new stands in the abstract; None where none clearly does.

    Of two that are worth the same the earlier is taken. An abstract of fewer than `FEWEST` sentences has none.
    """
    spans = sentences(abstract)
    if len(spans) < FEWEST:
        return None
    best, *others = sorted(weighed(title, abstract, spans), key=lambda one: (-one.worth, one.span))
    if best.worth < LEAST or (not best.announces and best.worth < others[0].worth + CLEAR):
        return None
    return best.span


def weighed(title: str, abstract: str, spans: list[Span]) -> list[Marked]:
    """Every sentence with its worth, in order."""
    texts = [abstract[start:end] for start, end in spans]
    written = [_WORD.findall(text) for text in texts]
    terms = [_terms(words) for words in written]
    common = Counter(chain.from_iterable(terms))
    named = _NAME.match(title)
    name = named[1] if named else ""
    wanted = _terms(_WORD.findall(title))
    made = []
    announced = acted = False
    for place, (span, text, spelt, found) in enumerate(zip(spans, texts, written, terms, strict=True)):
        small = text.lower()
        words = [word.lower() for word in spelt]
        opening = cues.OPENING.match(small)
        kind = str(opening.lastgroup) if opening else ""
        said = _announcement(words, framed=kind == "frame")
        worth = said + _opened(kind, said, announced=announced) + _traits(small, words)
        worth += _length(len(words)) - _LATER * place - (_AFTER if announced else 0.0)
        if found:
            worth += _TITLE * len(found & wanted) / max(1, len(wanted))
            worth += sum([common[term] > 1 for term in found]) / len(found)
        if name and name in text:
            worth += _NAMED
            if text.startswith((f"{name} is ", f"{name} are ")):
                said, worth = max(said, _IS), worth + _IS
        turns = not acted and said == cues.OTHER_VERB
        acted, announced = acted or said >= cues.OTHER_VERB, announced or said >= cues.PROPOSED
        made.append(Marked(span, worth + _TURN * turns, announces=turns or said >= cues.FRAMED))
    return made


@lru_cache(maxsize=1 << 16)
def _term(word: str) -> str:
    """The form under which a word is compared; empty for a function word."""
    folded = fold(word)
    return "" if folded in STOP_WORDS else folded


def _terms(words: list[str]) -> set[str]:
    found = set(map(_term, words))
    found.discard("")
    return found


def _announcement(words: list[str], *, framed: bool) -> float:
    """The worth of the verb of "we", "this paper" or "is proposed"; 0.0 where there is none."""
    best = 0.0
    for place, word in enumerate(words):
        if word in cues.AUTHORS or (word in cues.WORKS and place and words[place - 1] in cues.POINTS):
            best = max(best, _verb(words, place, framed=framed))
        elif word in cues.PASSIVE and place and words[place - 1] in cues.BE:
            best = max(best, cues.PASSIVE[word])
        elif word in cues.OF_ITSELF:
            best = max(best, cues.OF_ITSELF[word])
    return best


def _verb(words: list[str], place: int, *, framed: bool) -> float:
    """The worth of the first known verb after the subject at `place`."""
    following = words[place + 1 : place + 1 + _REACH]
    if words[place] in cues.WORKS:
        if following[:1] == ["we"]:
            return 0.0  # "in this paper we": the verb is ours
        if following[:3] == ["is", "the", "first"]:
            return cues.FIRST_OF_ALL
    for word, then in pairwise((*following, "")):
        if word == "not" and then != "only":
            return 0.0  # "this work does not introduce a new method"
        if word in cues.ANNOUNCES:
            return max(cues.ANNOUNCES[word], cues.FRAMED if framed else 0.0)
    if words[place] in cues.AUTHORS or place < 3:
        return cues.FRAMED if framed else cues.OTHER_VERB
    return 0.0


def _opened(kind: str, said: float, *, announced: bool) -> float:
    """What the opening adds or takes away; less where it announces, or where nothing was announced before."""
    if kind == "background" and said >= 3.0:
        return -0.3
    if kind == "detail" and not announced:
        return -0.9
    return cues.OPENED.get(kind, 0.0)


def _traits(small: str, words: list[str]) -> float:
    """What the words of a sentence add or take away, wherever they stand."""
    seen = set(words)
    return sum(
        [
            worth
            for worth, phrase, hints in cues.TRAITS
            if not seen.isdisjoint(hints) and (phrase is None or phrase.search(small))
        ]
    )


def _length(words: int) -> float:
    return -1.5 if words < 6 else -0.4 if words < 9 or words > 70 else 0.0
