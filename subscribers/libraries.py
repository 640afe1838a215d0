"""Exports of reference managers to titles, abstracts and arXiv ids: BibTeX, RIS and CSL-JSON, read tolerantly.

Three things are wanted of an entry, so three small readers do: what they do not understand they pass over.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from newsletter.mail.latex import to_unicode
from subscribers.roster import seeds

LONGEST_TITLE, LONGEST_ABSTRACT = 300, 1_500
"""Characters that are kept: no title is longer, and the rest of an abstract tells little more."""
_LOOKED_AT = 3_000  # characters of a field
_COMMANDS = 60  # backslashes of a field; no abstract has more, and each costs the more the deeper it stands

MOST = 2_000
"""Entries that are read: four times as many as a reader may have."""

_ENTRY = re.compile(r"(?:^|\})[ \t]*@[ \t]*(?P<kind>[A-Za-z]+)\s*[{(]", re.MULTILINE)
_FIELD = re.compile(r"[\s,]*(?P<name>[A-Za-z][\w-]*)\s*=\s*")
_BARE = re.compile(r"[^\s,{}\"#]+")
_NEXT = re.compile(r"\s*#\s*")
_BRACES = re.compile(r"[{}]")
_NO_ENTRY = frozenset({"comment", "preamble", "string", "set"})

_RIS = re.compile(r"^(?P<tag>[A-Z][A-Z0-9])[ \t]{1,2}-(?:[ \t]|$)(?P<value>.*)$")
_RIS_START = re.compile(r"^\ufeff?TY[ \t]{1,2}-", re.MULTILINE)
_TAGS = re.compile(r"</?[A-Za-z][^<>]{0,60}>")

# Where each format keeps an arXiv id, the surest place first; in abstracts other people's papers are named.
_BIBTEX_IDS = ("eprint", "arxivid", "doi", "url", "number", "volume", "journal", "note", "howpublished", "archive")
_RIS_IDS = ("DO", "UR", "AN", "M1", "C7", "M3", "ID", "L1", "L2", "N1", "JO", "T2", "VL")
_CSL_IDS = ("archive_location", "number", "DOI", "URL", "note", "container-title", "collection-number", "id")


@dataclass(frozen=True, slots=True)
class Reference:
    """What an entry says of a paper; empty where it says nothing."""

    title: str = ""
    abstract: str = ""
    arxiv_id: str = ""  # without version


def references(text: str) -> tuple[Reference, ...] | None:
    """The entries of an export, in their order; None where the text is none of the three formats."""
    found = _csl(text)
    if found is not None:
        return found
    if _ENTRY.search(text):
        return tuple(islice(_bibtex(text), MOST))
    if _RIS_START.search(text):
        return tuple(islice(_ris(text), MOST))
    return None


def _reference(title: str, abstract: str, arxiv_id: str) -> Reference:
    return Reference(_plain(title)[:LONGEST_TITLE].strip(), _plain(abstract)[:LONGEST_ABSTRACT].strip(), arxiv_id)


def _plain(text: str) -> str:
    return " ".join(_TAGS.sub(" ", html.unescape(text[:_LOOKED_AT])).split())


def _id(fields: Mapping[str, str], names: Iterable[str]) -> str:
    """The arXiv id that a field holds alone, or names as arXiv's; `number = {2401.10774}` counts, a page does not."""
    for name in names:
        value = fields.get(name, "").strip().removeprefix("abs/")
        found = seeds.named(value) or next(iter(seeds.mentioned(value)), "")
        if found:
            return found
    return ""


# ---- BibTeX ----------------------------------------------------------------------------------------------------------


