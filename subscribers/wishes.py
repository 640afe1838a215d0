"""The form of the preferences page and what it stands for: a subscriber's choices to fields, and fields to choices.

`read(fields(s), s)` is `s` again. A field that is wrong keeps what it was, beside its sentence, so a preview goes on.
"""

import csv
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from newsletter.relevance.headings.arxiv import CATEGORIES
from subscribers import pasted
from subscribers.models import WEEKDAYS, Defaults, Subscriber
from subscribers.roster.reading import sentence, subscriber
from subscribers.roster.shape import SubscriberShape, zones
from subscribers.wording import quoted

Fields = Mapping[str, tuple[str, ...]]
"""A form's values by the name of their field, in the order in which they came."""

END = "whole"
"""The last field of the form: without it the form was cut on its way, and what is missing was not taken back."""

_LISTS = ("keywords", "authors", "categories", "mute")
_SINGLE = ("max_papers", "max_per_topic", "cadence", "weekday", "hour", "paused_until")
_MOST_SHOWN = 5  # sentences beside one field
_LONGEST_LINE = 100_000  # characters: the csv module takes a few more


@dataclass(frozen=True, slots=True)
class Reading:
    """What a form comes to."""

    wanted: Subscriber  # a field that is wrong is as it was before
    mistakes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by field: what is wrong, and what to do
    notes: tuple[str, ...] = ()  # what was understood otherwise than one might think


# ---- choices to fields -----------------------------------------------------------------------------------------------


def fields(person: Subscriber) -> dict[str, tuple[str, ...]]:
    """The form's fields for somebody's choices."""
    wants, limits, schedule = person.wants, person.limits, person.schedule
    return {
        "topics": person.topics,
        **{name: (lines(getattr(wants, name), names=name == "authors"),) for name in _LISTS},
        "kept": tuple(mark(one) for one in wants.seeds),
        "seeds": ("",),
        "text": (wants.text,),
        "max_papers": (str(limits.max_papers),),
        "max_per_topic": (str(limits.max_per_topic),),
        "discovery": ("on",) if limits.discovery else (),
        "cadence": (str(schedule.cadence),),
        "weekday": (WEEKDAYS[schedule.weekday],),
        "hour": (str(schedule.hour),),
        "zone": (schedule.zone,),
        "paused_until": (person.paused_until.isoformat() if person.paused_until else "",),
        END: ("1",),
    }


def mark(seed: str) -> str:
    """What stands for an example paper in the form: an abstract is too long for that."""
    return hashlib.sha256(seed.encode()).hexdigest()[:16]


def lines(values: Iterable[str], *, names: bool = False) -> str:
    """Values one a line, in quotes where they would be read as several."""
    return "\n".join(one if split(one, names=names) == [one] else _in_quotes(one) for one in values)


