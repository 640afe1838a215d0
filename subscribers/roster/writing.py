"""A `Roster` as the text that parses to it again."""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from subscribers.models import WEEKDAYS, Limits, NamedTopic, Schedule, Subscriber, Wants
from subscribers.roster.reading import Roster, default_label

SCHEMA_LINE = "# yaml-language-server: $schema=roster.schema.json\n"
"""First line of every roster, for editors."""


def dump(roster: Roster) -> str:
    """The roster as YAML; what a subscriber has from the defaults is left out: `parse(dump(r)) == r`."""
    limits, schedule = roster.defaults.limits, roster.defaults.schedule
    value = {
        "defaults": {**_limits(limits, None), **_schedule(schedule, None)},
        "topics": {topic.name: _topic(topic) for topic in roster.topics},
        "subscribers": [_subscriber(each, limits, schedule) for each in roster.subscribers],
    }
    return SCHEMA_LINE + _written(value)


def dump_person(person: Subscriber) -> str:
    """One person's choices as the mapping that stands for them in a roster; nothing of it is left to the defaults."""
    limits, schedule = _limits(person.limits, None), _schedule(person.schedule, None)
    return _written(_subscriber(person, person.limits, person.schedule) | limits | schedule)


def _written(value: dict[str, Any]) -> str:
    writer = YAML()
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.width = 110
    writer.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    writer.dump(value, out)
    return out.getvalue()


def _topic(topic: NamedTopic) -> dict[str, Any]:
    label = {} if topic.label == default_label(topic.name) else {"label": topic.label}
    return {**label, **wants_declared(topic.wants)}


def _subscriber(each: Subscriber, limits: Limits, schedule: Schedule) -> dict[str, Any]:
    declared: dict[str, Any] = {"address": each.address}
    if each.name:
        declared["name"] = each.name
    if each.topics:
        declared["topics"] = list(each.topics)
    declared |= wants_declared(each.wants)
    declared |= _limits(each.limits, limits) | _schedule(each.schedule, schedule)
    if each.paused_until is not None:
        declared["paused_until"] = each.paused_until
    return declared


def wants_declared(wants: Wants) -> dict[str, Any]:
    """Interests as plain lists; what is empty is left out."""
    lists = {
        "keywords": list(wants.keywords),
        "categories": list(wants.categories),
        "authors": list(wants.authors),
        "seeds": [LiteralScalarString(one) if "\n" in one else one for one in wants.seeds],  # title, then abstract
        "text": wants.text,
        "mute": list(wants.mute),
    }
    return {name: value for name, value in lists.items() if value}


def _limits(limits: Limits, base: Limits | None) -> dict[str, Any]:
    pairs = (
        ("max_papers", limits.max_papers, base and base.max_papers),
        ("max_per_topic", limits.max_per_topic, base and base.max_per_topic),
        ("floor", limits.floor, base and base.floor),
        ("discovery", limits.discovery, base and base.discovery),
    )
    return {name: value for name, value, usual in pairs if base is None or value != usual}


def _schedule(schedule: Schedule, base: Schedule | None) -> dict[str, Any]:
    pairs = (
        ("cadence", str(schedule.cadence), base and str(base.cadence)),
        ("weekday", WEEKDAYS[schedule.weekday], base and WEEKDAYS[base.weekday]),
        ("hour", schedule.hour, base and base.hour),
        ("zone", schedule.zone, base and base.zone),
    )
    return {name: value for name, value, usual in pairs if base is None or value != usual}
