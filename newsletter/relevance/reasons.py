"""Why a paper was chosen, as one short true clause."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.models import Part

_NAMED = 3  # words of each kind in a reason


@dataclass(frozen=True, slots=True)
class Cause:
    """A part, and the named topic by which it came."""

    part: Part
    topic: str | None = None
    faint: bool = False  # not worth a word beside a stronger one


def reason(causes: Sequence[Cause]) -> str:
    """The strongest causes as a clause: "matches KV cache; by Jane Doe, whom you follow"."""
    ordered = sorted(causes, key=lambda cause: (-cause.part.value, cause.part.kind, cause.part.because))
    clauses: dict[str, str] = {}
    for cause in ordered:
        kind = cause.part.kind
        if kind == "terms":
            prefix = f"matches {cause.topic}: " if cause.topic else "matches "
            same = [one for one in ordered if one.part.kind == "terms" and one.topic == cause.topic]
            clauses.setdefault(prefix, prefix + _named(same))
        elif kind == "seed" and (len(ordered) == 1 or not cause.faint):
            clauses.setdefault(kind, f"{cause.part.because}, which {_whose(cause)}")
        elif kind == "author":
            same = [one for one in ordered if one.part.kind == "author"]
            clauses.setdefault(kind, f"by {_all(same)}, whom you follow")
        elif kind == "category":
            same = [one for one in ordered if one.part.kind == "category"]
            clauses.setdefault(kind, f"in {_all(same)}, which you follow")
    return "; ".join(list(clauses.values())[:_NAMED])


def _whose(cause: Cause) -> str:
    return f"{cause.topic} names" if cause.topic else "you named"


def _named(causes: Sequence[Cause]) -> str:
    """The phrases of several causes, each once, a few at most."""
    words = dict.fromkeys(word for cause in causes for word in cause.part.because.split(", "))
    return ", ".join(list(words)[:_NAMED])


def _all(causes: Sequence[Cause]) -> str:
    names = list(dict.fromkeys(cause.part.because for cause in causes))[:_NAMED]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
