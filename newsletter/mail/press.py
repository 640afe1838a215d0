"""The parts of a digest, made once and joined for each reader: as strings to look at, or as bytes ready to be sent.

Both come from the same code, so what is previewed is what is mailed; only the function that writes a string differs.
"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
_MARKED = re.compile("[&<>'\"]")
_WHY = "  Why: "
_WIDTH = 72  # columns of the text
_KEPT = 8_192  # reasons and phrases that many readers share; what is rarer is written again
_FRAMES = 64  # each sentence about what was cut makes a frame of its own

Ink = TypeVar("Ink", str, bytes)
"""What a press writes: strings, or encoded segments that can be joined."""

Sentence = tuple[str, ...]
"""In phrases: those that many readers share, such as the days beside a name, are written once."""

Key = TypeVar("Key")
Made = TypeVar("Made")


class Memo(dict[Key, Made]):
    """What a function makes of a key, made when it is first asked for; begun again when there are `most` of them."""

    def __init__(self, make: Callable[[Key], Made], most: int = _KEPT) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, key: Key) -> Made:
        if len(self) >= self._most:
            self.clear()
        made = self[key] = self._make(key)
        return made


@dataclass(slots=True)
class Piece(Generic[Ink]):
    """A heading, a reason or an address; `size`: bytes of the HTML."""

    html: Ink
    text: Ink
    size: int


@dataclass(slots=True)
class Halves(Generic[Ink]):
    """One paper at one detail, before and after its reason; `size`: bytes of the HTML."""

    html: Ink
    text: Ink
    html_after: Ink
    text_after: Ink
    size: int
    card: Card


Papers = Memo[str, Halves[Ink]]
"""The papers of a window at one detail, by their keys."""


@dataclass(slots=True)
class Parts(Generic[Ink]):
    """HTML and text in pieces that only need joining; `size`: bytes of the HTML."""

    html: list[Ink]
    text: list[Ink]
    size: int


@dataclass(frozen=True, slots=True)
class Half(Generic[Ink]):
    """What is around the papers in the HTML or in the text: pieces, each before the value of a name, and the end."""

    steps: tuple[tuple[Ink, str], ...]
    end: Ink


@dataclass(frozen=True, slots=True)
class Frame(Generic[Ink]):
    """The shell of a mail, cut at the reader's values; `size`: bytes of the HTML without them."""

    html: Half[Ink]
    text: Half[Ink]
    size: int


@dataclass(slots=True)
class Values:
    """What the shell says: sentences and addresses are the reader's own, the rest many readers share."""

    sentences: dict[str, Sentence]
    links: dict[str, str]  # address by label
    shared: tuple[tuple[str, object], ...]
    own: str = ""  # the phrase that is one reader's alone: the name

    @property
    def shape(self) -> object:
        """Mails with the same shape have the same frame: it depends on which values there are, not on what they say."""
        return tuple(map(bool, self.sentences.values())), tuple(self.links), self.shared


