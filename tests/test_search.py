"""Full-text search: the same papers on both databases, and nothing that is typed is syntax or an error."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from newsletter.asking import Asked, Term, asked, findable, marked
from newsletter.models import Paper, Topic
from newsletter.queries import editions, search
from newsletter.steps.alike import alike

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

PAPERS = (
    Paper("2611.00001", "Speculative decoding for large language models", "We draft tokens, then verify them.",
          ("Ada Müller", "Bo Sample"), arxiv_id="2611.00001", categories=("cs.CL", "cs.LG")),
    Paper("2611.00002", "Drafting without a second model", "Speculative decoding needs a draft. Ours needs none.",
          ("Cy Decoding",), arxiv_id="2611.00002", categories=("cs.CL",)),
    Paper("2611.00003", "$\\alpha$-Divergence in C++ & R", "On SARS-CoV-2 with GPT-3.5: 语言模型 in 24,000 lines.",
          ("Dee Smith",), categories=("q-bio.QM",)),
    Paper("2611.00004", "Grasping with robots", "Robots grasp. A decoding speculative order is no phrase.", ("Ada Lovelace",)),
)  # fmt: skip


def freeze(database, papers=PAPERS, day=date(2026, 11, 20), *, sample=False, label="Decoding"):
    """An edition of one topic."""
    with database.begin() as tx:
        topic = Topic("decoding", label, (), tuple(paper.key for paper in papers))
        return editions.save(tx, day=day, members=papers, topics=[topic], remarks=(), sample=sample, now=NOON)


def found(database, question, *, sample=False, limit=20, offset=0):
    """The keys that a question finds, by their last digit."""
    with database.read() as tx:
        answer = search.find(tx, asked(question), sample=sample, limit=limit, offset=offset)
    return [key[-1] for key in answer.keys]


QUESTIONS = (
    ("speculative", ["1", "2", "4"]),  # the title before the abstract
    ('"speculative decoding"', ["1", "2"]),
    ("speculative-decoding", ["1", "2"]),  # a hyphen holds words together
    ("speculative -draft", ["4"]),
    ("author:decoding", ["2"]),
    ("author:muller", ["1"]),  # accents and case do not count
    ('by:"Bo Sample"', ["1"]),
    ("title:speculative", ["1"]),
    ("category:cs.LG", ["1"]),
    ("robot", ["4"]),  # nor does the plural
    ("specul* verif*", ["1"]),
    ("sars", ["3"]),
    ("gpt-3.5", ["3"]),
    ("模型", ["3"]),  # any part of what is written without blanks
    ("模言", []),
    ("24,000", ["3"]),
    ("the speculative of", ["1", "2", "4"]),  # words that all papers hold are not asked for
    ("2611.00001", ["1"]),
    ("-robots", []),  # what is not wanted is no question
    ("", []),
    ("nothing-of-this", []),
)


def test_a_question_finds_the_same_papers_on_both_databases(database):
    """Words, phrases, fields, exclusions and beginnings."""
    freeze(database)

    for question, keys in QUESTIONS:
        assert sorted(found(database, question)) == sorted(keys), question


def test_the_title_counts_more_than_the_abstract(database):
    """The paper that has it in its title comes first."""
    freeze(database)

    assert found(database, "speculative decoding")[0] == "1"


def test_an_answer_comes_in_pages(database):
    """Every paper once, the number of all beside them."""
    papers = [Paper(f"2611.1000{number}", "Robots") for number in range(7)]
    freeze(database, papers)

    pages = [found(database, "robots", limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    with database.read() as tx:
        total = search.find(tx, asked("robots"), sample=False, limit=1).total

    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert sorted(key for page in pages for key in page) == [str(number) for number in range(7)]
    assert total == 7


def test_samples_are_found_only_among_samples(database):
    """What is asked of the live editions never finds a sample."""
    freeze(database, sample=True)

    assert found(database, "robots") == []
    assert found(database, "robots", sample=True) == ["4"]


def test_papers_are_alike_by_what_they_share(database):
    """The nearest first, never the paper itself, and none for one word in common."""
    near_one = "Large language models: speculative decoding with draft tokens"
    more = [replace(PAPERS[0], key="2611.00005", title=near_one)]
    others = [Paper(f"2611.2000{number}", f"Proteins fold, part {number}") for number in range(5)]
    freeze(database, [*PAPERS, *more, *others])

    with database.read() as tx:
        near = [one.paper.key for one in alike(tx, PAPERS[0], sample=False, limit=3)]

    assert near[0] == "2611.00005"
    assert PAPERS[0].key not in near
    assert not {paper.key for paper in others} & set(near)


def test_editions_from_before_can_be_found_too(database):
    """The migration fills the index with the editions that exist."""
    freeze(database)
    with database.begin() as tx:
        tx.execute(text("DROP TABLE search"))
        tx.execute(text("UPDATE alembic_version SET version_num = '0005'"))

    database.migrate()

    assert sorted(found(database, "speculative")) == ["1", "2", "4"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.text("\"*:-()<>&|!'\\{}^+. aortiauthNEAR", max_size=40))
@example('"')
@example("' OR 1=1 --")
@example("a:b:c NEAR(a b) AND OR NOT")
@example("title:\"a' <-> 'b\" & | !x:*A")
@example("x" * 5_000)
@example("\ud800 \x00 \u202e abc")
def test_no_question_is_an_error(database, question):
    """Whatever is typed gets an answer: quotes, operators of both databases, NUL, half letters, length."""
    found(database, question)


@given(st.text(max_size=80), st.text(max_size=80))
def test_what_is_marked_is_part_of_the_text(question, told):
    """Marks lie within the text, in order, apart."""
    spans = marked(told, asked(question), "title")

    assert all(0 <= start < end <= len(told) for start, end in spans)
    assert all(one[1] < two[0] or one[1] == two[0] for one, two in pairwise(spans))


def test_marks_show_phrases_whole_and_single_words_alone():
    """A phrase is one mark where its words stand in a row, and nothing elsewhere."""
    told = "Speculative decoding; decoding alone. Speculatively decoded."

    spans = marked(told, asked('"speculative decoding" alone'), "abstract")

    assert [told[slice(*span)] for span in spans] == ["Speculative decoding", "alone"]


def test_a_question_is_understood_or_taken_by_its_words():
    """An unknown field is a word; quotes without an end, end with the text; no term comes twice."""
    assert asked("venue:icml").terms == (Term(("venue", "icml")),)
    assert asked('"open end').terms == (Term(("open", "end")),)
    assert asked("a a a").terms == (Term(("a",)),)
    assert asked("  -  * : ").terms == ()
    assert asked("x" * 900).text == "x" * 200
    assert asked("authors:X -title:y").terms == (Term(("x",), "author"), Term(("y",), "title", without=True))


def test_no_hostile_paper_breaks_the_index(database):
    """Six hundred authors, one endless word, quotes and control signs in every field."""
    paper = Paper(
        "title:hostile", "'); DROP TABLE search; --" + "\x01", "w" * 90_000 + " \\' ''::tsvector " + "of " * 9_000,
        tuple(f"Author {number} O'Neill" for number in range(664)), keywords=("a'b", '"c"'),
    )  # fmt: skip
    freeze(database, [paper], label="O'Topic \\ ")

    assert found(database, "author:o'neill") == ["e"]
    assert found(database, "drop table search") == ["e"]
    assert Asked("", ()).wanted == ()
    assert len(findable(paper, "").abstract) <= 4_000
