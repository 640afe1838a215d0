"""From a reply (phase, code, enhanced code, words) to an outcome: one table, read from top to bottom.

| answer                          | connect … auth | mail    | rcpt             | data    | dot       |
|---------------------------------|----------------|---------|------------------|---------|-----------|
| none, or not understood         | stop           | later   | later            | later   | uncertain |
| 500, 502, 504: lost the thread  | stop           | below   | below            | below   | uncertain |
| 2xx                             | -              | -       | -                | -       | accepted  |
| 2.1.x: of MAIL or RCPT          | -              | -       | -                | -       | uncertain |
| 421, 454, 4.7.28 (too fast)     | stop           | slower  | slower           | slower  | slower    |
| 432 4.3.2, our limit in words   | stop           | slower  | slower           | slower  | slower    |
| other 4xx                       | stop           | later   | later            | later   | later     |
| our limit: 5.4.5, or in words   | stop           | both    | both             | both    | both      |
| login wanted, 5.7.x             | stop           | stop    | stop             | stop    | stop      |
| our sender or name, in words    | stop           | stop    | stop             | stop    | stop      |
| too large: 552, 5.2.3, 5.3.4    | stop           | refused | refused          | refused | refused   |
| mailbox full: 5.2.2, 552 at rcpt| stop           | stop    | later            | later   | later     |
| no such address: 5.1.x          | stop           | stop    | refused for good | same    | same      |
| 503; 500, 502, 504 as above     | stop           | later   | later            | later   | later     |
| policy, in words alone          | stop           | stop    | stop             | stop    | stop      |
| other 5xx                       | stop           | stop    | refused          | refused | refused   |

*later* is `QUEUED`; *slower* is `QUEUED` and throttled; *stop* is `QUEUED` and ends the batch, for it is not about this
recipient; *both* is stop and slower; *refused for good* suppresses the address.

Servers say only after RCPT what they think of the sender and of our name, and in the words they have for recipients
("User unknown"): so what names the sender is read as ours before anything is read as the recipient's.
"""

import re

from newsletter.models import Outcome, Phase, State

OPENING = frozenset({Phase.CONNECT, Phase.EHLO, Phase.TLS, Phase.AUTH})
"""What fails here fails for everybody."""

LOGIN_CODES = frozenset({530, 534, 535, 538})
NOT_KNOWN = frozenset({500, 502, 504})
SENDER_STATUSES = frozenset(
    {"5.1.7", "5.1.8", "5.2.252"}
)  # the sender's address is wrong, though the subject digit says "address" or "mailbox"
SIZE_STATUSES = frozenset({"5.2.3", "5.3.4"})
REPLY_LENGTH = 500
LONGEST_WAIT = 86_400.0  # seconds; a server that asks for more is answered by expiry

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_WAIT = re.compile(
    r"\b(?:in|after|for|within|wait)\s+(?:about\s+|at\s+least\s+)?(\d{1,6})\s*"
    r"(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b",
    re.IGNORECASE,
)
_ADDRESSES = re.compile(r"<[^<>\s]{1,320}>|[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_OURS = re.compile(
    r"\bsender(?:'s)?(?: e-?mail)?(?: address| domain| identity| account)?(?: is| was| has been)?[ :-]+"
    r"(?:rejected|denied|refused|blocked|banned|unknown|invalid|unverified|verif\w+|does not exist"
    r"|not (?:found|exist|known|allowed|permitted|authori[sz]ed|accepted|verified))"
    r"|\b(?:invalid|unknown|bad|envelope|verified|domain of) sender\b|^verification failed for\b"
    r"|\bsend ?as ?denied|\bnot (?:allowed|permitted|authori[sz]ed) to send as\b|\bsending (?:is |has been |was )?"
    r"(?:suspended|paused|disabled)\b|\b(?:from|return)[- ](?:address|path)\b|\bmail from (?:address|domain)\b"
    r"|\b(?:helo|ehlo)\b|\bclient host\b",
    re.IGNORECASE,
)
"""Names whoever sends as the one who is refused."""
_OUR_LIMIT = re.compile(
    r"\b(?:sending|submission|sender(?:'s)?|daily|hourly|monthly)"
    r"(?: (?:user|account|message|mail|e-?mail|sending|submission|thread|relay))* (?:limit|quota|rate)\b"
    r"|submissionquotaexceeded",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"no such (?:user|mailbox|recipient|address|account)|(?:user|recipient|mailbox|account|address) (?:is )?unknown"
    r"|unknown (?:user|recipient|mailbox|account)|(?:user|mailbox|account|address|recipient) (?:does not|doesn't) exist"
    r"|(?:user|mailbox|recipient) not found",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"\b(?:spam|polic(?:y|ies)|relay(?:ing)?|block(?:ed|list|listed)|black ?list(?:ed)?|reputation"
    r"|not (?:yet )?verified|authenticat(?:e|ed|ion)|not authori[sz]ed|access denied|dmarc|dkim|spf)\b",
    re.IGNORECASE,
)
_FULL = re.compile(r"\b(?:full|quota|over ?quota|storage)\b", re.IGNORECASE)
_LARGE = re.compile(r"\b(?:size|large|big)\b", re.IGNORECASE)


