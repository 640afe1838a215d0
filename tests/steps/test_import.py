"""Listings from files: what is news in them, and what is not."""

from newsletter import steps
from newsletter.sources import parse_file
from tests.steps.conftest import FRIDAY, at

DUMP = """Get trending papers in your email inbox!

Subscribe

Daily Papers

byAK and the research community

Nov 20

An Invented Study of Invented Studies

We study invented studies. They are all alike.

• 3 authors

·

Nov 20
"""


def test_a_text_dump_is_news_only_where_its_day_is_given(newsroom, tmp_path):
    """A dump of a search holds papers of any age; told that it is a day's list, all of it is news."""
    file = tmp_path / "dump.txt"
    file.write_text(DUMP)
    undated = steps.store(newsroom.database, parse_file(file, captured_at=at(FRIDAY)))
    other = tmp_path / "other.txt"
    other.write_text(DUMP.replace("Invented Study of", "Imagined Study of"))
    dated = steps.store(newsroom.database, parse_file(other, captured_at=at(FRIDAY), day=FRIDAY))

    assert [(one.new, len(one.keys)) for one in undated.listed] == [(0, 1)]
    assert [(one.new, len(one.keys)) for one in dated.listed] == [(1, 1)]
