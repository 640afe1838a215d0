"""How well the day's papers are ranked for a reader: the replay with authors as readers, beside arxiv-sanity-lite.

`--profile history` gives Paperboy a reader's earlier papers as seeds. The short profiles (`keywords:5`, `seeds:3`,
`text`: see `benchmarks/simulated.py`) are told beside the full history, `all` tells all of them, and `votes` likes the
papers of the history one by one. The peers always see the full history.

Nothing is known from the future: Paperboy's background of an episode is the papers listed before its month, the peers'
vocabulary and the counts behind simulated words are those of the papers before the first day tested.

`--readers tuning` takes readers beyond the first 300: whatever is learned is tuned on them, best with days before those
of the test (`--from 2025-07-01 --until 2025-09-01`), because co-authors want the same papers on the same day.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.replayed import READERS, Episode, Reader, Stream, episodes_of, judge, read_stream
from benchmarks.sanity import Sanity, by_chance
from benchmarks.simulated import Writer, profile_of, seeds
from newsletter.models import Edition, Interest, InterestKind, Paper, Profile
from newsletter.relevance.features import BACKGROUND_LIMIT, Background
from newsletter.relevance.matching import Window

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "stream"
FIGURES = ("ndcg10", "mrr", "recall10")
VOTES = (2, 5, 10, 20)
LIKED = InterestKind.LIKED
WORDS_BY, SEEDS_BY = ("covering", "mentions"), ("covering", "evenly", "latest", "random")
"""The ways in which words and examples are chosen: see `benchmarks/simulated.py`."""

SHORT = ("keywords:3", "keywords:5", "seeds:3", "seeds:5", "text")

Ranked = Mapping[Episode, Sequence[str]]
"""For each episode the day's papers, best first."""

Profiles = Mapping[str, Profile]
"""By reader's name."""


def edition_of(day: date, papers: Sequence[Paper]) -> Edition:
    """The papers of a day without topics: groups are another benchmark's, and being central is no evidence here."""
    return Edition(1, day, tuple(papers), (), datetime(day.year, day.month, day.day, tzinfo=UTC))


def background_for(stream: Stream, day: date) -> Background:
    """What is known on a day: the newest papers listed before its month."""
    return Background.fit(stream.before(day.replace(day=1), BACKGROUND_LIMIT))


def by_paperboy(stream: Stream, episodes: Sequence[Episode], wanted: Mapping[str, Profiles]) -> dict[str, Ranked]:
    """The rankings of the real product for several sorts of profiles, in one pass over the days.

    A sort need not have a profile for every reader; episodes of the others are left out of its rankings.
    """
    found: dict[str, dict[Episode, Sequence[str]]] = {name: {} for name in wanted}
    month, background = date.min, Background.fit([])
    for day in sorted({episode.day for episode in episodes}):
        if month != day.replace(day=1):
            month, background = day.replace(day=1), background_for(stream, day)
            print(f"{month:%Y-%m}: {background.size} papers in the background", file=sys.stderr)
        today = [episode for episode in episodes if episode.day == day]
        papers = [stream.papers[key] for key in stream.candidates(day)]
        known = {key: stream.papers[key] for episode in today for key in episode.reader.history}
        window = Window([edition_of(day, papers)], background, known)
        theirs = {episode.reader.name for episode in today}
        # A window remembers answers, and looks those of many profiles up together in a tenth of the time.
        window.digests([profiles[name] for profiles in wanted.values() for name in sorted(theirs & set(profiles))])
        for name, profiles in wanted.items():
            for episode in today:
                if episode.reader.name in profiles:
                    found[name][episode] = ranked(window, profiles[episode.reader.name])
    return dict(found)


def ranked(window: Window, profile: Profile) -> list[str]:
    """All papers of a window for a profile; those without a score come last, by key."""
    best = window.ranking(profile)
    answered = set(best)
    return [*best, *(paper.key for paper in window.papers if paper.key not in answered)]


