"""An operator's named topics come first: the papers of a day that clearly belong to one, and the rest grouped."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain

from newsletter.models import OTHER, Edition, Interest, InterestKind, NamedInterests, Paper, Profile, Topic
from newsletter.relevance.features import Background
from newsletter.relevance.fields import about, shown_by
from newsletter.relevance.labels import same_field, slug
from newsletter.relevance.matching import Window
from newsletter.relevance.naming import Earlier
from newsletter.relevance.topics import group
from newsletter.relevance.tree import largest
from newsletter.relevance.words import passages, tokenise

_TELLING = 0.3
"""How telling a phrase is that stands for its subject; `reasoning` and `diffusion model` are held by strangers too."""
_TITLED, _SURE, _ONCE = 1.5, 1.0, 0.5  # worth of a paper with a phrase in its title, twice in it, once in it
_FURTHER = 0.2  # asked beside that where the background knows enough to say what is alike
_KNOWING = 1_000  # papers of such a background
_ALIKE, _RELATED = {"text": 12.0, "seed": 4.0}, 10.0
"""What being close is worth: to a text or an example paper it is enough from .10 and .30 on; to what phrases are mostly
about it counts beside a phrase alone, and tells the pruning of trees from that of networks."""

_LEAST = 2  # papers that make a section
_MOST, _ALWAYS = 0.25, 6  # of the day's papers one named topic takes so many at most; so many it may always take
_TERMS = 8
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
    return _joined(claims, found, largest(len(papers)))


@dataclass(slots=True)
class _Claim:
    """What one named topic may have of a day."""

    topic: NamedInterests
    muted: frozenset[str]
    fields: frozenset[str]  # headings that its label or one of its phrases is another word for
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
    texts = {paper.key: [f" {' '.join(tokenise(text))} " for text in passages(paper)] for paper in window.papers}
    claims = [_claim(topic, window, background, texts) for topic in known.values()]
    most = max(_ALWAYS, int(_MOST * len(window.papers)))
    while claims:
        _share_out(claims, most)
        fewest = min(len(claim.papers) for claim in claims)
        if fewest >= _LEAST:
            break
        # Its paper may make a section with those of the next best topic.
        claims = [claim for claim in claims if len(claim.papers) > fewest]
    return claims


def _claim(topic: NamedInterests, window: Window, background: Background, texts: Mapping[str, Sequence[str]]) -> _Claim:
    # A category alone is no evidence: it would claim half of a day.
    wanted = tuple(one for one in topic.interests if one.kind is not InterestKind.CATEGORY)
    phrases = {phrase: tuple(tokenise(phrase)) for phrase in _phrases(topic)}
    telling = {words: background.specificity(words) for words in phrases.values() if words}
    knows = background.size >= _KNOWING
    own = frozenset(chain.from_iterable(map(shown_by, (topic.label, *topic.label.split(" and ")))))
    fields = frozenset(chain.from_iterable(map(shown_by, phrases)))
    claim = _Claim(topic, _muted(wanted, window), fields | own, {})
    parts = {match.paper.key: match.pick.parts for match in window.explain(Profile(wanted), len(window.papers))}
    for paper in window.papers:
        held = {words: value for words in telling if (value := _about(texts[paper.key], words, telling[words]))}
        said = math.fsum(held.values())
        counted = _ALIKE | ({"related": _RELATED} if held and knows else {})
        alike = math.fsum(part.value * counted.get(part.kind, 0.0) for part in parts.get(paper.key, ()))
        by_author = any(part.kind == "author" for part in parts.get(paper.key, ()))
        # A topic that is called Robotics is about robots, whatever its phrases are.
        called = any(sure >= 1.0 and field in own for field, sure in about(paper).items())
        clear = by_author or called or round(min(said, _SURE) + alike, 9) >= _SURE + (_FURTHER if knows else 0.0)
        if clear and paper.key not in claim.muted:
            claim.worth[paper.key] = round(max(said + alike, _SURE * called) + by_author, 9)
            claim.answered.update(phrase for phrase, words in phrases.items() if words in held)
    return claim


def _phrases(topic: NamedInterests) -> list[str]:
    return [" ".join(one.value.split()) for one in topic.interests if one.kind is InterestKind.KEYWORD]


def _about(text: Sequence[str], words: Sequence[str], telling: float) -> float:
    """How surely a paper is about a phrase, 0 where it does not hold it.

    A phrase of every field counts half, but where the title and the rest hold it: a mention of it says nothing.
    """
    titled, *said = (passage.count(f" {' '.join(words)} ") for passage in text)
    times = titled + sum(said)
    value = 0.0 if not times else _TITLED if titled else _SURE if times > 1 else _ONCE
    return value if telling >= _TELLING or 0 < titled < times else value / 2


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


def _joined(claims: Sequence[_Claim], found: Sequence[Topic], room: int) -> tuple[Topic, ...]:
    """Named, found, Other; a found topic that is a named one's too goes into it, but for what that one mutes.

    It is where it has its name; and where it reads like it or a phrase is another word for it, if there is room.
    """
    left: list[Topic] = []
    stray: list[str] = []
    for topic in found:
        names = {topic.key, slug(topic.label)} if topic.kind == "found" else set()
        same = [claim for claim in claims if names & {claim.topic.name, slug(claim.topic.label)}] or [
            claim for claim in claims if names and _is_part(topic, claim, room)
        ]
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


def _is_part(topic: Topic, claim: _Claim, room: int) -> bool:
    alike = topic.label in claim.fields or same_field(topic.label, claim.topic.label)
    return alike and len(claim.papers) + len(topic.paper_keys) <= room


def _topic(claim: _Claim) -> Topic:
    phrases = sorted(claim.answered, key=lambda phrase: (-claim.answered[phrase], phrase))
    return Topic(claim.topic.name, claim.topic.label, tuple(phrases[:_TERMS]), claim.papers, kind="named")
