"""Readers who say little: their words and examples stand for their history, and never for what is to be found."""

from datetime import date

import numpy as np
import pytest

from benchmarks import relevance
from benchmarks.covering import cover
from benchmarks.replayed import Reader
from benchmarks.sanity import Sanity
from benchmarks.simulated import LONGEST_TEXT, Writer, seeds

from .corpus import THEMES, made
from .test_replay import DAYS, listed_papers, plain, stream_of


def test_words_are_those_of_the_history_and_never_of_what_is_to_be_found():
    """A word of the later papers' titles alone is never written, and no keyword holds another."""
    rows = [
        (plain(f"{at}", "Speculative decoding of long text" if at < 6 else "Quantum gravity"), ("A", "B"), DAYS[at])
        for at in range(10)
    ]
    stream = stream_of([*rows, *((paper, names, day) for paper, names, day in listed_papers() if day < DAYS[5])])
    reader = next(one for one in stream.readers if one.name == "A")

    writer = Writer(stream, stream.readers, stream.before(DAYS[6]))
    keywords, text = writer.keywords(reader, 5), writer.text(reader)

    assert keywords
    assert text.startswith("I work on ")
    assert len(text.split()) <= LONGEST_TEXT
    assert "quantum" not in " ".join([*keywords, text]).lower()
    assert not any(one != other and one.lower() in other.lower() for one in keywords for other in keywords)


def test_a_phrase_is_one_that_a_person_would_write():
    """Function words, title writing, halves of compounds and mere pieces of longer phrases are not written."""
    titles = ["Towards Tree: A Novel Monte Carlo Tree Search for Retrieval-Based Question Answering"] * 8
    stream = stream_of((plain(f"{at}", title), ("A", "B"), DAYS[at]) for at, title in enumerate(titles))

    keywords = Writer(stream, stream.readers, stream.before(DAYS[8])).keywords(stream.readers[0], 9, (1, 2, 3, 4))

    assert "Monte Carlo Tree Search" in keywords
    assert not {"Towards", "Carlo Tree", "A Novel", "Search for", "Based Question"} & set(keywords)


def lines_of_work():
    """A stream, and a reader who wrote four papers on robots, then one on speech, before what is to be found."""
    rows = list(listed_papers())
    for number, theme in enumerate(("robots", "robots", "robots", "robots", "speech", "graphs", "graphs", "graphs")):
        rows.append((made(theme, 900 + number), ("Cy", "Di"), DAYS[number]))
    stream = stream_of(rows)
    reader = Reader("Cy", tuple(paper.key for paper, names, _day in rows if names == ("Cy", "Di"))[:5], ())
    return stream, reader, Sanity(stream, stream.before(date(2025, 9, 1)))


def test_examples_cover_every_line_of_work():
    """Two papers stand for both lines of work of a history, though one of them is a single paper."""
    _stream, reader, yardstick = lines_of_work()

    one, two = seeds(reader, 1, "covering", yardstick), seeds(reader, 2, "covering", yardstick)

    assert one[0] in reader.history[:4]
    assert two[0] in reader.history[:4]
    assert two[1] == reader.history[4]


def test_keywords_cover_every_line_of_work():
    """A phrase of each line comes before a second one of the same, and none is of what is to be found."""
    stream, reader, yardstick = lines_of_work()
    writer = Writer(stream, [reader], stream.before(date(2025, 9, 1)), yardstick)

    first, second = (word.lower() for word in writer.keywords(reader, 2))

    assert {theme for theme in THEMES for word in (first, second) if word.split()[0] in THEMES[theme].split()} == {
        "robots",
        "speech",
    }


@pytest.mark.parametrize("number", [0, 1, 2, 3, 9])
def test_what_covers_most_is_chosen(number):
    """No exchange of one choice for another that fits would cover more, and choices that clash never stand together."""
    chance = np.random.default_rng(number)
    worth, clash = chance.random((9, 6)), chance.random((9, 9)) < 0.2
    clash |= clash.T
    np.fill_diagonal(clash, val=False)

    chosen = cover(worth, number, clash)

    assert len(set(chosen)) == len(chosen) <= number
    assert not clash[np.ix_(chosen, chosen)].any()
    for place in range(len(chosen)):
        kept = [*chosen[:place], *chosen[place + 1 :]]
        fits = [one for one in range(9) if one not in chosen and not clash[one][kept].any()]
        assert all(worth[[*kept, one]].max(axis=0).sum() <= worth[chosen].max(axis=0).sum() + 1e-9 for one in fits)


def test_example_papers_are_of_the_history():
    """Evenly spaced from the oldest to the latest, or the latest, or any; never more than there are."""
    reader = Reader("A", tuple("abcdefg"), tuple("xyz"))

    assert seeds(reader, 3) == seeds(reader, 3, "evenly") == ["a", "d", "g"]
    assert seeds(reader, 1) == ["g"]
    assert seeds(reader, 3, "latest") == ["e", "f", "g"]
    assert set(seeds(reader, 3, "random")) < set(reader.history)
    assert seeds(reader, 9) == list(reader.history)


def test_votes_come_in_the_order_of_time_on_top_of_three_keywords():
    """Two votes are for the two oldest papers."""
    stream = stream_of(listed_papers())
    writer = Writer(stream, stream.readers, stream.before(date(2025, 9, 1)))
    reader = stream.readers[0]

    profile = relevance.with_votes([reader], writer, 2)[reader.name]

    assert [one.value for one in profile.interests if one.kind == relevance.LIKED] == list(reader.history[:2])
    assert [one.value for one in profile.interests if one.kind == "keyword"] == writer.keywords(reader, 3)
