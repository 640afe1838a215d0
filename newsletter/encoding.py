"""Values to JSON and back, for what the database keeps: facts of papers, digests, reports."""

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def dump(value: object) -> Any:
    """A JSON-ready copy of a value, with fields at their default left out: most facts of most papers are unknown."""
    kind: Any = type(value)
    return _adapter(kind).dump_python(value, mode="json", exclude_defaults=True)


def load(kind: type[T], data: Any) -> T:
    """The value that `dump` was given."""
    adapter: TypeAdapter[T] = _adapter(kind)  # type: ignore[arg-type]  # classes hash, whatever the stubs of cache say
    return adapter.validate_python(data)


def dump_json(value: object) -> str:
    """`dump` as JSON text, without the Python objects between: what is written once per reader."""
    kind: Any = type(value)
    return _adapter(kind).dump_json(value, exclude_defaults=True).decode()


def load_json(kind: type[T], text: str) -> T:
    """The value of such a text, or of the JSON of what `dump` gave, whatever the order of its keys."""
    adapter: TypeAdapter[T] = _adapter(kind)  # type: ignore[arg-type]  # as above
    return adapter.validate_json(text)
