"""The readers' site under load on SQLite while a delivery run writes to its database: pages, 304s, one-click POSTs.

    python benchmarks/site.py [--subscribers 30000] [--seconds 4] [--rate 300] [--no-delivery]

Real parts: `paperboy site` has one core to itself; `paperboy deliver`, a sink for its mail (sink.py) and the load share
the other one. Two editions of 60 papers, one digest queued for each reader. Pages are asked for by wrk
(`apt install wrk`). One-click POSTs, each for another reader,
come by oneclick.py: as fast as they are answered (`burst`), at the pace of `--rate` (`paced`), and at that pace while
wrk asks for pages (`mixed`).

`per_second` is by the clock; `per_core_second` is what was answered in a second of the server's CPU, which a noisy
machine hardly moves. `limits` are bare peers of the same run: uvicorn answering constant bytes, and SQLite commits of
one row with synchronous=FULL. `wrong` names whatever does not add up: each answer of 200 is a subscription that ended
and its evidence, each delivery was accepted or suppressed for its reader had left, nobody was mailed twice, and nobody
a while after they had left.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compose import DATA
from endtoend import Case, alone, prepare
from sink import Running
from sqlalchemy import select

from flows.wiring import Shop, secret
from newsletter import steps
from newsletter.database import Database
from newsletter.models import State
from newsletter.schema import deliveries, metadata, subscribers, subscriptions
from newsletter.settings import exported
from subscribers.models import SubscriptionState
from subscribers.tokens import Purpose, sign

CORES = sorted(os.sched_getaffinity(0))
SERVER, OTHERS = {CORES[0]}, set(CORES[1:]) or {CORES[0]}
ROOT = Path(__file__).resolve().parents[1]
FAR_TOO_LATE = 5.0  # seconds after an answered one-click POST: a mail that begins then was not stopped by it
BARE = """
import sys, uvicorn
BODY = b"x" * int(sys.argv[2])
HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(BODY)).encode())]
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""


@dataclass
class Bench:
    """One run: its database, its servers, its figures."""

    case: Case
    seconds: float
    rate: float
    port: int = 0
    site: subprocess.Popen[bytes] | None = None
    unused: list[str] = field(default_factory=list)  # paths of one-click links nobody has posted to
    answers: list[tuple[str, int, float]] = field(default_factory=list)  # path, status, when it came

    # ---- processes -------------------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PAPERBOY_")}
        return own | exported(self.case.settings)

    def start(self, *words: str, cores: set[int], **options: Any) -> subprocess.Popen[bytes]:
        """A process that has only these cores, from its first instruction on."""
        return subprocess.Popen(on(cores, *words), cwd=ROOT, env=self.environment, **options)

    @contextmanager
    def serving(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A server on `self.port`, until the block ends."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        process = self.start(
            *(word.replace("PORT", str(self.port)) for word in words), cores=SERVER, stdout=subprocess.DEVNULL
        )
        try:
            until(lambda: answers(self.port), process)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    # ---- load ------------------------------------------------------------------------------------------------------

    def pages(self, path: str, process: subprocess.Popen[bytes], *, etag: str = "") -> dict[str, Any]:
        """One page, asked for as fast as it comes."""
        before = cpu(process)
        told = wrk(f"http://127.0.0.1:{self.port}{path}", self.seconds, etag)
        spent = cpu(process) - before
        return told | {"per_core_second": round(told["answered"] / spent) if spent else 0}

    def post(self, process: subprocess.Popen[bytes], *, rate: float = 0) -> dict[str, Any]:
        """One-click POSTs, each for another reader."""
        with self.posting(rate) as figures:
            before = cpu(process)
        spent = cpu(process) - before
        return figures | {"per_core_second": round(figures["answered"] / spent) if spent else 0}

    @contextmanager
    def posting(self, rate: float) -> Iterator[dict[str, Any]]:
        """While the block runs and until the last answer; the figures are there after it."""
        paths, kept = self.case.folder / "paths", self.case.folder / "answers"
        paths.write_text("\n".join(self.unused))
        words = [sys.executable, str(Path(__file__).with_name("oneclick.py")), str(self.port), str(paths), str(kept)]
        words += ["--rate", str(rate), "--seconds", str(self.seconds)]
        client = self.start(*words, cores=OTHERS, stdout=subprocess.PIPE)
        figures: dict[str, Any] = {}
        yield figures
        output, _ = client.communicate(timeout=self.seconds + 60)
        figures |= json.loads(output.splitlines()[-1])
        lines = [line.split() for line in kept.read_text().splitlines()]
        self.answers += [(path, int(status), float(ended)) for path, status, _, ended in lines]
        self.unused = self.unused[len(lines) :]


def on(cores: set[int], *words: str) -> list[str]:
    """A command that runs on these cores only."""
    return ["taskset", "-c", ",".join(map(str, sorted(cores))), *words]


