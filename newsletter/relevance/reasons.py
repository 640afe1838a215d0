"""Why a paper was chosen, as one short true clause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsletter.models import Interest, InterestKind, Part

UNNAMED = "words of your description"
"""What a free text stands for where no single word of it can be named."""

_NAMED = 3  # words of each kind in a reason, and clauses


@dataclass(frozen=True, slots=True)
class Cause:
    """A part, and the interest by which it came."""

    part: Part
    interest: Interest
    faint: bool = False  # not worth a word beside a stronger one
    itself: bool = False  # the paper is the example


def reason(causes: Sequence[Cause]) -> str:
    """The strongest causes as a clause: "matches KV cache; close to 2401.10774, which you liked"."""
    ordered = sorted(causes, key=lambda cause: (-cause.part.value, cause.part.kind, cause.part.because))
    clauses: dict[str, str] = {}
    for cause in ordered:
        if len(ordered) == 1 or not cause.faint:
            key, words = _CLAUSES[cause.part.kind](cause, ordered)
            if words:
                clauses.setdefault(key, words)
    if not clauses:
        key, words = _CLAUSES[ordered[0].part.kind](ordered[0], ordered)
        clauses[key] = words
    return "; ".join(list(clauses.values())[:_NAMED])


def _terms(cause: Cause, ordered: Sequence[Cause]) -> tuple[str, str]:
    topic = cause.interest.topic
    prefix = f"matches {topic}: " if topic else "matches "
    same = [one for one in ordered if one.part.kind == "terms" and one.interest.topic == topic]
    return prefix, prefix + _phrases(same)


def _related(cause: Cause, ordered: Sequence[Cause]) -> tuple[str, str]:
    """Close to what is written on a keyword; not said beside the keyword itself."""
    held = {one.interest.value for one in ordered if one.part.kind == "terms"}
    told = "" if cause.interest.value in held else f"close to papers on {cause.part.because}"
    return "related", told


def _text(cause: Cause, _ordered: Sequence[Cause]) -> tuple[str, str]:
    whose = f"{cause.interest.topic} describes" if cause.interest.topic else "you describe"
    words = cause.part.because
    return "text", f"close to what {whose}" + ("" if words == UNNAMED else f": {words}")


def _seed(cause: Cause, _ordered: Sequence[Cause]) -> tuple[str, str]:
    liked = cause.interest.kind is InterestKind.LIKED
    whose = f"{cause.interest.topic} names" if cause.interest.topic else "you liked" if liked else "you named"
    return "seed", f"{'it is ' if cause.itself else ''}{cause.part.because}, which {whose}"


def _author(_cause: Cause, ordered: Sequence[Cause]) -> tuple[str, str]:
    return "author", f"by {_all(one for one in ordered if one.part.kind == 'author')}, whom you follow"


def _category(_cause: Cause, ordered: Sequence[Cause]) -> tuple[str, str]:
    return "category", f"in {_all(one for one in ordered if one.part.kind == 'category')}, which you follow"


_CLAUSES = {
    "terms": _terms,
    "related": _related,
    "text": _text,
    "seed": _seed,
    "author": _author,
    "category": _category,
}


def _phrases(causes: Sequence[Cause]) -> str:
    """The phrases of several causes, each once, a few at most."""
    words = dict.fromkeys(word for cause in causes for word in cause.part.because.split(", "))
    return ", ".join(list(words)[:_NAMED])


def _all(causes: Iterable[Cause]) -> str:
    names = list(dict.fromkeys(cause.part.because for cause in causes))[:_NAMED]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
