"""Telling: a chosen paper with the parts of its score, and one clause that says why."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.models import OTHER, Interest, InterestKind, Paper, Part, Pick
from newsletter.relevance import discovery
from newsletter.relevance.examples import CLOSE, Examples
from newsletter.relevance.interests import Answers, Reading
from newsletter.relevance.noticed import figures
from newsletter.relevance.reasons import UNNAMED, Cause, reason

POPULARITY = 0.04
"""The most that being noticed adds: it orders what is alike, and alone stays below the usual floor."""

_KINDS = {"keyword": "terms", "author": "author", "category": "category"}
_TITLE = 60  # characters of a pasted title in a reason


@dataclass(frozen=True, slots=True)
class Standing:
    """The papers of a window, by number, and where each stands."""

    papers: tuple[Paper, ...]
    topics: tuple[str, ...]  # label of the topic
    noticed: NDArray[np.float64]
    tops: frozenset[int]  # the most noticed paper of each topic


@dataclass(frozen=True, slots=True)
class Wish:
    """An interest that is answered exactly, and the papers that do."""

    interest: Interest
    answers: Answers


@dataclass(frozen=True, slots=True)
class Shown:
    """An example of a reader: a paper they named or voted on, or words of theirs."""

    interest: Interest
    number: int  # among the window's examples
    weight: float  # below 0 for what they do not want
    paper: Paper | None = None  # None for words

    @property
    def name(self) -> str:
        """What a reason calls it: its arXiv id, or its title."""
        if self.paper is None:
            return " ".join(self.interest.value.split())
        return self.paper.arxiv_id or f"“{_shortened(self.paper.title)}”"


class Teller:
    """Says of a window's papers why they are chosen."""

    def __init__(self, standing: Standing, reading: Reading, examples: Examples) -> None:
        self._standing, self._reading, self._examples = standing, reading, examples
        self._crowds: dict[int, str] = {}

    def pick(self, number: int, wishes: Sequence[Wish], shown: Sequence[Shown], worth: float) -> Pick:
        """A paper for a profile; `worth` is what its closeness to the examples is worth."""
        causes = [cause for wish in wishes if (cause := self._exact(number, wish)) is not None]
        if worth > 0:
            causes += self._close(number, shown, worth)
        causes.sort(key=lambda cause: (-cause.part.value, cause.part.kind, cause.part.because))
        parts = [cause.part for cause in causes]
        if self._standing.noticed[number] > 0:
            popular = POPULARITY * float(self._standing.noticed[number])
            parts.append(Part("popularity", popular, self._crowd(number)))
        score = math.fsum(part.value for part in parts)
        return Pick(self._standing.papers[number].key, score, tuple(parts), reason(causes))

    def noticed_pick(self, number: int) -> Pick:
        """A paper for a reader without interests."""
        paper, topic, value = self._standing.papers[number], self._standing.topics[number], self._worth(number)
        place = "among the day's other papers" if topic == OTHER else f"in {topic}"
        # The figures stand on the card already.
        if not figures(paper):
            words = "one of the day's other papers" if topic == OTHER else f"central to {topic}"
        elif number in self._standing.tops:
            words = f"most noticed {place}"
        else:
            words = f"also noticed {place}"
        return Pick(paper.key, value, (Part("popularity", value, self._crowd(number)),), words)

    def beyond(self, number: int) -> Pick:
        """A paper from beyond the interests, chosen for being noticed alone."""
        paper, value = self._standing.papers[number], POPULARITY * self._worth(number)
        words = discovery.clause(paper, self._standing.topics[number])
        return Pick(paper.key, value, (Part("popularity", value, self._crowd(number)),), words)

    # ---- causes ----------------------------------------------------------------------------------------------------

    def _exact(self, number: int, wish: Wish) -> Cause | None:
        answers = wish.answers
        at = int(answers.numbers.searchsorted(number))
        if at == len(answers.numbers) or answers.numbers[at] != number:
            return None
        because = answers.because[at] or " ".join(wish.interest.value.split())
        part = Part(_KINDS[wish.interest.kind], float(answers.values[at]), because)
        return Cause(part, wish.interest)

    def _close(self, number: int, shown: Sequence[Shown], worth: float) -> list[Cause]:
        """The worth, shared out among the examples by how near each is; papers are told by the nearest of them."""
        near = [(one, one.weight * self._examples.nearness(one.number, number)) for one in shown if one.weight > 0]
        near = [(one, value) for one, value in near if value > 0] or [(one, one.weight) for one, _value in near]
        total = math.fsum(value for _one, value in near)
        papers = [(value, one) for one, value in near if one.interest.kind in {InterestKind.SEED, InterestKind.LIKED}]
        words = [(value, one) for one, value in near if one.interest.kind is InterestKind.KEYWORD]
        texts = [(value, one) for one, value in near if one.interest.kind is InterestKind.TEXT]
        causes = []
        for group, tell in ((papers, self._like_paper), (words, self._like_papers_on), (texts, self._like_text)):
            if group:
                part = worth * math.fsum(value for value, _one in group) / total
                _value, nearest = max(group, key=lambda pair: (pair[0], pair[1].name))
                causes.append(tell(number, nearest, part))
        return causes

    def _like_paper(self, number: int, nearest: Shown, value: float) -> Cause:
        paper = self._standing.papers[number]
        name = nearest.name
        if nearest.paper is not None and paper.key == nearest.paper.key:
            return Cause(Part("seed", value, name), nearest.interest, itself=True)
        close = value >= CLOSE
        because = f"{'close to' if close else 'a little like'} {name}"
        return Cause(Part("seed", value, because), nearest.interest, faint=not close)

    def _like_papers_on(self, _number: int, nearest: Shown, value: float) -> Cause:
        because = " ".join(nearest.interest.value.split())
        return Cause(Part("related", value, because), nearest.interest, faint=value < CLOSE)

    def _like_text(self, number: int, nearest: Shown, value: float) -> Cause:
        shared = ", ".join(self._reading.shared_terms(number, nearest.interest.value))
        return Cause(Part("text", value, shared or UNNAMED), nearest.interest, faint=value < CLOSE)

    # ---- the crowd -------------------------------------------------------------------------------------------------

    def _worth(self, number: int) -> float:
        return float(self._standing.noticed[number])

    def _crowd(self, number: int) -> str:
        if number not in self._crowds:
            topic = self._standing.topics[number]
            usual = "new today" if topic == OTHER else f"central to {topic}"
            self._crowds[number] = figures(self._standing.papers[number]) or usual
        return self._crowds[number]


def _shortened(text: str) -> str:
    title = " ".join(text.partition("\n")[0].split())
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip()}…"
