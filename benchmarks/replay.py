"""Every real listing fed day by day through the real steps, twice: is a paper sent twice, are the digests the same?

Reads the captures of `--data` (Hugging Face's daily lists, arXiv's raw daily lists), serves three readers (daily,
weekdays, weekly) through the outbox transport, and prints one JSON object on its last line. `--days` shortens it.
"""

import argparse
import gzip
import hashlib
import json
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from pathlib import Path

from sqlalchemy import select, update

from newsletter import encoding, steps
from newsletter.database import Database
from newsletter.identity import fingerprint, paper_key
from newsletter.mail.outbox import Outbox
from newsletter.models import Digest, Entry, Listing, Paper, State
from newsletter.schema import deliveries, entries, papers, subscribers
from newsletter.settings import Settings
from newsletter.sources import Capture, parse_file
from subscribers import roster, service

ROSTER = """
subscribers:
  - address: daily@example.org
    name: Daily Reader
    cadence: daily
    keywords: [language model, reasoning, speculative decoding]
  - address: weekdays@example.org
    name: Weekday Reader
    cadence: weekdays
    categories: [cs.CV]
    keywords: [diffusion, video generation]
  - address: weekly@example.org
    name: Weekly Reader
    cadence: weekly
"""


def read_huggingface(data: Path, into: Path) -> dict[date, list[Listing]]:
    """The 415 weekday lists, by day."""
    found: dict[date, list[Listing]] = {}
    with tarfile.open(data / "huggingface" / "days_2024-05-27_2025-12-31.tar.xz") as archive:
        archive.extractall(into, filter="data")
    for path in sorted(into.rglob("*.json")):
        day = date.fromisoformat(path.stem[:10])
        found[day] = list(parse_file(path, captured_at=noon(day), day=day))
    return found


