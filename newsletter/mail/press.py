"""The parts of a digest, made once and joined for each reader: as strings to look at, or as bytes ready to be sent.

Both come from the same code, so what is previewed is what is mailed; only the function that writes a string differs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from markupsafe import escape

from newsletter.errors import RenderError
from newsletter.mail.cards import FULL_ABSTRACT, SHORT_ABSTRACT, Card, Detail
from newsletter.mail.templates import Templates
from newsletter.mail.text import clean, columns, shorten, wrap

HERE = "\0"
"""On both sides of a name it stands for a value in what is rendered before it is known; no cleaned text holds it."""

_PLACE = re.compile(f"{HERE}([^{HERE}]*){HERE}")
_PARTS = "parts"
_HOLE = f"{HERE}{_PARTS}{HERE}"
_WHY = "  Why: "
_KEPT = 4_096  # reasons and sentences that many readers share; what is rarer is written again
_FRAMES = 64  # each sentence about what was cut makes a frame of its own

Ink = TypeVar("Ink", str, bytes)
"""What a press writes: strings, or encoded segments that can be joined."""


@dataclass(frozen=True, slots=True)
class Piece(Generic[Ink]):
    """A heading, a reason, or one paper at one detail before and after its reason; `size`: bytes of the HTML."""

    html: tuple[Ink, Ink]
    text: tuple[Ink, Ink]
    size: int


@dataclass(frozen=True, slots=True)
class Half(Generic[Ink]):
    """What is around the papers in the HTML or in the text, with places for the reader's values."""

    pieces: list[Ink]
    slots: tuple[tuple[int, str], ...]  # place among the pieces, name of the value
    parts: int  # the place of the papers

    def filled(self, values: Mapping[str, Ink], parts: Sequence[Ink]) -> list[Ink]:
        made = self.pieces.copy()
        for place, name in self.slots:
            made[place] = values[name]
        made[self.parts : self.parts + 1] = parts
        return made


@dataclass(frozen=True, slots=True)
class Frame(Generic[Ink]):
    """The shell of a mail, cut at the reader's values; `size`: bytes of the HTML without them."""

    html: Half[Ink]
    text: Half[Ink]
    size: int
    shown: tuple[tuple[str, int], ...]  # the sentences that the HTML holds, and how often
    said: tuple[str, ...]  # the sentences that the text holds
    linked: int  # how often the HTML holds each address


@dataclass(frozen=True, slots=True)
class Values:
    """What the shell says: sentences and addresses are the reader's own, the rest many readers share."""

    sentences: dict[str, str]
    links: tuple[tuple[str, str], ...]  # label, address
    shared: tuple[tuple[str, object], ...]

    @property
    def shape(self) -> object:
        """Mails with the same shape have the same frame: it depends on which values there are, not on what they say."""
        return (
            tuple(map(bool, self.sentences.values())),
            tuple(label for label, _ in self.links),
            self.shared,
        )