def until(holds: Any, process: subprocess.Popen[bytes], patience: float = 60) -> None:
    end = time.monotonic() + patience
    while not holds():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{process.args!r} did not start")
        time.sleep(0.05)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cpu(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU a process has had, all its threads."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def head(port: int, path: str) -> tuple[int, int, str]:
    """Status, bytes of the body and ETag of a page."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", path)
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer.status, len(body), answer.headers.get("ETag", "")


def wrk(url: str, seconds: float, etag: str) -> dict[str, Any]:
    """Sixteen connections of one thread."""
    words = ["wrk", "-t1", "-c16", f"-d{max(1, round(seconds))}s", "--latency"]
    words += ["-H", f"If-None-Match: {etag}"] if etag else []
    output = subprocess.run(on(OTHERS, *words, url), check=True, capture_output=True, text=True).stdout
    answered = int(re.findall(r"(\d+) requests in", output)[0])
    # wrk counts a 304 as an answer like any other, and says of 4xx and 5xx how many there were.
    bad = int((re.findall(r"Non-2xx or 3xx responses: (\d+)", output) or ["0"])[0])
    lost = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", output)))
    return {
        "per_second": round(float(re.findall(r"Requests/sec:\s+([\d.]+)", output)[0])),
        "p50_ms": milliseconds(re.findall(r"\n +50% +(\S+)", output)[0]),
        "p99_ms": milliseconds(re.findall(r"\n +99% +(\S+)", output)[0]),
        "answered": answered,
        "not_ok": bad + lost,
    }


def milliseconds(told: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", told).groups()  # type: ignore[union-attr]
    return round(float(number) * {"us": 0.001, "ms": 1, "s": 1_000}[unit], 2)


# ---- limits ----------------------------------------------------------------------------------------------------------


def commits(folder: Path, seconds: float = 2.0) -> int:
    """Commits a second of one row, alone, to a SQLite file with a write-ahead log and synchronous=FULL."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        bare.execute(f"PRAGMA {pragma}")
    bare.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, state TEXT)")
    bare.execute("INSERT INTO rows VALUES (1, '')")
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("UPDATE rows SET state = ? WHERE id = 1", (str(done),))
        bare.execute("COMMIT")
        done += 1
    bare.close()
    return round(done / seconds)


# ---- what must add up ------------------------------------------------------------------------------------------------


def accounted(bench: Bench, copies: dict[str, int] | None) -> list[str]:
    """What does not add up; nothing, it is to be hoped."""
    database = Database(bench.case.url)
    left = {path: ended for path, status, ended in bench.answers if status == 200}
    key = secret(bench.case.settings)
    with database.read() as tx:
        rows = tx.execute(select(subscribers.c.id, subscribers.c.token)).all()
        own = subscriptions.c
        gone = set(tx.scalars(select(own.subscriber_id).where(own.state == SubscriptionState.UNSUBSCRIBED)))
        sent = tx.execute(
            select(deliveries.c.subscriber_id, deliveries.c.address, deliveries.c.state, deliveries.c.changed_at)
        ).all()
        consents = metadata.tables.get("consents")
        withdrawn = (
            Counter(tx.scalars(select(consents.c.subscriber_id).where(consents.c.what == "withdrawn")))
            if consents is not None
            else None
        )
    database.close()
    by_path = {f"/unsubscribe/{sign(Purpose.UNSUBSCRIBE, token, keys=[key])}": number for number, token in rows}
    ended = {by_path[path]: when for path, when in left.items()}
    states = Counter(each.state for each in sent)
    accepted = Counter(each.address for each in sent if each.state == State.ACCEPTED)
    late = [
        each.subscriber_id
        for each in sent
        if each.state == State.ACCEPTED
        and each.changed_at.timestamp() > ended.get(each.subscriber_id, float("inf")) + FAR_TOO_LATE
    ]
    checks = {
        "every request was answered, and with 200": len(left) == len(bench.answers),
        "every answer is a subscription that ended": set(ended) <= gone,
        "every answer is one row of evidence": withdrawn is None or all(withdrawn[one] == 1 for one in ended),
        "every delivery was accepted, or suppressed for its reader had left": set(states)
        <= {State.ACCEPTED, State.SUPPRESSED}
        and {each.subscriber_id for each in sent if each.state == State.SUPPRESSED} <= gone,
        "each accepted delivery is one mail, and there is no other": copies is None or copies == dict(accepted),
        "nobody was mailed a while after they had left": not late,
    }
    print(json.dumps({"states": states, "left": len(ended), "late": len(late)}), flush=True)
    return [sentence for sentence, holds in checks.items() if not holds]


# ---- the run ---------------------------------------------------------------------------------------------------------


def fill(case: Case, data: Path) -> bool:
    """Papers, editions, readers, and a queued delivery for each reader who is due."""
    real = prepare(case, data, 4_000)
    shop = Shop(case.settings, Database(case.url))
    now = datetime.now(UTC)
    told = steps.enqueue(
        shop.database,
        lambda latest: shop.audience(latest, now=now, ignore_hours=True),
        settings=case.settings,
        run="site",
        day=now.date(),
        now=now,
    )
    print(json.dumps({"queued": told.queued}), flush=True)
    shop.database.close()
    return real


