"""A mail of the outbox as its reader has it: its links by their words, and its headers."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from subscribers.web import reading


@dataclass(frozen=True, slots=True)
class Mail:
    """What a test asks about a mail."""

    path: Path
    to: str
    subject: str
    html: str
    text: str
    message: EmailMessage

    def link(self, words: str) -> str:
        """The address behind a link's words."""
        return self.links(words)[0]

    def links(self, words: str) -> list[str]:
        """The addresses of all links with these words, in order."""
        found = [link.url for link in reading.links(self.html) if words.casefold() in link.words.casefold()]
        assert found, f"no link says {words!r}: {[link.words for link in reading.links(self.html)]}"
        return found

    @property
    def one_click(self) -> str:
        """The address of RFC 8058."""
        assert self.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        found = re.search(r"<(https?://[^>]+)>", str(self.message["List-Unsubscribe"]))
        assert found is not None
        return found[1]


def read(path: Path) -> Mail:
    """One file of the outbox."""
    message = message_from_bytes(path.read_bytes(), policy=default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return Mail(path, str(message["To"]), str(message["Subject"]), html.get_content(), text.get_content(), message)
