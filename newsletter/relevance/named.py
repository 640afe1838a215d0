"""An operator's named topics come first: the papers of a day that clearly belong to one, and the rest grouped."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain

from newsletter.models import OTHER, Edition, Interest, InterestKind, NamedInterests, Paper, Profile, Topic
from newsletter.relevance.features import Background
from newsletter.relevance.labels import slug
from newsletter.relevance.matching import Window
from newsletter.relevance.naming import Earlier
from newsletter.relevance.topics import group

_CLEAR = 0.08
"""What phrases, seeds, authors and text are worth together in a paper that clearly belongs: a telling phrase, whole."""
_LIKENESS = 0.2  # of what being close to a seed or a text is worth to a reader: it alone is evidence only where great

_LEAST = 2  # papers that make a section
_MOST, _ALWAYS = 0.25, 6  # of the day's papers one named topic takes so many at most; so many it may always take
_TERMS = 8
_EVIDENCE = {"terms": 1.0, "author": 1.0, "text": _LIKENESS, "seed": _LIKENESS}
_NO_DAY = datetime(1970, 1, 1, tzinfo=UTC)


def topics_of(
    papers: Sequence[Paper],
    background: Background,
    *,
    named: Sequence[NamedInterests] = (),
    seeds: Mapping[str, Paper] | None = None,
    earlier: Sequence[Earlier] = (),
) -> tuple[Topic, ...]:
    """Put every paper in exactly one topic: the named ones in the order given, then those found, Other last.

    `seeds` are the papers that named topics give as examples, by arXiv id; `earlier` are found topics of the editions
    before. A group that is found under the name of a named topic is part of that one.
    """
    claims = _claims(papers, named, background, seeds or {})
    taken = {key for claim in claims for key in claim.papers}
    found = group([paper for paper in papers if paper.key not in taken], background, earlier=earlier)
    return _joined(claims, found)


@dataclass(slots=True)
class _Claim:
    """What one named topic may have of a day."""

    topic: NamedInterests
    muted: frozenset[str]
    worth: dict[str, float]  # evidence of each paper that clearly belongs, by key
    answered: Counter[str] = field(default_factory=Counter)  # the topic's phrases, by how many papers hold them
    papers: tuple[str, ...] = ()


def _claims(
    papers: Sequence[Paper], named: Sequence[NamedInterests], background: Background, seeds: Mapping[str, Paper]
) -> list[_Claim]:
    """The named topics that have a section today, with their papers, best first."""
    known: dict[str, NamedInterests] = {}
    for topic in named:
        if slug(topic.label) not in known and "other" not in {topic.name, slug(topic.label)}:
            known[slug(topic.label)] = topic
    if not known or not papers:
        return []
    # A window reads an edition; this one is not made yet.
    window = Window([Edition(0, date(1970, 1, 1), tuple(papers), (), _NO_DAY)], background, seeds)
    claims = [_claim(topic, window) for topic in known.values()]
    most = max(_ALWAYS, int(_MOST * len(window.papers)))
    while claims:
        _share_out(claims, most)
        fewest = min(len(claim.papers) for claim in claims)
        if fewest >= _LEAST:
            break
        # Its paper may make a section with those of the next best topic.
        claims = [claim for claim in claims if len(claim.papers) > fewest]
    return claims


def _claim(topic: NamedInterests, window: Window) -> _Claim:
    # A category alone is no evidence: it would claim half of a day.
    wanted = tuple(one for one in topic.interests if one.kind is not InterestKind.CATEGORY)
    phrases = {" ".join(one.value.split()) for one in wanted if one.kind is InterestKind.KEYWORD}
    claim = _Claim(topic, _muted(wanted, window), {})
    for match in window.explain(Profile(wanted), len(window.papers)):
        parts = match.pick.parts
        worth = round(sum(part.value * _EVIDENCE.get(part.kind, 0.0) for part in parts), 9)
        if worth >= _CLEAR:
            claim.worth[match.paper.key] = worth
            claim.answered.update(part.because for part in parts if part.kind == "terms" and part.because in phrases)
    return claim


def _muted(wanted: Sequence[Interest], window: Window) -> frozenset[str]:
    """The papers that a topic's muted phrases keep out."""
    mutes = tuple(one for one in wanted if one.kind is InterestKind.MUTE)
    if not mutes:
        return frozenset()
    open_to_it = window.digest(Profile(mutes, len(window.papers), len(window.papers)))
    left = {pick.paper_key for section in open_to_it.sections for pick in section.picks} if open_to_it else set()
    return frozenset(paper.key for paper in window.papers if paper.key not in left)


def _share_out(claims: Sequence[_Claim], most: int) -> None:
    """Give each paper to the topic it fits best, among equals to the first; none takes more than `most`."""
    over: set[tuple[int, str]] = set()
    while True:
        held: list[list[tuple[float, str]]] = [[] for _claim in claims]
        for key in sorted({key for claim in claims for key in claim.worth}):
            fitting = [
                (-claim.worth[key], place)
                for place, claim in enumerate(claims)
                if key in claim.worth and (place, key) not in over
            ]
            if fitting:
                worth, place = min(fitting)
                held[place].append((worth, key))
        beyond = {(place, key) for place, mine in enumerate(held) for _worth, key in sorted(mine)[most:]}
        if not beyond:
            break
        over |= beyond
    for claim, mine in zip(claims, held, strict=True):
        claim.papers = tuple(key for _worth, key in sorted(mine))


def _joined(claims: Sequence[_Claim], found: Sequence[Topic]) -> tuple[Topic, ...]:
    """Named, found, Other; a found topic with a named one's name goes into it, but for what that one mutes."""
    left: list[Topic] = []
    stray: list[str] = []
    for topic in found:
        names = {topic.key, slug(topic.label)} if topic.kind == "found" else set()
        same = [claim for claim in claims if names & {claim.topic.name, slug(claim.topic.label)}]
        if not same:
            left.append(topic)
            continue
        same[0].papers += tuple(key for key in topic.paper_keys if key not in same[0].muted)
        stray += [key for key in topic.paper_keys if key in same[0].muted]
    if stray:
        others = chain.from_iterable(topic.paper_keys for topic in left if topic.kind == "other")
        left = [topic for topic in left if topic.kind != "other"]
        left.append(Topic("other", OTHER, (), (*others, *stray), kind="other"))
    return (*(_topic(claim) for claim in claims), *left)


def _topic(claim: _Claim) -> Topic:
    phrases = sorted(claim.answered, key=lambda phrase: (-claim.answered[phrase], phrase))
    return Topic(claim.topic.name, claim.topic.label, tuple(phrases[:_TERMS]), claim.papers, kind="named")
