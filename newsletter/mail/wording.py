"""The sentences a digest is framed with: subject, preheader, introduction, closing; the same for HTML and text."""

from datetime import date

from newsletter.mail.cards import day_name
from newsletter.mail.text import clean, counted, number, shorten
from newsletter.models import Digest

LONGEST_SUBJECT = 70
LONGEST_PREHEADER = 130

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


def subject(digest: Digest, first_title: str) -> str:
    """How many papers for which day, then as many topics as fit; a sample says so first; one paper is named itself.

    The list's name is not in it: the From header shows it beside the subject.
    """
    count = _count(digest)
    start = f"{'[SAMPLE] ' if digest.sample else ''}{counted(count, 'paper')} for {day_name(digest.day)}"
    if count == 1:
        return f"{start}: {shorten(first_title, LONGEST_SUBJECT - len(start) - 2)}"
    labels = [clean(section.label) for section in digest.sections if section.picks]
    room = LONGEST_SUBJECT - len(start) - 2
    if len(labels[0]) > room:
        return f"{start}: {shorten(labels[0], room)}"
    named = labels[:1]
    for label in labels[1:]:
        if len(", ".join([*named, label])) > room:
            break
        named.append(label)
    return f"{start}: {', '.join(named)}"


def preheader(titles: list[str]) -> str:
    """What a mail program shows after the subject: the first titles."""
    return shorten(" · ".join(titles[:3]), LONGEST_PREHEADER)


def dateline(day: date, recipient_name: str) -> str:
    """The day in full, and whose mail it is."""
    said = f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"
    name = shorten(clean(recipient_name), 60)
    return f"{said} · for {name}" if name else said


def introduction(digest: Digest) -> str:
    """How many of how many papers, from which days, and by what they were chosen."""
    count = _count(digest)
    days = (
        f"on {day_name(digest.day)}"
        if digest.since >= digest.day
        else f"from {day_name(digest.since)} to {day_name(digest.day)}"
    )
    if count >= digest.considered:
        said = f"The one paper new {days}" if count == 1 else f"All {counted(count, 'paper')} new {days}"
    else:
        said = f"{number(count)} of the {counted(digest.considered, 'paper')} new {days}"
    if not digest.personal:
        return f"{said}: those most noticed in each topic, since you have named no interests yet."
    if count >= digest.considered:
        return f"{said}; {'it matches' if count == 1 else 'all match'} your interests."
    said += ", chosen by your interests."
    if digest.matched > count:
        better = "this is the best of them" if count == 1 else f"these are the best {number(count)}"
        said += f" {number(digest.matched)} matched; {better}."
    return said


def overview(digest: Digest) -> str:
    """The topics with the number of papers in each; empty where there is but one."""
    told = [f"{clean(section.label)} ({number(len(section.picks))})" for section in digest.sections if section.picks]
    return " · ".join(told) if len(told) > 1 else ""


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
    return sentence + " Every title leads to its page."


def closing(list_name: str, *, can_leave: bool) -> str:
    """Why the mail came, and where leaving is not one click away, how."""
    said = f"You get this mail because you subscribed to {list_name}."
    return said if can_leave else f"{said} To leave the list, ask whoever runs it."


def _count(digest: Digest) -> int:
    return sum(len(section.picks) for section in digest.sections)
