"""The roster file's shape: strict pydantic models whose complaints are sentences, and their JSON Schema."""

import re
import unicodedata
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from subscribers import addresses
from subscribers.models import WEEKDAYS, Cadence
from subscribers.roster import seeds as examples
from subscribers.wording import is_unsafe, nearest, quoted

# ---- what a text may hold ------------------------------------------------------------------------------------------


def _line(text: str) -> str:
    """One line of text, NFC, spaces trimmed."""
    found = next(filter(is_unsafe, text.strip()), None)
    if found is not None:
        name = unicodedata.name(found, "control character")
        raise ValueError(f"{quoted(text)} holds U+{ord(found):04X} ({name.lower()}), which no line may; remove it")
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise ValueError("is empty; write something or leave it out")
    return text


def _prose(text: str) -> str:
    """Free text: line breaks count as spaces."""
    return _line(" ".join(text.split()))


def _name(text: str) -> str:
    """A person's name, which may be empty."""
    return _line(text) if text else ""


def _address(text: str) -> str:
    return addresses.read(text).mailed


_CATEGORY = re.compile(
    r"(?:gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nucl-ex|nucl-th|quant-ph)"
    r"|(?:astro-ph|cs|econ|eess|math|nlin|q-bio|q-fin|stat)\.[A-Z]{2}"
    r"|(?:cond-mat|physics)\.[a-z]+(?:-[a-z]+)*"
)


def _category(text: str) -> str:
    text = text.strip()
    if _CATEGORY.fullmatch(text):
        return text
    archive, _, part = text.partition(".")
    meant = f"{archive.lower()}.{part.upper()}" if part else archive.lower()
    hint = f"did you mean {meant}?" if _CATEGORY.fullmatch(meant) else "write for example cs.CL or quant-ph"
    raise ValueError(f"{quoted(text)} is no arXiv category; {hint}")


@cache
def zones() -> frozenset[str]:
    """Every time zone by its IANA name; what the system adds (posix/…, localtime) means something else elsewhere."""
    return frozenset(z for z in available_timezones() if z not in {"localtime", "Factory", "posixrules"})


def _zone(text: str) -> str:
    if text in zones():
        return text
    folded = text.casefold().replace(" ", "_")
    cities = sorted(zone for zone in zones() if zone.casefold().rpartition("/")[2] == folded.rpartition("/")[2])
    meant = cities or get_close_matches(text, sorted(zones()), n=1, cutoff=0.75)
    hint = f"write for example {meant[0] if meant else 'Europe/Zurich'}"
    raise ValueError(f"{quoted(text)} is no IANA time zone; {hint}")


def _day(text: Any) -> Any:
    if isinstance(text, str):
        try:
            return date.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(f"{quoted(text)} is no date; write year-month-day, for example 2026-09-01") from None
    return text


def _followed(name: str, info: ValidationInfo) -> str:
    """A topic of the same file; the names come as context, so that this is said beside every other mistake."""
    known = (info.context or {}).get("topics", ())
    if name not in known:
        raise ValueError(
            f"{quoted(name)} is no topic of this roster{nearest(name, known) or '; declare it under topics'}"
        )
    return name


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for value in values:
        if value.casefold() in seen:
            raise ValueError(f"{quoted(value)} is listed twice; keep one of them")
        seen.add(value.casefold())
    return values


_MOST = 500  # values in one list; a profile of more is a mistake, and would slow everyone's digest