def yardstick_for(stream: Stream, start: date) -> Sanity | None:
    """The peers' features, from the papers before a day; None where those are too few for a vocabulary."""
    try:
        return Sanity(stream, stream.before(start))
    except ValueError as problem:
        print(f"no peers: {problem}", file=sys.stderr)
        return None


def peers(stream: Stream, episodes: Sequence[Episode], sanity: Sanity | None) -> dict[str, Ranked]:
    """Rankings with the full history by others; empty where the past is too small for their vocabulary."""
    found: dict[str, Ranked] = {"arxiv_sanity_lite": {}, "tfidf_centroid": {}}
    if sanity is not None:
        found["arxiv_sanity_lite"] = {episode: sanity.by_svm(episode) for episode in episodes}
        found["tfidf_centroid"] = {episode: sanity.by_centroid(episode) for episode in episodes}
    return found | {"random": by_chance(stream, episodes)}


def summary(rankings: Ranked) -> dict[str, float | None]:
    """The mean of each figure over episodes; None where there is nothing to judge."""
    if not rankings:
        return dict.fromkeys(FIGURES)
    judged = [judge(one, episode.wanted) for episode, one in rankings.items()]
    return {name: round(float(mean), 4) for name, mean in zip(FIGURES, np.mean(judged, axis=0), strict=True)}


def ratio(one: float | None, other: float | None) -> float | None:
    return round(one / other, 3) if one is not None and other else None


# ---- profiles ------------------------------------------------------------------------------------------------------


def with_history(readers: Sequence[Reader]) -> Profiles:
    return {reader.name: profile_of(InterestKind.SEED, reader.history) for reader in readers}


def with_seeds(readers: Sequence[Reader], writer: Writer, number: int, way: str) -> Profiles:
    return {one.name: profile_of(InterestKind.SEED, seeds(one, number, way, writer.yardstick)) for one in readers}


def with_words(readers: Sequence[Reader], writer: Writer, sort: str, number: int, way: str = "covering") -> Profiles:
    if sort == "text":
        return {one.name: profile_of(InterestKind.TEXT, [writer.text(one, way)]) for one in readers}
    return {one.name: profile_of(InterestKind.KEYWORD, writer.keywords(one, number, way=way)) for one in readers}


def with_votes(readers: Sequence[Reader], writer: Writer, votes: int) -> Profiles:
    """Three keywords, and the first so many papers of the history liked, oldest first."""
    start = with_words(readers, writer, "keywords", 3)
    liked = {one.name: tuple(Interest(LIKED, key) for key in one.history[:votes]) for one in readers}
    return {name: Profile((*profile.interests, *liked[name])) for name, profile in start.items()}


def short(name: str, readers: Sequence[Reader], writer: Writer, first: str = "covering") -> dict[str, Profiles]:
    """The profiles of one sort, by the way they were made: by the `first` way, then by the others for comparison."""
    sort, _, number = name.partition(":")
    made: dict[str, Profiles] = {}
    for way in (first, *(other for other in (SEEDS_BY if sort == "seeds" else WORDS_BY) if other != first)):
        told = name if way == first else f"{name} {way}"
        if sort == "seeds":
            made[told] = with_seeds(readers, writer, int(number), way)
        else:
            made[told] = with_words(readers, writer, sort, int(number or 0), way)
    return made


# ---- the account ---------------------------------------------------------------------------------------------------


