"""What a mail server's last words mean for a reader: status (RFC 3463) and sentence to a kind of bounce.

The words go before the status, for servers put "user unknown" under 5.7.1 and a full mailbox under 5.1.1; and the words
that excuse the reader (policy, a full mailbox) go before those that end the address: a reader wrongly kept costs one
more bounce, a reader wrongly dropped never hears of us again.
"""

import re
from enum import StrEnum

from newsletter.mail.classify import clean


class Kind(StrEnum):
    """What a received mail says of a delivery, from the mildest to the gravest."""

    NOTHING = "nothing"  # delivered, read, answered by a robot, or not about a delivery at all
    DELAYED = "delayed"  # the server still tries: not yet a bounce
    POLICY = "policy"  # refused for what we are or sent: ours to mend, nothing for the reader
    SOFT = "soft"  # full, too slow, broken: counted, and too many in a row end it
    HARD = "hard"  # there is no such address
    COMPLAINT = "complaint"  # the reader marked it as spam


GRAVITY = tuple(Kind)
"""The kinds in their order."""

_LONGEST = 4_000  # characters of words that are looked at
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.\[@-])([45]\d\d)(?=[ \-:])")
_ADDRESSES = re.compile(r"<[^<>\s]{1,320}>|[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_ENDED = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_SENDER = frozenset({"5.1.7", "5.1.8"})
_VAGUE = frozenset({"0.0", "5.0", "2.0", "3.0"})  # subject and detail that say no more than "failed"

_POLICY = re.compile(
    r"\bspam|\bpolic(?:y|ies)\b|\brelaying\b|relay (?:access )?(?:denied|not permitted|prohibited)|(?:to|not) relay\b"
    r"|\bblock(?:ed|ing|list)|black ?list|\bdns[bw]l\b|\brbl\b|reputation|not (?:yet )?verified|authenticat"
    r"|not authori[sz]ed|unauthori[sz]ed|access denied|\bdmarc\b|\bdkim\b|\bspf\b|\bptr\b"
    r"|reverse (?:dns|lookup|hostname|mapping|address)|\bvirus|malware|\bbanned\b|client host rejected"
    r"|sender (?:address )?(?:rejected|denied|refused)|(?:mail from|sender) .{0,80}(?:rejected|denied|does not exist)"
    r"|domain of sender|unsolicited|suspicious|prohibited|poor.{0,20}ip|\btls\b.{0,40}required|rate limit|too fast"
    r"|too many (?:connections|messages|mails|recipients)|content (?:rejected|not accepted)|message (?:was )?rejected"
    r"|not accepting mail from",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"\bquota\b|over ?quota|(?:mail ?box|mailfolder|inbox|account|user|disk).{0,40}\bfull\b|\bis full\b"
    r"|exceed.{0,40}(?:storage|size|limit)|insufficient.{0,20}(?:storage|space|disk)|not enough.{0,20}(?:storage|space)"
    r"|storage (?:limit|space)|too (?:large|big)|size limit|maximum (?:message )?size",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"tempor|try again|timed? ?out|greylist|deferred|not available|unavailable at this time|too long in queue"
    r"|retry time(?:out)? (?:not reached|exceeded)|expired|overloaded|connection (?:refused|reset|lost)",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"no such (?:user|mailbox|recipient|address|account|person|local user)"
    r"|(?:user|recipient|mailbox|account|address|addressee|local.?part)(?: name| address)? ?(?:is |was )?"
    r"(?:unknown|not (?:found|known|exist|listed))"
    r"|(?:unknown|invalid|nonexistent|non-existent|bad|undefined) (?:or illegal )?(?:local )?"
    r"(?:user|mailbox|recipient|account|address|local.?part|destination)"
    r"|(?:user|mailbox|account|address|recipient|inbox|it|email|e-mail)\b.{0,90}?"
    r"(?:does not|doesn.t|do not|didn.t|did not) (?:exist|have an account)"
    r"|(?:user|mailbox|recipient|account)\b.{0,90}? (?:not found|couldn.t be found|could not be found|wasn.t found)"
    r"|unrouteable address|couldn.t be found at|recipnotfound"
    r"|no (?:mailbox|account|user) (?:here )?(?:by|with) (?:that|this)"
    r"|not our customer|no longer (?:on server|exists?|valid|available|works|here)|doesn.t have an? .{0,40}account"
    r"|no mailbox (?:here|found)|not a (?:valid|known) (?:user|mailbox|recipient|account)|is not a registered"
    r"|not listed in|addressee unknown|user not (?:here|local)|unknown address|does not (?:like|match any) recipient",
    re.IGNORECASE,
)
_NOWHERE = re.compile(
    r"(?:host|domain)(?: name)? (?:is |was )?(?:unknown|not found|does not exist)|unknown (?:host|domain)"
    r"|(?:host|domain)\b.{0,90}? (?:does not exist|not found|couldn.t be found)|name or service not known|nxdomain"
    r"|no such (?:host|domain)|illegal host|invalid domain|bad destination host|null mx|does not accept (?:any )?mail",
    re.IGNORECASE,
)


def diagnose(status: str, words: str) -> tuple[Kind | None, str]:
    """The kind of a failure and the status that says most of it; None where neither status nor words decide.

    `status` is the report's own field, `words` what the server said; either may be empty.
    """
    words = words[:_LONGEST]
    said = _STATUS.findall(words)
    given = _STATUS.findall(status)
    best = next((one for one in (*given, *said) if not is_vague(one)), (*given, *said, "")[0])
    code = _CODE.search(words)
    for_now = best.startswith("4") or (not best and code is not None and code[1].startswith("4"))
    by_words = _by_words(_ADDRESSES.sub(" ", words), for_now=for_now)
    # Where the words name the sender or the host, the status of the words counts even beside one of the report's own.
    if by_words is None and any(one in _SENDER or one.split(".")[1] == "7" for one in said if one[0] == "5"):
        return Kind.POLICY, best
    return by_words or _by_status(best, for_now=for_now), best


def is_vague(status: str) -> bool:
    """Whether a status says no more than that something failed."""
    return not status or status.partition(".")[2] in _VAGUE


def _by_words(words: str, *, for_now: bool) -> Kind | None:
    if _POLICY.search(words):
        return Kind.POLICY
    if _FULL.search(words):
        return Kind.SOFT
    if for_now:
        return None  # what a server may take back tomorrow ends nobody
    if _NOBODY.search(words):
        return Kind.HARD
    if _LATER.search(words):
        return Kind.SOFT
    return Kind.HARD if _NOWHERE.search(words) else None


def _by_status(status: str, *, for_now: bool) -> Kind | None:
    if status in _ENDED:
        return Kind.HARD
    if status in _SENDER or (status.startswith("5") and status.split(".")[1] in {"6", "7"}):
        return Kind.POLICY
    if status.startswith("2"):
        return Kind.NOTHING
    return Kind.SOFT if for_now or not is_vague(status) else None


def shown(words: str) -> str:
    """Words fit to be kept and shown: one line, at most 500 characters."""
    return clean(words)
