"""Matching: editions x profile -> the reader's cut, with reasons that sum to the score."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.models import Digest, Edition, Interest, InterestKind, Paper, Part, Pick, Profile, Section
from newsletter.relevance.features import Background
from newsletter.relevance.interests import Answers, Reading, canonical
from newsletter.relevance.noticed import figures, noticed
from newsletter.relevance.reasons import Cause, reason

POPULARITY = 0.04
"""The most that being noticed adds: it orders what is alike, and alone stays below the usual floor."""

OTHER = "Other"
CLOSE = 0.06
"""From this worth on a paper is called close to a seed."""

_CROWDED = 0.75
"""Each further paper of one topic counts this much less in the cut of a reader without interests."""

_AT_ONCE = 1_000  # vectors of seeds and texts held at a time
_REMEMBERED = 5_000  # interests whose answers are kept from one call to the next

Name = tuple[str, str]
"""What an interest is looked up by: kind and canonical value."""

_KINDS = {"keyword": "terms", "text": "terms", "seed": "seed", "author": "author", "category": "category"}


@dataclass(frozen=True, slots=True)
class Match:
    """One paper as a profile sees it, for `paperboy topics try` and the preferences page."""

    paper: Paper
    topic: str
    pick: Pick
    passes: bool  # it reaches the profile's floor


@dataclass(frozen=True, slots=True)
class _Wish:
    """One usable interest of a profile and the papers that answer it."""

    interest: Interest
    answers: Answers
    weight: float = 1.0


class Window:
    """The papers of one or several editions, prepared once and matched against many profiles."""

    def __init__(
        self, editions: Sequence[Edition], background: Background, seeds: Mapping[str, Paper] | None = None
    ) -> None:
        """Read the papers; `seeds` are papers that profiles name as examples, by arXiv id."""
        self.editions = tuple(sorted(editions, key=lambda edition: edition.id))
        papers = {paper.key: paper for edition in self.editions for paper in edition.papers}
        self.papers = tuple(papers[key] for key in sorted(papers))
        self._reading = Reading(self.papers, background)
        self._background = background
        self._own = {paper.arxiv_id: paper for paper in self.papers if paper.arxiv_id}
        self.know(seeds or {})
        self._places = {paper.key: number for number, paper in enumerate(self.papers)}
        self._topics, self._centrality = self._standing()
        self._noticed = np.array([self._notice(number) for number in range(len(self.papers))])
        self._answers: dict[Name, Answers] = {}
        self._general: list[int] = np.lexsort((np.arange(len(self.papers)), -self._noticed)).tolist()
        # The first of each topic: what is called most noticed is so in the whole topic, whatever a reader mutes.
        self._tops = set({self._topics[number]: number for number in reversed(self._general)}.values())

    def _standing(self) -> tuple[list[str], list[float]]:
        """Of each paper: its topic's label, and how central it is there, from 1 downwards."""
        label: dict[str, tuple[str, float]] = {}
        for edition in self.editions:
            for topic in edition.topics:
                for place, key in enumerate(topic.paper_keys):
                    label[key] = (topic.label, 0.5 / (1 + place) if topic.kind == "other" else 1 / (1 + place))
        found = [label.get(paper.key, (OTHER, 0.0)) for paper in self.papers]
        return [one for one, _central in found], [central for _label, central in found]

    def _notice(self, number: int) -> float:
        """Figures where there are any; a central place in the topic counts less than a single vote."""
        return noticed(self.papers[number]) or 0.1 * self._centrality[number]

    # ---- public ----------------------------------------------------------------------------------------------------

    def know(self, seeds: Mapping[str, Paper]) -> None:
        """Take other papers as examples that profiles may name, by arXiv id, in the place of those known before."""
        self._seeds = {**self._own, **seeds}

    def digest(self, profile: Profile) -> Digest | None:
        """The cut for one profile; None where nothing reaches its floor, or there is no paper at all."""
        return self.digests([profile])[0]

    def digests(self, profiles: Sequence[Profile]) -> list[Digest | None]:
        """The cut for each profile, in their order; the interests of all are matched in one sparse product."""
        if not self.papers:
            return [None] * len(profiles)
        if len(self._answers) > _REMEMBERED:
            self._answers.clear()
        wanted = [self._wanted(profile) for profile in profiles]
        names = {name for mine in wanted for name in mine if name[0] in {InterestKind.SEED, InterestKind.TEXT}}
        self._read_alike(sorted(names))
        wishes = [self._wishes(mine) for mine in wanted]
        scores = self._scores(wishes)
        return [
            self._personal(profile, mine, scores[number].toarray().ravel()) if mine else self._most_noticed(profile)
            for number, (profile, mine) in enumerate(zip(profiles, wishes, strict=True))
        ]

    def explain(self, profile: Profile, limit: int = 20) -> tuple[Match, ...]:
        """The best papers for a profile with their parts, those below its floor too; empty without usable interests."""
        wishes = self._wishes(self._wanted(profile)) if self.papers else ()
        if not wishes:
            return ()
        scores = self._scores([wishes]).toarray().ravel()
        scores[self._muted(profile)] = 0.0
        picks = [self._pick(int(number), wishes) for number in self._order(scores, np.flatnonzero(scores > 0))[:limit]]
        matches = []
        for pick in sorted(picks, key=lambda pick: (-pick.score, pick.paper_key)):
            number = self._places[pick.paper_key]
            passes = bool(_passes(scores[number], profile.floor))
            matches.append(Match(self.papers[number], self._topics[number], pick, passes))
        return tuple(matches)

    # ---- what a profile wants --------------------------------------------------------------------------------------

    def _wishes(self, wanted: Mapping[Name, Interest]) -> tuple[_Wish, ...]:
        """The papers that answer each interest, in an order that is not the profile's."""
        seeds = sum(kind == InterestKind.SEED for kind, _value in wanted)
        # Several seeds add up like the cosine to their centroid, whose length grows with the root of their number.
        weight = 1 / math.sqrt(max(1, seeds))
        return tuple(
            _Wish(wanted[name], self._answer(name, wanted[name].value), weight if name[0] == InterestKind.SEED else 1.0)
            for name in sorted(wanted)
        )

    def _wanted(self, profile: Profile) -> dict[Name, Interest]:
        """The interests that can be looked up here, the same wish once."""
        wanted: dict[Name, Interest] = {}
        for interest in sorted(profile.interests, key=lambda one: (one.topic or "", one.kind, one.value)):
            name = canonical(interest)
            known = name[1] in self._seeds if interest.kind is InterestKind.SEED else bool(name[1])
            if interest.kind is not InterestKind.MUTE and known:
                wanted.setdefault(name, interest)
        return wanted

    def _answer(self, name: Name, value: str) -> Answers:
        if name not in self._answers:
            kind = name[0]
            if kind == InterestKind.KEYWORD:
                self._answers[name] = self._reading.keyword(value)
            elif kind == InterestKind.AUTHOR:
                self._answers[name] = self._reading.author(value)
            elif kind == InterestKind.CATEGORY:
                self._answers[name] = self._reading.category(value)
            else:
                self._read_alike([name])
        return self._answers[name]

    def _read_alike(self, names: Iterable[Name]) -> None:
        """Look up seeds and texts together: a vector at a time would cost ten times as much."""
        missing = [name for name in names if name not in self._answers]
        papers = [
            self._seeds[value] if kind == InterestKind.SEED else Paper(key="", title=value) for kind, value in missing
        ]
        for start in range(0, len(missing), _AT_ONCE):
            rows = self._background.vectors(papers[start : start + _AT_ONCE])
            found = self._reading.alike(rows)
            self._answers.update(zip(missing[start : start + _AT_ONCE], found, strict=True))

    def _scores(self, wishes: Sequence[Sequence[_Wish]]) -> csr_matrix:
        """Profiles x papers: the sum of what answers each profile's wishes, popularity left out."""
        rows: dict[int, int] = {}
        pieces: list[Answers] = []
        pointers, columns, weights = [0], [], []
        for mine in wishes:
            for wish in mine:
                if id(wish.answers) not in rows:
                    rows[id(wish.answers)] = len(pieces)
                    pieces.append(wish.answers)
                columns.append(rows[id(wish.answers)])
                weights.append(wish.weight)
            pointers.append(len(columns))
        answered = csr_matrix(
            (
                np.concatenate([piece.values for piece in pieces] or [np.zeros(0)]),
                np.concatenate([piece.numbers for piece in pieces] or [np.zeros(0, dtype=np.int64)]),
                np.cumsum([0, *(len(piece.numbers) for piece in pieces)]),
            ),
            shape=(len(pieces), len(self.papers)),
        )
        chosen = csr_matrix(
            (np.array(weights, float), np.array(columns, np.int64), np.array(pointers)),
            shape=(len(wishes), len(pieces)),
        )
        return (chosen @ answered).tocsr()

    def _muted(self, profile: Profile) -> NDArray[np.bool_]:
        mask = np.zeros(len(self.papers), dtype=np.bool_)
        for interest in profile.interests:
            if interest.kind is InterestKind.MUTE:
                mask[self._reading.muted(interest.value)] = True
        return mask

    # ---- choosing --------------------------------------------------------------------------------------------------

    def _personal(self, profile: Profile, wishes: Sequence[_Wish], scores: NDArray[np.float64]) -> Digest | None:
        scores[self._muted(profile)] = 0.0
        passing = np.flatnonzero(_passes(scores, profile.floor))
        if not len(passing):
            return None
        chosen = self._limited(self._order(scores, passing), profile)
        return self._digest([self._pick(number, wishes) for number in chosen], matched=len(passing), personal=True)

    def _order(self, scores: NDArray[np.float64], numbers: NDArray[np.intp]) -> list[int]:
        """Best first, popularity included; equal ones by key, as the papers stand."""
        totals = np.round(scores[numbers] + POPULARITY * self._noticed[numbers], 9)
        return [int(number) for number in numbers[np.lexsort((numbers, -totals))]]

    def _limited(self, ordered: Iterable[int], profile: Profile) -> list[int]:
        taken: dict[str, int] = {}
        chosen: list[int] = []
        for number in ordered:
            if len(chosen) == profile.max_papers:
                break
            topic = self._topics[number]
            if taken.get(topic, 0) < profile.max_per_topic:
                taken[topic] = taken.get(topic, 0) + 1
                chosen.append(number)
        return chosen

    def _most_noticed(self, profile: Profile) -> Digest | None:
        """For a reader without interests: what was noticed most, topic by topic."""
        open_to_reader = ~self._muted(profile)
        ordered = [number for number in self._general if open_to_reader[number]]
        if not ordered:
            return None
        ranks: dict[str, int] = {}
        worth: dict[int, float] = {}
        for number in ordered:
            rank = ranks[self._topics[number]] = ranks.get(self._topics[number], -1) + 1
            worth[number] = float(self._noticed[number]) * _CROWDED**rank
        chosen = self._limited(sorted(ordered, key=lambda number: (-round(worth[number], 9), number)), profile)
        picks = [self._noticed_pick(number) for number in chosen]
        return self._digest(picks, matched=len(ordered), personal=False)

    # ---- saying why ------------------------------------------------------------------------------------------------

    def _pick(self, number: int, wishes: Sequence[_Wish]) -> Pick:
        causes: list[Cause] = []
        nearest: tuple[float, str, str | None] | None = None
        seeds = 0.0
        for wish in wishes:
            at = int(np.searchsorted(wish.answers.numbers, number))
            if at == len(wish.answers.numbers) or wish.answers.numbers[at] != number:
                continue
            value = wish.weight * float(wish.answers.values[at])
            if wish.interest.kind is InterestKind.SEED:
                seeds += value
                name = canonical(wish.interest)[1]
                nearest = max(nearest or (0.0, "", None), (value, name, wish.interest.topic), key=lambda one: one[0])
                continue
            because = wish.answers.because[at] if wish.answers.because else self._shared(number, wish.interest)
            causes.append(Cause(Part(_KINDS[wish.interest.kind], value, because), wish.interest.topic))
        if nearest is not None:
            itself = self.papers[number].arxiv_id == nearest[1]
            close = nearest[0] >= CLOSE
            because = nearest[1] if itself else f"{'close to' if close else 'a little like'} {nearest[1]}"
            causes.append(Cause(Part("seed", seeds, because), nearest[2], faint=not close))
        causes.sort(key=lambda cause: (-cause.part.value, cause.part.kind, cause.part.because))
        parts = [cause.part for cause in causes]
        if self._noticed[number] > 0:
            popular = POPULARITY * float(self._noticed[number])
            parts.append(Part("popularity", popular, self._crowd(number)))
        score = math.fsum(part.value for part in parts)
        return Pick(self.papers[number].key, score, tuple(parts), reason(causes))

    def _shared(self, number: int, interest: Interest) -> str:
        return ", ".join(self._reading.shared_terms(number, interest.value)) or "words of your description"

    def _crowd(self, number: int) -> str:
        topic = self._topics[number]
        return figures(self.papers[number]) or ("new today" if topic == OTHER else f"central to {topic}")

    def _noticed_pick(self, number: int) -> Pick:
        paper, topic, value = self.papers[number], self._topics[number], float(self._noticed[number])
        place = "among the day's other papers" if topic == OTHER else f"in {topic}"
        # The figures stand on the card already.
        if not figures(paper):
            words = "one of the day's other papers" if topic == OTHER else f"central to {topic}"
        elif number in self._tops:
            words = f"most noticed {place}"
        else:
            words = f"also noticed {place}"
        return Pick(paper.key, value, (Part("popularity", value, self._crowd(number)),), words)

    def _digest(self, picks: Sequence[Pick], *, matched: int, personal: bool) -> Digest:
        by_topic: dict[str, list[Pick]] = {}
        for pick in sorted(picks, key=lambda pick: (-pick.score, pick.paper_key)):
            by_topic.setdefault(self._topics[self._places[pick.paper_key]], []).append(pick)
        if not personal and OTHER in by_topic:
            by_topic[OTHER] = by_topic.pop(OTHER)  # last: only a reader's own interest puts it before a topic
        last = self.editions[-1]
        remarks = dict.fromkeys(remark for edition in self.editions for remark in edition.remarks)
        return Digest(
            edition_id=last.id,
            day=last.day,
            since=self.editions[0].day,
            sections=tuple(Section(label, tuple(chosen)) for label, chosen in by_topic.items()),
            considered=len(self.papers),
            matched=matched,
            personal=personal,
            sample=any(edition.sample for edition in self.editions),
            remarks=tuple(remarks),
        )


def _passes(scores: NDArray[np.float64] | float, floor: float) -> NDArray[np.bool_]:
    """Relevance alone must reach the floor, and be more than nothing."""
    rounded = np.round(scores, 9)
    return np.asarray((rounded >= floor) & (rounded > 0))
