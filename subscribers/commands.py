"""What a reader's mail asks for: to subscribe, to confirm, to leave, or help.

Nothing here trusts a mail. Its sender is who it says it is, which anybody can write; a token is what stands where ours
would stand, and whoever acts on it verifies it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from newsletter.mail.received import Received
from subscribers import addresses, robots


class Ask(StrEnum):
    """What a mail asks for."""

    SUBSCRIBE = "subscribe"
    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    HELP = "help"
    NOTHING = "nothing"  # that we would know: the operator's to read


_AT = {
    "subscribe": Ask.SUBSCRIBE,
    "join": Ask.SUBSCRIBE,
    "confirm": Ask.CONFIRM,
    "unsubscribe": Ask.UNSUBSCRIBE,
    "leave": Ask.UNSUBSCRIBE,
    "help": Ask.HELP,
}
_SAID = _AT | {"stop": Ask.UNSUBSCRIBE, "signoff": Ask.UNSUBSCRIBE, "info": Ask.HELP}

_BODY = 20_000  # characters in which the lines of their own are looked for
_OWN_LINES = 10
_FIRST_LINES = 3  # in which a refusal or the wish to leave may stand: further down it may be quoted after all
_LONGEST_LINE = 200
_MOST_HEADERS = 5  # of one name

_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]@]{1,128}@[^\s<>,;:\"()\[\]@]{1,253}")
_IN_BRACKETS = re.compile(r"<\s*([^\s<>]{1,320})\s*>")
_PREFIX = re.compile(r"(?:(?:re|aw|antw|sv|vs|fwd?|wg|tr|rif) ?(?:\[\d+\])? ?: ?)+", re.IGNORECASE)
_COMMAND = re.compile(rf"(?:please )?({'|'.join(_SAID)})\b[ :,.!]*(.*)", re.IGNORECASE)
_POLITE = re.compile(
    r"\b(?:me|us|please|now|thanks|thank you|from|to|this|the|and|list|newsletter|mails?)\b", re.IGNORECASE
)
_SIGNED = re.compile(r"[A-Za-z0-9_-]{8,200}\.[A-Za-z0-9_.-]{8,200}|[A-Za-z2-7]{40,60}")
_BETWEEN = re.compile(r"[\s<>\"'()+:;,]+")
_CONFIRM_LINK = re.compile(r"/confirm/([A-Za-z0-9_.-]{20,400})")
_REFUSED = re.compile(
    r"(?:no(?! (?:problem|worries|doubt)\b)|nein|non|nee|nej|não|нет)\b"
    r"|(?:stop|cancel|unsubscribe|leave|remove|wrong|not me)\b"
    r"|.*\b(?:did|do|have|was) ?n[o’']t (?:\w+ ){0,3}(?:ask|sign|subscrib|request|want|me\b)"  # noqa: RUF001
    r"|.*\b(?:never (?:\w+ ){0,2}(?:ask|sign|subscrib|request|want)|(?:remove|unsubscribe) me\b|not interested)",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"(?:(?:re|aw|antw|sv|vs) ?: ?)*(?:fwd?|wg|tr|rv|rif) ?:", re.IGNORECASE)
_BEGINS_QUOTE = re.compile(
    r"-{2,} ?(?:original|forwarded) message|_{10}|(?:from|von|de): |.{0,120}\b(?:wrote|schrieb|écrit) ?:$",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr)\b[^<>]{0,200}>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(style|script|head)\b.{0,2000}?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,500}>")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Names:
    """Our addresses: the one readers write to, and every other one of ours."""

    address: str  # papers@example.org
    others: frozenset[str] = frozenset()  # a mail that is from one of these is no reader's

    def asked_at(self, recipient: str) -> tuple[Ask, str] | None:
        """What a mail to `recipient` asks for, and the token in it; None where that is no address of ours.

        `papers+subscribe@…`, `papers-subscribe@…` and `subscribe@…` are the same, in any letter case; a token may stand
        after the word, and `papers+TOKEN@…` confirms.
        """
        local, _, host = recipient.casefold().rpartition("@")
        base, _, ours = self.address.casefold().rpartition("@")
        if not local or host != ours:
            return None
        if local == base:
            return Ask.NOTHING, ""
        tagged = local.startswith((f"{base}+", f"{base}-"))
        word, _, token = (local[len(base) + 1 :] if tagged else local).replace("+", "-", 1).partition("-")
        if word in _AT:
            return _AT[word], token
        if not tagged:
            return None
        return (Ask.CONFIRM if _SIGNED.fullmatch(word) else Ask.NOTHING), word

    def is_ours(self, address: str) -> bool:
        """Whether an address is one of ours, in any letter case and whatever stands after a plus."""
        local, _, host = address.casefold().rpartition("@")
        known = {one.casefold() for one in self.others}
        return self.asked_at(address) is not None or f"{local.partition('+')[0]}@{host}" in known


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, as far as we understand it."""

    ask: Ask
    token: str = ""  # not yet verified
    addressed: bool = False  # it came to an address for this; else its words were understood
    beside: str = ""  # what stands beside the command in the subject
    text: str = ""  # subject and first lines of their own: may name topics
    sender: str = ""  # who it says it is from, as mailed; empty where that is nobody, or several
    message_id: str = ""  # in its brackets; empty where it has none that could be answered
    identity: str = ""  # the same whenever and wherever the mail is read
    no_person: str = ""  # why it is never answered; empty: a person seems to have written it


