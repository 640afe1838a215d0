"""Matching: editions x profile -> the reader's cut, with reasons that sum to the score."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.identity import normalise_id
from newsletter.models import BEYOND, OTHER, Digest, Edition, Interest, InterestKind, Paper, Pick, Profile, Section
from newsletter.relevance import discovery, variety
from newsletter.relevance.examples import NOTHING, Examples, Name
from newsletter.relevance.features import Background
from newsletter.relevance.interests import Answers, Reading, canonical
from newsletter.relevance.noticed import noticed
from newsletter.relevance.telling import POPULARITY, Shown, Standing, Teller, Wish

_CROWDED = 0.75
"""Each further paper of one topic counts this much less in the cut of a reader without interests."""

_WORDS = 0.5
"""What a keyword or a text counts beside a paper that was shown."""

_FAINT = 0.1  # weight of a vote against from which what is like its paper is not shown beyond the interests

_ROOM = 3  # papers in a digest of which one may be from beyond the interests

_REMEMBERED = 8_000  # examples, and exact answers, that are kept from one call to the next

_EXACT = frozenset({InterestKind.KEYWORD, InterestKind.AUTHOR, InterestKind.CATEGORY})
_SHOWN = frozenset({InterestKind.SEED, InterestKind.LIKED, InterestKind.DISLIKED})
_TOLD = frozenset({InterestKind.KEYWORD, InterestKind.TEXT})
_MUTES = frozenset({InterestKind.MUTE, InterestKind.MUTED_TOPIC})


@dataclass(frozen=True, slots=True)
class Match:
    """One paper as a profile sees it, for `paperboy topics try` and the preferences page."""

    paper: Paper
    topic: str
    pick: Pick
    passes: bool  # it reaches the profile's floor


@dataclass(frozen=True, slots=True)
class _Mind:
    """The usable interests of one profile: those that are answered exactly, and the examples."""

    wishes: tuple[Wish, ...] = ()
    shown: tuple[Shown, ...] = ()

    def __bool__(self) -> bool:
        """Whether they want anything: without a wish a vote against a paper brings nothing."""
        return bool(self.wishes) or any(one.weight > 0 for one in self.shown)


class Window:
    """The papers of one or several editions, prepared once and matched against many profiles."""

    def __init__(
        self, editions: Sequence[Edition], background: Background, seeds: Mapping[str, Paper] | None = None
    ) -> None:
        """Read the papers; `seeds` are those that profiles are about, by arXiv id or pasted text, voted ones by key."""
        self.editions = tuple(sorted(editions, key=lambda edition: edition.id))
        papers = {paper.key: paper for edition in self.editions for paper in edition.papers}
        self.papers = tuple(papers[key] for key in sorted(papers))
        vectors = background.vectors(self.papers)
        self._reading = Reading(self.papers, background)
        self._examples = Examples(self.papers, vectors, background)
        self._own = {paper.arxiv_id: paper for paper in self.papers if paper.arxiv_id} | papers
        self.know(seeds or {})
        self._places = {paper.key: number for number, paper in enumerate(self.papers)}
        self._topics, self._centrality = self._standing()
        self._noticed = np.array([self._notice(number) for number in range(len(self.papers))])
        self._answers: dict[Name, Answers] = {}
        self._general: list[int] = np.lexsort((np.arange(len(self.papers)), -self._noticed)).tolist()
        # The first of each topic: what is called most noticed is so in the whole topic, whatever a reader mutes.
        tops = set({self._topics[number]: number for number in reversed(self._general)}.values())
        standing = Standing(self.papers, tuple(self._topics), self._noticed, frozenset(tops))
        self._teller = Teller(standing, self._reading, self._examples)
        self._likeness = variety.Likeness(background.project(vectors))
        self._beyond = discovery.Beyond(self.papers, self._topics, self._centrality)

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
        """Take other papers that profiles are about, in the place of those known before."""
        self._seeds = {**self._own, **seeds}

    def digest(self, profile: Profile) -> Digest | None:
        """The cut for one profile; None where nothing reaches its floor."""
        return self.digests([profile])[0]

    def digests(self, profiles: Sequence[Profile]) -> list[Digest | None]:
        """The cuts for many profiles, in their order; None where nothing reaches the floor.

        Equal profiles get equal digests whatever the order or the company.
        """
        if not self.papers:
            return [None] * len(profiles)
        minds = self._minds(profiles)
        exact, close = self._exact(minds), self._close(minds)
        close[close < NOTHING] = 0.0
        barred = [self._muted(profile) for profile in profiles]
        against = self._against(profiles, minds)
        return [
            self._personal(profile, mind, exact[number], close[number], barred[number], against.get(number))
            if mind
            else self._most_noticed(profile, barred[number] | against.get(number, False))
            for number, (profile, mind) in enumerate(zip(profiles, minds, strict=True))
        ]

    def explain(self, profile: Profile, limit: int = 20) -> tuple[Match, ...]:
        """The best papers for a profile with their parts, those below its floor too; empty without usable interests."""
        mind = self._minds([profile])[0] if self.papers else _Mind()
        if not mind:
            return ()
        close = self._close([mind])[0]
        close[close < NOTHING] = 0.0
        scores = self._exact([mind])[0] + close
        scores[self._muted(profile)] = 0.0
        matches = []
        for number in self._order(scores, np.flatnonzero(scores > 0))[:limit]:
            passes = bool(_passes(scores[number], profile.floor))
            pick = self._teller.pick(number, mind.wishes, mind.shown, float(close[number]))
            matches.append(Match(self.papers[number], self._topics[number], pick, passes))
        return tuple(sorted(matches, key=lambda match: (-match.pick.score, match.pick.paper_key)))

    def ranking(self, profile: Profile) -> tuple[str, ...]:
        """The keys of all papers with a score, best first, as if there were no floor and no limit; mutes hold."""
        if not self.papers:
            return ()
        minds = self._minds([profile])
        scores = self._exact(minds)[0] + self._close(minds)[0]
        scores[self._muted(profile)] = 0.0
        return tuple(self.papers[number].key for number in self._order(scores, np.flatnonzero(scores > 0)))

    # ---- what a profile wants --------------------------------------------------------------------------------------

    def _minds(self, profiles: Sequence[Profile]) -> list[_Mind]:
        """The usable interests of each profile, looked up together."""
        if len(self._answers) > _REMEMBERED:
            self._answers.clear()
        if len(self._examples) > _REMEMBERED:
            self._examples.forget()
        wanted = [self._wanted(profile) for profile in profiles]
        every = dict(chain.from_iterable(mine.items() for mine in wanted))
        self._examples.learn(
            {name: paper for name in sorted(every) if (paper := self._shown(every[name])) is not None},
            {name: every[name].value for name in sorted(every) if every[name].kind in _TOLD},
        )
        return [self._mind(mine) for mine in wanted]

    def _mind(self, wanted: Mapping[Name, Interest]) -> _Mind:
        """In an order that is not the profile's."""
        wishes, shown = [], []
        for name in sorted(wanted):
            interest = wanted[name]
            if interest.kind in _EXACT:
                wishes.append(Wish(interest, self._answer(name, interest.value)))
            if interest.kind in _SHOWN | _TOLD:
                sign = -1.0 if interest.kind is InterestKind.DISLIKED else 1.0
                weight = sign * interest.weight * (_WORDS if interest.kind in _TOLD else 1.0)
                shown.append(Shown(interest, self._examples.number(name), weight, self._shown(interest)))
        return _Mind(tuple(wishes), tuple(shown))

    def _wanted(self, profile: Profile) -> dict[Name, Interest]:
        """The interests that can be looked up here, the same wish once."""
        wanted: dict[Name, Interest] = {}
        for interest in sorted(profile.interests, key=lambda one: (one.topic or "", one.kind, one.value, -one.weight)):
            name = canonical(interest)
            known = self._shown(interest) is not None if interest.kind in _SHOWN else bool(name[1])
            if interest.kind not in _MUTES and interest.weight > 0 and known:
                wanted.setdefault(name, interest)
        return wanted

    def _shown(self, interest: Interest) -> Paper | None:
        """The paper that an interest is about; a pasted text is a paper of its own."""
        if interest.kind not in _SHOWN:
            return None
        known = self._seeds.get(canonical(interest)[1]) or self._seeds.get(interest.value)
        if known is None and interest.kind is InterestKind.SEED and not normalise_id(interest.value):
            title, _line, abstract = interest.value.strip().partition("\n")
            return Paper(key="", title=title, abstract=abstract.strip())
        return known

    def _answer(self, name: Name, value: str) -> Answers:
        if name not in self._answers:
            answer = {
                InterestKind.KEYWORD: self._reading.keyword,
                InterestKind.AUTHOR: self._reading.author,
                InterestKind.CATEGORY: self._reading.category,
            }[InterestKind(name[0])]
            self._answers[name] = answer(value)
        return self._answers[name]

    def _close(self, minds: Sequence[_Mind]) -> NDArray[np.float64]:
        """Profiles x papers: what it is worth to be close to the examples."""
        return self._examples.worth([[(one.number, one.weight) for one in mind.shown] for mind in minds])

    def _exact(self, minds: Sequence[_Mind]) -> NDArray[np.float64]:
        """Profiles x papers: the sum of what answers the wishes."""
        rows: dict[int, int] = {}
        pieces: list[Answers] = []
        pointers, columns = [0], []
        for mind in minds:
            for wish in mind.wishes:
                if id(wish.answers) not in rows:
                    rows[id(wish.answers)] = len(pieces)
                    pieces.append(wish.answers)
                columns.append(rows[id(wish.answers)])
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
            (np.ones(len(columns)), np.array(columns, np.int64), np.array(pointers)), shape=(len(minds), len(pieces))
        )
        found: NDArray[np.float64] = (chosen @ answered).toarray()
        return found

    def _muted(self, profile: Profile) -> NDArray[np.bool_]:
        mask = np.zeros(len(self.papers), dtype=np.bool_)
        for interest in profile.interests:
            if interest.kind is InterestKind.DISLIKED and interest.value in self._places:
                mask[self._places[interest.value]] = True
            elif interest.kind is InterestKind.MUTE:
                mask[self._reading.muted(interest.value)] = True
            elif interest.kind is InterestKind.MUTED_TOPIC:
                label = interest.value.casefold()
                mask |= np.array([topic.casefold() == label for topic in self._topics], dtype=np.bool_)
        return mask

    # ---- choosing --------------------------------------------------------------------------------------------------

    def _personal(
        self,
        profile: Profile,
        mind: _Mind,
        exact: NDArray[np.float64],
        close: NDArray[np.float64],
        muted: NDArray[np.bool_],
        against: NDArray[np.bool_] | None,
    ) -> Digest | None:
        scores = np.where(muted, 0.0, exact + close)
        passing = np.flatnonzero(_passes(scores, profile.floor))
        if not len(passing):
            return None
        ordered = self._order(scores, passing)
        worth = (scores[ordered] + POPULARITY * self._noticed[ordered]).tolist()
        chosen = variety.choose(ordered, worth, self._likeness, self._topics, profile.max_papers, profile.max_per_topic)
        # Beyond the interests: neither muted nor answered by one, nor like what was voted against.
        beyond = None
        if profile.discovery and profile.reader and (len(chosen) < profile.max_papers or len(chosen) >= _ROOM):
            barred = muted | (exact > 0) if against is None else muted | (exact > 0) | against
            day = self.editions[-1].day
            beyond = self._beyond.discover(profile.reader, day, chosen, scores, profile.floor, barred)
        if beyond is not None and len(chosen) == profile.max_papers:
            chosen.pop()
        picks = [self._teller.pick(number, mind.wishes, mind.shown, float(close[number])) for number in chosen]
        made = self._digest(picks, matched=len(passing), personal=True)
        if beyond is None:
            return made
        return replace(made, sections=(*made.sections, Section(BEYOND, (self._teller.beyond(beyond),))))

    def _against(self, profiles: Sequence[Profile], minds: Sequence[_Mind]) -> dict[int, NDArray[np.bool_]]:
        """For each profile with votes against papers, by place: the papers that are close to those."""
        mixes = {
            place: [(one.number, -one.weight) for one in mind.shown if one.weight < -_FAINT]
            for place, mind in enumerate(minds)
            if any(one.weight < -_FAINT for one in mind.shown)
        }
        found = self._examples.worth(list(mixes.values())) if mixes else ()
        return {
            place: _passes(worth, max(profiles[place].floor, NOTHING))
            for place, worth in zip(mixes, found, strict=True)
        }

    def _order(self, scores: NDArray[np.float64], numbers: NDArray[np.intp]) -> list[int]:
        """Best first, popularity included; equal ones by key, as the papers stand."""
        totals = np.round(scores[numbers] + POPULARITY * self._noticed[numbers], 9)
        best: list[int] = numbers[np.lexsort((numbers, -totals))].tolist()
        return best

    def _most_noticed(self, profile: Profile, barred: NDArray[np.bool_]) -> Digest | None:
        """For a reader without interests: what was noticed most, topic by topic; nothing like what they do not want."""
        ordered = [number for number in self._general if not barred[number]]
        if not ordered:
            return None
        ranks: dict[str, int] = {}
        worth: dict[int, float] = {}
        for number in ordered:
            rank = ranks[self._topics[number]] = ranks.get(self._topics[number], -1) + 1
            worth[number] = float(self._noticed[number]) * _CROWDED**rank
        chosen = self._limited(sorted(ordered, key=lambda number: (-round(worth[number], 9), number)), profile)
        picks = [self._teller.noticed_pick(number) for number in chosen]
        return self._digest(picks, matched=len(ordered), personal=False)

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
