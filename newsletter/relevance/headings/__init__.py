"""Headings of fields of research, written by us: what a section about a field is called, and the words that show it."""

from newsletter.relevance.headings import applied, families, language, learning, sciences, vision
from newsletter.relevance.headings.arxiv import CATEGORIES

__all__ = ["CATEGORIES", "FAMILIES", "TABLE"]


def _read(*texts: str) -> dict[str, tuple[str, ...]]:
    """Lines of `Heading: cue, cue` as a table; a line that is indented further goes on with the one above."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        for line in text.replace("\n      ", " ").strip().split("\n"):
            heading, _, cues = line.strip().partition(": ")
            found[heading] = tuple(cue.strip() for cue in cues.split(","))
    return found


TABLE = _read(vision.TABLE, language.TABLE, learning.TABLE, applied.TABLE, sciences.TABLE, families.TABLE)
"""Heading -> cues. A cue is a phrase; `one + two` wants both of them in the paper."""

FAMILIES = _read(families.FAMILIES)
"""Heading of several fields -> the headings of those fields."""