def read(mail: Received, *, names: Names, sender: str | None = None, recipient: str | None = None) -> Letter:
    """What a mail asks for; whatever it is, this neither raises nor hangs.

    `sender` and `recipient` are those of the envelope; without them what the headers say counts.
    """
    subject = " ".join(_PREFIX.sub("", " ".join(mail.header("subject").split()), count=1).split())
    lines = tuple(_own_lines(mail))
    wish = _asked(mail, names, recipient, subject, lines)
    said_from = _sender(mail)
    no_person = robots.why_no_person(
        mail, said_from, envelope=sender, is_ours=names.is_ours, loop=names.address.casefold()
    )
    if wish.ask is Ask.CONFIRM and not no_person and robots.sounds_absent(" ".join(lines)):
        no_person = "the answer of somebody absent"  # a robot's header may be missing, and consent must not come of it
    return Letter(
        ask=wish.ask,
        token=wish.token,
        addressed=wish.addressed,
        beside=wish.beside,
        text="\n".join((subject, *lines)),
        sender=said_from,
        message_id=_message_id(mail),
        identity=_identity(mail, recipient or ""),
        no_person=no_person,
    )


# ---- topics ----------------------------------------------------------------------------------------------------------


def topics_named(text: str, topics: Mapping[str, str]) -> tuple[str, ...]:
    """The topics, by name, whose name or label stands in a text; `topics` gives the label of each name."""
    said = _folded(text)
    return tuple(name for name, label in topics.items() if any(way in said for way in _ways(name, label)))


def names_only(text: str, topics: Mapping[str, str]) -> bool:
    """Whether a text holds nothing but topics and politeness: `robotics, vision please`."""
    said = _folded(_POLITE.sub(" ", text))
    for way in sorted((way for pair in topics.items() for way in _ways(*pair)), key=len, reverse=True):
        said = said.replace(way, " ")
    return not said.strip()


def _ways(name: str, label: str) -> tuple[str, ...]:
    return tuple(way for way in (_folded(name), _folded(label)) if way.strip())


