"""Seconds to fit the background, to group a day and to match readers, beside bare peers measured in the same run.

The peer of matching is the sparse product of the readers' vectors, made beforehand, with the papers, and the best 12
of each row. `match_ratio` is scoring and choosing beside it, for readers whose examples are known already and without
the reasons; `digests_ratio` is all of it, new examples and reasons included.
"""

import argparse
import gzip
import json
import random
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer

from newsletter.models import Edition, Interest, InterestKind, Paper, Pick, Profile
from newsletter.relevance.features import BACKGROUND_LIMIT, Background
from newsletter.relevance.matching import Window
from newsletter.relevance.topics import group

PAGE = 1_000  # readers matched at a time
KNOWN = 500  # readers whose interests a window surely remembers, however different they are
POOL = 300  # papers that the interests of an ordinary list of readers come from
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def read_stream(data: Path) -> list[Paper]:
    papers = []
    with gzip.open(data / "stream" / "papers_2025.jsonl.gz", "rt") as lines:
        for line in lines:
            facts = json.loads(line)
            papers.append(
                Paper(
                    key=facts["id"],
                    title=" ".join(facts["title"].split()),
                    abstract=" ".join(facts["abstract"].split()),
                    arxiv_id=facts["id"],
                    authors=tuple(facts["authors"]),
                    categories=tuple(facts["categories"]),
                )
            )
    return papers


def read_upvoted(data: Path, count: int) -> list[Paper]:
    """The newest papers of the Hugging Face lists, with their figures."""
    papers: dict[str, Paper] = {}
    with tarfile.open(data / "huggingface" / "days_2024-05-27_2025-12-31.tar.xz") as archive:
        members = sorted((one for one in archive if one.name.endswith(".json")), key=lambda one: one.name, reverse=True)
        for member in members:
            content = archive.extractfile(member)
            for item in json.load(content) if content else ():
                facts = item["paper"]
                papers[facts["id"]] = Paper(
                    key=facts["id"],
                    title=" ".join(facts["title"].split()),
                    abstract=" ".join(facts.get("summary", "").split()),
                    arxiv_id=facts["id"],
                    upvotes=facts.get("upvotes"),
                    comments=item.get("numComments"),
                )
            if len(papers) >= count:
                break
    return list(papers.values())[:count]


def invented(count: int, seed: int) -> list[Paper]:
    """Papers of made-up words with the lengths and the skew of real ones."""
    chance = np.random.default_rng(seed)
    words = [f"w{number:x}" for number in range(30_000)]
    papers = []
    for number in range(count):
        picked = (chance.zipf(1.25, 190) - 1 + chance.integers(0, 40) * 17) % len(words)
        text = [words[one] for one in picked]
        key = f"{seed:02d}01.{number:05d}"
        papers.append(Paper(key=key, title=" ".join(text[:10]), abstract=" ".join(text[10:]), arxiv_id=key))
    return papers


def profiles_for(papers: Sequence[Paper], readers: int) -> list[Profile]:
    """Readers with three keywords, two example papers, a category and a mute, drawn from the corpus."""
    chance = random.Random(7)
    made = []
    for _reader in range(readers):
        interests = []
        for paper in chance.sample(papers, 3):
            words = paper.title.split()
            at = chance.randrange(max(1, len(words) - 1))
            interests.append(Interest(InterestKind.KEYWORD, " ".join(words[at : at + 2])))
        interests += [Interest(InterestKind.SEED, paper.key) for paper in chance.sample(papers, 2)]
        interests += [Interest(InterestKind.CATEGORY, "cs.CL"), Interest(InterestKind.MUTE, "survey")]
        made.append(Profile(tuple(interests)))
    return made


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    made = work()
    return made, round(time.perf_counter() - started, 3)


def edition_of(papers: Sequence[Paper], background: Background) -> Edition:
    day = date(2025, 12, 1)
    return Edition(1, day, tuple(papers), group(papers, background), datetime(2025, 12, 1, 6, tzinfo=UTC))


class Peer:
    """The bare product and the best 12, over the very vectors that readers are matched by."""

    def __init__(
        self, profiles: Sequence[Profile], papers: Sequence[Paper], known: Sequence[Paper], of: Background
    ) -> None:
        wanted = {interest for profile in profiles for interest in profile.interests}
        seeds = sorted({one.value for one in wanted if one.kind is InterestKind.SEED})
        words = sorted({one.value for one in wanted if one.kind is InterestKind.KEYWORD})
        by_key = {paper.key: paper for paper in known}
        told = of.recall(of.vectors([Paper(key="", title=text) for text in words]), 10) @ of.corpus
        every = vstack([of.vectors([by_key[key] for key in seeds]), 0.5 * told]).tocsr()
        number = {name: place for place, name in enumerate([*seeds, *words])}
        mixes = [
            sorted({number[one.value] for one in profile.interests if one.value in number}) for profile in profiles
        ]
        pointers = np.cumsum([0, *map(len, mixes)])
        columns = np.concatenate(mixes)
        rows = csr_matrix((np.ones(len(columns)), columns, pointers), shape=(len(mixes), len(number))) @ every
        targets = of.vectors(papers)
        # As narrow as it can be: a product over millions of columns would be slower.
        used = np.unique(np.concatenate([rows.indices, targets.indices]))
        self._readers, self._papers = rows[:, used].tocsr(), targets[:, used].T.tocsr()

    def best(self) -> Any:
        found = (self._readers @ self._papers).toarray()
        return np.argpartition(-found, min(12, found.shape[1] - 1), axis=1)[:, :12]


