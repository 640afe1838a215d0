"""Where papers come from: each source lists what it published; one broken source never costs the others."""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime
from itertools import chain

from newsletter.errors import ConfigurationError
from newsletter.sources import arxiv, feeds, huggingface
from newsletter.sources.arxiv import look_up
from newsletter.sources.common import Capture, SourceOptions
from newsletter.sources.file import parse_file
from newsletter.sources.http import Fetcher

__all__ = ["Capture", "Fetcher", "SourceOptions", "fetch", "look_up", "parse_file", "source_names"]

_REGISTRY = {huggingface.NAME: huggingface.fetch, feeds.NAME: arxiv.fetch}
"""To add a source: a module with `fetch` beside its pure parser, and a line here."""


def source_names() -> tuple[str, ...]:
    """The sources that can be fetched, by name."""
    return tuple(_REGISTRY)


async def fetch(
    names: Iterable[str],
    days: Iterable[date],
    *,
    today: date,
    now: datetime,
    options: SourceOptions,
    fetcher: Fetcher,
) -> tuple[Capture, ...]:
    """Every listing of the named sources for those days, each as a capture; sources at once, requests of one in turn.

    A source's trouble is a capture with an error and never raised.

    Raises:
        ConfigurationError: a name is not in the registry.

    """
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in _REGISTRY]
    if unknown:
        raise ConfigurationError(
            f"PAPERBOY_SOURCES names {', '.join(map(repr, unknown))}; the sources are {', '.join(_REGISTRY)}"
        )
    dates = tuple(days)
    captured = await asyncio.gather(
        *(_REGISTRY[name](dates, today=today, now=now, options=options, fetcher=fetcher) for name in wanted)
    )
    return tuple(chain.from_iterable(captured))
