"""What the fault server of `benchmarks/chaos.py` holds, refused and does; its driver's orders are methods here."""

import asyncio
import os
import re
import signal
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.chaos_plan import Fault

if TYPE_CHECKING:
    from benchmarks.chaos_server import Session

SIGNALS = {"kill": signal.SIGKILL, "kill all": signal.SIGKILL, "stop": signal.SIGSTOP, "term": signal.SIGTERM}
_MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>\r$", re.MULTILINE | re.IGNORECASE)


class Oracle:
    """What the server holds, what it refused, and the faults of the round."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], list[str]] = defaultdict(list)  # (recipient, Message-ID) -> where they came
        self.refused: set[str] = set()  # recipients who were ever refused for good
        self.damaged = 0  # messages the server took though they are not whole
        self.struck: Counter[str] = Counter()
        self.sessions: set[Session] = set()
        self.number = 0
        self._begin()

    def _begin(self) -> None:
        self.faults: list[Fault] = []
        self.offers: tuple[str, ...] = ()
        self.eager = False
        self.passed: Counter[int] = Counter()
        self.times: Counter[int] = Counter()
        self.pids: dict[int, int] = {}
        self.stopped: set[int] = set()
        self.connections = self.stalls = self.mails = 0
        self.heard = time.monotonic()

    # ---- orders ----------------------------------------------------------------------------------------------------

    def begin(self, number: int, faults: list[dict[str, Any]], offers: list[str], eager: bool) -> None:
        """A new round; who is still connected is a dead process."""
        for session in list(self.sessions):
            session.transport.abort()
        self._begin()
        self.number = number
        self.faults = [Fault(**fault) for fault in faults]
        self.offers, self.eager = tuple(offers), eager

    def serve(self, slot: int, pid: int) -> None:
        """The process whose conversations come to this slot's port."""
        self.pids[slot] = pid

    def forget(self, slot: int) -> None:
        """It has ended: before the driver reaps it, so that no signal ever meets another's id."""
        self.pids.pop(slot, None)
        self.stopped.discard(slot)

    def resume(self, slot: int) -> None:
        """Let a stopped process go on."""
        self.stopped.discard(slot)
        if slot in self.pids:
            os.kill(self.pids[slot], signal.SIGCONT)

    def status(self) -> dict[str, Any]:
        """How the round goes."""
        return {
            "connections": self.connections,
            "stalls": self.stalls,
            "mails": self.mails,
            "stopped": sorted(self.stopped),
            "silent": time.monotonic() - self.heard,
            "struck": [f"{f.at} {f.do}" for number, f in enumerate(self.faults) if self.times[number]],
        }

    def count(self) -> dict[str, Any]:
        """Everything the oracle knows."""
        return {
            "held": [[to, key, copies] for (to, key), copies in self.held.items()],
            "refused": sorted(self.refused),
            "damaged": self.damaged,
            "struck": dict(self.struck),
        }

    # ---- faults ----------------------------------------------------------------------------------------------------

    def fault(self, at: str, session: "Session") -> Fault | None:
        """The fault of this pass; signals are sent on the way."""
        found = None
        for number, fault in enumerate(self.faults):
            if fault.at != at:
                continue
            passed = session.mails if fault.do == "close" else self.passed[number]
            self.passed[number] += 1
            if passed < fault.after or self.times[number] >= fault.times:
                continue
            if fault.do not in SIGNALS and found is not None:
                continue  # one answer at a time: its turn comes with the next pass
            self.times[number] += 1
            self.struck[f"{at} {fault.do}"] += 1
            if fault.do in SIGNALS:
                self._signal(fault, session.slot)
            if fault.do not in SIGNALS or not fault.held:
                found = fault
        return found

    def _signal(self, fault: Fault, slot: int) -> None:
        if fault.delay:
            asyncio.get_running_loop().call_later(fault.delay, self._send, self.number, fault, slot)
        else:
            self._send(self.number, fault, slot)

    def _send(self, number: int, fault: Fault, slot: int) -> None:
        if number != self.number:
            return
        for one in list(self.pids) if fault.do == "kill all" else [slot]:
            if one in self.pids:
                os.kill(self.pids[one], SIGNALS[fault.do])
                if fault.do == "stop":
                    self.stopped.add(one)

    def take(self, session: "Session", content: bytes) -> None:
        """Hold a message, once for each recipient."""
        found = _MESSAGE_ID.search(content)
        key = found[1].decode() if found else "none"
        self.damaged += not content.endswith(b"--\r\n")
        self.mails += 1
        for recipient in session.recipients:
            self.held[recipient, key].append(f"round {self.number}, slot {session.slot}, line {session.number}")
