"""What chaos came to: one JSON object, and the tables of docs/chaos.md. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos_oracle import VIOLATIONS, Verdict
from benchmarks.chaos_plan import DEEDS, MOMENTS, PHASES


@dataclass(slots=True)
class Tally:
    """What was done to one combination."""

    runs: int = 0
    kills: int = 0
    rounds: int = 0
    surprises: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Result:
    """What was done to one combination, and what came of it."""

    recipients: int
    tally: Tally
    verdict: Verdict
    struck: Counter[str]

    @property
    def faults(self) -> int:
        """How often the server did something else than a good server does; kills are counted apart."""
        return sum(number for name, number in self.struck.items() if name.split(" ", 1)[1] in DEEDS)

    @property
    def deliveries(self) -> int:
        """Rows of the outbox."""
        return sum(self.verdict.states.values())


def summary(results: Mapping[str, Result], seed: int) -> dict[str, Any]:
    """All combinations together, and each."""
    each = {
        name: {
            "runs": one.tally.runs,
            "kills": one.tally.kills,
            "faults": one.faults,
            "recipients": one.recipients,
            "deliveries": one.deliveries,
            **{what: one.verdict.counts[what] for what in (*VIOLATIONS, "uncertain", "uncertain_held")},
            "tracebacks": len(one.tally.surprises),
        }
        for name, one in results.items()
    }
    total: Counter[str] = Counter()
    for figures in each.values():
        total.update(figures)
    first = ("runs", "kills", "faults", "recipients", "lost", "duplicated", "uncertain", "unlisted")
    return {
        **{name: total[name] for name in first},
        **{name: number for name, number in total.items() if name not in first},
        "violations": sum(total[what] for what in VIOLATIONS),
        "seed": seed,
        "states": {name: dict(sorted(one.verdict.states.items())) for name, one in results.items()},
        "combinations": each,
    }


def markdown(results: Mapping[str, Result]) -> str:
    """The tables of docs/chaos.md."""
    head = ("", "runs", "kills", "faults", "recipients", "deliveries", "accepted", "refused", "uncertain", *VIOLATIONS)
    lines = []
    for name, one in results.items():
        states, counts = one.verdict.states, one.verdict.counts
        uncertain = f"{counts['uncertain']:,} ({counts['uncertain_held']:,} held)"
        figures = (one.tally.runs, one.tally.kills, one.faults, one.recipients, one.deliveries, states["accepted"])
        rest = (states["refused"], uncertain, *(counts[what] for what in VIOLATIONS))
        lines.append((name, *figures, *rest))
    struck: Counter[str] = Counter()
    for one in results.values():
        struck.update(one.struck)
    faults = [(at, *(struck[f"{at} {do}"] or "" for do in DEEDS)) for at in PHASES]
    deeds = ("kill", "kill all", "term", "stop")
    signals = [(at, *(struck[f"{at} {do}"] or "" for do in deeds)) for at in MOMENTS]
    return "\n\n".join((_table(head, lines), _table(("at", *DEEDS), faults), _table(("at", *deeds), signals)))


def _table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in line) + " |" for line in lines
    )