def classify(phase: Phase, code: int | None, reply: str) -> Outcome:
    """What a reply means for the delivery; `code` is None where nothing was answered, or nothing understood."""
    reply = clean(reply)
    if code is not None and not 200 <= code <= 599:
        code = None
    enhanced = status(code, reply)
    if phase in OPENING:
        slow = _slow(code, enhanced, reply)
        return Outcome(State.QUEUED, phase, code, enhanced, reply, retry_after(reply), stop=True, throttled=slow)
    if code is None or code // 100 == 3 or (phase is Phase.DOT and is_confused(code, enhanced)):
        state = State.UNCERTAIN if phase is Phase.DOT else State.QUEUED
        return Outcome(state, phase, code, enhanced, reply)
    if code // 100 == 2:
        # Only a 2xx after the dot hands the message over; anywhere else the caller goes on and does not ask.
        # One about an address (2.1.x) answers MAIL or RCPT: somewhere before, the server said something twice.
        taken = State.UNCERTAIN if _subject(enhanced) == "1" else State.ACCEPTED
        state = taken if phase is Phase.DOT else State.QUEUED
        return Outcome(state, phase, code, enhanced, reply)
    if code // 100 == 4:
        slow = _slow(code, enhanced, reply)
        return Outcome(State.QUEUED, phase, code, enhanced, reply, retry_after(reply), throttled=slow)
    return _permanent(phase, code, enhanced, reply)


def is_confused(code: int, enhanced: str | None) -> bool:
    """Whether a server says that it did not know our command: it has lost the thread, or means our name; no reader."""
    return code in NOT_KNOWN and _subject(enhanced) in {"", "5"}


def _permanent(phase: Phase, code: int, enhanced: str | None, reply: str) -> Outcome:
    """The 5xx half of the table; an enhanced code says more than the words, the words more than the basic code."""
    stop = Outcome(State.QUEUED, phase, code, enhanced, reply, stop=True)
    refused = Outcome(State.REFUSED, phase, code, enhanced, reply)
    later = Outcome(State.QUEUED, phase, code, enhanced, reply, retry_after(reply))
    for_good = Outcome(State.REFUSED, phase, code, enhanced, reply, suppress=True)
    both = Outcome(State.QUEUED, phase, code, enhanced, reply, retry_after(reply), stop=True, throttled=True)
    names_us = bool(_OURS.search(_ADDRESSES.sub("", reply)))
    is_lost = code == 503 or is_confused(code, enhanced)
    size = enhanced in SIZE_STATUSES or (enhanced is None and code == 552 and _is_size(phase, reply))
    is_spent = not size and (enhanced == "5.4.5" or bool(_OUR_LIMIT.search(reply)))
    if phase is Phase.MAIL:
        # What is refused before a recipient was named is the sender or the message, and the sender is everybody's.
        return both if is_spent else refused if size else later if is_lost and not names_us else stop
    unknown = enhanced is None and code in {550, 551, 553} and bool(_UNKNOWN.search(reply))
    answers = (
        (is_spent, both),
        (code in LOGIN_CODES or enhanced in SENDER_STATUSES or _subject(enhanced) == "7" or names_us, stop),
        (size, refused),
        (enhanced == "5.2.2" or (enhanced is None and code == 552), later),
        (_subject(enhanced) == "1" or unknown, for_good),
        (is_lost, later),
        (enhanced is None and bool(_POLICY.search(reply)), stop),
    )
    return next((outcome for holds, outcome in answers if holds), refused)


def _is_size(phase: Phase, reply: str) -> bool:
    """A bare 552 says "too much": of the message, or in the mailbox."""
    if _FULL.search(reply):
        return False
    return phase is not Phase.RCPT or bool(_LARGE.search(reply))


def _slow(code: int | None, enhanced: str | None, reply: str) -> bool:
    if code in {421, 454} or enhanced == "4.7.28" or (code == 432 and enhanced == "4.3.2"):
        return True
    return code is not None and code // 100 == 4 and bool(_OUR_LIMIT.search(reply))


def _subject(enhanced: str | None) -> str:
    return enhanced.split(".")[1] if enhanced else ""


def status(code: int | None, reply: str) -> str | None:
    """The enhanced code (RFC 3463) of a reply, where it has one of the same class as the basic code."""
    found = _ENHANCED.search(reply[:80])
    if found is None or code is None or found[1][0] != str(code)[0]:
        return None
    return found[1]


def retry_after(reply: str) -> float | None:
    """Seconds a reply asks us to wait: "try again in 300 seconds", "greylisted for 5 minutes"; at most a day."""
    found = _WAIT.search(reply)
    if found is None:
        return None
    unit = {"s": 1, "m": 60, "h": 3600}[found[2][0].lower()]
    return min(float(int(found[1]) * unit), LONGEST_WAIT)


def clean(reply: str) -> str:
    """A reply fit to be stored and shown: one line, printable, at most 500 characters."""
    text = reply.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:REPLY_LENGTH]
