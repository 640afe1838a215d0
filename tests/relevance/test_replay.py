"""The replay with authors as readers: its protocol, its figures, and that nothing is known from the future."""

import gzip
import json
import math
from datetime import date, timedelta

import pytest

from benchmarks import relevance
from benchmarks.relevance import background_for, by_paperboy, with_history
from benchmarks.replayed import Stream, episodes_of, judge, read_stream
from benchmarks.sanity import Sanity, by_chance
from benchmarks.simulated import Writer
from newsletter.models import Paper

from .corpus import THEMES, made

FIRST = date(2025, 8, 11)
DAYS = [FIRST + timedelta(days=number) for number in range(40)]
PAIRS = {theme: (f"Ada {theme}", f"Bo {theme}") for theme in THEMES}


def listed_papers():
    """(paper, authors, day): a paper of each theme by strangers every day, and every fourth day one by its pair."""
    for number, day in enumerate(DAYS):
        for place, theme in enumerate(THEMES):
            yield made(theme, number), (f"Stranger {theme} {number}",), day
            if number % 4 == place % 4:
                yield made(theme, 500 + number), PAIRS[theme], day


def stream_of(rows):
    rows = list(rows)
    return Stream(
        {paper.key: paper for paper, _authors, _day in rows},
        {paper.key: authors for paper, authors, _day in rows},
        {paper.key: day for paper, _authors, day in rows},
    )


def plain(key, title="A title", abstract="An abstract."):
    return Paper(key=key, title=title, abstract=abstract, arxiv_id=key)


def written(folder, rows, *, zipped=True):
    """The two files of the format; each day's list also repeats that of the day before."""
    rows = list(rows)
    facts = [
        {
            "id": paper.key,
            "title": paper.title.replace(" ", "\n  ", 1),
            "abstract": paper.abstract,
            "authors": list(authors),
            "categories": list(paper.categories),
        }
        for paper, authors, _day in rows
    ]
    lists = {}
    for paper, _authors, day in rows:
        for listed in (day, day + timedelta(days=1)):
            lists.setdefault(listed.isoformat(), []).append(paper.key)
    papers, days = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in facts), json.dumps(lists)
    packed = gzip.compress if zipped else bytes
    (folder / "papers").write_bytes(packed(papers.encode()))
    (folder / "lists").write_bytes(packed(days.encode()))
    return ["--papers", str(folder / "papers"), "--lists", str(folder / "lists")]


def run(capsys, *words):
    relevance.main(words)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


# ---- the protocol --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False])
def test_the_first_listed_day_counts(tmp_path, zipped):
    """A paper belongs to the first day that lists it, however often it comes again; files may be zipped."""
    written(tmp_path, [(plain("1"), ("A",), FIRST), (plain("2", "One\u2028two"), ("B",), DAYS[1])], zipped=zipped)

    stream = read_stream(tmp_path / "papers", tmp_path / "lists")

    assert [stream.candidates(day) for day in DAYS[:3]] == [("1",), ("2",), ()]
    assert stream.papers["2"].title == "One two"


def test_a_paper_on_no_list_is_left_out():
    """Its day is unknown, so it is neither past nor candidate."""
    stream = Stream({"1": plain("1"), "2": plain("2")}, {"1": (), "2": ()}, {"1": FIRST})

    assert list(stream.papers) == ["1"]
    assert stream.before(DAYS[5]) == [plain("1")]


def test_authors_never_enter_the_papers(tmp_path):
    """Names decide who reads; the ranking never sees them."""
    written(tmp_path, listed_papers())

    stream = read_stream(tmp_path / "papers", tmp_path / "lists")

    assert {paper.authors for paper in stream.papers.values()} == {()}
    assert len(stream.readers) == 2 * len(THEMES)


def test_a_reader_has_written_enough_and_is_one_person():
    """8 to 40 papers of at most 30 authors, of which 80 % share a co-author with another."""

    def by(name, number, others):
        return [(plain(f"{name}{at:02d}"), (name, *others(at)), DAYS[at % 40]) for at in range(number)]

    rows = [
        *by("seven", 7, lambda at: ["Co"]),
        *by("eight", 8, lambda at: ["Co"]),
        *by("forty", 40, lambda at: ["Co"]),
        *by("more", 41, lambda at: ["Co"]),
        *by("crowd", 8, lambda at: [f"Member {one}" for one in range(30)]),
        *by("alone", 8, lambda at: []),
        *by("two", 10, lambda at: [f"Two {at // 8 and at}"]),  # eight with the same, two with others
        *by("many", 10, lambda at: [f"Many {at // 7 and at}"]),  # seven with the same, three with others
    ]

    names = {reader.name for reader in stream_of(rows).readers}

    # `Two 0` wrote eight papers too, always with the same person.
    assert names == {"eight", "forty", "two", "Two 0"}