def _bibtex(text: str) -> Iterator[Reference]:
    """Each entry by itself: a brace that is never closed costs the rest of its own entry only."""
    starts = list(_ENTRY.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=True):
        if start["kind"].lower() in _NO_ENTRY:
            continue
        fields = dict(_fields(text[start.end() : end]))
        foreign = fields.get("archiveprefix", fields.get("eprinttype", "arxiv")).strip().lower() != "arxiv"
        if foreign:
            fields.pop("eprint", None)
        title, abstract = (_untexed(fields.get(name, "")) for name in ("title", "abstract"))
        yield _reference(title, abstract, _id(fields, _BIBTEX_IDS))


def _untexed(text: str) -> str:
    told = " ".join(text[:_LOOKED_AT].split())
    return _BRACES.sub("", to_unicode(told) if told.count("\\") <= _COMMANDS else told)


def _fields(body: str) -> Iterator[tuple[str, str]]:
    """The fields of one entry, by lower-case name, the first of each name; `body` begins with the entry's key."""
    at = body.find(",") + 1
    seen: set[str] = set()
    while at and (field := _FIELD.match(body, at)):
        value, at = _value(body, field.end())
        name = field["name"].lower()
        if name not in seen:
            seen.add(name)
            yield name, value


def _value(body: str, at: int) -> tuple[str, int]:
    """A value, its pieces joined, and where it ends."""
    pieces: list[str] = []
    while True:
        if body.startswith(("{", '"'), at):
            end = _closed(body, at)
            pieces.append(body[at + 1 : end])
            at = end + 1
        elif bare := _BARE.match(body, at):
            pieces.append(bare[0])
            at = bare.end()
        joined = _NEXT.match(body, at)
        if joined is None:
            return "".join(pieces), at
        at = joined.end()


def _closed(body: str, at: int) -> int:
    """The place of the brace or quote that closes the one here; the end of the entry where none does."""
    quote, depth = body[at] == '"', 0
    place = at + 1
    while place < len(body):
        char = body[place]
        if char == "\\":
            place += 1
        elif char == "{":
            depth += 1
        elif char == "}" and (depth or not quote):
            depth -= 1
            if depth < 0:
                return place
        elif char == '"' and quote and not depth:
            return place
        place += 1
    return len(body)


# ---- RIS -------------------------------------------------------------------------------------------------------------


def _ris(text: str) -> Iterator[Reference]:
    """Records from TY to ER, or to the next TY; a line without a tag goes on with the one before."""
    fields: dict[str, list[str]] = {}
    last = ""
    for line in [*text.removeprefix("\ufeff").splitlines(), "ER  - "]:
        tagged = _RIS.match(line)
        if tagged is None:
            if last:
                fields[last].append(line.strip())
            continue
        tag, value = tagged["tag"], tagged["value"].strip()
        if tag in {"TY", "ER"}:
            if fields:
                yield _of_ris({name: " ".join(lines) for name, lines in fields.items()})
            fields, last = {}, ""
        elif tag not in fields:
            fields[tag], last = [value], tag
        else:  # a second address, or a second abstract
            last = ""
            if tag in _RIS_IDS:
                fields[tag].append(value)


def _of_ris(fields: Mapping[str, str]) -> Reference:
    title = fields.get("TI") or fields.get("T1") or fields.get("CT") or ""
    return _reference(title, fields.get("AB") or fields.get("N2") or "", _id(fields, _RIS_IDS))


# ---- CSL-JSON --------------------------------------------------------------------------------------------------------


def _csl(text: str) -> tuple[Reference, ...] | None:
    """A list of items, one item alone, or Zotero's `{"items": […]}`; None where it is no JSON of these."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in {"[", "{"}:
        return None
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = value["items"] if isinstance(value.get("items"), list) else [value]
    if not isinstance(value, list):
        return None
    items = [item for item in value if isinstance(item, dict)]
    return tuple(_of_csl(item) for item in items[:MOST]) if items else None


def _of_csl(item: Mapping[str, Any]) -> Reference:
    fields = {name: value if isinstance(value, str) else "" for name, value in item.items()}
    return _reference(fields.get("title", ""), fields.get("abstract", ""), _id(fields, _CSL_IDS))
