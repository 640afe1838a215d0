"""The small summaries that steps return and tasks log; all of them are JSON-ready values."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one listing of one source brought."""

    source: str
    name: str
    day: date
    word: str  # fresh · quiet · stale · partial · broken
    listed: int
    new: int
    note: str = ""  # one sentence where the word needs one


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What the sources brought."""

    day: date
    sources: tuple[SourceReport, ...]
    new: int  # papers never listed before that now wait for an edition
    sample: bool = False
    remarks: tuple[str, ...] = ()  # sentences for the edition and its mails: what was missing
    notice: str = ""  # a sentence for the operator: that these are samples, and why


@dataclass(frozen=True, slots=True)
class TopicReport:
    """One topic of the edition and its size."""

    label: str
    papers: int
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComposeReport:
    """The edition of the day."""

    day: date
    edition_id: int | None  # None: nothing new waited, so there is no edition
    made: bool  # False: it was composed by an earlier run, and is frozen
    papers: int
    topics: tuple[TopicReport, ...] = ()
    reason: str = ""  # one sentence where no edition was made


@dataclass(frozen=True, slots=True)
class EnqueueReport:
    """Who gets a digest and who does not, with the reason."""

    audience: int  # every subscriber considered: queued and skipped together, or somebody was lost
    queued: int  # new deliveries of this run
    skipped: dict[str, int] = field(default_factory=dict)  # reason -> how many


@dataclass(frozen=True, slots=True)
class Shard:
    """A range of deliveries one task takes: first and last delivery id, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """What became of the deliveries of one shard, or of all; counts by state."""

    states: dict[str, int] = field(default_factory=dict)
    stopped: str = ""  # one sentence: why the batch stopped early


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery that was perhaps sent."""

    delivery_id: int
    day: date  # of the edition
    address: str  # masked
    reply: str  # addresses in it masked


@dataclass(frozen=True, slots=True)
class DoubtReport:
    """What was perhaps sent, and waits until an operator decides."""

    new: int = 0  # became uncertain in this run
    earlier: int = 0  # did so before, and nobody has decided since
    newest: tuple[Doubt, ...] = ()  # of those of this run, as many as one reads


@dataclass(frozen=True, slots=True)
class RunReport:
    """The whole run."""

    day: date
    collect: CollectReport
    compose: ComposeReport
    enqueue: EnqueueReport
    deliver: DeliverReport
    where: str = ""  # where to read the mail
    dry_run: bool = False
    doubts: DoubtReport = DoubtReport()


@dataclass(frozen=True, slots=True)
class RestoredReport:
    """What was kept back after a backup was restored."""

    until: datetime  # mail may have been sent until then that the database knows nothing of
    doubtful: int = 0  # deliveries that waited, and were perhaps sent since
    readers: int = 0  # readers who had editions before them, and do not get them any more
    papers: int = 0  # papers that waited for an edition, and come in none


def masked(address: str) -> str:
    """Enough of an address to know it by, and not enough for whoever reads along."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


_ADDRESS = re.compile(r"""("[^"@]{1,64}"|[^\s"'<>()\[\]{},:;@]{1,320})(?:@|%40)([^\s"'<>()\[\]{},:;@&?]+)""")
"""An address as servers repeat it: in brackets, after `rfc822;`, or in a link to their help (`?id=ada%40x.org`)."""


def masked_in(text: str) -> str:
    """A server's words with the addresses in them masked: for logs, states and pages; the database keeps them whole."""
    return _ADDRESS.sub(lambda found: masked(f"{found[1].strip(chr(34))}@{found[2]}"), text)


BESIDE = "being sent by another process"
"""What another process has claimed, in words."""


HOW_TO_DECIDE = (
    "Look for them in the mail server's log, then decide: "
    "`paperboy deliveries resolve ID... --as accepted`, or `again`, or `dropped`."
)
"""What to do about uncertain deliveries."""


def in_doubt(told: DoubtReport) -> str:
    """What an operator has to decide, in words; empty where there is nothing."""
    said = []
    if told.new:
        which = "delivery is uncertain: it was" if told.new == 1 else "deliveries are uncertain: they were"
        said.append(f"{told.new:,} {which} perhaps sent, and {'is' if told.new == 1 else 'are'} not sent again.")
    if told.earlier:
        more = "more " if told.new else ""
        which = "delivery of an earlier run is" if told.earlier == 1 else "deliveries of earlier runs are"
        said.append(f"{told.earlier:,} {more}uncertain {which} undecided.")
    return " ".join([*said, HOW_TO_DECIDE]) if said else ""
