"""What the server holds against what the database says: the verdict of one combination. Pure, but for reading rows."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from newsletter import encoding
from newsletter.database import Database
from newsletter.mail.mime import message_id
from newsletter.models import Digest, State
from newsletter.schema import deliveries, editions, skips, subscribers, subscriptions

FINAL = {State.ACCEPTED, State.REFUSED, State.EXPIRED, State.SUPPRESSED, State.UNCERTAIN}
HOST = "paperboy.localhost"
VIOLATIONS = ("lost", "duplicated", "unlisted", "repeated", "misdirected", "unaccounted", "damaged")


@dataclass(slots=True)
class Verdict:
    """Counts, and a sentence for each violation."""

    states: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def find(self, what: str, sentence: str) -> None:
        """One violation."""
        self.counts[what] += 1
        self.findings.append(f"{what}: {sentence}")


def judge(database: Database, told: Mapping[str, Any], listed: Collection[int]) -> Verdict:
    """Compare; `told` is the server's count, `listed` the ids that `deliveries list --state uncertain` names."""
    verdict = Verdict()
    held = {(to, key): places for to, key, places in told["held"]}
    refused = set(told["refused"])
    verdict.counts["damaged"] = told["damaged"]
    with database.begin() as tx:
        rows = tx.execute(select(deliveries).order_by(deliveries.c.id)).all()
    papers: dict[int, Counter[str]] = defaultdict(Counter)
    known = set()
    for row in rows:
        key = message_id(row.key, HOST)[1:-1]
        known.add(key)
        copies = held.get((row.address, key), [])
        verdict.states[row.state] += 1
        if copies:
            papers[row.subscriber_id].update(_papers(row.digest))
        _judge(verdict, row, copies, refused, listed)
    for (to, key), places in held.items():
        if key not in known:
            verdict.find("unlisted", f"a mail to {to} that no row knows: {places}")
    addresses = {(row.address, message_id(row.key, HOST)[1:-1]) for row in rows}
    for (to, key), places in held.items():
        if key in known and (to, key) not in addresses:
            verdict.find("misdirected", f"{to} has another reader's mail: {places}")
    for who, counted in papers.items():
        twice = [paper for paper, number in counted.items() if number > 1]
        if twice:
            verdict.find("repeated", f"subscriber {who} has the papers {', '.join(sorted(twice))} twice")
    _accounted(verdict, database, rows)
    return verdict


def _papers(digest: Any) -> set[str]:
    return {pick.paper_key for section in encoding.load(Digest, digest).sections for pick in section.picks}


def _judge(verdict: Verdict, row: Any, copies: Sequence[str], refused: set[str], listed: Collection[int]) -> None:
    it = f"delivery {row.id} to {row.address} is {row.state} after {row.attempts} attempts ({row.reply!r})"
    if len(copies) > 1:
        verdict.find("duplicated", f"{it}; the server holds {len(copies)}: {'; '.join(copies)}")
    if row.state not in FINAL:
        verdict.find("lost", f"{it}, which is no end")
    elif row.state == State.ACCEPTED and not copies:
        verdict.find("lost", f"{it}; the server has none")
    elif row.state == State.REFUSED and row.address not in refused:
        verdict.find("lost", f"{it}; the server never refused this reader")
    elif row.state == State.UNCERTAIN:
        verdict.counts["uncertain"] += 1
        verdict.counts["uncertain_held"] += bool(copies)
        if row.id not in listed:
            verdict.find("unlisted", f"{it}; the command does not list it")
    if copies and row.state not in {State.ACCEPTED, State.UNCERTAIN}:
        verdict.find("unlisted", f"{it}; the server has it: {'; '.join(copies)}")


def _accounted(verdict: Verdict, database: Database, rows: Sequence[Any]) -> None:
    """Every active reader has a delivery of the newest edition, or a reason of its day."""
    with database.begin() as tx:
        newest = tx.execute(select(editions.c.id, editions.c.day).order_by(editions.c.day.desc()).limit(1)).one()
        excused = set(tx.scalars(select(skips.c.subscriber_id).where(skips.c.day == newest.day)))
        everybody = tx.execute(
            select(subscribers.c.id, subscribers.c.address).join(
                subscriptions, subscriptions.c.subscriber_id == subscribers.c.id
            )
        ).all()
    served = {row.subscriber_id for row in rows if row.edition_id == newest.id}
    for who, address in everybody:
        if who not in served and who not in excused:
            verdict.find("unaccounted", f"{address} has neither a delivery of {newest.day} nor a reason")
