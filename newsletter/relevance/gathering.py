"""Gathering: topics of the papers that no group holds, by the fields they are surely about."""

import math
from collections.abc import Sequence

from newsletter.models import OTHER, Paper
from newsletter.relevance.features import Background
from newsletter.relevance.fields import about, breadth, usual
from newsletter.relevance.headings import FAMILIES
from newsletter.relevance.labels import Name, read_alike
from newsletter.relevance.phrases import slug

_FAMILY = 0.9  # what a heading of several fields counts beside that of one
_NARROWER = 0.999  # for each cue: of two headings of the same papers the narrower one is taken
_WIDE = 0.5  # share of all papers a heading is true for, from which it says too little of papers that lie apart


def gather(
    papers: Sequence[Paper], labels: Sequence[str], background: Background, *, least: int, room: int, most: int
) -> list[tuple[Name, list[Paper]]]:
    """Headings that are surely true for `least` to `room` of the papers, at most `most` of them, each with its papers.

    The heading that tells most is given first, and none that reads like one of `labels` or one given.
    """
    taken = [OTHER, *labels]
    found: list[tuple[Name, list[Paper]]] = []
    left = sorted(papers, key=lambda paper: paper.key)
    while len(found) < most:
        held: dict[str, list[Paper]] = {}
        for paper in left:
            for heading, sure in about(paper).items():
                if sure >= 1.0:
                    held.setdefault(heading, []).append(paper)
        scores = [
            (-round(worth, 9), heading)
            for heading, mine in held.items()
            if least <= len(mine) <= room
            and (worth := len(mine) * _tells(heading, background)) > 0
            and not any(read_alike(heading, other) for other in taken)
        ]
        if not scores:
            break
        heading = min(scores)[1]
        found.append((Name(slug(heading), heading, ()), held[heading]))
        taken.append(heading)
        gone = {paper.key for paper in held[heading]}
        left = [paper for paper in left if paper.key not in gone]
    return found


def _tells(heading: str, background: Background) -> float:
    """How much it says that a paper is about a field: the rarer, the more; nothing where half of all are."""
    share = usual(heading, background)
    narrow = (_FAMILY if heading in FAMILIES else 1.0) * _NARROWER ** breadth(heading)
    return math.sqrt(math.log(1 / max(share, 1e-3))) * narrow if share < _WIDE else 0.0
