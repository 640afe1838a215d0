"""Example papers in a roster: ids, links, and papers that are given as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import RosterError
from newsletter.identity import normalise_id
from subscribers import roster, service
from subscribers.models import Defaults, Limits, NamedTopic, Schedule, Subscriber, Wants
from subscribers.roster import seeds
from tests.subscribers.people import NOW

TITLE = "Windows that slide: attention for long documents"
ABSTRACT = "Attention over a whole book costs too much. We look at neighbours only."


def declared(*values: str) -> tuple[str, ...]:
    """The seeds of a roster in which a topic names these."""
    return roster.parse(roster.dump(made(*values)), path="roster.yaml").topics[0].wants.seeds


def made(*values: str) -> roster.Roster:
    """A roster with one topic and these seeds, whatever they are."""
    topic = NamedTopic("attention", "Attention", Wants(seeds=values))
    return roster.Roster(Defaults(Limits(), Schedule()), (topic,), (Subscriber("a@example.org"),))


@pytest.mark.parametrize(
    "given",
    [
        "2401.10774",
        " arXiv: 2401.10774v2 ",
        "https://arxiv.org/abs/2401.10774",
        "https://arxiv.org/pdf/2401.10774v1.pdf",
        "https://huggingface.co/papers/2401.10774",
        f"[2401.10774] {TITLE}",
        "arXiv:2401.10774v3 [cs.LG] 14 Jun 2024",
    ],
)
def test_a_seed_that_holds_its_id_is_that_id(given):
    """Bare, as a link, as a browser calls the page, and as the stamp on a PDF."""
    assert declared(given) == ("2401.10774",)


def test_an_old_id_is_written_as_papers_are_known():
    """The subject class that arXiv does not need is dropped, or the paper would never be found."""
    assert declared("math.GT/0309136") == ("math/0309136",)


@pytest.mark.parametrize(
    "given",
    [
        f"{TITLE}\n\n{ABSTRACT}",
        f"{TITLE}\r\n{ABSTRACT}\r\n",
        f"  Windows that slide:\n attention for\tlong documents \n  \n{ABSTRACT}\n\n".replace(" whole ", "\n whole "),
        f"Title: {TITLE}\nAbstract: {ABSTRACT}",
    ],
)
def test_a_pasted_paper_is_its_title_and_its_abstract(given):
    """However the lines are broken: the first empty line ends the title, without one the first break does."""
    assert declared(given) == (f"{TITLE}\n\n{ABSTRACT}",)


def test_a_title_alone_is_enough_in_any_script():
    """One line, accents composed, Chinese without spaces."""
    assert declared(TITLE, "E\u0301tude des modèles de langue", "大型语言模型的推测解码") == (
        TITLE,
        "Étude des modèles de langue",
        "大型语言模型的推测解码",
    )


@pytest.mark.parametrize(
    "given",
    [
        "2401.1077",
        "24O1.10774",
        "arxiv:24O1.10774",
        "arXiv 24O1.10774 by somebody else",
        "2413.10774",
        "2401.1077 Windows that slide over documents",
        "[2401.1077] Windows that slide over documents",
        "https://example.org/a paper that somebody wrote",
        "2401.10774, 2402.10775 and some more of them 2403.10776",
        "Attention",
        "sparse attention",
        "3.5 x 12",
    ],
)
def test_a_mistyped_id_is_not_taken_for_a_title(given):
    """One sentence says what was expected; nothing of the file is applied."""
    with pytest.raises(RosterError) as caught:
        declared(given)

    assert 'is no arXiv id; write for example "2401.10774", in quotes' in caught.value.mistakes[0]


def test_a_title_that_could_drive_a_terminal_is_refused():
    """The sentence names the character."""
    with pytest.raises(ValueError, match=r"U\+202E \(right-to-left override\)"):
        seeds.read("A title that \u202e turns around")


def test_the_same_paper_twice_is_a_mistake():
    """As an id and as a link, or a title in other case."""
    for values in (("2401.10774", "arxiv:2401.10774"), (TITLE, TITLE.upper())):
        with pytest.raises(RosterError) as caught:
            declared(*values)
        assert "is listed twice" in caught.value.mistakes[0]


@given(
    st.text(max_size=60) | st.from_regex(r"(arxiv:)?[0-9O]{4}\.[0-9]{3,6}(v[0-9])?( [a-z]{2,5}){0,4}", fullmatch=True)
)
def test_what_is_read_once_reads_the_same_again(text):
    """An id, or a text of two parts that comes through YAML unchanged; anything else is refused."""
    try:
        read = seeds.read(text)
    except ValueError:
        return
    assert seeds.read(read) == read
    assert declared(read) == (read,)
    known = normalise_id(read)
    assert known is None or known[0] == read


def test_only_ids_are_looked_up(database):
    """A pasted paper is known already: arXiv is asked for nothing but ids."""
    text = 'subscribers: [{address: a@example.org, seeds: ["2401.10775", "A paper of mine"]}]'
    service.apply_roster(database, roster.parse(text, path="roster.yaml"), now=NOW)

    with database.begin() as tx:
        assert service.example_papers(tx) == {"2401.10775"}
