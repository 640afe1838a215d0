"""The commands about votes: cast for a reader, shown with what they weigh, and undone."""

import pytest
from sqlalchemy import insert

from newsletter import encoding, schema
from newsletter.database import Database
from newsletter.models import Paper
from tests.flows.commandline import Terminal
from tests.flows.test_cli import refused
from tests.steps.conftest import FRIDAY, paper

ADA = "ada@example.org"


@pytest.fixture
def paperboy(tmp_path) -> Terminal:
    """A clone with its readers and two papers, one without an id."""
    terminal = Terminal(tmp_path)
    terminal("migrate")
    terminal("roster", "apply")
    found = (paper(1), Paper("title:on birds that sing", "On birds that sing"))
    database = Database(f"sqlite:///{terminal.data / 'paperboy.db'}")
    with database.begin() as tx:
        for one in found:
            row = {"first_listed": FRIDAY, "standing": "old", "sample": False, "facts": encoding.dump(one)}
            row |= {"key": one.key, "arxiv_id": one.arxiv_id, "title_key": one.key.removeprefix("title:")}
            tx.execute(insert(schema.papers).values(**row))
    database.close()
    return terminal


def test_votes_are_cast_listed_undone_and_stay_to_be_read(paperboy):
    """By id, link, title and label; the list says what each weighs."""
    assert "There is no vote yet" in paperboy("votes", "list").stdout
    assert "more: 2611.00001  A study of video diffusion" in paperboy("votes", "add", ADA, "more", "2611.00001").stdout
    assert "said already" in paperboy("votes", "add", ADA, "more", "https://arxiv.org/abs/2611.00001v1").stdout
    paperboy("votes", "add", ADA, "less", "on birds that SING")
    paperboy("votes", "mute", ADA, "fast decoding")
    of_all = paperboy("votes", "list").stdout
    of_ada = [line.split()[3:] for line in paperboy("votes", "list", ADA).stdout.splitlines()[1:]]

    assert of_all.count(ADA) == 3
    assert of_ada == [
        ["mute", "topic", "command", "Fast", "decoding"],
        ["less", "command", "0.50", "title:on", "birds", "that", "sing", "On", "birds", "that", "sing"],
        ["more", "command", "1.00", "2611.00001", "A", "study", "of", "video", "diffusion,", "part", "1"],
    ]

    assert "undone: mute topic: Fast decoding" in paperboy("votes", "undo", ADA, "fast Decoding").stdout
    assert "undone: less: title:on birds" in paperboy("votes", "undo", ADA, "On birds that sing").stdout
    assert "1 vote undone" in paperboy("votes", "undo", ADA, "--all").stdout
    assert f"{ADA} has no vote" in paperboy("votes", "list", ADA).stdout
    assert paperboy("votes", "list", ADA, "--undone").stdout.count("undone 20") == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "adda@example.org", "more", "2611.00001"), 'nobody has this address; did you mean "ada@example.org"?'),
        (("list", "not an address"), "is no e-mail address"),
        (("add", ADA, "less", "2611.00010"), 'it was never listed; did you mean "2611.00001"?'),
        (("add", ADA, "more", "On birds that sung"), 'did you mean "On birds that sing"?'),
        (("mute", ADA, "Fast coding"), 'no topic is called so; did you mean "Fast decoding"?'),
        (("undo", ADA, "2611.00001"), "they cast none on this"),
        (("undo", ADA), "name a paper or topic, or say --all"),
        (("list", "--undone"), "name the reader"),
    ],
)
def test_what_is_not_known_is_one_sentence_with_the_nearest_that_is(paperboy, words, said):
    """An address, a paper, a topic, a vote."""
    assert said in refused(paperboy("votes", *words))
