"""What goes wrong, and when: the rounds of one combination, dealt from the seed. Pure."""

import base64
import random
from dataclasses import dataclass, replace
from typing import Literal

SLOTS = 4
PHASES = ("connect", "ehlo", "mail", "rcpt", "data", "body", "dot", "rset", "quit")
DEEDS = ("refuse", "throttle", "drop", "stall", "gibberish", "close", "late")
MOMENTS = ("connect", "ehlo", "mail", "rcpt", "data", "body", "dot", "after")
"""When the server kills its client: before the reply of each step, while the message comes in, after the last reply."""

Kind = Literal["one", "early", "two", "three", "frozen", "term", "calm", "run", "prefect"]
_KINDS: dict[Kind, int] = {"one": 42, "early": 9, "two": 14, "three": 8, "frozen": 10, "term": 6, "calm": 7, "run": 6}

_REFUSALS = {
    "connect": ("554 5.3.2 not today", "554 5.7.1 your network is blocked"),
    "ehlo": ("550 5.7.1 your name is no name", "502 5.5.1 no such command"),
    "mail": ("550 5.7.1 not with this sender", "553 5.1.8 no such sender"),
    "rcpt": ("550 5.1.1 no such user", "550 5.7.1 blocked by policy", "552 5.2.2 mailbox full", "551 5.1.6 moved"),
    "data": ("554 5.7.1 no spam please", "554 5.3.0 not now", "503 5.5.1 out of order"),
    "body": ("552 5.3.4 message too big",),
    "dot": ("554 5.6.0 this content is not wanted", "550 5.7.1 it looks like spam", "552 5.2.2 over quota"),
    "rset": ("502 5.5.1 no such command",),
    "quit": ("502 5.5.1 no such command",),
}
_THROTTLES = (
    "421 4.7.0 too many connections, closing",
    "450 4.2.1 greylisted, try again in 1 second",
    "451 4.3.0 try again later",
    "451 4.4.5 try again in 2 seconds",
    "452 4.3.1 out of storage",
    "454 4.7.0 throttling failure: maximum sending rate exceeded",
    "421 4.7.28 unusual rate of mail, try again in 1 second",
)
_GIBBERISH = (
    "twice",  # the usual answer, and once more unasked
    "half",  # two bytes of it, then the line drops
    base64.b64encode(b"\xff\xfe\x00\x01 what?\r\n").decode(),
    base64.b64encode(b"999 0.0.0 beyond\r\n").decode(),
    base64.b64encode(b"250-never\r\n354 ending\r\n").decode(),
    base64.b64encode(b"\r\n\r\n\r\n").decode(),
    base64.b64encode(b"2" * 70_000 + b"\r\n").decode(),
    base64.b64encode(b"HTTP/1.1 400 Bad Request\r\n\r\n").decode(),
)
OFFERS: tuple[tuple[str, ...], ...] = (
    ("PIPELINING", "CHUNKING"),
    ("PIPELINING", "CHUNKING"),
    ("PIPELINING",),
    ("CHUNKING",),
    (),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What the server does at one moment of a round, and to whom."""

    at: str
    do: str  # one of DEEDS, or a signal: kill, kill all, stop, term
    reply: str = ""
    after: int = 0  # passes it lets by first; for `close`: mails a connection may carry
    times: int = 1
    delay: float = 0.0  # seconds before a late answer, or a signal
    held: bool = True  # at dot: whether the server keeps the mail whose reply is lost


@dataclass(frozen=True, slots=True)
class Round:
    """What is started, what the server does meanwhile, and how it ends."""

    number: int
    kind: Kind
    starts: tuple[float, ...]  # seconds, one for each process
    faults: tuple[Fault, ...]
    offers: tuple[str, ...]  # the server's extensions
    is_eager: bool  # it says 354 even where no recipient was taken
    dies_at: float | None  # where the clock kills: part of the time the command takes
    moves_clock: bool  # whether what was deferred is due at once
    publishes: bool  # whether the papers of another day come after it, though not all is sent


class Plan:
    """The rounds of one combination: the same seed deals the same ones, whatever becomes of them."""

    def __init__(self, seed: str, span: int, only: str = "") -> None:
        """`span`: mails among which a round's faults and kills fall; `only`: faults whose name holds this."""
        self._seed = seed
        self._span = self.share = max(4, span)
        dice = random.Random(seed)
        pairs = [(at, do) for at in PHASES for do in DEEDS if (at, do) not in _IMPOSSIBLE]
        self._pairs = [(at, do) for at, do in pairs if only in f"{at} {do}"]
        self._moments = list(MOMENTS)
        self._kinds = [kind for kind, weight in _KINDS.items() for _ in range(weight)]
        for deck in (self._pairs, self._moments, self._kinds):
            dice.shuffle(deck)
        self._number = self._dealt = 0

    def next(self, kind: Kind | None = None) -> Round:
        """The next round; `kind` where the driver has to do something certain in it."""
        self._number += 1
        dice = random.Random(f"{self._seed}/{self._number}")
        chosen = self._kinds[self._number % len(self._kinds)]
        faults = tuple(self._fault(dice) for _ in range(dice.choice((0, 1, 2, 2, 3, 4))))
        deaths = {one: self._deaths(dice, one) for one in _KINDS}
        starts = [round(dice.uniform(0, 0.8), 3) for _ in range(3)]
        made = Round(
            number=self._number,
            kind=kind or chosen,
            starts=tuple(sorted(starts[: {"two": 2, "three": 3}.get(kind or chosen, 1)])),
            faults=(*faults, *deaths.get(kind or chosen, ())),
            offers=dice.choice(OFFERS),
            is_eager=dice.random() < 0.2,
            dies_at=round(dice.uniform(0, 2), 3),  # of which about half is after its end: it is left to the server
            moves_clock=dice.random() < 0.8,
            publishes=dice.random() < 0.02,
        )
        return made if made.kind in _BY_THE_CLOCK else replace(made, dies_at=None)

    def _deaths(self, dice: random.Random, kind: Kind) -> tuple[Fault, ...]:
        """The signals of a round, and the fuse: no round that kills sends much more than its share."""
        length = dice.randrange(2 * self._span) if kind == "run" else dice.randrange(self._span, 2 * self._span)
        fuse = Fault("dot", "kill all", after=length, held=dice.random() < 0.5)
        moment = MOMENTS[dice.randrange(len(MOMENTS))]
        soon = dice.choice((0, 1)) if moment in {"connect", "ehlo"} else dice.randrange(self._span)
        if kind == "calm":
            return ()
        if kind == "prefect":
            return (Fault("dot", "kill all", after=dice.randrange(2 * self._span)),)
        if kind == "frozen":
            # The fuse is the other's: who was stopped is to go on.
            return (Fault(moment, "stop", after=soon), replace(fuse, do="kill"))
        if kind == "term":
            return (Fault(moment, "term", after=soon), fuse)
        if kind == "early":
            return (fuse,)
        everybody = kind in {"two", "three"} and dice.random() < 0.4
        first = self._kill(dice, "kill all" if everybody else "kill")
        return (first, self._kill(dice, "kill"), fuse) if kind == "three" else (first, fuse)

    def _kill(self, dice: random.Random, do: str) -> Fault:
        if dice.random() < 0.25:  # at a random time after a random connection
            return Fault("connect", do, after=dice.choice((0, 0, 0, 1, 2)), delay=round(dice.uniform(0, 1.5), 3))
        at = dice.choice((*MOMENTS, *MOMENTS[2:]))  # rather while mails are under way
        after = dice.choice((0, 0, 1, 2)) if at in {"connect", "ehlo"} else dice.randrange(self._span)
        return Fault(at, do, after=after, held=at != "dot" or dice.random() < 0.6)

    def _fault(self, dice: random.Random) -> Fault:
        at, do = self._pairs[self._dealt % len(self._pairs)]  # every pair is dealt equally often
        self._dealt += 1
        rare = at in {"connect", "ehlo", "rset", "quit"}
        after = dice.choice((0, 1, 2, 3)) if rare else dice.randrange(self._span)
        times = 1 if rare or do == "stall" else dice.choice((1, 1, 2, 5))
        reply, delay = "", 0.0
        if do == "refuse":
            reply = dice.choice(_REFUSALS[at])
        elif do == "throttle":
            reply = dice.choice(_THROTTLES)
        elif do == "gibberish":
            reply = dice.choice(_GIBBERISH)
        elif do == "late":
            delay = round(dice.uniform(0.05, 0.6), 3)
        elif do == "close":
            after, times = dice.randrange(1, 8), 4
        says_taken = do == "late" or reply == "twice"  # so it must have the mail: an honest server is what is played
        return Fault(at, do, reply, after, times, delay, held=dice.random() < 0.6 or says_taken)


_BY_THE_CLOCK = {"early", "run", "prefect"}
_IMPOSSIBLE = {
    *((at, "close") for at in PHASES if at != "mail"),  # after N mails: where the next would begin
    ("body", "late"),
    ("quit", "throttle"),
}
