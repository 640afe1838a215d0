"""The values that flow through Paperboy, in the order in which they come to be."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

# ---- papers in ---------------------------------------------------------------------------------------------------


class Announcement(StrEnum):
    """How arXiv announced an entry; a source without announcements lists everything as `new`."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"


@dataclass(frozen=True, slots=True)
class Paper:
    """The work itself, with the facts of every source that listed it; None means unknown, never zero."""

    key: str  # the arXiv id without version, or "title:" and the normalised title where no id is known
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    arxiv_id: str | None = None
    version: int | None = None
    categories: tuple[str, ...] = ()  # arXiv's, primary first; ACM and MSC classes left out
    published: datetime | None = None
    comment: str | None = None  # arXiv's comment field, e.g. "12 pages, accepted at ICML"
    journal: str | None = None
    doi: str | None = None
    organization: str | None = None
    upvotes: int | None = None
    comments: int | None = None  # how many were written on the source's page
    keywords: tuple[str, ...] = ()
    code_url: str | None = None
    code_stars: int | None = None
    project_url: str | None = None
    withdrawn: bool = False
    sources: tuple[str, ...] = ()  # sorted names of the sources that listed it


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper in one listing."""

    paper: Paper
    rank: int  # 1-based place in the listing
    announcement: Announcement = Announcement.NEW


@dataclass(frozen=True, slots=True)
class Listing:
    """What one source published for one day, as captured once."""

    source: str  # the registry name: huggingface, arxiv, file
    name: str  # which of the source's listings: daily, trending, cs.CL
    day: date  # the day the source says it is for (arXiv: announcement day; Hugging Face: UTC day)
    captured_at: datetime
    entries: tuple[Entry, ...]
    asked: date | None = None  # the day that was asked for, where a source may answer with another
    stated: int | None = None  # how many entries the source says there are
    dated: bool = True  # False: an undated ranking (trending), which holds old papers
    complete: bool = True  # False: known to be cut or still growing
    sample: bool = False  # True: from the sample listings that ship with Paperboy
    fingerprint: str = ""  # hash of the sorted paper keys: the same batch served again has the same one
    note: str = ""  # a sentence where something of it could not be read, or it came by another way


class Word(StrEnum):
    """What the diff says of one source's capture."""

    FRESH = "fresh"  # listed papers never seen before
    QUIET = "quiet"  # answered, and there is honestly nothing (an empty list, a weekend)
    STALE = "stale"  # served an earlier batch again
    PARTIAL = "partial"  # answered with less than it says there is, or is still growing
    BROKEN = "broken"  # unreachable or not understood


