"""The sentences a digest is framed with: subject, preheader, introduction, closing; the same for HTML and text."""

from datetime import date
from functools import lru_cache

from newsletter.mail.cards import day_name
from newsletter.mail.text import clean, counted, number, shorten
from newsletter.models import Digest

LONGEST_SUBJECT = 70
LONGEST_PREHEADER = 130
MOST_TOPICS = 7
"""Named above the papers; more are a wall on a phone."""

LEFT_OVER = "Other"
"""The label of the papers that belong to no topic."""

DOT = "\u00a0· "
"""Between facts; no line begins with it."""

SAMPLE_WORD = "Sample."
SAMPLE = (
    "These papers are invented. They ship with the program so that it can be tried without a network; "
    "their links lead nowhere."
)

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


_label = lru_cache(4_096)(clean)  # every reader's digest has some of the same


def subject(digest: Digest, first_title: str) -> str:
    """How many papers for which days, then as many topics as fit, or the first title; a sample says so first.

    The list's name is not in it: the From header shows it beside the subject.
    """
    count = _count(digest)
    when = f" for {day_name(digest.day)}" if digest.since >= digest.day else f", {_days(digest.since, digest.day)}"
    start = f"{'[SAMPLE] ' if digest.sample else ''}{counted(count, 'paper')}{when}"
    room = LONGEST_SUBJECT - len(start) - 2
    labels = topics(digest)
    if count == 1 or not labels:
        others = f" and {number(count - 1)} more" if count > 1 else ""
        return f"{start}: {shorten(first_title, room - len(others))}{others}"
    if len(labels[0]) > room:
        return f"{start}: {shorten(labels[0], room)}"
    named = labels[:1]
    for label in labels[1:]:
        if len(", ".join([*named, label])) > room:
            break
        named.append(label)
    return f"{start}: {', '.join(named)}"


def topics(digest: Digest) -> list[str]:
    """The topics that say something: what was left over is none."""
    labels = [_label(section.label) for section in digest.sections if section.picks]
    return [label for label in labels if label != LEFT_OVER]


def headings(digest: Digest) -> list[str]:
    """What stands above each section; what was left over, beside nothing else, is simply the new papers."""
    labels = [_label(section.label) for section in digest.sections]
    return ["New papers"] if labels == [LEFT_OVER] else labels


def preheader(parts: list[str]) -> str:
    """What a mail program shows after the subject."""
    return shorten(" · ".join(parts), LONGEST_PREHEADER)


def dateline(since: date, day: date, recipient_name: str) -> str:
    """The days in full, and whose mail it is."""
    said = f"{_full(day, day)} {day.year}"
    if since < day:
        said = f"{_full(since, day)} to {said}"
    name = shorten(clean(recipient_name), 60)
    return f"{said}{DOT}for {name}" if name else said


def introduction(digest: Digest) -> str:
    """How many of how many papers, and by what they were chosen."""
    count = _count(digest)
    everything = count >= digest.considered
    papers = f"new {'paper' if digest.considered == 1 else 'papers'}"
    if everything:
        said = f"The one {papers}" if count == 1 else f"All {number(count)} {papers}"
    else:
        said = f"{number(count)} of {number(digest.considered)} {papers}"
    if not digest.personal:
        # True also where a reader named examples that are not known here: there is nothing to go by.
        unguided = "there are no interests of yours to go by yet."
        return f"{said}; {unguided}" if everything else f"{said}, the most noticed across the topics; {unguided}"
    if everything or digest.matched <= count:
        return f"{said} {'matches' if count == 1 else 'match'} your interests."
    of_all = "All" if digest.matched >= digest.considered else f"{number(digest.matched)} of"
    best = "here is the best" if count == 1 else f"here are {number(count)} of the best"
    return f"{of_all} {number(digest.considered)} {papers} match your interests; {best}."


def overview(digest: Digest) -> str:
    """The first topics, with the number of papers where it is more than one; empty where there is but one topic."""
    sections = [(_label(section.label), len(section.picks)) for section in digest.sections if section.picks]
    if len(sections) < 2:
        return ""
    shown = sections if len(sections) <= MOST_TOPICS else sections[: MOST_TOPICS - 1]
    told = [f"{label}\u00a0({number(count)})" if count > 1 else label for label, count in shown]
    if len(shown) < len(sections):
        told.append(counted(len(sections) - len(shown), "more topic"))
    return DOT.join(told)


def trimmed(shortened: int, left_out: int, edition_id: int, edition_url: str | None) -> str:
    """What the size of the mail took away, and where it can be read; empty where nothing was."""
    if not shortened and not left_out:
        return ""
    said = []
    if shortened:
        said.append(f"{counted(shortened, 'paper')} {'is' if shortened == 1 else 'are'} shown in less detail")
    if left_out:
        said.append(f"{counted(left_out, 'paper')} {'is' if left_out == 1 else 'are'} left out")
    sentence = f"To keep this mail from being cut by mail programs, {' and '.join(said)}."
    if edition_url:
        return sentence + " All of them can be read on the page of the edition, linked below."
    if left_out:
        return sentence + f" Whoever runs this list can show you all of edition {edition_id}."
    return sentence


def closing(list_name: str, *, can_leave: bool) -> str:
    """Why the mail came, and where leaving is not one click away, how."""
    said = f"You get this mail because you subscribed to {list_name}."
    return said if can_leave else f"{said} To leave the list, ask whoever runs it."


def _full(day: date, last: date) -> str:
    """A day in words; the month and the year only where the last day has others."""
    month = f" {_MONTHS[day.month - 1]}" if day == last or (day.year, day.month) != (last.year, last.month) else ""
    return f"{_WEEKDAYS[day.weekday()]} {day.day}{month}{f' {day.year}' if day.year != last.year else ''}"


def _days(since: date, day: date) -> str:
    """Days of a subject: `18 to 21 Nov`, `28 Nov to 4 Dec`."""
    first = str(since.day) if (since.year, since.month) == (day.year, day.month) else _short(since)
    return f"{first} to {_short(day)}"


def _short(day: date) -> str:
    return day_name(day).partition(" ")[2]


def _count(digest: Digest) -> int:
    return sum(len(section.picks) for section in digest.sections)
