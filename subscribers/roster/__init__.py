"""The roster: the YAML file in which an operator declares subscribers, topics and defaults."""

from subscribers.roster.changes import Change, KeptOut, Plan, Removal, plan
from subscribers.roster.person import Uploaded, decoded, ignored, parse_person
from subscribers.roster.reading import Roster, interests, parse
from subscribers.roster.shape import json_schema
from subscribers.roster.writing import SCHEMA_LINE, dump, dump_person

__all__ = [
    "SCHEMA_LINE",
    "Change",
    "KeptOut",
    "Plan",
    "Removal",
    "Roster",
    "Uploaded",
    "decoded",
    "dump",
    "dump_person",
    "ignored",
    "interests",
    "json_schema",
    "parse",
    "parse_person",
    "plan",
]