def replay(stream: Stream, episodes: Sequence[Episode], start: date, chosen: argparse.Namespace) -> dict[str, Any]:
    """The figures of one sort of profile beside the peers' and, for a short one, beside the full history's."""
    name, alone = chosen.profile, chosen.alone
    readers = list({episode.reader.name: episode.reader for episode in episodes}.values())
    wanted = {"history": with_history(readers)}
    sanity = None if alone and name == "history" else yardstick_for(stream, start)
    if name != "history":
        # Seeds need no words, and counting them is the slow part.
        past = [] if name.startswith("seeds") else stream.before(start)
        writer = Writer(stream, readers, past, sanity)
        for sort in SHORT if name == "all" else (name,):
            wanted |= short(sort, readers, writer, chosen.seeds_by if sort.startswith("seeds") else chosen.words_by)
    own = {sort: summary(rankings) for sort, rankings in by_paperboy(stream, episodes, wanted).items()}
    others = {} if alone else peers(stream, episodes, sanity)
    main = own["history" if name == "all" else name]
    figures = {"paperboy": main} | {peer: summary(rankings) for peer, rankings in others.items()}
    told: dict[str, Any] = {figure: {who: means[figure] for who, means in figures.items()} for figure in FIGURES}
    if not alone:
        told["ratio_to_arxiv_sanity_lite"] = ratio(main["ndcg10"], figures["arxiv_sanity_lite"]["ndcg10"])
    if name != "history":
        full = own["history"]["recall10"]
        told["recall10_of_full_history"] = ratio(main["recall10"], full)
        told["profiles"] = {
            sort: means | {"recall10_of_full_history": ratio(means["recall10"], full)} for sort, means in own.items()
        }
    return told


def replay_votes(stream: Stream, episodes: Sequence[Episode], start: date) -> dict[str, Any]:
    """Figures after so many votes, always of the same readers and episodes: those whose history has ten papers.

    After 20 votes means all they have where that is less; the few who have 20 are told apart.
    """
    able = list({one.reader.name: one.reader for one in episodes if len(one.reader.history) >= VOTES[-2]}.values())
    theirs = [episode for episode in episodes if episode.reader in able]
    writer = Writer(stream, able, stream.before(start), yardstick_for(stream, start))
    found = by_paperboy(stream, theirs, {str(votes): with_votes(able, writer, votes) for votes in (0, *VOTES)})
    told: dict[str, Any] = {}
    for name, least in (("votes", VOTES[-2]), ("votes_of_long_histories", VOTES[-1])):
        kept = {
            votes: {one: ranking for one, ranking in rankings.items() if len(one.reader.history) >= least}
            for votes, rankings in found.items()
        }
        told[name] = {votes: summary(rankings) for votes, rankings in kept.items()}
        told[f"{name}_readers"] = sum(len(reader.history) >= least for reader in able)
        told[f"{name}_episodes"] = len(kept["0"])
    return told


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--papers", type=Path, default=DATA / "papers_2025.jsonl.gz", help="JSON lines of papers")
    options.add_argument("--lists", type=Path, default=DATA / "daily_lists_2025.json.gz", help="JSON: day to ids")
    options.add_argument("--profile", choices=("history", *SHORT, "all", "votes"), default="history")
    options.add_argument("--readers", choices=("test", "tuning"), default="test")
    options.add_argument("--from", dest="start", type=date.fromisoformat, help="first day (default: 2025-09-01)")
    options.add_argument("--until", type=date.fromisoformat, help="the day after the last one")
    options.add_argument("--limit", type=int, help="only so many readers")
    options.add_argument("--words-by", choices=WORDS_BY, default=WORDS_BY[0], help="how keywords and text are chosen")
    options.add_argument("--seeds-by", choices=SEEDS_BY, default=SEEDS_BY[0], help="how example papers are chosen")
    options.add_argument("--alone", action="store_true", help="without the peers")
    return options.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    chosen = arguments(words)
    missing = [path.name for path in (chosen.papers, chosen.lists) if not path.is_file()]
    if missing:
        print(json.dumps({"skipped": f"not there: {', '.join(missing)}"}))
        return
    stream = read_stream(chosen.papers, chosen.lists)
    start = chosen.start or stream.start()
    readers = (stream.readers[:READERS] if chosen.readers == "test" else stream.readers[READERS:])[: chosen.limit]
    episodes = episodes_of(readers, stream, start, chosen.until)
    told = {
        "profile": chosen.profile,
        "from": start.isoformat(),
        "readers": len({episode.reader.name for episode in episodes}),
        "episodes": len(episodes),
        "candidates": round(float(np.mean([len(stream.candidates(one.day)) for one in episodes] or [0])), 1),
    }
    if chosen.profile == "votes":
        told |= replay_votes(stream, episodes, start)
    else:
        told |= replay(stream, episodes, start, chosen)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