Line = Annotated[str, Field(max_length=200), AfterValidator(_line)]
Phrases = Annotated[tuple[Line, ...], Field(max_length=_MOST), AfterValidator(_distinct)]
Categories = Annotated[
    tuple[Annotated[str, AfterValidator(_category)], ...], Field(max_length=_MOST), AfterValidator(_distinct)
]
Seed = Annotated[str, Field(max_length=examples.LONGEST), AfterValidator(examples.read)]
Seeds = Annotated[tuple[Seed, ...], Field(max_length=_MOST), AfterValidator(_distinct)]
Followed = Annotated[
    tuple[Annotated[str, AfterValidator(_followed)], ...], Field(max_length=_MOST), AfterValidator(_distinct)
]
_TOPIC_NAME: dict[str, Any] = {"max_length": 80, "pattern": r"^[a-z0-9]+(-[a-z0-9]+)*$"}
TopicName = Annotated[str, Field(**_TOPIC_NAME)]
Zone = Annotated[str, AfterValidator(_zone)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Hour = Annotated[int, Field(ge=0, le=23)]
Count = Annotated[int, Field(ge=1, le=200)]
Floor = Annotated[float, Field(ge=0, allow_inf_nan=False)]
assert get_args(Weekday) == WEEKDAYS, "the file's words are the schedule's"


class _Strict(BaseModel):
    """No field but the declared ones; a field left blank means its default."""

    model_config = ConfigDict(extra="forbid", frozen=True, regex_engine="python-re")

    @model_validator(mode="before")
    @classmethod
    def _blank_is_default(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: each for name, each in value.items() if each is not None or name not in cls.model_fields}
        return value


class WantsShape(_Strict):
    """What a topic, or a reader, is about."""

    keywords: Phrases = Field((), description="Words or phrases to look for; exact, rare terms work best.")
    categories: Categories = Field((), description="arXiv categories, such as cs.CL.")
    authors: Phrases = Field((), description="Names of authors, as arXiv writes them.")
    seeds: Seeds = Field(
        (),
        description="Example papers: arXiv ids in quotes, or a pasted title with its abstract. "
        "Three good examples do as well as ten keywords.",
    )
    text: Annotated[str, Field(max_length=5000), AfterValidator(_prose)] | None = Field(
        None, description="Free text: a sentence or two about the work."
    )
    mute: Phrases = Field((), description="Words or phrases that are not wanted.")


class TopicShape(WantsShape):
    """A named topic that subscribers may follow."""

    label: Annotated[str, Field(max_length=120), AfterValidator(_line)] | None = Field(
        None, description="What readers see; by default the name with a capital letter and spaces."
    )


class _Wishes(_Strict):
    """What the defaults give and a subscriber may override."""

    max_papers: Count | None = Field(None, description="At most this many papers in a digest (12).")
    max_per_topic: Count | None = Field(None, description="At most this many papers of one topic (6).")
    floor: Floor | None = Field(None, description="Papers that score less are left out (0.05).")
    discovery: bool | None = Field(
        None, description="Whether a digest holds one paper from beyond the interests, labelled as such (true)."
    )
    cadence: Cadence | None = Field(None, description="On which days a digest is due (daily).")
    weekday: Weekday | None = Field(None, description="The day of the weekly cadence (monday).")
    hour: Hour | None = Field(None, description="Local hour from which the digest is due, 0 to 23 (7).")
    zone: Zone | None = Field(None, description="IANA time zone (UTC).", examples=["Europe/Zurich"])


class DefaultsShape(_Wishes):
    """What holds for every subscriber who says nothing else."""


class SubscriberShape(_Wishes, WantsShape):
    """One person, one address."""

    address: Annotated[str, AfterValidator(_address)] = Field(description="The e-mail address.")
    name: Annotated[str, Field(max_length=200), AfterValidator(_name)] = Field("", description="The person's name.")
    topics: Followed = Field((), description="Names of topics to follow.")
    paused_until: Annotated[date, BeforeValidator(_day)] | None = Field(
        None, description="No digest before this local day; what they missed is covered then."
    )


class RosterShape(_Strict):
    """The whole file."""

    defaults: DefaultsShape = Field(default_factory=DefaultsShape, description="What holds unless said otherwise.")
    topics: dict[TopicName, TopicShape] = Field(
        default_factory=dict,
        description="Topics by name.",
        # pydantic says it in a way that lets other names pass
        json_schema_extra={"propertyNames": {"maxLength": 80, "pattern": _TOPIC_NAME["pattern"]}},
    )
    subscribers: tuple[SubscriberShape, ...] = Field((), description="Everyone who gets a digest.")


def json_schema() -> dict[str, Any]:
    """The JSON Schema that editors use; committed as roster.schema.json."""
    schema = RosterShape.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Paperboy roster",
    }
