"""Seconds to fit the background, to group a day and to match readers, beside bare peers measured in the same run."""

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
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import vstack
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer

from newsletter.models import Edition, Interest, InterestKind, Paper, Profile
from newsletter.relevance.features import BACKGROUND_LIMIT, Background
from newsletter.relevance.matching import Window
from newsletter.relevance.topics import group

READERS = 1_000
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


def measure(papers: Sequence[Paper], background: Background, known: Sequence[Paper]) -> dict[str, float]:
    edition, grouped = timed(lambda: edition_of(papers, background))
    text = [f"{paper.title} {paper.abstract}" for paper in papers]
    number = max(2, len(edition.topics))
    _labels, peer_grouped = timed(
        lambda: KMeans(number, n_init=10, random_state=0).fit_predict(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(text)
        )
    )
    profiles = profiles_for(known, READERS)
    seeds = {paper.key: paper for paper in known}
    window, prepared = timed(lambda: Window([edition], background, seeds))
    _digests, matched = timed(lambda: window.digests(profiles))
    _digests, again = timed(lambda: window.digests(profiles))
    rows = background.vectors(known[:READERS])
    readers = vstack([rows] * -(-READERS // rows.shape[0])).tocsr()[:READERS]
    columns = background.vectors(papers).T.tocsr()
    _best, product = timed(
        lambda: np.argpartition(-(readers @ columns).toarray(), min(12, len(papers) - 1), axis=1)[:, :12]
    )
    return {
        "papers": len(papers),
        "topics": len(edition.topics),
        "group": grouped,
        "group_peer_kmeans": peer_grouped,
        "window": prepared,
        "match_1000_readers": matched,
        "match_1000_readers_again": again,
        "match_peer_product_top_k": product,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=DATA, help="folder of the captures (default: beside the checkout)"
    )
    options.add_argument("--background", type=int, default=BACKGROUND_LIMIT, help="papers in the rolling background")
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
    figures = {
        "real": real,
        "background": {"papers": len(past), "fit": fitted, "save": saved, "load": load, "megabytes": megabytes},
        "day_of_60": measure(noticed, loaded, past),
        "day_of_1000": measure(large, loaded, past),
    }
    for name in ("day_of_60", "day_of_1000"):
        print(name, *(f"{key}={value}" for key, value in figures[name].items()))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