def read_arxiv(data: Path) -> dict[date, list[Listing]]:
    """The raw daily lists, repeats and all, with the facts of each paper."""
    known: dict[str, Paper] = {}
    with gzip.open(data / "stream" / "papers_2025.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            known[row["id"]] = Paper(
                key=paper_key(row["id"], row["title"]),
                title=" ".join(row["title"].split()),
                abstract=" ".join(row["abstract"].split()),
                authors=tuple(row["authors"]),
                arxiv_id=row["id"],
                categories=tuple(row["categories"]),
                sources=("arxiv",),
            )
    with gzip.open(data / "stream" / "daily_lists_2025.json.gz", "rt", encoding="utf-8") as file:
        lists = json.load(file)
    found: dict[date, list[Listing]] = {}
    for text, ids in sorted(lists.items()):
        day = date.fromisoformat(text)
        rows = tuple(Entry(known[one], rank) for rank, one in enumerate((one for one in ids if one in known), start=1))
        keys = fingerprint(row.paper.key for row in rows)
        found[day] = [Listing("arxiv", "all", day, noon(day), rows, fingerprint=keys)]
    return found


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def days_between(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def replay(listings: dict[date, list[Listing]], days: list[date], folder: Path) -> tuple[Database, Counter[str]]:
    """All days through collect → compose → enqueue → deliver → report, on a fresh SQLite database."""
    settings = Settings(data_dir=folder, samples="never", catch_up_days=0)
    database = Database(settings.url)
    database.migrate()
    service.apply_roster(database, roster.parse(ROSTER, path="replay"), now=noon(days[0] - timedelta(days=1)))
    with database.begin() as tx:
        for row in tx.execute(select(subscribers.c.id, subscribers.c.address)).all():
            token = hashlib.sha256(row.address.encode()).hexdigest()[:24]
            tx.execute(update(subscribers).where(subscribers.c.id == row.id).values(token=token))
    totals: Counter[str] = Counter()
    for number, day in enumerate(days, start=1):
        totals += one_day(database, settings, listings.get(day, []), day)
        if sys.stderr.isatty() and number % 10 == 0:
            print(f"\r{number}/{len(days)} {day}", end="", file=sys.stderr)
    return database, totals


def one_day(database: Database, settings: Settings, today: list[Listing], day: date) -> Counter[str]:
    now = noon(day)
    run = f"replay-{day}"
    captures = tuple(Capture(one.source, one.name, day, one, None) for one in today) or (
        Capture("arxiv", "all", day, Listing("arxiv", "all", day, now, ()), None),
    )
    collected = steps.collect(database, lambda *_a, **_k: captures, settings=settings, day=day, now=now)
    composed = steps.compose(database, settings=settings, day=day, now=now)
    queued = steps.enqueue(
        database,
        lambda latest: service.audience(database, now=now, latest_edition=latest),
        settings=settings,
        run=run,
        day=day,
        now=now,
    )
    post = steps.Post(
        database,
        Outbox(settings.outbox_dir),
        steps.Printer(settings, sign=lambda token: token),
        service.still_wanted,
        clock=lambda: now,
        run=run,
    )
    delivered = [steps.deliver(post, shard) for shard in steps.shards(database, now=now)]
    steps.report(
        database, run=run, day=day, collect=collected, compose=composed, enqueue=queued, deliver=delivered,
        where="", now=now,
    )  # fmt: skip
    counted = Counter(rows=sum(len(one.entries) for one in today), new=collected.new, editions=int(composed.made))
    return counted + Counter(queued.skipped)


def sent(database: Database) -> dict[str, list[tuple[str, Digest]]]:
    """Every accepted digest, by address, in order."""
    found: dict[str, list[tuple[str, Digest]]] = {}
    with database.begin() as tx:
        for row in tx.execute(select(deliveries).order_by(deliveries.c.id)):
            assert row.state == State.ACCEPTED, f"{row.address}: {row.state} {row.reply}"
            found.setdefault(row.address, []).append((row.key, encoding.load(Digest, row.digest)))
    return found


def sent_twice(digests: dict[str, list[tuple[str, Digest]]]) -> int:
    """How many (reader, paper) pairs were sent more than once."""
    counted: Counter[tuple[str, str]] = Counter()
    for address, served in digests.items():
        counted.update(
            (address, pick.paper_key) for _, digest in served for section in digest.sections for pick in section.picks
        )
    return sum(1 for times in counted.values() if times > 1)


def bytes_of(folder: Path) -> str:
    """One hash over every mail of an outbox."""
    total = hashlib.sha256()
    for path in sorted((folder / "outbox").rglob("*.eml")):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def unaccounted(database: Database, rows: int) -> int:
    """Raw rows that are not there as an entry of a known paper."""
    with database.begin() as tx:
        stored = tx.execute(select(entries.c.paper_key)).scalars().all()
        known = set(tx.scalars(select(papers.c.key)))
    return rows - sum(1 for key in stored if key in known)


def one_pass(data: Path, folder: Path, limit: int) -> dict[str, object]:
    """One replay from nothing, in a process of its own, so that two of them share no state but the captures."""
    listings = read_huggingface(data, folder / "lists")
    for day, more in read_arxiv(data).items():
        listings.setdefault(day, []).extend(more)
    days = list(days_between(min(listings), max(listings)))
    days = days[:limit] if limit else days
    started = time.perf_counter()
    database, totals = replay(listings, days, folder)
    seconds = time.perf_counter() - started
    digests = sent(database)
    return {
        "days": len(days),
        "listings": sum(len(listings.get(day, [])) for day in days),
        "rows": totals["rows"],
        "distinct": totals["new"],
        "repeats": totals["rows"] - totals["new"],
        "unaccounted": unaccounted(database, totals["rows"]),
        "editions": totals["editions"],
        "digests": {address: len(served) for address, served in sorted(digests.items())},
        "sent_twice": sent_twice(digests),
        "seconds": round(seconds, 1),
        "bytes": bytes_of(folder),
        "chosen": hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--days", type=int, default=0, help="only the first N days")
    parser.add_argument("--once", action="store_true", help="do not replay a second time")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(json.dumps({"skipped": f"the captures are not at {options.data.name}"}))
        return
    passes = ["first"] if options.once else ["first", "second"]
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(len(passes)) as pool:
        folders = [Path(name) / one for one in passes]
        for folder in folders:
            folder.mkdir()
        results = list(pool.map(one_pass, repeat(options.data), folders, repeat(options.days)))
    result = results[0]
    if not options.once:
        result["same_digests"] = results[0]["chosen"] == results[1]["chosen"]
        result["same_bytes"] = results[0]["bytes"] == results[1]["bytes"]
    print(json.dumps({key: value for key, value in result.items() if key not in {"bytes", "chosen"}}))


if __name__ == "__main__":
    main()
