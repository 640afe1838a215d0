"""Whether a person wrote a mail: what robots, lists and mail servers send is never answered (RFC 3834, 2 and 3)."""

import re
from collections.abc import Callable

from newsletter.mail.received import Received

_AWAY = re.compile(
    r"out of (?:the )?office|auto(?:mat(?:ic|ed|ische))?[- ]?(?:reply|response|antwort)|^auto: |abwesen|on vacation"
    r"|on leave|absence|automatique|respuesta autom|away from (?:my|the)|ticket (?:received|opened|created)"
    r"|we(?:'ve| have) received your",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"(?:mailer-?daemon|postmaster|daemon|no-?reply|do-?not-?reply|nobody|root|bounces?|listserv|majordomo|mailman)"
    r"(?:[+._-].*)?|owner-.*|.*-(?:request|owner|bounces?|admin)",
    re.IGNORECASE,
)
_MASS = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_OF_LISTS = frozenset({"mailing-list", "x-mailing-list", "x-beenthere", "x-mailman-version", "feedback-id"})
_ANSWERING = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-mail-autoreply", "autoreply")
_REPORTS = frozenset({"multipart/report", "message/delivery-status", "message/disposition-notification"})
_FORGED = re.compile(r"\bdmarc\s*=\s*fail\b", re.IGNORECASE)


def why_no_person(
    mail: Received, sender: str, *, envelope: str | None, is_ours: Callable[[str], bool], loop: str
) -> str:
    """Why a mail must not be answered, in words for the operator; empty where a person seems to have written it.

    `sender` is who it says it is from, `envelope` its return path where that is known, `loop` our folded address, which
    who passes our mails on may write into X-Loop. Headers count in any letter case, by their names and their values.
    """
    submitted = mail.header("auto-submitted").partition(";")[0].strip().lower()
    path = envelope if envelope is not None else next(iter(mail.all("return-path")), None)
    suppress = [value.strip().lower() for value in mail.all("x-auto-response-suppress")]
    reasons = {
        "our own": (bool(sender) and is_ours(sender)) or loop in map(str.casefold, mail.all("x-loop")),
        "an automatic mail": submitted not in {"", "no"} or bool(mail.all(*_ANSWERING)),
        "a mass mail": any(value.strip().lower() in _MASS for value in mail.all("precedence")),
        "not to be answered": any(value not in {"", "none"} for value in suppress),
        "without a return path": path is not None and not path.strip("<> "),
        "of a list": any(name.startswith("list-") or name in _OF_LISTS for name, _ in mail.headers),
        "a report": mail.kind in _REPORTS,
        "of a robot": bool(_NAMES.fullmatch(sender.rpartition("@")[0])),
        "the answer of somebody absent": sounds_absent(mail.header("subject")),
        "spam, says the mail server": mail.header("x-spam-flag").strip().lower() == "yes",
        "forged, says the mail server": any(_FORGED.search(value) for value in mail.all("authentication-results")),
    }
    return next((why for why, holds in reasons.items() if holds), "")


def sounds_absent(text: str) -> bool:
    """Whether it reads like what a robot answers in somebody's place, or for a desk of tickets."""
    return bool(_AWAY.search(text))
