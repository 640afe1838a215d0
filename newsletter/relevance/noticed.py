"""How much a paper was noticed, from the figures of its sources."""

import math

from newsletter.models import Paper


def noticed(paper: Paper) -> float:
    """From 0 (no figures) towards 1: upvotes, comments, being listed by several sources; the first votes count most."""
    weight = max(0, paper.upvotes or 0) + 2 * max(0, paper.comments or 0) + 3 * max(0, len(paper.sources) - 1)
    grown = math.log1p(weight)
    return grown / (grown + 4.0)


def figures(paper: Paper) -> str:
    """The figures in words, such as `43 upvotes and 5 comments, listed by 2 sources`; empty where there are none."""
    counted = [_counted(paper.upvotes, "upvote"), _counted(paper.comments, "comment")]
    words = [" and ".join(word for word in counted if word)]
    if len(paper.sources) > 1:
        words.append(f"listed by {len(paper.sources)} sources")
    return ", ".join(word for word in words if word)


def _counted(number: int | None, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number and number > 0 else ""
