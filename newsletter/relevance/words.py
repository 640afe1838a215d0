"""Scientific text as words: TeX stripped, plurals folded, acronyms and digits kept."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from newsletter.models import Paper

_URL = re.compile(r"(?:https?://|www\.)\S+")
_ACCENT = re.compile(r"\\[\"'`^~=.]\{?\\?([A-Za-z])\}?|\\[cvuHkr]\{([A-Za-z])\}")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_PREFIX = re.compile(r"\b(multi|pre|semi|non|fine(?=[-\u2010 ]tun))[-\u2010 ](?=[a-z]{2})", re.IGNORECASE)
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # soft hyphens and blanks without width
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?")
_WORD = re.compile(r"\d+(?:[.,]\d+)+[^\W_]*|[^\W_]+(?:\+\+)?")

_IRREGULAR = {
    "analyses": "analysis",
    "bias": "bias",
    "biases": "bias",
    "gas": "gas",
    "hypotheses": "hypothesis",
    "indices": "index",
    "lens": "lens",
    "lenses": "lens",
    "matrices": "matrix",
    "vertices": "vertex",
}
_ES = re.compile(r"(?:ss|x|sh|[^aeiou]ch|[aeiou]{2}ch)es$")  # batches and boxes, not caches


def plain(text: str) -> str:
    r"""Text without TeX commands, links and possessives."""
    if "\\" in text:
        text = _ACCENT.sub(lambda match: match[1] or match[2], text)
        text = _COMMAND.sub(" ", text)
    return _POSSESSIVE.sub("", _URL.sub(" ", unicodedata.normalize("NFKC", text).translate(_UNSEEN)))


@lru_cache(maxsize=1 << 17)
def fold(word: str) -> str:
    """The form under which a word is compared: lower case, no accents, singular; an acronym in capitals stays whole."""
    plain = word
    if not word.isascii():
        plain = "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
    lower = plain.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    # SARS is not the plural of SAR, but LLMs, KGs and GPUs are plurals, and so are MODELS in a title in capitals.
    if plain.endswith("s") and len(plain) > 2 and plain[:-1].isupper():
        return lower[:-1]
    shouted = len(plain) > 5 and plain.isupper() and plain.endswith("S")
    if len(lower) <= 3 or not (shouted or plain.endswith("s")) or lower.endswith(("ss", "us", "is")):
        return lower
    if lower.endswith("ies") and len(lower) > 4:
        return lower[:-3] + "y"
    return lower[:-2] if _ES.search(lower) else lower[:-1]


def surfaces(text: str) -> list[str]:
    """The words of a text as they are written, in order; `multi-modal` and `fine-tuning` are one, like `multimodal`."""
    return _WORD.findall(_PREFIX.sub(r"\1", plain(text)))


def tokenise(text: str) -> list[str]:
    """The words of a text, folded, in order; a hyphen separates, so `text-to-image` and `text to image` are alike."""
    return [fold(word) for word in surfaces(text)]


def terms(text: str) -> list[str]:
    """The 1- and 2-grams of a text that weigh: stop words are skipped, single characters count only within a pair."""
    words = [word for word in tokenise(text) if word not in STOP_WORDS]
    return [word for word in words if len(word) > 1] + [f"{one} {two}" for one, two in pairwise(words)]


def paper_terms(paper: Paper) -> list[str]:
    """The terms of title and abstract; no pair reaches from one into the other."""
    return terms(paper.title) + terms(paper.abstract)


def links(paper: Paper) -> frozenset[str]:
    """Where a paper links to: each host, and with it the first step of the path, which names whose place it is."""
    written = _URL.findall(f"{paper.title} {paper.abstract}")
    found: set[str] = set()
    for address in (*written, paper.code_url or "", paper.project_url or ""):
        steps = [step for step in re.split(r"[/?#]", _SCHEME.sub("", address.lower()).rstrip(".,;:)}]'\"")) if step]
        if steps:
            found.update({steps[0], "/".join(steps[:2])})
    return frozenset(found)


def passages(paper: Paper) -> Iterator[str]:
    """Everything in a paper that a phrase may be looked for in: title, abstract, each keyword."""
    yield paper.title
    yield paper.abstract
    yield from paper.keywords


_FUNCTION_WORDS = """
    a about above across after again against al all almost along already also although always among an and another
    any are as at be because become been before being below between both but by can cannot could despite did do does
    doing done down due during each eg either enough especially et even ever every few for from further furthermore
    had has have having hence here how however i ie if in indeed instead into is it its itself just least less like
    many may meanwhile might more moreover most much must namely nevertheless no nor not now of off often on once
    one only onto or other others otherwise our ours out over own per perhaps rather s same several shall she should
    since so some still such t than that the their them themselves then there thereby therefore these they this
    those though three through throughout thus to together too toward towards two under until up upon us very via
    was we well were what when where whereas whether which while who whole whom whose why will with within without
    would yet you your
"""

STOP_WORDS = frozenset(fold(word) for word in _FUNCTION_WORDS.split())
"""Function words; rhetoric is left to the weights, and to the labels' own list."""
