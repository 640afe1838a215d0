"""Roster text to `Roster`, or every mistake in it at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from newsletter.errors import RosterError
from subscribers import addresses
from subscribers.models import WEEKDAYS, Defaults, Limits, NamedTopic, Schedule, Subscriber, Wants
from subscribers.roster import text as yaml
from subscribers.roster.shape import (
    DefaultsShape,
    RosterShape,
    SubscriberShape,
    TopicShape,
    WantsShape,
)
from subscribers.roster.text import Document, Mistake, Place
from subscribers.wording import nearest, quoted


@dataclass(frozen=True, slots=True)
class Roster:
    """What an operator declares; every subscriber has the defaults filled in."""

    defaults: Defaults
    topics: tuple[NamedTopic, ...]
    subscribers: tuple[Subscriber, ...]


def parse(text: str, *, path: str) -> Roster:
    """The roster in `text`; `path` is how the mistakes call the file.

    Raises:
        RosterError: something is wrong; `mistakes` has one line for each mistake, in the order of the file.

    """
    try:
        document = yaml.read(text)
    except yaml.Unreadable as error:
        raise refused(path, [error.mistake]) from error
    mistakes = [*document.mistakes, *_duplicates(document)]
    shape = None
    try:
        shape = RosterShape.model_validate(_top(document.value), context={"topics": _names(document.value)})
    except ValidationError as error:
        mistakes += [_mistake(each, document) for each in error.errors(include_url=False)]
    if mistakes or shape is None:
        raise refused(path, mistakes)
    return _roster(shape)


def interests(declared: Mapping[str, Any]) -> Wants:
    """What somebody wants, from fields as a topic of the roster has them; strings are held to the same rules.

    Raises:
        RosterError: something is wrong; `mistakes` has one line for each mistake.

    """
    try:
        return _wants(WantsShape.model_validate(dict(declared)))
    except ValidationError as error:
        found = [(tuple(each["loc"]), each) for each in error.errors(include_url=False)]
        lines = tuple(dict.fromkeys(f"{yaml.shown_place(place)}: {sentence(each, place)}" for place, each in found))
    raise RosterError("interests: they cannot be read", mistakes=lines)


def refused(path: str, mistakes: list[Mistake]) -> RosterError:
    """The error that tells all mistakes of a file, in its order."""
    lines = [mistake.shown(path) for mistake in sorted(mistakes, key=lambda each: each.line)]
    lines = list(dict.fromkeys(lines))
    count = "one mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    return RosterError(f"roster ({path}): {count}; nothing of it was applied", mistakes=tuple(lines))


# ---- what the models cannot see ------------------------------------------------------------------------------------


def _top(value: Any) -> Any:
    """An empty file is an empty roster."""
    return {} if value is None else value


def _names(value: Any) -> frozenset[str]:
    """The topic names that are declared, be their declarations right or wrong."""
    topics = value.get("topics") if isinstance(value, dict) else None
    return frozenset(topics) if isinstance(topics, dict) else frozenset()


def _duplicates(document: Document) -> Iterator[Mistake]:
    """Addresses that are one and the same once folded."""
    value = document.value
    declared = value.get("subscribers") if isinstance(value, dict) else None
    first: dict[str, int] = {}
    for index, each in enumerate(declared if isinstance(declared, list) else ()):
        address = each.get("address") if isinstance(each, dict) else None
        try:
            key = addresses.fold(address) if isinstance(address, str) else None
        except ValueError:
            continue  # said by the field itself
        place: Place = ("subscribers", index, "address")
        if key in first:
            other = document.line(("subscribers", first[key], "address"))
            yield Mistake(
                document.line(place), place, f"{quoted(address)} is the same address as in line {other}; keep one"
            )
        elif key is not None:
            first[key] = index


# ---- the models' complaints as sentences -----------------------------------------------------------------------------

_SHAPES: dict[str, type[RosterShape | DefaultsShape | TopicShape | SubscriberShape]] = {
    "defaults": DefaultsShape,
    "topics": TopicShape,
    "subscribers": SubscriberShape,
}


def _mistake(error: ErrorDetails, document: Document) -> Mistake:
    place: Place = tuple(error["loc"])
    if place and place[-1] == "[key]":  # pydantic's way to point at a mapping's key
        place = place[:-1]
        said = f"{quoted(place[-1])} is no topic name; use lower-case letters, digits and hyphens"
        return Mistake(document.line(place), place, said)
    return Mistake(document.line(place), place, sentence(error, place))


def sentence(error: ErrorDetails, place: Place) -> str:
    """What is wrong, why, and what to write instead; `place` names the field."""
    given = error["input"]
    shown = quoted(given) if isinstance(given, str | int | float) else _kind(given)
    limits = error.get("ctx", {})
    said = {
        "value_error": error["msg"].removeprefix("Value error, "),
        "extra_forbidden": f"is no field here{nearest(str(place[-1]), _fields(place)) if place else ''}",
        "missing": "is missing",
        "string_type": f"{shown} is no text; put it in quotes",
        "string_too_long": f"is too long: at most {limits.get('max_length')} characters",
        "too_long": f"has too many values: at most {limits.get('max_length')}",
        "tuple_type": f"{shown} is no list; write [first, second] or one item a line, each after a hyphen",
        "dict_type": f"{shown} is no mapping of names to topics",
        "model_type": f"{shown} is no mapping of fields",
        "model_attributes_type": f"{shown} is no mapping of fields",
        "int_parsing": f"{shown} is no whole number",
        "int_type": f"{shown} is no whole number",
        "bool_parsing": f"{shown} is neither true nor false",
        "bool_type": f"{shown} is neither true nor false",
        "float_parsing": f"{shown} is no number",
        "float_type": f"{shown} is no number",
        "finite_number": f"{shown} is no finite number",
        "greater_than_equal": f"{shown} is too small; the least is {limits.get('ge')}",
        "less_than_equal": f"{shown} is too large; the most is {limits.get('le')}",
    }
    if error["type"] in {"enum", "literal_error"}:
        return f"{shown} is none of {str(limits['expected']).replace(chr(39), '')}"
    return said.get(error["type"], f"{shown}: {error['msg']}")


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "nothing"


def _fields(place: Place) -> list[str]:
    """The fields that exist where an unknown one was written."""
    depth = {"defaults": 2, "topics": 3, "subscribers": 3}.get(str(place[0]), 1)
    shape = _SHAPES.get(str(place[0]), RosterShape) if len(place) == depth else RosterShape
    return list(shape.model_fields)


# ---- shapes to values ------------------------------------------------------------------------------------------------


def default_label(name: str) -> str:
    """`language-models` is shown as "Language models"."""
    words = name.replace("-", " ")
    return words[:1].upper() + words[1:]


def _roster(shape: RosterShape) -> Roster:
    defaults = Defaults(
        limits=_limits(shape.defaults, Limits()),
        schedule=_schedule(shape.defaults, Schedule()),
    )
    topics = tuple(
        NamedTopic(name, topic.label or default_label(name), _wants(topic)) for name, topic in shape.topics.items()
    )
    return Roster(defaults, topics, tuple(subscriber(each, defaults) for each in shape.subscribers))


def subscriber(shape: SubscriberShape, defaults: Defaults) -> Subscriber:
    """What was declared of one person, with the defaults filled in."""
    return Subscriber(
        address=shape.address,
        name=shape.name,
        topics=shape.topics,
        wants=_wants(shape),
        limits=_limits(shape, defaults.limits),
        schedule=_schedule(shape, defaults.schedule),
        paused_until=shape.paused_until,
    )


def _wants(shape: WantsShape) -> Wants:
    return Wants(shape.keywords, shape.categories, shape.authors, shape.seeds, shape.text or "", shape.mute)


def _limits(shape: DefaultsShape | SubscriberShape, base: Limits) -> Limits:
    return Limits(
        max_papers=base.max_papers if shape.max_papers is None else shape.max_papers,
        max_per_topic=base.max_per_topic if shape.max_per_topic is None else shape.max_per_topic,
        floor=base.floor if shape.floor is None else shape.floor,
        discovery=base.discovery if shape.discovery is None else shape.discovery,
    )


def _schedule(shape: DefaultsShape | SubscriberShape, base: Schedule) -> Schedule:
    return Schedule(
        cadence=base.cadence if shape.cadence is None else shape.cadence,
        weekday=base.weekday if shape.weekday is None else WEEKDAYS.index(shape.weekday),
        hour=base.hour if shape.hour is None else shape.hour,
        zone=base.zone if shape.zone is None else shape.zone,
    )
