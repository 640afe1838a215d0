"""What people paste as example papers: ids, links, titles with or without abstracts, exports of reference managers."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from subscribers import libraries
from subscribers.roster import seeds

LONGEST = 200_000
"""Characters of plain text that are read: more than all of a reader's choices may take."""

_LONG = 250  # characters: a longer line is no title
_SHORT = 150  # characters: of a shorter paragraph a full stop makes no abstract (`Man vs. Machine`)
_REFERENCE = 500  # characters: a longer paragraph that names an id is an abstract, not a reference in a list

_BLANK = re.compile(r"\n[^\S\n]*\n")
_APART = re.compile(r"[\s,;]+")
_TITLE = re.compile(r"^title\s*[:\u2014-]\s*", re.IGNORECASE)
_ABSTRACT = re.compile(r"^abstract\s*(?:[:.\u2014-]\s*|$)", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?:\[\d{1,3}\]|\d{1,3}[.)]|[-*\u2022\u2013])\s+")
_SENTENCES = re.compile(r"[^\W\d_]{2}[.!?] [A-Z]")
_LIBRARY = re.compile(r"^\ufeff?(?:[ \t]*@[ \t]*[A-Za-z]+\s*[{(]|TY[ \t]{1,2}-)", re.MULTILINE)
_MARKUP = re.compile(r"\ufeff?\s*<(?:\?xml|!doctype|html|xml|records|rdf)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was found in a text."""

    seeds: tuple[str, ...] = ()  # as the roster has them: arXiv ids, or title, empty line and abstract; each once
    mistakes: tuple[str, ...] = ()  # a sentence for each piece that cannot be used
    left_out: int = 0  # entries of an export that have neither an arXiv id nor a title that tells


def read(text: str) -> Pasted:
    """The example papers of a text, in its order; `write` makes a text that reads to the same."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff \t\n")
    if not text:
        return Pasted()
    if _MARKUP.match(text):
        return Pasted(mistakes=("this is XML or HTML; export the papers as BibTeX, RIS or CSL-JSON instead",))
    start = _LIBRARY.search(text)
    beginning = text[: start.start()] if start else ""
    exported = libraries.references(text[len(beginning) :])
    if exported is None:
        if len(text) > LONGEST:
            return Pasted(mistakes=(f"this is too long: at most {LONGEST:,} characters",))
        return _read(_plain(text))
    after = _exported(exported)
    # Before an export there may be ids; a line of text is more likely the program's own than a title.
    before = (one for one in _read(_plain(beginning[:LONGEST])).seeds if seeds.named(one))
    return Pasted(tuple(dict.fromkeys((*before, *after.seeds))), left_out=after.left_out)


def write(papers: Iterable[str]) -> str:
    """Example papers as a text to be read again, one paragraph for each."""
    return "\n\n".join(_written(one) for one in papers)


def _written(paper: str) -> str:
    title, _, abstract = paper.partition("\n")
    title = f"Title: {title}" if len(title) > _LONG or abstract else title
    return f"{title}\nAbstract: {abstract.strip()}" if abstract else title


def _read(pieces: Iterable[str]) -> Pasted:
    found: dict[str, None] = {}
    mistakes = []
    for number, piece in enumerate(pieces):
        if number == libraries.MOST:
            mistakes.append(f"these are more than {number:,} papers; keep those that say best what you look for")
            break
        try:
            found[seeds.read(piece[: seeds.LONGEST])] = None
        except ValueError as error:
            mistakes.append(str(error).replace('"2401.10774", in quotes', "2401.10774"))  # no YAML here
    return Pasted(tuple(found), tuple(dict.fromkeys(mistakes)))


def _exported(entries: Sequence[libraries.Reference]) -> Pasted:
    """A library holds books and letters too: what cannot be used is counted, and no mistake."""
    found: dict[str, None] = {}
    left_out = 0
    for entry in entries:
        try:
            found[seeds.read(entry.arxiv_id or f"{entry.title}\n\n{entry.abstract}")] = None
        except ValueError:
            left_out += 1
    return Pasted(tuple(found), left_out=left_out)


# ---- plain text ------------------------------------------------------------------------------------------------------


def _plain(text: str) -> Iterator[str]:
    """The pieces of a text that are one paper each; an abstract alone in its paragraph belongs to the title before."""
    waiting = ""  # a title that may still get its abstract
    for paragraph in _BLANK.split(text):
        lines = [line for each in paragraph.split("\n") if (line := each.strip())]
        if waiting and _is_abstract(lines):
            yield f"{waiting}\n\n{_ABSTRACT.sub('', ' '.join(lines))}"
            waiting = ""
            continue
        if waiting:
            yield waiting
            waiting = ""
        *pieces, last = _papers(lines) or [""]
        yield from pieces
        if last and "\n" not in last and seeds.named(last) is None:
            waiting = last
        elif last:
            yield last
    if waiting:
        yield waiting


def _is_abstract(lines: Sequence[str]) -> bool:
    whole = " ".join(lines)
    if not lines or _TITLE.match(lines[0]) or _ids(lines[0]):
        return False
    if _ABSTRACT.match(lines[0]) or (len(whole) > _LONG and _is_running(lines)):
        return True
    return len(whole) > _SHORT and _SENTENCES.search(whole) is not None


def _papers(lines: Sequence[str]) -> list[str]:
    """The papers of one paragraph."""
    found: list[str] = []
    rest: Sequence[str] = ()
    for number, line in enumerate(lines):
        if not (ids := _ids(line)):
            rest = lines[number:]
            break
        found += ids
    if not rest:
        return found
    named = [one for line in rest for one in _named(line)]
    if any(_TITLE.match(line) for line in rest) and (found or named):
        return found or named[:1]  # a paper as arXiv lists it: its id, its title, its authors
    if _TITLE.match(rest[0]) or any(_ABSTRACT.match(line) for line in rest[1:]):
        return found + _captioned(rest)
    if len(rest) == 1 or not _is_running(rest):
        return found + [one for line in rest for one in (_named(line) or [_NUMBERED.sub("", line)])]
    return found + _running(rest, named)


def _running(lines: Sequence[str], named: list[str]) -> list[str]:
    """A text over several lines: references, a title, or a title with its abstract."""
    whole = " ".join(lines)
    if named and (len(whole) <= _REFERENCE or _named(lines[0])):
        return named
    if len(whole) <= _LONG and not _SENTENCES.search(whole):
        return [whole]
    return [f"{lines[0]}\n\n{' '.join(lines[1:])}"]


def _ids(line: str) -> list[str]:
    """The ids of a line that holds nothing else."""
    ids = [seeds.named(word) for word in _APART.split(line.strip("[](),;. ")) if word]
    return [one for one in ids if one is not None] if ids and None not in ids else []


def _named(line: str) -> list[str]:
    """The ids that a line of text names: the one it begins with, or all that are said to be arXiv's."""
    first = _APART.split(_NUMBERED.sub("", line), maxsplit=1)[0].strip("[]():,")
    known = seeds.named(first)
    return [known] if known else list(seeds.mentioned(line))


def _captioned(lines: Sequence[str]) -> list[str]:
    """A title and its abstract with `Title:` or `Abstract:` before them."""
    at = next((number for number, line in enumerate(lines) if number and _ABSTRACT.match(line)), len(lines))
    title, abstract = " ".join(lines[:at]), _ABSTRACT.sub("", " ".join(lines[at:]))
    return [f"{_TITLE.sub('', title)}\n\n{abstract}" if abstract else _TITLE.sub("", title)]


def _is_running(lines: Sequence[str]) -> bool:
    """Whether lines are one running text rather than a list of titles."""
    if any(len(line) > _LONG or _SENTENCES.search(line) for line in lines):
        return True
    return lines[0][:1].isupper() and any(line[:1].islower() for line in lines[1:])


def too_many(count: int, most: int) -> str:
    """What to say of more example papers than a reader may have."""
    return f"{count} papers are too many: the most is {most}; keep those that say best what you look for"


def decoded(content: bytes) -> str:
    """The text of a file, in whatever encoding reference managers write.

    Raises:
        ValueError: it is no text.

    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if b"\0" in content or content.startswith(b"%PDF"):
        raise ValueError("this is no text file; export the papers as BibTeX, RIS or CSL-JSON")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
