"""What a received mail says of a delivery: delivery reports, complaints, answers of robots, bounces in plain words.

Reports (RFC 3464, in UTF-8 RFC 6533) and complaints (RFC 5965) are read here from their fields. What is no report but
looks like a bounce is read by its words; flufl.bounce, which knows the habits of old servers, then says whether it is
one. Nothing here trusts a mail: whose delivery it is about is for its signed token to say, not for its addresses.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy

from flufl.bounce import all_failures

from newsletter.mail.diagnosis import GRAVITY, Kind, diagnose, shown
from newsletter.mail.received import Received, take_apart

# It writes a traceback for a mail it cannot take, and goes on to raise; we expect that of strangers' mail.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

TOKEN_LENGTH = 42
"""Characters of the signed part of a return path: 26 for the delivery's key, 16 for the signature."""

_MOST_REPORTED = 50  # recipients of one report; ours name one
_MOST_TOKENS = 10
_HUMAN = 4_000  # characters of the part for people: the reason stands at its beginning
_FALLBACK = 32 * 1024  # bytes that flufl.bounce sees; it goes through every line for each of its patterns

_LONG_LINE = re.compile(rb"([^\n]{400})[^\n]+")  # the time of its patterns grows with the square of a line
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_REPORTED = re.compile(r"^final-recipient[ \t]*:[ \t]*(?:rfc822|utf-8)", re.IGNORECASE | re.MULTILINE)
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_ROBOT = re.compile(
    r"mailer-?daemon|post_?master|mail ?delivery|delivery ?(?:sub)?system|mail ?administrator|<>", re.IGNORECASE
)
_RETURNED = re.compile(
    r"undeliver|returned? (?:mail|to sender)|mail (?:delivery )?fail|deliver\w* (?:status |has )?(?:notification|fail"
    r"|report|problem|error)|failure notice|non-?delivery|not delivered|could not be delivered|unable to deliver"
    r"|mail system error",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"has (?:been|not yet been|not been) (?:delayed|delivered yet|postponed)|not yet been delivered|will be retried"
    r"|delivery attempts will continue|warning message only|still being retried|will keep trying"
    r"|delivery .{0,20}delayed",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(r"giv(?:en|ing) up|permanent|will not be retried|could not be delivered for", re.IGNORECASE)
_AWAY = re.compile(
    r"out of (?:the )?office|auto(?:mat(?:ic|ed|ische))?[- ]?(?:reply|response|antwort)|^auto: |abwesen|on vacation"
    r"|absence|automatique|respuesta autom|away from (?:my|the)",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^[ \t>*]*+-*+(?:(?<=--).{0,60}?(?:message|mail|header)|[ \t]*+(?:original|returned|undelivered) message"
    r"|[ \t]*+(?:a )?copy of (?:the|your)|message (?:header|follows)|return-path:|received: )",
    re.IGNORECASE | re.MULTILINE,
)
_OUTLOOK = re.compile(r"^x-hmxmroriginalrecipient:[ \t]*(\S{1,320})", re.IGNORECASE | re.MULTILINE)
_NOT_A_COMPLAINT = frozenset({"not-spam", "auth-failure", "dmarc", "virus"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What a mail says of one recipient."""

    kind: Kind
    address: str = ""  # as the report gives it; it may be another than the one we mailed: people forward their mail
    status: str = ""  # RFC 3463, empty where there is none
    words: str = ""  # the server's own, on one line


@dataclass(frozen=True, slots=True)
class Reading:
    """What a received mail says."""

    failures: tuple[Failure, ...] = ()
    how: str = "not a report"  # report · complaint · auto-reply · words · receipt · not a report · why it was not read
    tokens: tuple[str, ...] = ()  # what stands after the + in our return path, wherever it was found; not yet verified

    @property
    def gentlest(self) -> Failure:
        """Of several recipients the one that fared best: whoever forwards to two mailboxes still reads one."""
        return min(self.failures, key=lambda one: GRAVITY.index(one.kind), default=Failure(Kind.NOTHING))

    @property
    def kind(self) -> Kind:
        """The mail's kind in one word."""
        return self.gentlest.kind


def read(raw: bytes, *, bounce_address: str) -> Reading:
    """What a received mail says; whatever it is, this neither raises nor hangs.

    `bounce_address` is the address whose local part the tokens were added to.
    """
    mail = take_apart(raw)
    if mail.fault:
        return Reading(how=mail.fault)
    failures, how = _read(mail)
    return Reading(failures[:_MOST_REPORTED], how, _tokens(mail, bounce_address))


def _read(mail: Received) -> tuple[tuple[Failure, ...], str]:
    complaint = tuple(_complaints(mail))
    if complaint:
        return complaint, "complaint"
    if any(part.kind.endswith("disposition-notification") for part in mail.parts):
        return (), "receipt"
    reported = tuple(_reported(mail))
    if reported:
        return reported, "report"
    text = _human(mail)
    failed = mail.header("x-failed-recipients")
    robot = bool(failed or _ROBOT.search(" ".join(mail.all("from", "sender", "return-path"))))
    away = bool(_AWAY.search(mail.header("subject")))
    if away or (_is_auto_reply(mail) and not robot):
        return (), "auto-reply"
    returned = robot or bool(_RETURNED.search(mail.header("subject")))
    temporary, permanent = _fallback(mail)
    if not (permanent or temporary or returned):
        return (), "not a report"
    address = (sorted(permanent or temporary) or [failed.partition(",")[0].strip()])[0]
    return (_in_words(address, text, trying=bool(temporary)),), "words"


# ---- complaints ------------------------------------------------------------------------------------------------------


def _complaints(mail: Received) -> Iterator[Failure]:
    for part in mail.parts:
        if part.kind.endswith("feedback-report"):
            fields = _fields(part.text)
            kind = fields.get("feedback-type", "abuse").lower()
            # The address is often blacked out; the token in the returned mail says whose complaint it is.
            said = Kind.NOTHING if kind in _NOT_A_COMPLAINT else Kind.COMPLAINT
            yield Failure(said, _address(fields.get("original-rcpt-to", "")), words=shown(kind))
    if mail.header("subject").lower().startswith("complaint about message from"):
        # Outlook.com has no report: the returned mail says in a field of its own to whom it went.
        found = next(filter(None, (_OUTLOOK.search(part.text) for part in mail.parts)), None)
        if found:
            yield Failure(Kind.COMPLAINT, _address(found[1]), words="abuse")


# ---- reports ---------------------------------------------------------------------------------------------------------


def _reported(mail: Received) -> Iterator[Failure]:
    """A failure for each recipient of a report, also of one whose part has a wrong type."""
    parts = [part for part in mail.parts if part.kind.endswith("delivery-status")]
    parts = parts or [part for part in mail.parts if "rfc822" not in part.kind and _REPORTED.search(part.text)]
    human = _human(mail)
    for part in parts:
        for block in re.split(r"\n[ \t]*\n", part.text)[: _MOST_REPORTED + 1]:
            fields = _fields(block)
            if "final-recipient" in fields or "original-recipient" in fields:
                yield _failure(fields, human)


def _failure(fields: dict[str, str], human: str) -> Failure:
    address = _address(fields.get("original-recipient") or fields.get("final-recipient", ""))
    words = fields.get("diagnostic-code", "")[:_HUMAN]
    action = fields.get("action", "failed").lower()
    kind, status = diagnose(fields.get("status", ""), words)
    if action.startswith(("delivered", "relayed", "expanded", "deliverable")) or status.startswith("2"):
        kind = Kind.NOTHING
    elif action.startswith("delayed"):
        kind = Kind.DELAYED
    elif kind is None:
        kind = diagnose(status, human)[0] or Kind.SOFT
    return Failure(kind, address, status, shown(words))


def _fields(block: str) -> dict[str, str]:
    """The fields of a block by their names in lower case, unfolded; of a repeated one the first."""
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(block):
        found.setdefault(name.lower(), " ".join(value.split()))
    return found


def _address(field: str) -> str:
    """The address of `rfc822; <someone@example.org>`, with the characters that RFC 6533 writes out put back."""
    text = field.rpartition(";")[2].strip().strip("<>")
    return shown(_UNICODE.sub(_character, text))


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


# ---- in plain words --------------------------------------------------------------------------------------------------


def _in_words(address: str, text: str, *, trying: bool) -> Failure:
    """What a server says that is known to have returned something; without a reason it is a soft bounce."""
    kind, status = diagnose("", text)
    if (trying or _STILL_TRYING.search(text)) and not _GIVEN_UP.search(text):
        kind = Kind.DELAYED
    return Failure(kind or Kind.SOFT, shown(address), status, shown(text))


def _human(mail: Received) -> str:
    """What a mail says to people, without the mail it returns."""
    text = next((part.text for part in mail.parts if part.kind == "text/plain" and part.text.strip()), "")
    text = text or re.sub(r"<[^<>]{0,500}>", " ", next((p.text for p in mail.parts if p.kind == "text/html"), ""))
    text = text[: 5 * _HUMAN]
    cut = _ORIGINAL.search(text, 1)
    beginning = text[: cut.start()] if cut and cut.start() > 100 else text
    return " ".join(beginning[:_HUMAN].split())


def _is_auto_reply(mail: Received) -> bool:
    """RFC 3834, and what robots older than it say; values in any case."""
    submitted = mail.header("auto-submitted").lower()
    precedence = mail.header("precedence").lower()
    return (
        submitted.startswith(("auto-replied", "auto-notified"))
        or precedence in {"auto_reply", "auto-reply"}
        or bool(mail.all("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-mail-autoreply"))
    )


def _fallback(mail: Received) -> tuple[set[str], set[str]]:
    """The addresses that flufl.bounce finds: for now, for good."""
    try:
        short = _LONG_LINE.sub(rb"\1", mail.disarmed[:_FALLBACK])
        message = message_from_bytes(short, policy=policy.compat32)
        if not str(message.get("from", "")).strip():
            del message["from"]
            message["From"] = "unknown@localhost"  # without one its detectors give up
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - strangers' bytes in somebody else's parser
        return set(), set()
    return _decoded(temporary), _decoded(permanent)


def _decoded(addresses: Iterable[bytes]) -> set[str]:
    return {address.decode("ascii", "replace") for address in addresses}


# ---- whose it is -----------------------------------------------------------------------------------------------------


def _tokens(mail: Received, bounce_address: str) -> tuple[str, ...]:
    """What was added to our return path, wherever it stands: in the envelope's traces, a report, the returned mail."""
    local, _, host = bounce_address.encode("ascii", "ignore").partition(b"@")
    if not local:
        return ()
    # `+2B` is the plus of an ORCPT parameter, `=2B` that of quoted-printable.
    pattern = rb"(?<![\w.+-])%b(?:\+2B|=2B|\+)([a-z2-7]{%d})@%b(?!\.?[\w-])" % (
        re.escape(local),
        TOKEN_LENGTH,
        re.escape(host),
    )
    found = re.findall(pattern, mail.disarmed.replace(b"=\n", b""), re.IGNORECASE)
    return tuple(dict.fromkeys(each.decode("ascii").lower() for each in found))[:_MOST_TOKENS]
