"""The parts of a digest, made once and joined for each reader: as strings to look at, or as bytes ready to be sent.

Both come from the same code, so what is previewed is what is mailed; only the function that writes a string differs.
"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

from markupsafe import escape

from newsletter.errors import RenderError
from newsletter.mail.cards import FULL_ABSTRACT, SHORT_ABSTRACT, Card, Detail
from newsletter.mail.excerpt import Excerpt, excerpt
from newsletter.mail.templates import Templates
from newsletter.mail.text import WIDTH, clean, columns, shorten, wrap
from newsletter.mail.wording import LONGEST_PREHEADER

HERE = "\0"
"""On both sides of a name it stands for a value in what is rendered before it is known; no cleaned text holds it."""

_PLACE = re.compile(f"{HERE}([^{HERE}]*){HERE}")
_PARTS = "parts"
_HOLE = f"{HERE}{_PARTS}{HERE}"
_WHY = "  Why: "
_KEPT = 8_192  # reasons and phrases that many readers share; what is rarer is written again
_FRAMES = 64  # each sentence about what was cut makes a frame of its own

Ink = TypeVar("Ink", str, bytes)
"""What a press writes: strings, or encoded segments that can be joined."""

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
class Said(Generic[Ink]):
    """A sentence in phrases, and its HTML; phrases that many share, such as the days beside a name, are kept apart."""

    phrases: tuple[str, ...]
    html: Ink
    size: int
    text: Ink | None = None  # where it is known already


@dataclass(slots=True)
class Halves(Generic[Ink]):
    """One paper at one detail, before and after its reason; `size`: bytes of the HTML.

    On a shelf with votes the address under which this reader votes stands before the end; else there is no end.
    """

    html: Ink
    text: Ink
    html_after: Ink
    text_after: Ink
    html_end: Ink
    text_end: Ink
    size: int
    card: Card


Papers = Memo[str, Halves[Ink]]
"""The papers of a window at one detail, by their keys."""


@dataclass(slots=True)
class Shelf(Generic[Ink]):
    """The papers of a window, with or without the link to vote."""

    papers: dict[Detail, Papers[Ink]]
    told: Papers[Ink]  # in full, with the ends of the line that says why


@dataclass(slots=True)
class Parts(Generic[Ink]):
    """HTML and text in pieces that only need joining; `size`: bytes of the HTML."""

    html: list[Ink]
    text: list[Ink]
    size: int


@dataclass(frozen=True, slots=True)
class Half(Generic[Ink]):
    """What is around the papers in the HTML or in the text: every second piece is the place of a name's value."""

    pieces: list[Ink]
    names: tuple[str, ...]
    parts: int  # the place of the papers


@dataclass(frozen=True, slots=True)
class Frame(Generic[Ink]):
    """The shell of a mail, cut at the reader's values; `size`: bytes of the HTML without them."""

    html: Half[Ink]
    text: Half[Ink]
    size: int


@dataclass(slots=True)
class Values(Generic[Ink]):
    """What the shell says: sentences and addresses are the reader's own, the rest many readers share."""

    sentences: dict[str, Said[Ink]]
    links: dict[str, str]  # address by label
    shared: tuple[tuple[str, object], ...]

    @property
    def shape(self) -> object:
        """Mails with the same shape have the same frame: it depends on which values there are, not on what they say."""
        return tuple([said.size > 0 for said in self.sentences.values()]), tuple(self.links), self.shared