def one_click_paths(case: Case) -> list[str]:
    database = Database(case.url)
    with database.read() as tx:
        tokens = tx.scalars(
            select(subscribers.c.token)
            .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
            .where(subscriptions.c.state == SubscriptionState.ACTIVE)
            .order_by(subscribers.c.id.desc())  # deliveries begin with the lowest
        ).all()
    database.close()
    key = secret(case.settings)
    return [f"/unsubscribe/{sign(Purpose.UNSUBSCRIBE, token, keys=[key])}" for token in tokens]


def archive(case: Case) -> dict[str, str]:
    """The public pages that are asked for."""
    database = Database(case.url)
    with database.read() as tx:
        day = str(tx.exec_driver_sql("SELECT max(day) FROM editions").scalar())
        key = str(tx.exec_driver_sql("SELECT paper_key FROM edition_papers ORDER BY edition_id DESC LIMIT 1").scalar())
    database.close()
    return {"front": "/", "edition": f"/editions/{day}", "paper": f"/papers/{key}"}


def load(bench: Bench, site: subprocess.Popen[bytes], sink: Running | None) -> dict[str, Any]:
    """Every measurement, over one server; `delivered` of each is how many mails were accepted during it."""
    figures: dict[str, Any] = {}

    def during(name: str, measured: Any) -> None:
        before = sink.counts()["mails"] if sink else 0
        figures[name] = measured()
        figures[name]["delivered"] = sink.counts()["mails"] - before if sink else 0
        print(name, json.dumps(figures[name]), flush=True)

    during("one_click_burst", lambda: bench.post(site))
    during("one_click_paced", lambda: bench.post(site, rate=bench.rate))
    for name, path in archive(bench.case).items():
        status, size, etag = head(bench.port, path)
        if status != 200:
            figures[name] = {"status": status}
            continue
        during(name, lambda path=path: bench.pages(path, site))
        figures[name]["bytes"] = size
        if name == "edition" and etag:
            during("edition_304", lambda path=path, etag=etag: bench.pages(path, site, etag=etag))
    if "bytes" in figures["edition"]:
        during("mixed", lambda: mixed(bench, site))
    return figures


def mixed(bench: Bench, site: subprocess.Popen[bytes]) -> dict[str, Any]:
    with bench.posting(bench.rate) as posted:
        pages = bench.pages(archive(bench.case)["edition"], site)
    return {"pages": pages, "one_click": posted}


def run(case: Case, chosen: argparse.Namespace) -> dict[str, Any]:
    case.folder.mkdir(parents=True)
    copies = case.folder / "copies.json"
    figures: dict[str, Any] = {"subscribers": case.readers, "cores": len(CORES)}
    with ExitStack() as stack:
        sink = None
        if not chosen.no_delivery:
            sink = stack.enter_context(Running("sink.py", "--copies", str(copies)))
            os.sched_setaffinity(sink.process.pid, OTHERS)
            case = Case(**{**vars_of(case), "port": sink.port})
        figures["real"] = alone(fill, case, chosen.data)
        bench = Bench(case, chosen.seconds, chosen.rate, unused=one_click_paths(case))
        with bench.serving(sys.executable, "-c", BARE, "PORT", str(40_000)) as bare:
            figures["limits"] = {
                "bare_uvicorn_40_kb": bench.pages("/", bare),
                "sqlite_commits_alone": commits(case.folder),
            }
        with bench.serving(sys.executable, "-m", "flows.cli", "site", "--port", "PORT") as site:
            deliver = None
            if sink is not None:
                # Behind the load on their core: what the load itself waits for is no latency of the site.
                words = ("nice", "-n", "10", sys.executable, "-m", "flows.cli", "deliver")
                deliver = bench.start(*words, cores=OTHERS, stdout=subprocess.DEVNULL)
                until(lambda: sink.counts()["mails"] > 0, deliver)
            figures |= load(bench, site, sink)
        if deliver is not None:
            figures["delivering_to_the_end"] = deliver.poll() is None
            deliver.wait(600)
    taken = json.loads(copies.read_text()) if copies.exists() else None
    figures["wrong"] = accounted(bench, taken)
    return figures


def vars_of(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in Case.__dataclass_fields__}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--subscribers", type=int, default=30_000)
    options.add_argument("--seconds", type=float, default=4, help="of each measurement")
    options.add_argument("--rate", type=float, default=300, help="one-click POSTs a second where they are paced")
    options.add_argument("--no-delivery", action="store_true")
    options.add_argument("--data", type=Path, default=DATA, help="the captures (default: beside the checkout)")
    chosen = options.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing; on Debian and Ubuntu: apt install wrk")
    with tempfile.TemporaryDirectory(prefix="paperboy-") as temporary:
        folder = Path(temporary)
        (folder / "cache").mkdir()
        own = folder / "own"
        case = Case(chosen.subscribers, f"sqlite:///{own / 'paperboy.db'}", own, folder / "cache", "smtp")
        figures = run(case, chosen)
    print(json.dumps(figures))
    if figures["wrong"]:
        sys.exit("something was lost")


if __name__ == "__main__":
    main()
