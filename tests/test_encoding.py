"""Values to JSON and back."""

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from newsletter.encoding import dump, dump_json, load, load_json
from newsletter.models import Digest, Paper, Part, Pick, Section

WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
SCORES = st.floats(allow_nan=False, allow_infinity=False)


def tuples(*fields, of):
    """A few values of a kind."""
    return st.lists(st.builds(of, *fields), max_size=3).map(tuple)


PICKS = tuples(WORDS, SCORES, tuples(WORDS, SCORES, WORDS, of=Part), WORDS, of=Pick)


@given(tuples(WORDS, PICKS, of=Section), st.dates(), st.booleans(), st.lists(WORDS, max_size=2).map(tuple))
def test_a_digest_comes_back_by_both_ways(sections, day, sample, remarks):
    """To the last digit of its scores: from the text written at once, and from JSON with its keys in another order."""
    digest = Digest(12, day, date.min, sections, 240, 38, personal=True, sample=sample, remarks=remarks)
    text = json.dumps(dump(digest), sort_keys=True, ensure_ascii=False)

    assert digest == load(Digest, json.loads(text)) == load_json(Digest, text) == load_json(Digest, dump_json(digest))
    assert json.loads(dump_json(digest)) == dump(digest)


def test_what_is_unknown_is_not_written():
    """Most facts of most papers are unknown."""
    assert dump_json(Paper("2611.1", "A Title")) == '{"key":"2611.1","title":"A Title"}'
