"""One person's choices as a file of their own: the same fields, rules and sentences as in the roster."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from newsletter.errors import RosterError
from subscribers import addresses
from subscribers.models import Defaults, Subscriber
from subscribers.roster import text as yaml
from subscribers.roster.reading import refused, sentence, subscriber
from subscribers.roster.shape import SubscriberShape
from subscribers.roster.text import Document, Mistake
from subscribers.wording import quoted

LARGEST = 256 * 1024
"""Bytes of a file that are read."""

_MOST_VALUES = 10_000  # lines and commas: all choices together have fewer, and each costs the parser as much as a page
_MOST_SHOWN = 10  # topics that are named
_MOST_FIELDS = 60  # beyond it the file is something else, and the nearest name of each would be sought


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What a file comes to."""

    wanted: Subscriber  # with the address of who uploads it
    foreign: bool = False  # it names another address, which was not taken
    gone: tuple[str, ...] = ()  # topics that are not offered here


def parse_person(text: str, before: Subscriber, *, topics: Collection[str], path: str) -> Uploaded:
    """The choices in a file, for the person they are; what it says nothing of is empty, schedule and limits as before.

    Whose it is does not come from the file: address and name stay. It is the mapping alone, a list of one, or a roster
    of one; `path` is how mistakes call it.

    Raises:
        RosterError: something is wrong; `mistakes` has one line for each mistake, in the order of the file.

    """
    if text.count("\n") + text.count("\r") + text.count(",") > _MOST_VALUES:
        raise refused(path, [Mistake(1, (), f"has more than {_MOST_VALUES:,} lines or values; choices take fewer")])
    try:
        document = yaml.read(text, plain=True)
    except yaml.Unreadable as error:
        raise refused(path, [error.mistake]) from error
    value, place = _entry(document.value)
    if not isinstance(value, dict):
        mistake = Mistake(1, (), "is no mapping of fields, such as `keywords: [speculative decoding]`")
        raise refused(path, [*document.mistakes, mistake])
    if len(value) > _MOST_FIELDS:
        raise refused(
            path, [Mistake(1, (), f"has {len(value)} fields; a person has {len(SubscriberShape.model_fields)}")]
        )
    declared = dict(value)
    foreign = _is_foreign(declared, before)
    declared |= {"address": before.address, "name": before.name}
    named = declared.get("topics")
    gone: dict[str, None] = {}
    if isinstance(named, list):
        gone = dict.fromkeys(one for one in named if isinstance(one, str) and one not in topics)
        declared["topics"] = [one for one in named if not isinstance(one, str) or one in topics]
    wanted = _validated(declared, before, document, place, topics=topics, path=path)
    return Uploaded(wanted, foreign, tuple(gone))


def _entry(value: Any) -> tuple[Any, yaml.Place]:
    """The mapping of one person, and where it stands."""
    place: yaml.Place = ()
    if isinstance(value, dict) and isinstance(value.get("subscribers"), list):
        value, place = value["subscribers"], ("subscribers",)
    if isinstance(value, list) and len(value) == 1:
        value, place = value[0], (*place, 0)
    return value, place


def _is_foreign(declared: dict[str, Any], before: Subscriber) -> bool:
    named = declared.get("address")
    if named is None:
        return False
    try:
        return addresses.fold(str(named)) != addresses.fold(before.address)
    except ValueError:
        return True


def _validated(
    declared: dict[str, Any],
    before: Subscriber,
    document: Document,
    start: yaml.Place,
    *,
    topics: Collection[str],
    path: str,
) -> Subscriber:
    mistakes = list(document.mistakes)
    try:
        shape = SubscriberShape.model_validate(declared, context={"topics": topics})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            place: yaml.Place = (*start, *each["loc"])
            # Said as of a person in a roster: that is where the nearest field is sought.
            said = sentence(each, ("subscribers", 0, *each["loc"]))
            mistakes.append(Mistake(document.line(place), tuple(each["loc"]), said))
        raise refused(path, mistakes) from error
    if mistakes:
        raise refused(path, mistakes)
    found = subscriber(shape, Defaults(before.limits, before.schedule))
    return replace(found, address=before.address)


def decoded(content: bytes) -> str:
    """The text of an uploaded file.

    Raises:
        RosterError: it is too long, or no UTF-8.

    """
    if len(content) > LARGEST:
        raise RosterError(f"the file has {len(content) // 1024} KB; choices take {LARGEST // 1024} KB at most")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RosterError(f"byte {error.start} of the file is no UTF-8; save it as UTF-8 text") from error


def ignored(uploaded: Uploaded) -> tuple[str, ...]:
    """Sentences about what of a file was not taken."""
    said = ["The file was written for another address; yours stayed as it is."] if uploaded.foreign else []
    said += [f"The topic {quoted(name)} is not offered here and was left out." for name in uploaded.gone[:_MOST_SHOWN]]
    if len(uploaded.gone) > _MOST_SHOWN:
        said.append(f"So were {len(uploaded.gone) - _MOST_SHOWN} more.")
    return tuple(said)