def _in_quotes(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def typed(form: Fields, *, file: str = "") -> dict[str, tuple[str, ...]]:
    """The fields as they are shown again: suggested terms that were ticked are keywords, a file is its papers."""
    keywords, added = _one(form, "keywords"), _suggested(form)
    told = {one.casefold() for one in split(keywords)}
    more = lines(one for one in added if one.casefold() not in told)
    papers = [_one(form, "seeds").strip("\n"), pasted.write(pasted.read(file).seeds)]
    shown = {name: tuple(form.get(name, ())) for name in ("topics", "kept", "discovery", END)}
    shown |= {name: (_one(form, name),) for name in (*_LISTS, *_SINGLE, "zone", "text")}
    shown["keywords"] = ("\n".join(one for one in (keywords.rstrip("\n"), more) if one),)
    shown["seeds"] = ("\n\n".join(one for one in papers if one),)
    return shown


# ---- fields to choices -----------------------------------------------------------------------------------------------


def split(text: str, *, names: bool = False) -> list[str]:
    """Values one a line or between commas, each once; what is in quotes is one value. With `names` they are people's.

    `Hinton, Geoffrey` is one name: a comma parts names only where there are two words or more on each side of it.
    """
    found: dict[str, str] = {}
    for line in text.replace("\r", "\n").split("\n"):
        row = next(csv.reader([line.strip()[:_LONGEST_LINE]], skipinitialspace=True), [])
        pieces = [piece for each in row if (piece := each.strip())]
        if names and '"' not in line and any(len(piece.split()) < 2 for piece in pieces):
            pieces = [line.strip(" \t,")]
        for piece in pieces:
            found.setdefault(piece.casefold(), piece)
    return list(found.values())


def read(form: Fields, before: Subscriber, *, topics: Collection[str], file: str = "") -> Reading:
    """The choices of a form, for somebody whose choices were `before`; `file` is a text they gave beside it.

    `topics` are the names of those that are offered; another one is left out.
    """
    if not _one(form, END):
        return Reading(before, {"form": ("The form arrived incomplete, so nothing of it counts; please try again.",)})
    mistakes: dict[str, list[str]] = {}
    notes: list[str] = []
    declared = _declared(form, topics)
    seeds = _seeds(form, before, file, mistakes, notes)
    declared["seeds"] = seeds
    wanted = _validated(declared, before, topics, mistakes)
    shown = {name: tuple(dict.fromkeys(said))[:_MOST_SHOWN] for name, said in mistakes.items()}
    return Reading(wanted, shown, tuple(notes))


def _one(form: Fields, name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _declared(form: Fields, topics: Collection[str]) -> dict[str, Any]:
    """The fields as a person's entry in a roster has them; an empty number or day is as if it were not there."""
    declared: dict[str, Any] = {name: split(_one(form, name), names=name == "authors") for name in _LISTS}
    known = {one.casefold() for one in declared["keywords"]}
    declared["keywords"] += [one for one in _suggested(form) if one.casefold() not in known]
    declared |= {name: value for name in _SINGLE if (value := _one(form, name).strip())}
    if zone := _one(form, "zone").strip():
        declared["zone"] = _zone(zone)
    text = _one(form, "text").strip()
    return {
        **declared,
        "topics": [name for name in dict.fromkeys(form.get("topics", ())) if name in topics],
        "discovery": bool(form.get("discovery")),
        "text": text or None,
    }


def _suggested(form: Fields) -> list[str]:
    """The suggested terms that were ticked, each once."""
    told = (" ".join(one.split()) for one in form.get("add", ()))
    return list({one.casefold(): one for one in told if one}.values())


def _zone(text: str) -> str:
    """As IANA writes it, whatever the case and the spaces; a city alone where only one zone is called so."""
    folded = text.casefold().replace(" ", "_")
    cities = [zone for zone in zones() if zone.casefold().rpartition("/")[2] == folded]
    return next((zone for zone in zones() if zone.casefold() == folded), cities[0] if len(cities) == 1 else text)


def _seeds(form: Fields, before: Subscriber, file: str, mistakes: dict[str, list[str]], notes: list[str]) -> list[str]:
    """The example papers that are kept, those that were pasted, and those of a file."""
    kept = set(form.get("kept", ()))
    found = dict.fromkeys(one for one in before.wants.seeds if mark(one) in kept)
    for text, name in ((_one(form, "seeds"), "seeds"), (file, "file")):
        given = pasted.read(text)
        found |= dict.fromkeys(given.seeds)
        if given.mistakes:
            mistakes.setdefault(name, []).extend(given.mistakes)
        if given.left_out:
            entries = "One entry" if given.left_out == 1 else f"{given.left_out} entries"
            notes.append(
                f"{entries} of the export had neither an arXiv id nor a title of three words, and was left out."
            )
    return list(found)


def _validated(
    declared: dict[str, Any], before: Subscriber, topics: Collection[str], mistakes: dict[str, list[str]]
) -> Subscriber:
    """Held to the roster's rules, field by field; what breaks one is as it was before."""
    entry = {"address": before.address, "name": before.name} | declared
    usual = _as_declared(before, topics)
    for instead in (usual, {}, {}):
        try:
            shape = SubscriberShape.model_validate(entry, context={"topics": frozenset(topics)})
        except ValidationError as error:
            found = error.errors(include_url=False)
        else:
            return subscriber(shape, Defaults(before.limits, before.schedule))
        wrong = {str(each["loc"][0]) for each in found}
        if instead is usual:
            for each in found:
                said = mistakes.setdefault(str(each["loc"][0]), [])
                if len(said) < _MOST_SHOWN:  # for each the nearest category would be sought, of thousands too
                    said.append(_said(each))
        entry = {name: instead.get(name) if name in wrong else value for name, value in entry.items()}
    return before  # what was kept breaks today's rules in every field


def _said(error: ErrorDetails) -> str:
    """The roster's sentence, for somebody who sees a page and no file."""
    name, given = str(error["loc"][0]), error["input"]
    if error["type"] == "too_long":
        if name == "seeds":
            return pasted.too_many(len(given), error["ctx"]["max_length"])
        return f"{len(given)} values are too many; the most is {error['ctx']['max_length']}"
    said = sentence(error, tuple(error["loc"]))
    if name == "categories" and len(error["loc"]) > 1:
        return f"{quoted(given)} is no arXiv category; {_near_category(str(given))}"
    return f"{quoted(given)} {said}" if error["type"] == "string_too_long" and isinstance(given, str) else said


def _near_category(text: str) -> str:
    """The category that was probably meant, by its code or by what it is about."""
    archive, _, part = text.strip().partition(".")
    codes = {one.casefold(): one for one in CATEGORIES if "." in one or "-" in one}
    subjects = {subject.casefold(): code for code, subject in CATEGORIES.items() if code in codes.values()}
    folded = " ".join(text.split()).casefold()
    for known, sought in ((codes, f"{archive}.{part}".casefold()), (codes, folded), (subjects, folded)):
        close = get_close_matches(sought, known, n=1, cutoff=0.7)
        if close:
            return f"did you mean {known[close[0]]} ({CATEGORIES[known[close[0]]]})?"
    return "write for example cs.CL or quant-ph"


def _as_declared(person: Subscriber, topics: Collection[str]) -> dict[str, Any]:
    wants, limits, schedule = person.wants, person.limits, person.schedule
    return {
        "topics": [name for name in person.topics if name in topics],
        **{name: list(getattr(wants, name)) for name in (*_LISTS, "seeds")},
        "text": wants.text or None,
        "max_papers": limits.max_papers,
        "max_per_topic": limits.max_per_topic,
        "discovery": limits.discovery,
        "cadence": schedule.cadence,
        "weekday": WEEKDAYS[schedule.weekday],
        "hour": schedule.hour,
        "zone": schedule.zone,
        "paused_until": person.paused_until,
    }
