"""trial: what the editions of the last days would have brought for some interests, and which terms go with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from newsletter.database import Database
from newsletter.errors import PaperboyError
from newsletter.models import Edition, Interest, InterestKind, Profile
from newsletter.queries import editions as queries
from newsletter.relevance.matching import Match, Window
from newsletter.relevance.related import Related, related
from newsletter.settings import Settings
from newsletter.steps.background import background, corpus
from newsletter.steps.seeds import examples, known_seeds

AGAINST = frozenset({InterestKind.MUTE, InterestKind.MUTED_TOPIC, InterestKind.DISLIKED})
"""Interests that bring nothing; the first two keep papers out."""

_ALL = 1_000_000  # matches asked for: every one, to count what each interest did


@dataclass(frozen=True, slots=True)
class Muted:
    """A paper that would have come but for what is muted."""

    match: Match  # as it would have come
    by: tuple[Interest, ...]  # each of these keeps it out


@dataclass(frozen=True, slots=True)
class Trial:
    """What a profile would have been given in some days."""

    days: tuple[date, ...]  # of the editions, oldest first
    considered: int  # papers they hold
    matches: tuple[Match, ...]  # best first, those below the floor too
    personal: bool  # False: no interest can be looked up, so the matches are the most noticed papers
    idle: tuple[Interest, ...]  # that are answered by no paper
    muted: tuple[Muted, ...]  # best first

    @property
    def passing(self) -> tuple[Match, ...]:
        """Those that would have been mailed, if there was room."""
        return tuple(match for match in self.matches if match.passes)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Terms that go with some interests."""

    terms: tuple[Related, ...]
    papers: int  # in the corpus they were found in


def trial(database: Database, profile: Profile, settings: Settings, *, days: int = 7) -> Trial:
    """What the editions of the last `days` days, counted back from the newest, would have brought for a profile.

    Raises:
        PaperboyError: there is no edition yet.

    """
    editions = last_editions(database, days)
    newest = editions[-1]
    window = Window(editions, background(database, settings.cache_dir, day=newest.day, sample=newest.sample))
    with database.read() as tx:
        window.know(examples(tx, profile.interests))
    matches, personal = window.explain(profile, _ALL), True
    if not matches and (digest := window.digest(profile)) is not None and not digest.personal:
        papers = {paper.key: paper for edition in editions for paper in edition.papers}
        picked = [(section.label, pick) for section in digest.sections for pick in section.picks]
        matches = tuple(Match(papers[pick.paper_key], label, pick, passes=True) for label, pick in picked)
        personal = False
    wanted = [one for one in profile.interests if one.kind not in AGAINST]
    return Trial(
        days=tuple(edition.day for edition in editions),
        considered=len({paper.key for edition in editions for paper in edition.papers}),
        matches=matches,
        personal=personal,
        idle=tuple(one for one in wanted if not window.explain(replace(profile, interests=(one,)), 1)),
        muted=_muted(window, profile, matches) if personal else (),
    )


def last_editions(database: Database, days: int) -> tuple[Edition, ...]:
    """The editions of the last `days` days, counted back from the newest, oldest first; never samples beside real ones.

    Raises:
        PaperboyError: there is no edition yet.

    """
    with database.read() as tx:
        newest = queries.latest(tx)
        if newest is None:
            raise PaperboyError("trial: there is no edition to try it on yet; `paperboy run` makes the first")
        found = queries.since(tx, newest.day - timedelta(days=days - 1))
    return tuple(edition for edition in found if edition.sample == newest.sample)


def _named(interests: Iterable[Interest]) -> set[str]:
    return {one.value for one in interests if one.kind is InterestKind.SEED}


def _muted(window: Window, profile: Profile, matches: Sequence[Match]) -> tuple[Muted, ...]:
    """What would have passed without what is muted, with each interest that keeps it out."""
    mutes = [one for one in profile.interests if one.kind in AGAINST and one.kind is not InterestKind.DISLIKED]
    rest = tuple(one for one in profile.interests if one not in mutes)
    if not mutes:
        return ()
    there = {match.paper.key for match in matches}
    gone = [one for one in window.explain(replace(profile, interests=rest), _ALL) if one.passes]
    gone = [one for one in gone if one.paper.key not in there]
    by: dict[str, list[Interest]] = {one.paper.key: [] for one in gone}
    for mute in mutes if gone else ():
        left = {one.paper.key for one in window.explain(replace(profile, interests=(*rest, mute)), _ALL)}
        for key in by.keys() - left:
            by[key].append(mute)
    return tuple(Muted(one, tuple(by[one.paper.key])) for one in gone)


def suggest(database: Database, interests: Sequence[Interest], settings: Settings, *, limit: int = 5) -> Suggestions:
    """Terms that go with some interests in the papers of the background, `limit` for each; they count only once added.

    Raises:
        PaperboyError: there is no edition yet.

    """
    with database.read() as tx:
        newest = queries.latest(tx)
        seeds = known_seeds(tx, _named(interests))
    if newest is None:
        raise PaperboyError("related terms: there are no papers to find them in yet; `paperboy run` brings the first")
    fitted = background(database, settings.cache_dir, day=newest.day, sample=newest.sample)
    papers = corpus(database, day=newest.day, sample=newest.sample)
    return Suggestions(related(interests, papers, fitted, seeds, limit), len(papers))
