"""Digest to message: cards rendered once per paper, joined per reader, kept below the size at which mail is clipped."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.errors import RenderError
from newsletter.mail import wording
from newsletter.mail.budget import fit
from newsletter.mail.cards import Card, Detail, card
from newsletter.mail.mime import Encoded
from newsletter.mail.press import Ink, Memo, Papers, Parts, Piece, Press, Said, Shelf, Values
from newsletter.mail.quoted import segment
from newsletter.mail.templates import Templates, load
from newsletter.mail.text import clean, shorten, web_address
from newsletter.models import BEYOND, OTHER, Digest, Message, Paper, Pick

BUDGET = 80_000
"""Bytes of HTML a mail may have: Gmail clips at 102 KB, and relays rewrite links to longer ones."""

Topic = tuple[str, tuple[Pick, ...]]
"""Its label, cleaned, and the picks."""

_FIRST = 4  # papers that the sentences above them may name
_RESERVE = 1_000  # for the sentence that says what was cut


@dataclass(frozen=True, slots=True)
class Links:
    """One recipient's addresses; where there is no public site the mail offers only what works."""

    unsubscribe: str | None = None
    preferences: str | None = None
    browser: str | None = None  # this digest as a page
    edition: str | None = None  # the page of the edition
    votes: str | None = None  # where votes on this digest's papers go, without the paper's key


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
        layout: Templates | None = None,
    ) -> None:
        """Compile the templates, or take `layout`; a paper is rendered when the first reader gets it.

        Raises:
            RenderError: the templates are broken.

        """
        self._papers = papers
        name = clean(list_name)
        self._closing = {ready: wording.closing(name, can_leave=ready) for ready in (True, False)}
        self._leave_by_mail = _way(unsubscribe_address and f"mailto:{unsubscribe_address}?subject=unsubscribe")
        self._budget = budget
        self._cards: Memo[str, Card] = Memo(self._card, most=sys.maxsize)
        layout = layout or load()
        house = {"list_name": name, "postal_address": clean(postal_address), "sample_word": wording.SAMPLE_WORD}
        self._shown = Press(layout, house, self._cards, str)
        self._sent = Press(layout, house, self._cards, segment)

    def digest(self, digest: Digest, *, recipient_name: str, links: Links) -> Message:
        """One reader's mail, to look at.

        Raises:
            RenderError: it holds no paper, or one that this window does not; the other mails are not concerned.

        """
        subject, made = self._set(self._shown, digest, recipient_name, links)
        return Message(subject=subject, html="".join(made.html), text="".join(made.text))

    def parts(self, digest: Digest, *, recipient_name: str, links: Links) -> Encoded:
        """The same mail, ready to be joined and sent.

        Raises:
            RenderError: it holds no paper, or one that this window does not; the other mails are not concerned.

        """
        subject, made = self._set(self._sent, digest, recipient_name, links)
        return Encoded(subject, made.html, made.text)

    def notice(
        self,
        *,
        subject: str,
        paragraphs: tuple[str, ...],
        recipient_name: str = "",
        action: tuple[str, str] | None = None,
        links: Links = Links(),
    ) -> Message:
        """A short message in the digest's look: the first paragraph large, `action` as a button, the others below."""
        lead, *rest = [clean(paragraph) for paragraph in paragraphs] or [""]
        name = shorten(clean(recipient_name), 60)
        said = self._shown.sentences
        sentences = {
            "subject": said[clean(subject)],
            "preheader": said[shorten(lead, wording.LONGEST_PREHEADER)],
            "dateline": said[f"For {name}" if name else ""],
            "intro": said[lead],
            "overview": said[""],
        }
        values = self._values(sentences, links, tuple(rest), action=action, subscribed=bool(links.unsubscribe))
        html, text = self._shown.alone(values)
        return Message(subject=clean(subject), html=html, text=text)

    def _set(self, press: Press[Ink], digest: Digest, recipient_name: str, links: Links) -> tuple[str, Parts[Ink]]:
        """Subject, and HTML and text of one reader's mail in pieces."""
        topics: list[Topic] = []
        labels: list[str] = []
        count = beyond = 0
        for section in digest.sections:
            if picks := section.picks:
                label = press.labels[section.label]
                topics.append((label, picks))
                if label == BEYOND:  # no match, and no topic
                    beyond += len(picks)
                    continue
                count += len(picks)
                if label != OTHER:
                    labels.append(label)
        if not topics:
            raise RenderError(f"the digest of edition {digest.edition_id} holds no paper; it must not be mailed")
        votes = web_address(links.votes)
        shelf, vote = press.shelves[votes is not None], None if votes is None else press.own(votes)
        first = _first(shelf, topics)
        told = [topic for topic in topics if topic[0] != BEYOND]
        subject = wording.subject(count, digest.since, digest.day, labels, first[0].title, sample=digest.sample)
        sentences = {
            "subject": press.sentences[subject],
            "preheader": press.peeks[wording.preheader(_peek(first, subject_names_topics=bool(labels)))],
            "dateline": press.addressed(*wording.dateline(digest.since, digest.day, recipient_name)),
            "intro": press.sentences[
                wording.introduction(count, digest.considered, digest.matched, digest.personal, beyond)
            ],
            "overview": press.joined(wording.overview(told)),
        }
        if not labels:  # what was left over, beside nothing else, is simply the new papers
            topics = [(label if label == BEYOND else "New papers", picks) for label, picks in topics]
        remarks: tuple[str, ...] = tuple([clean(remark) for remark in digest.remarks]) if digest.remarks else ()
        sample = wording.SAMPLE if digest.sample else ""
        parts = _whole(press, shelf, topics, vote)
        made = press.set(self._values(sentences, links, remarks, sample), parts)
        if made.size > self._budget:
            details = _details(press, shelf, topics, self._budget - made.size + parts.size, vote)
            trimmed = wording.trimmed(
                sum(Detail.FULL < detail < Detail.OUT for detail in details),
                sum(detail is Detail.OUT for detail in details),
                digest.edition_id,
                "in your browser" if web_address(links.browser) else links.edition and "on the page of the edition",
            )
            parts = _parts(press, shelf, topics, [shelf.papers.get(detail) for detail in details], vote)
            made = press.set(self._values(sentences, links, (*remarks, trimmed), sample), parts)
        return subject, made

    def _values(
        self,
        sentences: dict[str, Said[Ink]],
        links: Links,
        remarks: tuple[str, ...],
        sample: str = "",
        *,
        action: tuple[str, str] | None = None,
        subscribed: bool = True,
    ) -> Values[Ink]:
        """What the shell says; below the papers: why the mail came, the ways out, the postal address."""
        leave = _way(links.unsubscribe) or (self._leave_by_mail if subscribed else None)
        button = (action,) if action and web_address(action[1]) else ()
        offered = (
            ("Read in your browser", web_address(links.browser)),
            ("Read the whole edition", web_address(links.edition)),
            ("Change your interests", _way(links.preferences)),
            ("Unsubscribe", leave),
        )
        # Not everyone who gets a notice has subscribed.
        closing = (self._closing[leave is not None],) if subscribed else ()
        return Values(
            sentences,
            {label: address for label, address in offered if address},
            (("closing", closing), ("remarks", remarks), ("sample", sample), ("action", button)),
        )

    def _card(self, key: str) -> Card:
        paper = self._papers.get(key)
        if paper is None:
            raise RenderError(f"the paper {key!r} of a digest is not among those prepared; render it with its edition")
        return card(paper)