class Silent:
    """In the place of what writes reasons."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self.keys = [paper.key for paper in papers]

    def pick(self, number: int, *_wanted: object) -> Pick:
        return Pick(self.keys[number], 0.0, (), "")


def matched(
    edition: Edition, background: Background, known: Sequence[Paper], profiles: Sequence[Profile]
) -> dict[str, float]:
    """Microseconds a reader, and beside the peer: whole digests page by page, then scoring and choosing alone."""
    seeds = {paper.key: paper for paper in known}
    window = Window([edition], background, seeds)
    whole = peer = 0.0
    for start in range(0, len(profiles), PAGE):
        page = profiles[start : start + PAGE]
        whole += timed(partial(window.digests, page))[1]
        bare = Peer(page, edition.papers, known, background)
        peer += min(timed(bare.best)[1] for _try in range(2))
    few = profiles[:KNOWN]
    bare = Peer(few, edition.papers, known, background)
    window = Window([edition], background, seeds)
    window._teller = Silent(window.papers)  # type: ignore[assignment]  # noqa: SLF001 - all but the telling
    window.digests(few)
    chosen = min(timed(lambda: window.digests(few))[1] for _try in range(3))
    product = min(timed(bare.best)[1] for _try in range(3))
    return {
        "readers": len(profiles),
        "digests_us": round(1e6 * whole / len(profiles)),
        "digests_ratio": round(whole / peer, 2),
        "match_us": round(1e6 * chosen / len(few)),
        "match_ratio": round(chosen / product, 2),
        "peer_us": round(1e6 * product / len(few)),
    }


def measure(papers: Sequence[Paper], background: Background, known: Sequence[Paper], readers: int) -> dict[str, Any]:
    edition, grouped = timed(lambda: edition_of(papers, background))
    text = [f"{paper.title} {paper.abstract}" for paper in papers]
    number = max(2, len(edition.topics))
    _labels, peer_grouped = timed(
        lambda: KMeans(number, n_init=10, random_state=0).fit_predict(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(text)
        )
    )
    _window, prepared = timed(lambda: Window([edition], background))
    pool = known[:: max(1, len(known) // POOL)]
    return {
        "papers": len(papers),
        "topics": len(edition.topics),
        "group": grouped,
        "group_peer_kmeans": peer_grouped,
        "window": prepared,
        # Whose interests nobody shares: the dearest readers there are.
        "each_their_own": matched(edition, background, known, profiles_for(known, PAGE)),
        "as_on_a_list": matched(edition, background, known, profiles_for(pool, readers)),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=DATA, help="folder of the captures (default: beside the checkout)"
    )
    options.add_argument("--background", type=int, default=BACKGROUND_LIMIT, help="papers in the rolling background")
    options.add_argument("--readers", type=int, default=PAGE, help="readers of the list that is matched")
    data, size = (chosen := options.parse_args()).data, chosen.background
    if (data / "stream").is_dir() and (data / "huggingface").is_dir():
        stream, noticed, real = read_stream(data), read_upvoted(data, 60), True
    else:
        print(f"{data} has no captures: the papers are generated, so times hold and topics mean nothing")
        stream, noticed, real = invented(size + 1_000, 24), invented(60, 25), False
    past, large = stream[-size - 1_000 : -1_000], stream[-1_000:]
    background, fitted = timed(lambda: Background.fit(past))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "background.npz"
        _none, saved = timed(lambda: background.save(path))
        megabytes = round(path.stat().st_size / 1e6, 1)
        loaded, load = timed(lambda: Background.load(path))
    if loaded is None:
        sys.exit("the saved background did not load again")
    figures: dict[str, Any] = {
        "real": real,
        "background": {"papers": len(past), "fit": fitted, "save": saved, "load": load, "megabytes": megabytes},
        "day_of_60": measure(noticed, loaded, past, PAGE),
        "day_of_1000": measure(large, loaded, past, chosen.readers),
    }
    for name in ("day_of_60", "day_of_1000"):
        print(name, *(f"{key}={value}" for key, value in figures[name].items()))
    listed = figures["day_of_1000"]["as_on_a_list"]
    print(json.dumps(figures | {name: listed[name] for name in ("match_ratio", "digests_ratio")}))


if __name__ == "__main__":
    main()
