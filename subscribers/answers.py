"""What we answer to a reader's mail: our own words only, whatever was written to us."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A short mail."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str = ""  # what it says, where there is a site
    leads: str = ""  # where it leads: leave (the page that also lets them back in) · choose
    links: bool = False  # whether the reader's links stand below

    @property
    def facts(self) -> dict[str, Any]:
        """As a notice keeps it."""
        return {
            "subject": self.subject,
            "paragraphs": list(self.paragraphs),
            "button": self.button,
            "leads": self.leads,
            "links": self.links,
        }


def confirmed(list_name: str, address: str) -> Answer:
    """They confirmed by mail."""
    return Answer(
        f"You are subscribed to {list_name}",
        (
            "Thank you: your subscription is confirmed, and the next digest is yours.",
            f"To leave at any time, write to {at('unsubscribe', address)}, or use the link in any digest.",
        ),
        "Choose what you get",
        "choose",
        links=True,
    )


def left(list_name: str, address: str, *, site: bool) -> Answer:
    """They left, by a mail that anybody could have written in their name."""
    back = "If you did not mean to leave, or did not write that mail, one click brings you back." if site else ""
    by_mail = f"To come back later, write to {at('subscribe', address)}."
    return Answer(
        f"You have left {list_name}",
        (
            "You asked by mail to leave. It is done: no more digests come to this address.",
            *filter(None, (back, by_mail)),
        ),
        "Bring me back",
        "leave",
    )


def nobody(list_name: str) -> Answer:
    """Somebody wants to leave who is not subscribed under the address they write from."""
    nothing = "You asked by mail to leave, but nothing is sent to this address."
    hint = (
        "If digests reach you, they are sent to another address of yours and forwarded: write from that one, "
        "or use the link at the end of a digest."
    )
    return Answer(f"You are not subscribed to {list_name}", (nothing, hint))


def too_old(list_name: str, address: str) -> Answer:
    """A confirmation that holds no more."""
    return Answer(
        f"This confirmation is too old: {list_name}",
        (
            "You answered a confirmation that no longer holds, so nothing was changed.",
            f"To subscribe, write to {at('subscribe', address)}: a new one comes at once.",
        ),
    )


def helped(list_name: str, address: str, topics: tuple[str, ...]) -> Answer:
    """They asked for help."""
    offered = f"Topics you may name in the subject or text: {', '.join(topics)}." if topics else ""
    return Answer(
        f"How to write to {list_name}",
        (
            f"To subscribe, write to {at('subscribe', address)} and answer the mail that comes back.",
            *filter(None, (offered,)),
            f"To leave, write to {at('unsubscribe', address)}: that works at once.",
            f"Anything else sent to {address} is read by a person.",
        ),
    )


def at(word: str, address: str) -> str:
    """The address for a command: `papers+subscribe@example.org`."""
    local, _, host = address.rpartition("@")
    return f"{local}+{word}@{host}"