def test_the_history_is_the_first_sixty_percent_by_day_and_id():
    """Nine papers make a history of five; papers of one day stand by id."""
    rows = [(plain(f"{9 - at}"), ("A", "B"), DAYS[at // 2]) for at in range(9)]

    reader = stream_of(rows).readers[0]

    assert (reader.history, reader.later) == (("8", "9", "6", "7", "4"), ("5", "2", "3", "1"))


def test_an_episode_is_a_later_day_with_all_that_was_wanted_on_it():
    """The day on which the history ends is none; `from` is the first day, `until` the one after the last."""
    rows = [(plain(f"{at}"), ("A", "B"), DAYS[at // 2]) for at in range(9)]  # history: 0..4, up to the third day
    stream = stream_of([*rows, (plain("x"), ("C",), DAYS[3])])
    reader = stream.readers[0]

    def found(*limits):
        return [(one.day, one.wanted) for one in episodes_of([reader], stream, *limits)]

    third, fourth = (DAYS[3], frozenset({"6", "7"})), (DAYS[4], frozenset({"8"}))
    assert found(FIRST) == [third, fourth]
    assert found(DAYS[4]) == [fourth]
    assert found(FIRST, DAYS[4]) == [third]
    assert stream.candidates(DAYS[3]) == ("6", "7", "x")


def test_the_start_is_that_of_the_2025_stream_or_found_in_another():
    """1 September 2025 where the stream lies around it, else the day when 60 % were listed."""
    another = [(paper, authors, day + timedelta(days=300)) for paper, authors, day in listed_papers()]

    assert stream_of(listed_papers()).start() == date(2025, 9, 1)
    assert stream_of(another).start() == DAYS[24] + timedelta(days=300)


# ---- figures -------------------------------------------------------------------------------------------------------


def test_the_figures_are_those_computed_by_hand():
    """Two wanted papers at places 2 and 12: one is in the ten."""
    ranked = [f"{place}" for place in range(1, 21)]

    gained, first, recalled = judge(ranked, {"2", "12"})

    assert gained == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert (first, recalled) == (0.5, 0.5)
    assert judge(ranked, {"1", "2"}) == (1.0, 1.0, 1.0)
    assert judge(ranked, {"20"}) == (0.0, 0.05, 0.0)


def test_every_ranking_holds_every_candidate_once():
    """Paperboy's and the peers' rankings are permutations of the day's papers."""
    stream = stream_of(listed_papers())
    episodes = episodes_of(stream.readers, stream, date(2025, 9, 1))
    sanity = Sanity(stream, stream.before(date(2025, 9, 1)))
    rankings = [
        by_paperboy(stream, episodes, {"history": with_history(stream.readers)})["history"],
        {episode: sanity.by_svm(episode) for episode in episodes},
        {episode: sanity.by_centroid(episode) for episode in episodes},
        by_chance(stream, episodes),
    ]

    assert episodes
    for ranking in rankings:
        assert all(sorted(ranking[one]) == sorted(stream.candidates(one.day)) for one in episodes)


# ---- the future ----------------------------------------------------------------------------------------------------


def test_a_paper_of_the_month_or_later_never_informs_the_background():
    """A word planted in papers of the episode's month and after it is as unknown as one that nobody wrote."""
    planted = [(plain(f"9{number}", "Planted zyzzyva"), ("X",), DAYS[number]) for number in range(21, 40)]
    clean, leaking = stream_of(listed_papers()), stream_of([*listed_papers(), *planted])
    day = DAYS[30]

    background = background_for(leaking, day)
    later = background_for(leaking, date(2025, 10, 2))

    assert {day.month for day in DAYS[21:]} == {9}
    assert background.fingerprint == background_for(clean, day).fingerprint
    assert background.size == sum(listed < date(2025, 9, 1) for listed in clean.listed.values())
    assert background.share("zyzzyva") == background.share("never written")
    assert later.share("zyzzyva") == len(planted) / later.size


def test_what_is_listed_after_a_day_changes_nothing_of_its_rankings():
    """Planted papers of later days, full of a reader's own words, leave each ranking of the days before as it was."""
    theirs = THEMES["robots"].title()
    planted = [(plain(f"9{number}", theirs, theirs), ("X",), DAYS[number]) for number in range(31, 40)]
    found = []
    for rows in (listed_papers(), [*listed_papers(), *planted]):
        stream = stream_of(rows)
        episodes = episodes_of(stream.readers, stream, date(2025, 9, 1), DAYS[31])
        writer = Writer(stream, stream.readers, stream.before(date(2025, 9, 1)))
        sanity = Sanity(stream, stream.before(date(2025, 9, 1)))
        wanted = {"history": with_history(stream.readers)} | relevance.short("keywords:3", stream.readers, writer)
        rankings = by_paperboy(stream, episodes, wanted)
        found.append((episodes, rankings, [(sanity.by_svm(one), sanity.by_centroid(one)) for one in episodes]))

    assert found[0][0]
    assert found[0] == found[1]


# ---- the benchmark -------------------------------------------------------------------------------------------------


def test_it_runs_on_any_file_of_the_format(tmp_path, capsys):
    """The figures of Paperboy and its peers, by name; a reader's history beats chance."""
    told = run(capsys, *written(tmp_path, listed_papers()))

    assert told["profile"] == "history"
    assert told["episodes"] > 0
    for figure in ("ndcg10", "mrr", "recall10"):
        assert set(told[figure]) == {"paperboy", "arxiv_sanity_lite", "tfidf_centroid", "random"}
        assert all(0 <= value <= 1 for value in told[figure].values())
    assert told["ndcg10"]["paperboy"] > told["ndcg10"]["random"]
    assert told["ratio_to_arxiv_sanity_lite"] == pytest.approx(
        told["ndcg10"]["paperboy"] / told["ndcg10"]["arxiv_sanity_lite"], abs=1e-3
    )


def test_short_profiles_are_told_beside_the_full_history(tmp_path, capsys):
    """Each with its share of the full history's recall; the one asked for is Paperboy's figure."""
    files = written(tmp_path, listed_papers())

    every, one = (
        run(capsys, *files, "--profile", "all", "--alone"),
        run(capsys, *files, "--profile", "seeds:3", "--alone"),
    )

    assert {"history", *relevance.SHORT} < set(every["profiles"])
    assert every["profiles"]["history"]["recall10_of_full_history"] == 1.0
    assert one["profiles"]["seeds:3"] == every["profiles"]["seeds:3"]
    assert one["recall10"]["paperboy"] == one["profiles"]["seeds:3"]["recall10"]
    assert one["recall10_of_full_history"] == one["profiles"]["seeds:3"]["recall10_of_full_history"]


def test_votes_are_told_by_their_number(tmp_path, capsys):
    """The same readers in every column: those with a history long enough."""
    told = run(capsys, *written(tmp_path, listed_papers()), "--profile", "votes")

    assert list(told["votes"]) == ["0", "2", "5", "10", "20"]
    assert told["votes_readers"] == 0  # six papers of history are too few for ten votes
    assert told["votes"]["10"]["ndcg10"] is None


def test_a_missing_file_is_said(tmp_path, capsys):
    """Without the captures the benchmark is skipped, and says which file is not there."""
    assert run(capsys, "--papers", str(tmp_path / "none.gz"), "--lists", str(tmp_path)) == {
        "skipped": f"not there: none.gz, {tmp_path.name}"
    }


def test_a_past_too_small_for_the_peers_leaves_them_out(tmp_path, capsys):
    """Where the recipe finds no vocabulary its figures and the ratio are null."""
    rows = [(plain(f"{at}", f"Word{at}", ""), ("A", "B"), DAYS[at]) for at in range(10)]

    told = run(capsys, *written(tmp_path, rows), "--from", "2025-08-11")

    assert told["episodes"] > 0
    assert told["ndcg10"]["arxiv_sanity_lite"] is None
    assert told["ratio_to_arxiv_sanity_lite"] is None


def test_tuning_never_looks_at_the_tested_readers(tmp_path, capsys):
    """The readers beyond the first 300 are others; in a small stream there are none of them."""
    told = run(capsys, *written(tmp_path, listed_papers()), "--readers", "tuning")

    assert (told["readers"], told["episodes"]) == (0, 0)
    assert told["ndcg10"]["paperboy"] is None


def test_the_same_files_give_the_same_figures(tmp_path, capsys):
    """In whatever order the papers stand in the file."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    rows = list(listed_papers())
    one, two = written(tmp_path / "one", rows), written(tmp_path / "two", rows[::-1])

    assert run(capsys, *one, "--alone") == run(capsys, *two, "--alone")
