"""How often the key sentence is one that a reader of the abstract would name, beside four plain ways to choose one.

The judgements are in keysentence_judged.csv: for each abstract the number of its sentences and which of them say what
is new. They were written before the method was run on them; docs/decisions/028-the-key-sentence.md tells how.
"""

import argparse
import csv
import gzip
import hashlib
import json
import re
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from newsletter.mail.cards import FULL_ABSTRACT, SHORT_ABSTRACT, Card, card
from newsletter.models import Paper
from newsletter.relevance.keysentence import FEWEST, key_sentence
from newsletter.relevance.sentences import sentences
from newsletter.relevance.words import STOP_WORDS, tokenise

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
JUDGED = Path(__file__).with_name("keysentence_judged.csv")
HABITS = 4_000  # abstracts on which speed and habits are measured

_ID = re.compile(r'"id": *"([^"]+)"')
_CUE = re.compile(
    r"\b(?:we|this (?:paper|work|study|article|survey)) (?:\w+ )?(?:proposes?|introduces?|presents?|develops?|shows?"
    r"|demonstrates?|investigates?|explores?|find|prove)\b|\bin this (?:paper|work|study)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One abstract as it was read: which of its sentences say what is new, counted from 1."""

    arxiv_id: str
    part: str
    sentences: int
    key: frozenset[int]


def read_judged(path: Path = JUDGED) -> list[Judgement]:
    with path.open(newline="") as rows:
        return [
            Judgement(row["arxiv_id"], row["part"], int(row["sentences"]), frozenset(map(int, row["key"].split())))
            for row in csv.DictReader(rows)
        ]


def read_papers(data: Path, wanted: frozenset[str] | None = None) -> dict[str, Paper]:
    """Title and abstract of the papers of the two captures, of all or of those wanted."""
    papers: dict[str, Paper] = {}
    for facts in chain(_listed(data), _streamed(data, wanted)):
        if wanted is not None and facts["id"] not in wanted:
            continue
        title, abstract = (" ".join((facts.get(name) or "").split()) for name in ("title", "abstract"))
        papers[facts["id"]] = Paper(key=facts["id"], title=title, abstract=abstract, arxiv_id=facts["id"])
    return papers


def _streamed(data: Path, wanted: frozenset[str] | None) -> Iterator[dict[str, str]]:
    with gzip.open(data / "stream" / "papers_2025.jsonl.gz", "rt") as lines:
        for line in lines:
            if wanted is None or ((named := _ID.search(line)) and named[1] in wanted):
                yield json.loads(line)


def _listed(data: Path) -> Iterator[dict[str, str]]:
    with tarfile.open(data / "huggingface" / "days_2024-05-27_2025-12-31.tar.xz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".json") else None
            rows = json.load(content) if content else []
            for row in rows if isinstance(rows, list) else rows["data"]:
                if isinstance(row, dict):  # some days hold the row as Python would print it
                    yield {**row["paper"], "abstract": row["paper"].get("summary", "")}


def chosen(made: Card) -> int:
    return [*sentences(made.abstract)].index(made.key) + 1 if made.key else 0


def central(made: Card) -> int:
    """The sentence whose words are most like those of all together."""
    counted = [
        Counter(word for word in tokenise(made.abstract[start:end]) if word not in STOP_WORDS)
        for start, end in sentences(made.abstract)
    ]
    whole = sum(counted, Counter())

    def likeness(one: Counter[str]) -> float:
        length = sum(count * count for count in one.values()) ** 0.5
        return sum(count * whole[word] for word, count in one.items()) / length if length else 0.0

    return max(range(len(counted)), key=lambda place: likeness(counted[place])) + 1


def first_cue(made: Card) -> int:
    spans = sentences(made.abstract)
    return next((place for place, (start, end) in enumerate(spans, 1) if _CUE.search(made.abstract[start:end])), 0)


WAYS: dict[str, Callable[[Card], int]] = {
    "key_sentence": chosen,
    "first": lambda _: 1,
    "last": lambda made: len(sentences(made.abstract)),
    "central": central,
    "first_cue": first_cue,
}


def agreement(judged: list[Judgement], cards: dict[str, Card]) -> dict[str, object]:
    """For each way the share of abstracts where it names an accepted sentence; for ours also how often none."""
    named = {way: [choose(cards[one.arxiv_id]) for one in judged] for way, choose in WAYS.items()}
    right = {
        way: sum(place in one.key for place, one in zip(places, judged, strict=True)) for way, places in named.items()
    }
    none = named["key_sentence"].count(0)
    return {
        "abstracts": len(judged),
        **{way: round(count / len(judged), 3) for way, count in right.items()},
        "none": none,
        "wrong": len(judged) - none - right["key_sentence"],
    }


def habits(papers: dict[str, Paper]) -> dict[str, float]:
    """How fast it is, and what it does to the cards, on abstracts in the order of their ids' hashes."""
    order = sorted(papers, key=lambda key: hashlib.sha256(key.encode()).digest())[:HABITS]
    cards = [card(papers[key]) for key in order]
    started = time.process_time()
    for made in cards:
        key_sentence(made.title, made.abstract)
    took = time.process_time() - started
    keys = [made.key for made in cards if made.key]
    return {
        "abstracts": len(cards),
        "too_few_sentences": sum(len(sentences(made.abstract)) < FEWEST for made in cards),
        "none": len(cards) - len(keys),
        "ends_beyond_full": round(sum(end > FULL_ABSTRACT for _, end in keys) / len(cards), 3),
        "longer_than_short": round(sum(end - start > SHORT_ABSTRACT for start, end in keys) / len(cards), 3),
        "abstracts_per_second": round(len(cards) / took),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=DATA, help="folder of the captures (default: beside the checkout)"
    )
    data = options.parse_args().data
    if not ((data / "stream").is_dir() and (data / "huggingface").is_dir()):
        print(f"{data} has no captures: the judged abstracts cannot be read, so nothing is measured")
        print(json.dumps({"real": False}))
        return
    papers = read_papers(data)
    judged = read_judged()
    cards = {one.arxiv_id: card(papers[one.arxiv_id]) for one in judged if one.arxiv_id in papers}
    # A judgement names sentences by number: where they are cut otherwise today, it says nothing.
    valid = [
        one for one in judged if one.arxiv_id in cards and len(sentences(cards[one.arxiv_id].abstract)) == one.sentences
    ]
    parts = {
        part: agreement([one for one in valid if one.part == part], cards) for part in ("tuning", "held_out", "unseen")
    }
    for part, figures in parts.items():
        print(part, *(f"{name}={value}" for name, value in figures.items()))
    print(json.dumps({"real": True, "not_counted": len(judged) - len(valid), **parts, "habits": habits(papers)}))


if __name__ == "__main__":
    main()
