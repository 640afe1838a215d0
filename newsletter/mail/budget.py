"""Which papers of a mail lose detail, so that it stays below the size at which mail programs clip it."""

from collections.abc import Callable, Sequence

from newsletter.mail.cards import Detail


def fit(scores: Sequence[float], size: Callable[[int, Detail], int], room: int) -> list[Detail]:
    """The detail of each paper, in the order given; the whole is at most `room` bytes, or every paper is left out.

    One step at a time for all, the weakest first: shorter abstracts, then none, then titles alone, then nothing.
    `size` gives the bytes of a paper by its place; a paper left out has none.
    """
    details = [Detail.FULL] * len(scores)
    sizes = [size(place, Detail.FULL) for place in range(len(scores))]
    total = sum(sizes)
    # Of two with one score the later gives way; this order is all that decides.
    weakest_first = sorted(range(len(scores)), key=lambda place: (scores[place], -place))
    for step in (Detail.SHORT, Detail.BARE, Detail.LINE, Detail.OUT):
        for place in weakest_first:
            if total <= room:
                return details
            now = 0 if step is Detail.OUT else size(place, step)
            total += now - sizes[place]
            details[place], sizes[place] = step, now
    return details