def _is_plain(text: str) -> bool:
    """Whether nothing in it is written differently in HTML."""
    return (
        text.isascii()
        and "&" not in text
        and "'" not in text
        and "<" not in text
        and ">" not in text
        and '"' not in text
    )


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
        self._blank: Piece[Ink] = Piece(self._nothing, self._nothing, 0)
        self._frames: dict[object, Frame[Ink]] = {}
        self.shelves: dict[bool, Shelf[Ink]] = {votes: self._shelf(votes=votes) for votes in (False, True)}
        self.plain: Memo[str, Ink | None] = Memo(self._plain)
        self.labels: Memo[str, str] = Memo(clean)
        self.headings: Memo[str, Piece[Ink]] = Memo(self._heading)
        self.reasons: Memo[str, Piece[Ink]] = Memo(self._reason)
        self.phrases: Memo[str, Piece[Ink]] = Memo(self._phrase)
        self.sentences: Memo[str, Said[Ink]] = Memo(self._sentence)
        self.peeks: Memo[str, Said[Ink]] = Memo(lambda said: self._sentence(shorten(said, LONGEST_PREHEADER)))
        self._wrapped: Memo[str, Ink] = Memo(lambda sentence: write(wrap(sentence)))

    # ---- papers ----------------------------------------------------------------------------------------------------

    def _shelf(self, *, votes: bool) -> Shelf[Ink]:
        shown = tuple(detail for detail in Detail if detail is not Detail.OUT)
        papers: dict[Detail, Papers[Ink]] = {detail: self._papers(detail, votes=votes) for detail in shown}
        return Shelf(papers, Memo(lambda key: self._told(papers[Detail.FULL][key]), most=sys.maxsize))

    def _papers(self, detail: Detail, *, votes: bool) -> Papers[Ink]:
        return Memo(lambda key: self._render(key, detail, votes=votes), most=sys.maxsize)

    def _render(self, key: str, detail: Detail, *, votes: bool) -> Halves[Ink]:
        made = self._cards[key]
        limit = {Detail.FULL: FULL_ABSTRACT, Detail.SHORT: SHORT_ABSTRACT}.get(detail)
        shown = Excerpt()
        if limit:
            shown = excerpt(made.abstract, made.key, limit, key_first=detail is Detail.SHORT)
        values = {
            "title": made.title,
            "url": made.url,
            "authors": made.authors,
            "facts": made.facts,
            "abstract": shown.text,
            "before": shown.before,
            "key": shown.key,
            "after": shown.after,
            "marked": shown.marked,
            "links": made.links,
            # The address is each reader's own; what follows it is the paper's.
            "vote": f"{HERE}/{quote(key, safe='/.-:~')}" if votes else "",
        }
        if detail is Detail.LINE:
            html = (self._templates.line.render(values), "")
            values |= {"authors": (), "facts": (), "links": made.links[:1], "vote": ""}
        else:
            html = (self._templates.card[0].render(values), self._templates.card[1].render(values))
        before, after = (template.render(values) for template in self._templates.text_card)
        after = after.strip("\n") + "\n\n" if after.strip() else ""
        write, size = self._write, sum(len(part.replace(HERE, "").encode()) for part in html)
        (html_after, _, html_end), (text_after, _, text_end) = html[1].partition(HERE), after.partition(HERE)
        text = before.rstrip() + "\n\n"
        return Halves(
            write(html[0]),
            write(text),
            write(html_after),
            write(text_after),
            write(html_end),
            write(text_end),
            size,
            made,
        )

    def _told(self, paper: Halves[Ink]) -> Halves[Ink]:
        """A paper in full, the ends of the line with its reason included: then only the reason's own words differ."""
        before, after = self._why_ends
        return Halves(
            paper.html + before,
            paper.text + self._why_text,
            after + paper.html_after,
            self._empty_line + paper.text_after,
            paper.html_end,
            paper.text_end,
            paper.size + self._why_size,
            paper.card,
        )

    def _plain(self, reason: str) -> Ink | None:
        """A reason that is the same in the HTML and in the text and fits its line, as most are; None for another."""
        if not reason or len(reason) > WIDTH - len(_WHY) or not _is_plain(reason) or clean(reason) != reason:
            return None
        return self._write(reason)

    def _heading(self, label: str) -> Piece[Ink]:
        """What stands above the papers of a topic."""
        html = self._templates.section.render(label=label)
        underlined = f"{wrap(label)}\n{'-' * min(columns(label), 72)}\n\n"
        return Piece(self._write(html), self._write(underlined), len(html.encode()))

    def _reason(self, reason: str) -> Piece[Ink]:
        """The reader's own line; joined from its two ends, since it is all that differs in a card."""
        if not (said := clean(reason)):
            return self._blank
        shown, (before, after) = self._phrase(said), self._why_ends
        told = wrap(f"Why: {said}", indent="  ")
        text = self._why_text + self._write(told.removeprefix(_WHY)) if told.startswith(_WHY) else self._write(told)
        return Piece(before + shown.html + after, text + self._empty_line, self._why_size + shown.size)

    # ---- the shell -------------------------------------------------------------------------------------------------

    def set(self, values: Values[Ink], parts: Parts[Ink]) -> Parts[Ink]:
        """One reader's mail: the papers within the shell, which is rendered the first time a mail has its shape."""
        shape = values.shape
        frame = self._frames.get(shape) or self._frame(values, shape)
        sentences = values.sentences
        links = {label: self._phrase(address) for label, address in values.links.items()}
        size = frame.size + parts.size
        inks = []
        for name in frame.html.names:
            made = sentences.get(name) or links.get(name) or self._blank
            inks.append(made.html)
            size += made.size
        html = frame.html.pieces.copy()
        html[1::2] = inks
        html[frame.html.parts : frame.html.parts + 1] = parts.html
        text = frame.text.pieces.copy()
        text[1::2] = [
            self._in_text(sentences[name]) if name in sentences else links.get(name, self._blank).text
            for name in frame.text.names
        ]
        text[frame.text.parts : frame.text.parts + 1] = parts.text
        return Parts(html, text, size)

    def alone(self, values: Values[Ink]) -> tuple[str, str]:
        """HTML and text of a shell without papers."""
        return self._shell(
            {name: "".join(said.phrases) for name, said in values.sentences.items()}, values.links, values, ""
        )

    def own(self, said: str) -> Piece[Ink]:
        """One reader's own phrase or address, which is not kept."""
        return self._phrase(said)

    def _phrase(self, said: str) -> Piece[Ink]:
        """A phrase or an address as it stands in the HTML, and in the text where one line holds it."""
        if _is_plain(said):
            ink = self._write(said)
            return Piece(ink, ink, len(said))
        escaped = str(escape(said))
        return Piece(self._write(escaped), self._write(said.replace("\u00a0", " ")), len(escaped.encode()))

    def _sentence(self, said: str) -> Said[Ink]:
        """A sentence that is one phrase."""
        if not said:
            return Said((), self._nothing, 0)
        escaped = said if _is_plain(said) else str(escape(said))
        return Said((said,), self._write(escaped), len(escaped.encode()))

    def joined(self, phrases: tuple[str, ...]) -> Said[Ink]:
        """A sentence of phrases that many readers share."""
        known = self.phrases
        inks, size = [], 0
        for phrase in phrases:
            piece = known[phrase]
            inks.append(piece.html)
            size += piece.size
        return Said(phrases, self._nothing.join(inks), size)

    def addressed(self, shared: str, own: str) -> Said[Ink]:
        """A sentence that ends with a phrase of one reader's, which is not kept."""
        if not own:
            return self.sentences[shared]
        piece, mine = self.phrases[shared], self._phrase(own)
        whole = shared + own
        fits = columns(whole) <= WIDTH and whole == whole.strip()
        text = piece.text + mine.text if fits else self._write(wrap(whole))
        return Said((shared, own), piece.html + mine.html, piece.size + mine.size, text)

    def _in_text(self, said: Said[Ink]) -> Ink:
        """A sentence as it stands in the text: wrapped, or where one line holds it joined from its phrases."""
        if said.text is not None:
            return said.text
        phrases = said.phrases
        if len(phrases) == 1:
            return self._wrapped[phrases[0]]
        whole = "".join(phrases)
        if columns(whole) > WIDTH or whole != whole.strip():
            return self._write(wrap(whole))
        known = self.phrases
        return self._nothing.join([known[phrase].text for phrase in phrases])

    def _frame(self, values: Values[Ink], shape: object) -> Frame[Ink]:
        """The frame for these values; kept where it holds for all mails of this shape.

        It does not where a template changes a value with a filter of its own: then each mail is rendered as a whole.
        """
        real = {name: "".join(said.phrases) for name, said in values.sentences.items()}
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
        self, sentences: Mapping[str, str], links: Mapping[str, str], values: Values[Ink], parts: str = _HOLE
    ) -> tuple[str, str]:
        """HTML and text around the place where the parts go; both end with one line break."""
        told = {**self._house, **dict(values.shared), **sentences, "links": tuple(links.items()), "parts": parts}
        html = self._templates.shell.render(told)
        text = self._templates.text_shell.render(told)
        # The template may be written loosely: at most one empty line stays.
        return html.rstrip("\n") + "\n", re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def _half(self, sides: list[str]) -> Half[Ink]:
        pieces = [self._nothing if place % 2 else self._write(side) for place, side in enumerate(sides)]
        names = tuple(sides[1::2])
        return Half(pieces, names, 2 * names.index(_PARTS) + 1)