def _first(shelf: Shelf[Ink], topics: Sequence[Topic]) -> list[Card]:
    """The cards of the first papers."""
    first = []
    for _, picks in topics:
        for pick in picks:
            first.append(shelf.told[pick.paper_key].card)
            if len(first) == _FIRST:
                return first
    return first


def _whole(press: Press[Ink], shelf: Shelf[Ink], topics: Sequence[Topic], vote: Piece[Ink] | None) -> Parts[Ink]:
    """The topics with all their papers in full."""
    html: list[Ink] = []
    text: list[Ink] = []
    size = 0
    headings, told, plain = press.headings, shelf.told, press.plain
    for label, picks in topics:
        heading = headings[label]
        html.append(heading.html)
        text.append(heading.text)
        size += heading.size
        for pick in picks:
            ink = plain[pick.reason]
            if ink is None:
                paper, reason = shelf.papers[Detail.FULL][pick.paper_key], press.reasons[pick.reason]
                html += (paper.html, reason.html, paper.html_after)
                text += (paper.text, reason.text, paper.text_after)
                size += paper.size + reason.size
            else:
                paper = told[pick.paper_key]
                html += (paper.html, ink, paper.html_after)
                text += (paper.text, ink, paper.text_after)
                size += paper.size + len(pick.reason)
            if vote is not None:
                html += (vote.html, paper.html_end)
                text += (vote.text, paper.text_end)
                size += vote.size
    return Parts(html, text, size)


