"""Who a paper is: arXiv ids, title keys, and the fingerprint of a batch."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

_NEW_STYLE = r"\d{4}\.\d{4,5}"
_OLD_STYLE = r"(?=[a-z-]{1,12}[./])[a-z]+(?:-[a-z]+)*(?:\.[a-z]{2})?/\d{7}"  # the longest archive has eight letters
_ID = re.compile(rf"(?P<id>{_NEW_STYLE}|{_OLD_STYLE})(?:v(?P<version>[1-9]\d{{0,3}}))?", re.IGNORECASE)
_PREFIX = re.compile(
    r"^(?:https?://)?(?:[a-z]+\.)*(?:arxiv\.org|huggingface\.co)/(?:abs|pdf|html|papers)/|^oai:arxiv\.org:|^arxiv:\s*",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)")
_GROUP = re.compile(r"[{}$]")
_LETTERLESS = re.compile(r"[\W_]+")
_TITLE_KEY = 300  # characters; longer titles differ well before


def normalise_id(raw: str) -> tuple[str, int | None] | None:
    """An arXiv id without its version, and the version; None where there is no arXiv id.

    Takes bare ids, `arXiv:` and `oai:` forms and links; old style ids lose the subject class, which arXiv itself
    does not need: `math.GT/0309136` and `math/0309136` are one paper.
    """
    text = _PREFIX.sub("", raw.strip())
    text = text.split("?")[0].split("#")[0].removesuffix(".pdf").rstrip("/")
    match = _ID.fullmatch(text)
    if match is None:
        return None
    found = match["id"].lower()
    if "/" in found:
        archive, number = found.split("/")
        found = f"{archive.split('.')[0]}/{number}"
    return found, int(match["version"]) if match["version"] else None


def title_key(title: str) -> str:
    r"""A title folded for comparison: case, accents, TeX and punctuation do not count; at most 300 characters.

    A title made of nothing else (`$\alpha$`) keeps its plain characters, so that it never becomes the empty key.
    """
    text = unicodedata.normalize("NFKD", _GROUP.sub("", _COMMAND.sub("", title)))
    text = "".join(char for char in text if not unicodedata.combining(char)).casefold()
    key = _LETTERLESS.sub(" ", text).strip()
    if not key:
        key = " ".join(title.casefold().split())
    return key[:_TITLE_KEY].rstrip()


def paper_key(arxiv_id: str | None, title: str) -> str:
    """The key of a paper: its arXiv id, or `title:` and the title key where no id is known."""
    return arxiv_id or "title:" + title_key(title)


def fingerprint(keys: Iterable[str]) -> str:
    """A batch's fingerprint: the same papers in any order have the same one; 64 hexadecimal digits."""
    return hashlib.sha256("\n".join(sorted(set(keys))).encode()).hexdigest()