class Press(Generic[Ink]):
    """Writes what the mails of an edition window have in common, each thing once."""

    def __init__(self, templates: Templates, card: Callable[[str], Card], write: Callable[[str], Ink]) -> None:
        self._templates, self._card = templates, card
        self._write: Callable[[str], Ink] = write
        ends = templates.why.render(reason=HERE).split(HERE)
        self._why_ends: tuple[Ink, Ink] = (write(ends[0]), write(ends[1]))
        self._why_size = sum(len(end.encode()) for end in ends)
        self._why_text: Ink = write(_WHY)
        self._empty_line: Ink = write("\n\n")
        self._nothing: Ink = write("")
        self.pieces: tuple[dict[str, Piece[Ink]], ...] = tuple({} for _ in Detail)
        self._frames: dict[object, Frame[Ink]] = {}
        self.reason: Callable[[str], Piece[Ink]] = lru_cache(_KEPT)(self._reason)
        self.heading: Callable[[str], Piece[Ink]] = lru_cache(_KEPT)(self._heading)
        self._shown: Callable[[str], tuple[Ink, int]] = lru_cache(_KEPT)(self._in_html)
        self._said: Callable[[str], Ink] = lru_cache(_KEPT)(self._in_text)

    # ---- papers ----------------------------------------------------------------------------------------------------

    def piece(self, key: str, detail: Detail) -> Piece[Ink]:
        """One paper.

        Raises:
            RenderError: this window does not hold it.

        """
        made = self.pieces[detail].get(key)
        if made is None:
            made = self.pieces[detail][key] = self._render(self._card(key), detail)
        return made

    def _render(self, made: Card, detail: Detail) -> Piece[Ink]:
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
        return self._written(html, (before.rstrip() + "\n\n", after.strip("\n") + "\n\n" if after.strip() else ""))

    def _written(self, html: tuple[str, str], text: tuple[str, str]) -> Piece[Ink]:
        write = self._write
        size = sum(len(part.encode()) for part in html)
        return Piece((write(html[0]), write(html[1])), (write(text[0]), write(text[1])), size)

    def _heading(self, label: str) -> Piece[Ink]:
        """What stands above the papers of a topic."""
        underlined = f"{wrap(label)}\n{'-' * min(columns(label), 72)}\n\n"
        return self._written((self._templates.section.render(label=label), ""), (underlined, ""))

    def _reason(self, reason: str) -> Piece[Ink]:
        """The reader's own line; joined from its two ends, since it is all that differs in a card."""
        if not (said := clean(reason)):
            return self._written(("", ""), ("", ""))
        write = self._write
        escaped = str(escape(said))
        told = wrap(f"Why: {said}", indent="  ")
        text = self._why_text + write(told.removeprefix(_WHY)) if told.startswith(_WHY) else write(told)
        html = self._why_ends[0] + write(escaped) + self._why_ends[1]
        return Piece(
            (html, self._nothing), (text + self._empty_line, self._nothing), self._why_size + len(escaped.encode())
        )

    def _in_html(self, value: str) -> tuple[Ink, int]:
        """A sentence as it stands in the HTML, and its bytes there."""
        escaped = str(escape(value))
        return self._write(escaped), len(escaped.encode())

    def _in_text(self, value: str) -> Ink:
        return self._write(wrap(value))

    # ---- the frame -------------------------------------------------------------------------------------------------

    def frame(self, values: Values) -> Frame[Ink]:
        """The shell for these values, rendered the first time a mail of its shape is made."""
        shape = values.shape
        frame = self._frames.get(shape)
        if frame is None:
            frame, holds = self._cut(values)
            if len(self._frames) >= _FRAMES:
                self._frames.clear()
            if holds:
                self._frames[shape] = frame
        return frame

    def filling(self, frame: Frame[Ink], values: Values) -> tuple[dict[str, Ink], dict[str, Ink], int]:
        """The reader's values for a frame's HTML and text, and the bytes of the HTML with them."""
        html: dict[str, Ink] = {}
        text: dict[str, Ink] = {}
        size = frame.size
        for name, times in frame.shown:
            html[name], each = self._shown(values.sentences[name])
            size += times * each
        for name in frame.said:
            text[name] = self._said(values.sentences[name])
        for label, address in values.links:
            escaped = str(escape(address))
            html[label] = self._write(escaped)
            text[label] = html[label] if escaped == address else self._write(address)
            size += frame.linked * len(escaped)  # an address is ASCII
        return html, text, size

    def alone(self, values: Values) -> tuple[str, str]:
        """HTML and text of a shell without papers."""
        html, text = self._shell(values.sentences, values.links, values, parts="")
        return html, text

    def _cut(self, values: Values) -> tuple[Frame[Ink], bool]:
        """The frame, and whether it holds for all mails of this shape.

        It does not where a template changes a value with a filter of its own: then each mail is rendered as a whole.
        """
        sentences = {name: f"{HERE}{name}{HERE}" if value else "" for name, value in values.sentences.items()}
        links = tuple((label, f"{HERE}{label}{HERE}") for label, _ in values.links)
        empty = self._shell(sentences, links, values)
        real = self._shell(values.sentences, values.links, values)
        addresses = dict(values.links)
        said = values.sentences | addresses
        html = _PLACE.sub(lambda found: str(escape(said.get(found[1], found[0]))), empty[0])
        text = _PLACE.sub(lambda found: addresses.get(found[1]) or wrap(said.get(found[1], found[0])), empty[1])
        holds = (html, text) == real
        html, text = empty if holds else real
        sides = _PLACE.split(html), _PLACE.split(text)
        if any(side[1::2].count(_PARTS) != 1 for side in sides):
            raise RenderError(
                "a template of the digest does not say {{ parts }} exactly once; put it where the papers go"
            )
        after = 2 * sides[1][1::2].index(_PARTS) + 2
        sides[1][after] = sides[1][after].removeprefix("\n\n")  # the last paper brings its own
        size = sum(len(part.encode()) for part in sides[0][::2])
        shown, named = sides[0][1::2], sides[1][1::2]
        frame = Frame(
            self._half(sides[0]),
            self._half(sides[1]),
            size,
            tuple((name, shown.count(name)) for name in values.sentences if name in shown),
            tuple(name for name in values.sentences if name in named),
            max([shown.count(label) for label, _ in values.links], default=0),
        )
        return frame, holds

    def _shell(
        self, sentences: Mapping[str, str], links: tuple[tuple[str, str], ...], values: Values, parts: str = _HOLE
    ) -> tuple[str, str]:
        """HTML and text around the place where the parts go; both end with one line break."""
        told = {**dict(values.shared), **sentences, "links": links, "parts": parts}
        html = self._templates.shell.render(told)
        text = self._templates.text_shell.render(told)
        # The template may be written loosely: at most one empty line stays.
        return html.rstrip("\n") + "\n", re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def _half(self, sides: list[str]) -> Half[Ink]:
        pieces = [self._write("" if place % 2 else side) for place, side in enumerate(sides)]
        slots = tuple((place, sides[place]) for place in range(1, len(sides), 2) if sides[place] != _PARTS)
        return Half(pieces, slots, 2 * sides[1::2].index(_PARTS) + 1)
