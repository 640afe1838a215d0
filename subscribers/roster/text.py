"""YAML text to plain values, with the line of each; scalars stay the text that was written.

`2401.10770` is a number to YAML, and would lose its last digit; here the field's own type decides what a scalar is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from subscribers.wording import escaped

Place = tuple[str | int, ...]
"""The way to a value from the top: ("subscribers", 2, "zone")."""

_MOST_ALIASED = 50_000  # values an alias may bring in again: more is a bomb, not a roster
_DEEPEST = 50  # brackets of a stranger's text that are open at once
_BRACKETS = re.compile(r"[\[\]{}]")
_NULL = "tag:yaml.org,2002:null"
_USUAL = frozenset(  # what YAML itself takes plain values for
    f"tag:yaml.org,2002:{kind}"
    for kind in (["bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value"])
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, and where."""

    line: int  # 1-based
    place: Place
    sentence: str

    def shown(self, path: str) -> str:
        """`path:line: place: sentence`, in the form that editors and CI logs turn into a link."""
        where = shown_place(self.place)
        return f"{path}:{self.line}: {where}: {self.sentence}" if where else f"{path}:{self.line}: {self.sentence}"


class Unreadable(Exception):
    """The text is no YAML that could be a roster; holds the one mistake that ended the reading."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.sentence)
        self.mistake = mistake


@dataclass(frozen=True, slots=True)
class Document:
    """A read text."""

    value: Any  # None, str, list or dict
    lines: dict[Place, int]  # of keys and items
    mistakes: tuple[Mistake, ...]  # fields that were written twice

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def shown_place(place: Place) -> str:
    """`subscribers[2].zone`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return escaped(text.removeprefix("."))


def read(text: str, *, plain: bool = False) -> Document:
    """The document in `text`; with `plain`, for what strangers send, without anchors, aliases and tags.

    Raises:
        Unreadable: a syntax error, a value inside itself, or aliases that multiply without end.

    """
    if plain and _depth(text) > _DEEPEST:
        raise Unreadable(Mistake(1, (), "is nested too deeply"))
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        return _Reading(plain=plain).document(root)
    except RecursionError as error:
        raise Unreadable(Mistake(1, (), "is nested too deeply for a roster")) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        said = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise Unreadable(Mistake(line, (), f"is no YAML: {said}")) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(Mistake(line, (), f"holds {_shown(error.character)}, which YAML forbids")) from error
    except (YAMLError, ValueError) as error:
        raise Unreadable(Mistake(1, (), f"is no YAML: {error}")) from error


def _depth(text: str) -> int:
    """The most brackets that are open at once: the parser takes seconds to find out that they are too many."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _shown(character: int | str) -> str:
    return f"U+{character if isinstance(character, int) else ord(character):04X}"


class _Reading:
    """One walk over the nodes."""

    def __init__(self, *, plain: bool) -> None:
        self.plain = plain
        self.lines: dict[Place, int] = {}
        self.mistakes: list[Mistake] = []
        self.seen: set[int] = set()  # nodes that were read: meeting one again means an alias
        self.open: set[int] = set()  # nodes we are inside of
        self.aliased = 0

    def document(self, root: Node | None) -> Document:
        value = None if root is None else self.value(root, ())
        return Document(value, self.lines, tuple(self.mistakes))

    def value(self, node: Node, place: Place) -> Any:
        self.guard(node, place)
        if isinstance(node, ScalarNode):
            return None if str(node.tag) == _NULL else str(node.value)
        self.open.add(id(node))
        value: Any
        if isinstance(node, SequenceNode):
            value = [self.item(child, (*place, index)) for index, child in enumerate(node.value)]
        else:
            assert isinstance(node, MappingNode), "YAML has three kinds of node"
            value = {key: self.value(child, (*place, key)) for key, child in self.fields(node, place)}
        self.open.discard(id(node))
        return value

    def item(self, node: Node, place: Place) -> Any:
        self.lines[place] = node.start_mark.line + 1
        return self.value(node, place)

    def fields(self, node: MappingNode, place: Place) -> Iterator[tuple[str, Node]]:
        written: set[str] = set()
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self.mistakes.append(Mistake(line, place, "has a list or mapping as a field's name"))
                continue
            key = str(key_node.value)
            if key in written:
                self.mistakes.append(Mistake(line, (*place, key), "is written twice; keep one of them"))
                continue
            written.add(key)
            self.lines[*place, key] = line
            yield key, child

    def guard(self, node: Node, place: Place) -> None:
        """Aliases are welcome, but neither endless nor explosive; of strangers none is."""
        line = node.start_mark.line + 1
        if self.plain and (node.anchor or id(node) in self.seen):
            raise Unreadable(Mistake(line, place, "holds an anchor or an alias; write the value out"))
        if self.plain and str(node.tag) not in _USUAL:
            raise Unreadable(Mistake(line, place, "holds a tag; write the value without it"))
        if id(node) in self.open:
            raise Unreadable(Mistake(line, place, "is an alias of something it is inside of"))
        if id(node) in self.seen:
            self.aliased += 1
            if self.aliased > _MOST_ALIASED:
                raise Unreadable(Mistake(line, place, f"aliases repeat over {_MOST_ALIASED} values; write them out"))
        self.seen.add(id(node))