OTHER = "Other"
"""The label of the papers that belong to no topic."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A group of papers found in an edition, or one an operator named."""

    key: str  # stable within an edition: a slug of the label, unique
    label: str
    terms: tuple[str, ...]  # what distinguishes the group, strongest first
    paper_keys: tuple[str, ...]  # most central first
    kind: str = "found"  # found · named · other


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything new on one day, grouped by topic; frozen once composed."""

    id: int  # grows with each edition: a subscriber's cursor is the last one they were served
    day: date
    papers: tuple[Paper, ...]  # as they were known when the edition was composed
    topics: tuple[Topic, ...]  # every paper is in exactly one
    composed_at: datetime
    sample: bool = False
    remarks: tuple[str, ...] = ()  # sentences about sources that were missing or partial


# ---- people, as the mailing side sees them -------------------------------------------------------------------------


class InterestKind(StrEnum):
    """What sort of thing a reader wants or, for `mute`, does not want; the last three come from votes."""

    KEYWORD = "keyword"
    CATEGORY = "category"
    AUTHOR = "author"
    SEED = "seed"  # an example paper: its arXiv id, or its title and abstract as text
    TEXT = "text"  # free text: "I work on …"
    MUTE = "mute"
    LIKED = "liked"  # the key of a paper they voted for
    DISLIKED = "disliked"  # the key of a paper they voted against
    MUTED_TOPIC = "muted_topic"  # the label of a topic they want no papers of


@dataclass(frozen=True, slots=True)
class Interest:
    """One thing a reader wants, or does not want."""

    kind: InterestKind
    value: str
    topic: str | None = None  # label of the named topic it came with; None for the reader's own
    weight: float = 1.0  # how much it counts, above 0; a vote's fades with its age


@dataclass(frozen=True, slots=True)
class NamedInterests:
    """A topic an operator named, seen from the papers' side."""

    name: str  # as the roster calls it; the key of its topics
    label: str  # as readers see it
    interests: tuple[Interest, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's interests and limits."""

    interests: tuple[Interest, ...] = ()
    max_papers: int = 12  # per digest
    max_per_topic: int = 6
    floor: float = 0.05  # papers that score less are not worth a line
    discovery: bool = True  # one paper from beyond the interests, labelled as such
    reader: str = ""  # opaque and stable: with the day it chooses that paper


@dataclass(frozen=True, slots=True)
class Recipient:
    """A subscriber seen from the mailing side, due for a digest."""

    subscriber_id: int
    address: str
    name: str
    profile: Profile
    cursor: int  # id of the last edition they were served; 0 for none
    zone: str = "UTC"
    token: str = ""  # opaque and stable, for links and the return path; never an address


# ---- one person's cut ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One additive part of a score, and the words that say what it stands for."""

    kind: str  # terms · related · text · seed · author · category · popularity
    value: float
    because: str  # a short noun phrase that is true: 'speculative decoding', 'close to 2401.10774', 'cs.CL'


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen paper with its reason; the parts sum to the score."""

    paper_key: str
    score: float
    parts: tuple[Part, ...]
    reason: str  # one short true clause: "matches speculative decoding, KV cache"


BEYOND = "Beyond your interests"
"""The label of the section for the one paper that no interest chose."""


@dataclass(frozen=True, slots=True)
class Section:
    """The picks of one topic."""

    label: str
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """One person's cut of the editions after their cursor, up to and including `edition_id`."""

    edition_id: int  # the edition it reaches
    day: date  # that edition's day
    since: date  # day of the first edition it covers
    sections: tuple[Section, ...]
    considered: int  # how many papers the covered editions hold
    matched: int  # how many of them scored above the floor; the picks are the best of these
    personal: bool  # False: no interests, so the most noticed papers of each topic
    sample: bool = False
    remarks: tuple[str, ...] = ()


class Skip(StrEnum):
    """The recorded reason why a subscriber got no digest."""

    NOTHING_NEW = "nothing_new"
    NO_MATCH = "no_match"
    NOT_DUE = "not_due"
    PAUSED = "paused"
    UNCONFIRMED = "unconfirmed"
    SUPPRESSED = "suppressed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Message:
    """A digest (or a confirmation) rendered, before it becomes bytes."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a message is from and to, and what its headers need; everything but the body."""

    delivery_key: str  # the Message-ID derives from it
    sender: str  # "Paperboy <papers@example.org>"
    recipient: str  # address only
    recipient_name: str
    return_path: str  # envelope sender
    list_id: str  # "Paperboy <papers.example.org>"
    date: datetime
    unsubscribe_url: str | None = None  # https one-click (RFC 8058); None without a public site
    unsubscribe_mailto: str | None = None
    feedback_id: str | None = None
    reply_to: str = ""  # address only; empty: answers go to the sender
    in_reply_to: str = ""  # the Message-ID this answers by itself, in angle brackets (RFC 3834)


# ---- delivery ------------------------------------------------------------------------------------------------------


class State(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"  # 5xx on this recipient
    SUPPRESSED = "suppressed"  # unsubscribed or suppressed between queue and send
    EXPIRED = "expired"  # too old to be worth sending
    UNCERTAIN = "uncertain"  # perhaps sent: never re-sent by itself, always listed


class Decision(StrEnum):
    """What an operator makes of an uncertain delivery."""

    ACCEPTED = "accepted"  # the reader has it
    AGAIN = "again"  # it was not sent, or a second copy does no harm
    DROPPED = "dropped"  # it is given up, and its papers are not sent again


class Phase(StrEnum):
    """The step of the SMTP conversation in which something was answered, or not."""

    CONNECT = "connect"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the DATA command itself: without its 354 nothing was sent
    DOT = "dot"  # from the first byte of the message to the reply after the final dot


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to."""

    state: State  # ACCEPTED, REFUSED, UNCERTAIN, or QUEUED: deferred, try again later
    phase: Phase
    code: int | None = None  # the reply code; None where there was no reply
    enhanced: str | None = None  # RFC 3463, e.g. "5.1.1"
    reply: str = ""
    retry_after: float | None = None  # seconds the server asked us to wait
    suppress: bool = False  # the address does not exist: never mail it again
    stop: bool = False  # not about this recipient: stop the batch (login refused, policy, server gone)
    throttled: bool = False  # we are too fast for the server: 421, 454
