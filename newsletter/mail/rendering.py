"""Digest to message: cards rendered once per paper, joined per reader, kept below the size at which mail is clipped."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import escape

from newsletter.errors import RenderError
from newsletter.mail import templates, wording
from newsletter.mail.budget import fit
from newsletter.mail.cards import FULL_ABSTRACT, SHORT_ABSTRACT, Card, Detail, card
from newsletter.mail.text import clean, columns, shorten, web_address, wrap
from newsletter.models import Digest, Message, Paper

BUDGET = 80_000
"""Bytes of HTML a mail may have: Gmail clips at 102 KB, and relays rewrite links to longer ones."""

_HERE = "\0"  # stands for a value in what is rendered before it is known; no cleaned text holds it
_RESERVE = 1_000  # for the sentence that says what was cut


@dataclass(frozen=True, slots=True)
class Links:
    """One recipient's addresses; where there is no public site the mail offers only what works."""

    unsubscribe: str | None = None
    preferences: str | None = None
    edition: str | None = None  # the page where the rest can be read


@dataclass(frozen=True, slots=True)
class _Piece:
    """One paper at one detail, around the place of the reader's reason; `size` is the HTML's in bytes."""

    html: tuple[str, str]
    text: tuple[str, str]
    size: int


class Renderer:
    """Prepared once for the papers of an edition window, used for all its readers."""

    def __init__(
        self,
        papers: Mapping[str, Paper],
        *,
        list_name: str,
        postal_address: str = "",
        unsubscribe_address: str | None = None,
        budget: int = BUDGET,
    ) -> None:
        """Compile the templates; a paper is rendered when the first reader gets it.

        Raises:
            RenderError: the templates are broken.

        """
        self._papers = papers
        self._list_name = clean(list_name)
        self._postal_address = clean(postal_address)
        self._unsubscribe_address = unsubscribe_address
        self._budget = budget
        self._templates = templates.load()
        self._why_ends = self._templates.why.render(reason=_HERE).split(_HERE)
        self._headings: dict[str, str] = {}
        self._cards: dict[str, Card] = {}
        self._pieces: dict[tuple[str, Detail], _Piece] = {}

    def digest(self, digest: Digest, *, recipient_name: str, links: Links) -> Message:
        """One reader's mail.

        Raises:
            RenderError: it holds no paper, or one that this window does not; the other mails are not concerned.

        """
        picks = [pick for section in digest.sections for pick in section.picks]
        if not picks:
            raise RenderError(f"the digest of edition {digest.edition_id} holds no paper; it must not be mailed")
        first = [self._card(pick.paper_key) for pick in picks[:4]]
        titles = [made.title for made in first]
        edition = web_address(links.edition)
        values = {
            "subject": wording.subject(digest, titles[0]),
            "preheader": wording.preheader(self._peek(digest, first)),
            "dateline": wording.dateline(digest.since, digest.day, recipient_name),
            "intro": wording.introduction(digest),
            "overview": wording.overview(digest),
            "sample_word": wording.SAMPLE_WORD,
            "sample": wording.SAMPLE if digest.sample else "",
            **self._frame(links, edition),
        }
        remarks = [clean(remark) for remark in digest.remarks]
        shell = self._shell(values, remarks)
        details = self._details(digest, self._budget - len(shell[0].encode()))
        trimmed = wording.trimmed(
            sum(Detail.FULL < detail < Detail.OUT for detail in details),
            sum(detail is Detail.OUT for detail in details),
            digest.edition_id,
            edition,
        )
        if trimmed:
            shell = self._shell(values, [*remarks, trimmed])
        html, text = self._parts(digest, details)
        return Message(
            subject=str(values["subject"]),
            html=shell[0].replace(_HERE, html),
            text=shell[1].replace(_HERE, text.rstrip()),
        )

    def notice(
        self,
        *,
        subject: str,
        paragraphs: tuple[str, ...],
        recipient_name: str = "",
        links: Links = Links(),
    ) -> Message:
        """A short message in the digest's look: the first paragraph large, the others below it."""
        lead, *rest = [clean(paragraph) for paragraph in paragraphs] or [""]
        name = shorten(clean(recipient_name), 60)
        values: dict[str, object] = {
            "subject": clean(subject),
            "preheader": shorten(lead, wording.LONGEST_PREHEADER),
            "dateline": f"For {name}" if name else "",
            "intro": lead,
            "overview": "",
            "sample_word": "",
            "sample": "",
            **self._frame(links, web_address(links.edition)),
        }
        if not links.unsubscribe:
            values["closing"] = ()  # not everyone who gets a notice has subscribed
        html, text = self._shell(values, rest, parts="")
        return Message(subject=clean(subject), html=html, text=text)

    @staticmethod
    def _peek(digest: Digest, first: list[Card]) -> list[str]:
        """What the subject has not said: titles, or of a single paper what it is about."""
        if len(first) == 1:
            return [first[0].abstract or first[0].title]
        titles = [made.title for made in first]
        return titles[:3] if wording.topics(digest) else titles[1:]

    def _frame(self, links: Links, edition: str | None) -> dict[str, object]:
        """What stands below the papers: why the mail came, the ways out, the postal address."""
        leave = _way(links.unsubscribe) or _way(
            self._unsubscribe_address and f"mailto:{self._unsubscribe_address}?subject=unsubscribe"
        )
        offered = (
            ("Read the whole edition", edition),
            ("Change your interests", _way(links.preferences)),
            ("Unsubscribe", leave),
        )
        return {
            "list_name": self._list_name,
            "closing": (wording.closing(self._list_name, can_leave=leave is not None),),
            "links": tuple((label, address) for label, address in offered if address),
            "postal_address": self._postal_address,
        }

    def _shell(self, values: dict[str, object], remarks: list[str], parts: str = _HERE) -> tuple[str, str]:
        """HTML and text around the place where the parts go."""
        html = self._templates.shell.render(values, remarks=remarks, parts=parts)
        text = self._templates.text_shell.render(values, remarks=remarks, parts=parts)
        # The template may be written loosely: at most one empty line stays.
        return html, re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def _parts(self, digest: Digest, details: list[Detail]) -> tuple[str, str]:
        """The sections with their cards, as HTML and as text."""
        html: list[str] = []
        text: list[str] = []
        remaining = iter(details)
        for label, section in zip(wording.headings(digest), digest.sections, strict=True):
            shown = [(pick, detail) for pick, detail in zip(section.picks, remaining, strict=False)]
            if all(detail is Detail.OUT for _, detail in shown):
                continue
            html.append(self._heading(label))
            text.append(f"{wrap(label)}\n{'-' * min(columns(label), 72)}\n\n")
            for pick, detail in shown:
                if detail is Detail.OUT:
                    continue
                piece = self._piece(pick.paper_key, detail)
                reason = clean(pick.reason) if detail is not Detail.LINE else ""
                html += (piece.html[0], self._why(reason), piece.html[1])
                text += (piece.text[0], wrap(f"Why: {reason}", indent="  ") + "\n\n" if reason else "", piece.text[1])
        return "".join(html), "".join(text)

    def _details(self, digest: Digest, room: int) -> list[Detail]:
        """The detail of every pick in order, so that the HTML has room for all."""
        picks = [pick for section in digest.sections for pick in section.picks]
        reasons = [len(self._why(clean(pick.reason)).encode()) for pick in picks]
        headings = sum(len(self._heading(label).encode()) for label in wording.headings(digest))

        def size(place: int, detail: Detail) -> int:
            return self._piece(picks[place].paper_key, detail).size + (reasons[place] if detail < Detail.LINE else 0)

        scores = [pick.score for pick in picks]
        details = fit(scores, size, room - headings)
        # The sentence that says what was cut needs its own room.
        return details if max(details) is Detail.FULL else fit(scores, size, room - headings - _RESERVE)

    def _heading(self, label: str) -> str:
        if label not in self._headings:
            self._headings[label] = self._templates.section.render(label=label)
        return self._headings[label]

    def _why(self, reason: str) -> str:
        """The reader's own line; joined from its two ends, since it is all that differs in a card."""
        return f"{self._why_ends[0]}{escape(reason)}{self._why_ends[1]}" if reason else ""

    def _card(self, key: str) -> Card:
        if key not in self._cards:
            paper = self._papers.get(key)
            if paper is None:
                raise RenderError(
                    f"the paper {key!r} of a digest is not among those prepared; render it with its edition"
                )
            self._cards[key] = card(paper)
        return self._cards[key]

    def _piece(self, key: str, detail: Detail) -> _Piece:
        if (key, detail) not in self._pieces:
            self._pieces[key, detail] = self._render(self._card(key), detail)
        return self._pieces[key, detail]

    def _render(self, made: Card, detail: Detail) -> _Piece:
        abstract = {
            Detail.FULL: shorten(made.abstract, FULL_ABSTRACT),
            Detail.SHORT: shorten(made.abstract, SHORT_ABSTRACT),
        }
        values = {
            "title": made.title,
            "url": made.url,
            "authors": made.authors,
            "facts": made.facts,
            "abstract": abstract.get(detail, "").replace(" …", "\u00a0…"),  # never alone on a line
            "links": made.links,
        }
        if detail is Detail.LINE:
            html = (self._templates.line.render(values), "")
            values |= {"authors": (), "facts": (), "links": made.links[:1]}
        else:
            html = (self._templates.card[0].render(values), self._templates.card[1].render(values))
        before, after = (template.render(values) for template in self._templates.text_card)
        return _Piece(
            html=html,
            text=(before.rstrip() + "\n\n", after.strip("\n") + "\n\n" if after.strip() else ""),
            size=sum(len(part.encode()) for part in html),
        )


def _way(address: str | None) -> str | None:
    """A web address, or a mailto: for the ways out, which may go by mail."""
    if address and address.startswith("mailto:"):
        return (
            address
            if re.fullmatch(r"mailto:[\x21-\x7e]+@[\x21-\x7e]+", address) and not re.search(r'[<>"\\]', address)
            else None
        )
    return web_address(address)
