"""`paperboy topics trends`, as its user meets it."""

import pytest

from flows.commands.trends import sparkline
from tests.flows.commandline import Terminal


@pytest.mark.parametrize(
    ("shares", "papers", "drawn"),
    [
        ((0.0, 0.5, 1.0), (4, 4, 4), "▁▃▇"),
        ((0.0, 0.0), (0, 4), "·▁"),
        ((0.1, 0.2, 0.3, 0.4), (9,) * 4, "▂▃▅▇"),
        ((), (), ""),
    ],
)
def test_a_sparkline_has_a_bar_for_each_week(shares, papers, drawn):
    """The highest bar is the highest share; a low line is none of the papers, a dot no papers at all."""
    assert sparkline(shares, papers) == drawn


def test_trends_show_each_topic_week_by_week(tmp_path):
    """After the first run every topic stands in the last week; what rises takes longer to tell. Before it: a sentence."""
    paperboy = Terminal(tmp_path)
    assert paperboy("migrate").exit_code == 0
    before = paperboy("topics", "trends")
    assert paperboy.run().exit_code == 0
    told = paperboy("topics", "trends", "--weeks", "4", "--limit", "1")

    assert before.exit_code == 1
    assert "no edition yet" in before.stderr
    assert "···▇" in told.stdout
    assert "Nothing rises or falls yet" in told.stdout
    assert "more; `--limit` shows them" in told.stdout
    assert paperboy("topics", "trends", "--weeks", "2").exit_code == 2
