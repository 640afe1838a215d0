"""What a notice says, by its kind; nothing of it was typed by whoever asked for the mail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newsletter.errors import RenderError
from newsletter.mail.rendering import Links


@dataclass(frozen=True, slots=True)
class Words:
    """A short message: the first paragraph stands above the button, the others below it."""

    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None  # the button: what it says, where it leads
    links: Links = field(default_factory=Links)


def words(
    kind: str, facts: Mapping[str, Any], *, list_name: str, confirm: str | None, answer: bool, links: Links
) -> Words:
    """The words of one notice; `confirm` is its confirmation link, `answer`: a reply to the mail confirms as well.

    Raises:
        RenderError: nothing is known of this kind, or of what it needs.

    """
    match kind:
        case "confirm":
            return _confirm(list_name, confirm, answer=answer)
        case "already":
            return _already(list_name, links)
        case "reply" if facts.get("subject") and facts.get("paragraphs"):
            own = links if facts.get("links") else Links()
            leads = {"leave": links.unsubscribe, "choose": links.preferences}.get(str(facts.get("leads", "")))
            action = (str(facts["button"]), leads) if leads else None
            return Words(str(facts["subject"]), tuple(str(each) for each in facts["paragraphs"]), action, own)
        case _:
            raise RenderError(f"notice ({kind}): nobody knows what it says")


def _confirm(list_name: str, link: str | None, *, answer: bool) -> Words:
    if not (link or answer):
        raise RenderError("a confirmation has neither a link nor an address for the answer; set PAPERBOY_SITE_URL")
    way = "" if link else " To confirm, simply answer this mail; what you write does not matter."
    asked = (
        f"Somebody, we hope you, asked for {list_name} at this address: "
        "new research papers, chosen by what you care about."
    )
    also = ("Instead of the button you can simply answer this mail; what you write does not matter.",)
    holds = (
        "This holds for three days, and you can leave at any time. "
        "If it was not you, do nothing: nothing more will come."
    )
    return Words(
        f"Please confirm: {list_name}",
        (asked + way, *(also if link and answer else ()), holds),
        ("Yes, send me the papers", link) if link else None,
    )


def _already(list_name: str, links: Links) -> Words:
    more = "Nothing needs to be done, and nothing was changed."
    return Words(
        f"You are subscribed to {list_name} already",
        (f"Somebody, we hope you, asked for {list_name} at this address. It comes here already.", more),
        ("Look at what you chose", links.preferences) if links.preferences else None,
        links,
    )
