"""The sentences a digest is framed with: subject, preheader, introduction, closing; the same for HTML and text."""

from collections.abc import Sequence, Sized
from datetime import date
from functools import lru_cache

from newsletter.mail.cards import day_name
from newsletter.mail.text import clean, counted, number, shorten

LONGEST_SUBJECT = 70
LONGEST_PREHEADER = 130
MOST_TOPICS = 7
"""Named above the papers; more are a wall on a phone."""

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


def subject(count: int, since: date, day: date, labels: Sequence[str], first_title: str, *, sample: bool) -> str:
    """How many papers for which days, then as many topics as fit, or the first title; a sample says so first.

    The list's name is not in it: the From header shows it beside the subject.
    """
    start = _opening(count, since, day, sample=sample)
    room = LONGEST_SUBJECT - len(start)
    if count == 1 or not labels:
        others = f" and {number(count - 1)} more" if count > 1 else ""
        return f"{start}{shorten(first_title, room - len(others))}{others}"
    if len(labels[0]) > room:
        return start + shorten(labels[0], room)
    named = labels[0]
    for label in labels[1:]:
        if len(named) + 2 + len(label) > room:
            break
        named = f"{named}, {label}"
    return start + named


@lru_cache
def _opening(count: int, since: date, day: date, *, sample: bool) -> str:
    when = f" for {day_name(day)}" if since >= day else f", {_days(since, day)}"
    return f"{'[SAMPLE] ' if sample else ''}{counted(count, 'paper')}{when}: "


def preheader(parts: Sequence[str]) -> str:
    """What a mail program shows after the subject, before it is cut to `LONGEST_PREHEADER`."""
    said = parts[0]
    for part in parts[1:]:
        if len(said) > LONGEST_PREHEADER:
            break
        said = f"{said} · {part}"
    return said[: LONGEST_PREHEADER + 1]  # what is beyond changes nothing, and what is short is what many share


def dateline(since: date, day: date, recipient_name: str) -> tuple[str, str]:
    """The days in full, and whose mail it is; the name is empty where it is not known."""
    name = shorten(clean(recipient_name), 60)
    return (_dated_for(since, day), name) if name else (_full_days(since, day), "")


@lru_cache
def _dated_for(since: date, day: date) -> str:
    return f"{_full_days(since, day)}{DOT}for "


@lru_cache
def introduction(count: int, considered: int, matched: int, personal: bool, beyond: int = 0) -> str:
    """How many of how many papers, and by what they were chosen; `beyond` more by no interest."""
    said = _chosen(count, considered, matched, personal=personal)
    return f"{said} One more comes from beyond them." if beyond else said


def _chosen(count: int, considered: int, matched: int, *, personal: bool) -> str:
    everything = count >= considered
    papers = f"new {'paper' if considered == 1 else 'papers'}"
    if everything:
        said = f"The one {papers}" if count == 1 else f"All {number(count)} {papers}"
    else:
        said = f"{number(count)} of {number(considered)} {papers}"
    if not personal:
        # True also where a reader named examples that are not known here: there is nothing to go by.
        unguided = "there are no interests of yours to go by yet."
        return f"{said}; {unguided}" if everything else f"{said}, the most noticed across the topics; {unguided}"
    if everything or matched <= count:
        return f"{said} {'matches' if count == 1 else 'match'} your interests."
    of_all = "All" if matched >= considered else f"{number(matched)} of"
    best = "here is the best" if count == 1 else f"here are {number(count)} of the best"
    return f"{of_all} {number(considered)} {papers} match your interests; {best}."


def overview(topics: Sequence[tuple[str, Sized]]) -> tuple[str, ...]:
    """The first topics with their papers' number where it is more than one; empty where there is but one topic."""
    if len(topics) < 2:
        return ()
    shown = topics if len(topics) <= MOST_TOPICS else topics[: MOST_TOPICS - 1]
    told = [f"{DOT}{label}\u00a0({number(len(of))})" if len(of) > 1 else DOT + label for label, of in shown]
    told[0] = told[0].removeprefix(DOT)
    if len(shown) < len(topics):
        told.append(DOT + counted(len(topics) - len(shown), "more topic"))
    return tuple(told)


def trimmed(shortened: int, left_out: int, edition_id: int, where: str | None) -> str:
    """What the size of the mail took away, and `where` it can be read by a link below; empty where nothing was."""
    if not shortened and not left_out:
        return ""
    said = []
    if shortened:
        said.append(f"{counted(shortened, 'paper')} {'is' if shortened == 1 else 'are'} shown in less detail")
    if left_out:
        said.append(f"{counted(left_out, 'paper')} {'is' if left_out == 1 else 'are'} left out")
    sentence = f"To keep this mail from being cut by mail programs, {' and '.join(said)}."
    if where:
        return sentence + f" All of them can be read {where}, linked below."
    if left_out:
        return sentence + f" Whoever runs this list can show you all of edition {edition_id}."
    return sentence


def closing(list_name: str, *, can_leave: bool) -> str:
    """Why the mail came, and where leaving is not one click away, how."""
    said = f"You get this mail because you subscribed to {list_name}."
    return said if can_leave else f"{said} To leave the list, ask whoever runs it."


@lru_cache
def _full_days(since: date, day: date) -> str:
    said = f"{_full(day, day)} {day.year}"
    return f"{_full(since, day)} to {said}" if since < day else said


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
