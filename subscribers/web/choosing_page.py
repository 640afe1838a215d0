"""What the preferences page shows: one reader's choices, or what they just typed, with everything that is offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from newsletter.mail import cards
from newsletter.models import Interest, Paper, Profile
from newsletter.relevance.headings.arxiv import CATEGORIES
from newsletter.relevance.related import Related
from newsletter.reports import masked
from subscribers import due, preferences, wishes
from subscribers.models import WEEKDAYS, KnownSubscriber, NamedTopic, Schedule, Subscriber, SubscriptionState, profile
from subscribers.roster.shape import zones
from subscribers.tokens import Purpose
from subscribers.web.frame import Frame
from subscribers.web.preview_now import Preview, Shown
from subscribers.web.shown import line, paper_path

LABELS = {
    "topics": "Topics",
    "keywords": "Words and phrases",
    "authors": "Authors",
    "categories": "arXiv categories",
    "seeds": "Example papers",
    "file": "File of example papers",
    "text": "Your work in your words",
    "mute": "Not wanted",
    "max_papers": "Papers in one digest",
    "max_per_topic": "Papers of one topic",
    "cadence": "On which days",
    "weekday": "Weekday",
    "hour": "Hour",
    "zone": "Time zone",
    "paused_until": "Paused until",
    "upload": "Your file",
    "pause": "Pause",
    "form": "The form",
}
"""The fields as the page calls them."""

_CADENCES = (("daily", "Every day"), ("weekdays", "Monday to Friday"), ("weekly", "Once a week"))
_ABOUT = 5  # things by which a topic is described
_FORESEEABLE = 50  # years of a pause after which a day would be no news
_AHEAD = 10  # days among which the next slot is sought


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose page it is."""

    signed: str  # the link's own part
    known: KnownSubscriber
    topics: Mapping[str, NamedTopic]  # that are offered
    voted: tuple[Interest, ...]  # what their votes come to
    papers: Mapping[str, Paper]  # their example papers, as far as they are known

    def profile(self, person: Subscriber) -> Profile:
        """What a digest would be made for, with some choices of theirs."""
        return profile(person, dict(self.topics), voted=self.voted, reader=self.known.token)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The preview, or the sentence why there is none."""

    preview: Preview | None = None
    sentence: str = ""
    status: int = 200
    again: int = 0  # seconds after which another try may bring one; 0: none will


@dataclass(frozen=True, slots=True)
class Said:
    """What the page says beside the fields."""

    mistakes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    done: str = ""
    related: Sequence[Related] | None = None  # None: not asked for


def values(frame: Frame, reader: Reader, fields: wishes.Fields, said: Said, foreseen: Foreseen) -> dict[str, Any]:
    """All that `choose.html` needs."""
    known, now = reader.known, frame.clock()
    today = due.local_day(known.subscriber.schedule, now)
    paused = known.subscriber.paused_until
    return {
        "address": masked(known.subscriber.address),
        "fixed": not preferences.may_choose(known),
        "left": known.subscription.state is not SubscriptionState.ACTIVE,
        "fields": fields,
        "mistakes": said.mistakes,
        "labels": LABELS,
        "notes": said.notes,
        "done": said.done,
        "related": said.related,
        "topics": [(one.name, one.label, _about(one)) for one in reader.topics.values()],
        "kept": [_kept(frame, one, reader.papers) for one in known.subscriber.wants.seeds],
        "cadences": _CADENCES,
        "weekdays": WEEKDAYS,
        "zones": shown_zones(),
        "categories": [(code, about) for code, about in CATEGORIES.items() if "." in code or "-" in code],
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "paused": paused if paused and paused > today else None,
        **addresses(frame, reader),
        **preview_values(frame, foreseen),  # its mistakes stand beside the fields
    }


def preview_values(
    frame: Frame, foreseen: Foreseen, mistakes: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """What `choose_preview.html` needs."""
    preview = foreseen.preview
    return {
        "preview": preview,
        "trouble": foreseen.sentence,
        "again": foreseen.again,
        "wrong": [(LABELS[name], said) for name, said in (mistakes or {}).items()],
        "sections": [(label, [_card(frame, one) for one in shown]) for label, shown in preview.sections]
        if preview
        else [],
        "lost": [cards.title(paper) for paper in preview.lost] if preview else [],
    }


def addresses(frame: Frame, reader: Reader) -> dict[str, str]:
    """Where the page's links and forms lead."""
    here = frame.link(f"/preferences/{quote(reader.signed, safe='')}")
    leave = frame.sign(Purpose.UNSUBSCRIBE, reader.known.token)
    return {
        "here": here,
        **{f"{name}_url": f"{here}/{name}" for name in ("preview", "upload", "votes", "erase", "pause")},
        "file_url": f"{here}.yaml",
        "data_url": f"{here}/data.json",
        "leave_url": frame.link(f"/unsubscribe/{quote(leave, safe='')}"),
    }


def next_digest(person: Subscriber, now: datetime) -> str:
    """`Monday 23 November at 7:00`, in the reader's own time; empty where their pause hides it."""
    schedule = person.schedule
    today = due.local_day(schedule, now)
    start = max(today, person.paused_until or today)
    if start.year > today.year + _FORESEEABLE:
        return ""  # the calendar itself ends somewhere
    for ahead in range(_AHEAD):
        day = start + timedelta(days=ahead)
        if due.has_slot(schedule, day) and due.slot(schedule, day) > now:
            return f"{day:%A} {day.day} {day:%B}{_year(day.year, today.year)} at {_hour(schedule)}"
    return ""


def _year(year: int, current: int) -> str:
    return "" if year == current else f" {year}"


def _hour(schedule: Schedule) -> str:
    return f"{schedule.hour}:00 {ZoneInfo(schedule.zone).key}"


def shown_zones() -> list[str]:
    """The time zones that are suggested: places, and UTC; every other one may be typed."""
    return ["UTC", *sorted(one for one in zones() if "/" in one and not one.startswith(("Etc/", "US/", "SystemV/")))]


def _about(topic: NamedTopic) -> str:
    """What a topic is made of, in a line."""
    wants = topic.wants
    told = [*wants.keywords, *wants.categories, *wants.authors][:_ABOUT]
    return ", ".join(told) or (wants.text if len(wants.text) < 120 else f"{wants.text[:119]}…")


def _kept(frame: Frame, seed: str, papers: Mapping[str, Paper]) -> dict[str, str]:
    paper = papers.get(seed)
    title, _, abstract = seed.partition("\n")
    shown = {"mark": wishes.mark(seed), "title": title, "url": "", "hint": "with its abstract" if abstract else ""}
    if paper is not None:
        return shown | {"title": cards.title(paper), "url": frame.link(paper_path(paper.key)), "hint": paper.key}
    if title[:1].isdigit() or ("/" in title and " " not in title):
        return shown | {"title": f"arXiv {title}", "hint": "its title is looked up with the next edition"}
    return shown


def _card(frame: Frame, shown: Shown) -> dict[str, Any]:
    told = line(shown.paper)
    return {
        "title": told.title,
        "direction": told.direction,
        "authors": told.names,
        "reason": shown.reason,
        "new": shown.new,
        "url": frame.link(told.path),
    }