class Press(Generic[Ink]):
    """Writes what the mails of an edition window have in common, each thing once."""

    def __init__(
        self, templates: Templates, house: Mapping[str, str], cards: Mapping[str, Card], write: Callable[[str], Ink]
    ) -> None:
        """`house`: what the templates say in every mail; `cards`: the papers, a missing one is a RenderError."""
        self._templates, self._house, self._cards = templates, house, cards
        self._write: Callable[[str], Ink] = write
        ends = templates.why.render(reason=HERE).split(HERE)
        self._why_ends: tuple[Ink, Ink] = (write(ends[0]), write(ends[1]))
        self._why_size = sum(len(end.encode()) for end in ends)
        self._why_text: Ink = write(_WHY)
        self._empty_line: Ink = write("\n\n")
        self._nothing: Ink = write("")
        self._frames: dict[object, Frame[Ink]] = {}
        self.papers: dict[Detail, Papers[Ink]] = {
            detail: self._papers(detail) for detail in Detail if detail is not Detail.OUT
        }
        self.full, self.titles_alone = self.papers[Detail.FULL], self.papers[Detail.LINE]
        self.labels: Memo[str, str] = Memo(clean)
        self.headings: Memo[str, Piece[Ink]] = Memo(self._heading)
        self.reasons: Memo[str, Piece[Ink]] = Memo(self._reason)
        self._shown: Memo[str, tuple[Ink, int]] = Memo(self._in_html)
        self._wrapped: Memo[str, Ink] = Memo(lambda sentence: write(wrap(sentence)))
        self._plain: Memo[str, Ink] = Memo(lambda phrase: write(phrase.replace("\u00a0", " ")))

    # ---- papers ----------------------------------------------------------------------------------------------------

    def _papers(self, detail: Detail) -> Papers[Ink]:
        return Memo(lambda key: self._render(self._cards[key], detail), most=sys.maxsize)

    def _render(self, made: Card, detail: Detail) -> Halves[Ink]:
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
        after = after.strip("\n") + "\n\n" if after.strip() else ""
        write, size = self._write, sum(len(part.encode()) for part in html)
        return Halves(write(html[0]), write(before.rstrip() + "\n\n"), write(html[1]), write(after), size, made)

    def _heading(self, label: str) -> Piece[Ink]:
        """What stands above the papers of a topic."""
        html = self._templates.section.render(label=label)
        underlined = f"{wrap(label)}\n{'-' * min(columns(label), 72)}\n\n"
        return Piece(self._write(html), self._write(underlined), len(html.encode()))

    def _reason(self, reason: str) -> Piece[Ink]:
        """The reader's own line; joined from its two ends, since it is all that differs in a card."""
        if not (said := clean(reason)):
            return Piece(self._nothing, self._nothing, 0)
        write = self._write
        html, size = self._in_html(said)
        told = wrap(f"Why: {said}", indent="  ")
        text = self._why_text + write(told.removeprefix(_WHY)) if told.startswith(_WHY) else write(told)
        return Piece(self._why_ends[0] + html + self._why_ends[1], text + self._empty_line, self._why_size + size)

    # ---- the shell -------------------------------------------------------------------------------------------------

    def set(self, values: Values, parts: Parts[Ink]) -> Parts[Ink]:
        """One reader's mail: the papers within the shell, which is rendered the first time a mail has its shape."""
        shape = values.shape
        frame = self._frames.get(shape) or self._frame(values, shape)
        sentences, shown = values.sentences, self._shown
        own = values.own
        mine = self._own(own) if own else None
        links = {label: self._own(address) for label, address in values.links.items()}
        html: list[Ink] = []
        text: list[Ink] = []
        size = frame.size + parts.size
        for before, name in frame.html.steps:
            html.append(before)
            if name in sentences:
                for phrase in sentences[name]:
                    if phrase is own and mine is not None:
                        html.append(mine.html)
                        size += mine.size
                    else:
                        ink, added = shown[phrase]
                        html.append(ink)
                        size += added
            elif name == _PARTS:
                html += parts.html
            else:
                html.append(links[name].html)
                size += links[name].size
        for before, name in frame.text.steps:
            text.append(before)
            if name in sentences:
                text.append(self._in_text(sentences[name], own, mine))
            elif name == _PARTS:
                text += parts.text
            else:
                text.append(links[name].text)
        html.append(frame.html.end)
        text.append(frame.text.end)
        return Parts(html, text, size)

    def alone(self, values: Values) -> tuple[str, str]:
        """HTML and text of a shell without papers."""
        return self._shell({name: "".join(said) for name, said in values.sentences.items()}, values.links, values, "")

    def _in_html(self, phrase: str) -> tuple[Ink, int]:
        """A phrase as it stands in the HTML, and its bytes there."""
        escaped = str(escape(phrase)) if _MARKED.search(phrase) else phrase
        return self._write(escaped), len(escaped) if escaped.isascii() else len(escaped.encode())

    def _in_text(self, sentence: Sentence, own: str, mine: Piece[Ink] | None) -> Ink:
        """A sentence as it stands in the text: wrapped, or where one line holds it joined from its phrases."""
        if len(sentence) == 1:
            return self._wrapped[sentence[0]]
        whole = "".join(sentence)
        if columns(whole) > _WIDTH or whole != whole.strip():
            return self._write(wrap(whole))
        plain = self._plain
        return self._nothing.join(
            [mine.text if phrase is own and mine is not None else plain[phrase] for phrase in sentence]
        )

    def _own(self, said: str) -> Piece[Ink]:
        """An address or a name, which one reader has: written as it is, and not kept."""
        html, size = self._in_html(said)
        text = self._write(said.replace("\u00a0", " ")) if _MARKED.search(said) or "\u00a0" in said else html
        return Piece(html, text, size)

    def _frame(self, values: Values, shape: object) -> Frame[Ink]:
        """The frame for these values; kept where it holds for all mails of this shape.

        It does not where a template changes a value with a filter of its own: then each mail is rendered as a whole.
        """
        real = {name: "".join(sentence) for name, sentence in values.sentences.items()}
        places = {name: f"{HERE}{name}{HERE}" if value else "" for name, value in real.items()}
        empty = self._shell(places, {label: f"{HERE}{label}{HERE}" for label in values.links}, values)
        whole = self._shell(real, values.links, values)
        said = real | values.links
        html = _PLACE.sub(lambda found: str(escape(said.get(found[1], found[0]))), empty[0])
        text = _PLACE.sub(lambda found: values.links.get(found[1]) or wrap(said.get(found[1], found[0])), empty[1])
        holds = (html, text) == whole
        html, text = empty if holds else whole
        sides = _PLACE.split(html), _PLACE.split(text)
        if any(side[1::2].count(_PARTS) != 1 for side in sides):
            raise RenderError(
                "a template of the digest does not say {{ parts }} exactly once; put it where the papers go"
            )
        after = 2 * sides[1][1::2].index(_PARTS) + 2
        sides[1][after] = sides[1][after].removeprefix("\n\n")  # the last paper brings its own
        size = sum(len(part.encode()) for part in sides[0][::2])
        frame = Frame(self._half(sides[0]), self._half(sides[1]), size)
        if len(self._frames) >= _FRAMES:
            self._frames.clear()
        if holds:
            self._frames[shape] = frame
        return frame

    def _shell(
        self, sentences: Mapping[str, str], links: Mapping[str, str], values: Values, parts: str = _HOLE
    ) -> tuple[str, str]:
        """HTML and text around the place where the parts go; both end with one line break."""
        told = {**self._house, **dict(values.shared), **sentences, "links": tuple(links.items()), "parts": parts}
        html = self._templates.shell.render(told)
        text = self._templates.text_shell.render(told)
        # The template may be written loosely: at most one empty line stays.
        return html.rstrip("\n") + "\n", re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def _half(self, sides: list[str]) -> Half[Ink]:
        pieces = [self._write(side) for side in sides[::2]]
        return Half(tuple(zip(pieces, sides[1::2], strict=False)), pieces[-1])