def _parts(
    press: Press[Ink],
    shelf: Shelf[Ink],
    topics: Sequence[Topic],
    details: Iterable[Papers[Ink] | None],
    vote: Piece[Ink] | None,
) -> Parts[Ink]:
    """The topics with their papers, each from the papers at its detail, or from none where it is left out."""
    html: list[Ink] = []
    text: list[Ink] = []
    size = 0
    reasons, titles_alone = press.reasons, shelf.papers[Detail.LINE]
    remaining = iter(details)
    for label, picks in topics:
        headed = False
        for pick, papers in zip(picks, remaining, strict=False):
            if papers is None:
                continue
            if not headed:
                headed = True
                heading = press.headings[label]
                html.append(heading.html)
                text.append(heading.text)
                size += heading.size
            piece = papers[pick.paper_key]
            reason = reasons["" if papers is titles_alone else pick.reason]
            html += (piece.html, reason.html, piece.html_after)
            text += (piece.text, reason.text, piece.text_after)
            size += piece.size + reason.size
            if vote is not None and papers is not titles_alone:
                html += (vote.html, piece.html_end)
                text += (vote.text, piece.text_end)
                size += vote.size
    return Parts(html, text, size)


def _details(
    press: Press[Ink], shelf: Shelf[Ink], topics: Sequence[Topic], room: int, vote: Piece[Ink] | None
) -> list[Detail]:
    """The detail of every pick in order, so that the HTML has room for all and for the sentence that says so."""
    picks = [pick for _, picks in topics for pick in picks]
    voting = 0 if vote is None else vote.size

    def size(place: int, detail: Detail) -> int:
        pick = picks[place]
        own = press.reasons[pick.reason].size + voting if detail < Detail.LINE else 0
        return shelf.papers[detail][pick.paper_key].size + own

    headings = sum(press.headings[label].size for label, _ in topics)
    return fit([pick.score for pick in picks], size, room - headings - _RESERVE)


def _peek(cards: Sequence[Card], *, subject_names_topics: bool) -> list[str]:
    """What the subject has not said: titles, or of a single paper what is new in it."""
    if len(cards) == 1:
        only = cards[0]
        return [only.abstract[slice(*only.key)] if only.key else only.abstract or only.title]
    return [made.title for made in (cards[:3] if subject_names_topics else cards[1:4])]


def _way(address: str | None) -> str | None:
    """A web address, or a mailto: for the ways out, which may go by mail."""
    if address and address.startswith("mailto:"):
        return (
            address
            if re.fullmatch(r"mailto:[\x21-\x7e]+@[\x21-\x7e]+", address) and not re.search(r'[<>"\\]', address)
            else None
        )
    return web_address(address)
