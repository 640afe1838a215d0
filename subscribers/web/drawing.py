"""Pictures drawn by ourselves: the bars of a trend, as numbers for an inline SVG."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One upright bar, in units of the picture; a week without papers has a line for a foot."""

    x: float
    y: float
    width: float
    height: float


def bars(values: Sequence[float], *, width: int, height: int, gap: float) -> tuple[Bar, ...]:
    """Bars side by side over the whole width, the highest value as high as the picture."""
    if not values:
        return ()
    wide = (width - gap * (len(values) - 1)) / len(values)
    highest = max(values)
    found = []
    for place, value in enumerate(values):
        high = max(1.0, height * value / highest) if highest > 0 else 1.0
        found.append(Bar(round(place * (wide + gap), 2), round(height - high, 2), round(wide, 2), round(high, 2)))
    return tuple(found)