def _folded(text: str) -> str:
    """The words of a text, each between blanks."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


# ---- what it asks for ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wish:
    ask: Ask
    token: str = ""
    addressed: bool = False
    beside: str = ""


def _asked(mail: Received, names: Names, recipient: str | None, subject: str, lines: tuple[str, ...]) -> _Wish:
    """What it asks for. Whoever wants to leave may say so anywhere; else the address goes before the words."""
    at = [recipient] if recipient is not None else list(_recipients(mail))
    found = [one for one in map(names.asked_at, at) if one is not None and one[0] is not Ask.NOTHING]
    said = _in_words(subject, lines[:_FIRST_LINES])
    ask, token = found[0] if found else (said.ask, said.token)
    link = _link(mail) if ask is Ask.NOTHING else ""
    if ask is Ask.UNSUBSCRIBE and found:
        return _Wish(ask, token or said.token or _token(subject), addressed=True)
    if said.ask is Ask.UNSUBSCRIBE:
        return said
    if (ask is Ask.CONFIRM or link) and any(map(_REFUSED.match, lines[:_FIRST_LINES])):
        return _Wish(Ask.UNSUBSCRIBE, addressed=True)
    if found:
        return _Wish(ask, token, addressed=True)
    return _Wish(Ask.CONFIRM, link) if link else said


def _recipients(mail: Received) -> Iterator[str]:
    """The addresses a mail came to: first what a mail server wrote of it, then what its sender did."""
    for name in ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc"):
        for value in mail.all(name)[:_MOST_HEADERS]:
            yield from _ADDRESS.findall(value)


def _in_words(subject: str, lines: tuple[str, ...]) -> _Wish:
    """What the subject says, or the first line where it is empty; to leave, one may answer any digest with the word.

    A greeting may stand above it.
    """
    said = _said(subject or "".join(lines[:1]))
    if said.ask is not Ask.NOTHING:
        return said
    leaving = (line for line in map(_said, lines) if line.ask is Ask.UNSUBSCRIBE and not line.beside)
    return next(leaving, said)


def _said(text: str) -> _Wish:
    """The command in a subject or line, its token, and what stands beside both."""
    found = _COMMAND.fullmatch(text)
    if not found:
        leaving = re.search(r"\bunsubscribe\b", text, re.IGNORECASE)
        return _Wish(Ask.UNSUBSCRIBE, _token(text), beside=text) if leaving else _Wish(Ask.NOTHING)
    word, rest = found[1].lower(), found[2]
    ask, token = _SAID[word], _token(rest)
    beside = " ".join(_WORD.findall(_POLITE.sub(" ", rest)))
    if ask in {Ask.CONFIRM, Ask.UNSUBSCRIBE} and token:
        return _Wish(ask, token)
    # "Confirm your booking", and with anything beside it: "help wanted", "leave of absence", "join us at".
    if ask is Ask.CONFIRM or (beside and (ask is Ask.HELP or word in {"stop", "leave", "join"})):
        return _Wish(Ask.NOTHING)
    return _Wish(ask, beside=beside)


def _token(text: str) -> str:
    # Mail programs put it in brackets, or take the blank before it for a plus.
    return next((word for word in _BETWEEN.split(text) if _SIGNED.fullmatch(word)), "")


def _link(mail: Received) -> str:
    """The signed part of our confirmation link, where an answer quotes it; who forwards it asks somebody else."""
    if _FORWARDED.match(mail.header("subject").strip()):
        return ""
    found = (_CONFIRM_LINK.search(part.text[:_BODY]) for part in mail.parts if part.kind.startswith("text/"))
    return next((one[1].rstrip(".-") for one in found if one), "")


def _own_lines(mail: Received) -> Iterator[str]:
    """The first lines that the sender wrote, without what they quote and without their signature."""
    number = 0
    for line in _body(mail).splitlines():
        text = " ".join(line[:_LONGEST_LINE].split())
        if text == "--" or _BEGINS_QUOTE.match(text) or number == _OWN_LINES:
            return
        if text and not text.startswith((">", "|")):
            yield text
            number += 1


def _body(mail: Received) -> str:
    plain = next((part.text for part in mail.parts if part.kind == "text/plain" and part.text.strip()), "")
    if plain:
        return plain[:_BODY]
    html = next((part.text[:_BODY] for part in mail.parts if part.kind == "text/html"), "")
    return _TAG.sub(" ", _UNSEEN.sub(" ", _BREAK.sub("\n", html)))


# ---- who wrote it, and which one it is -------------------------------------------------------------------------------


def _sender(mail: Received) -> str:
    """The one address in From, as it is mailed; empty where it is none, several, or no address."""
    said = mail.all("from")
    found = (_IN_BRACKETS.findall(said[0]) or _ADDRESS.findall(said[0])) if len(said) == 1 else []
    if len(found) != 1:
        return ""
    try:
        return addresses.read(found[0]).mailed
    except ValueError:
        return ""


def _message_id(mail: Received) -> str:
    found = _MESSAGE_ID.search(mail.header("message-id"))
    return found[0] if found else ""


def _identity(mail: Received, recipient: str) -> str:
    told = mail.header("message-id")
    if not told:  # its text instead: what servers write above it changes on its way
        told = "\0".join((mail.header("date"), mail.header("subject"), *(part.text for part in mail.parts)))
    if not told.strip("\0"):
        told = hashlib.sha256(mail.disarmed).hexdigest()
    whole = "\0".join(("mail", recipient.casefold(), mail.header("from"), told))
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
