"""`paperboy topics try` and `suggest` for interests that have no name, and for a reader."""

import pytest

from tests.flows.commandline import Terminal
from tests.flows.test_cli import refused


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Terminal:
    """A clone after its first run; these tests only read."""
    terminal = Terminal(tmp_path_factory.mktemp("topics"))
    assert terminal.run().exit_code == 0
    return terminal


def test_interests_can_be_tried_without_a_name(served):
    """Every kind is an option; what is muted is listed with what mutes it, what nothing answers at the end."""
    tried = served(
        "topics", "try", "-k", "KV cache", "--keyword", "phlogiston", "--seed", "A pasted title about\nan abstract",
        "--category", "cs.CL", "--author", "Nobody Known", "--text", "I read about caches", "--mute", "KV cache",
        "--days", "1",
    )  # fmt: skip

    assert tried.exit_code == 0
    assert tried.stdout.startswith("These interests: ")
    muted, idle = tried.stdout.split("Muted: ")[1].split("Answered by no paper")
    assert "KV cache" in muted
    assert "keyword: phlogiston" in idle
    assert "author: Nobody Known" in idle


def test_a_reader_can_be_tried_and_so_can_a_topic_with_more(served):
    """With the topics they follow; somebody without interests gets what was noticed most."""
    assert served("topics", "try", "--subscriber", "ADA@example.org").stdout.startswith("Ada: ")
    assert "most noticed papers" in served("topics", "try", "--subscriber", "dana@example.org").stdout
    assert "keyword: caloric" in served("topics", "try", "decoding", "-k", "caloric", "--limit", "1").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["topics", "try"], "name a topic, or give --subscriber, --keyword"),
        (["topics", "suggest"], "name a topic, or give --subscriber, --keyword"),
        (["topics", "try", "--seed", "2401.1077"], 'seeds[0]: "2401.1077" is no arXiv id'),
        (["topics", "try", "--category", "cs.cl", "-k", " "], "did you mean cs.CL?"),
        (["topics", "try", "--subscriber", "nobody@example.org"], "nobody has this address"),
        (["topics", "suggest", "decodng"], "did you mean decoding?"),
    ],
)
def test_what_cannot_be_tried_is_said_in_a_sentence(served, words, said):
    """Nothing asked for, a value that cannot be read, an unknown reader or topic."""
    assert said in refused(served(*words))


def test_suggestions_of_a_young_installation_say_that_it_is_young(served):
    """A handful of papers knows no related terms; the command says from when on it does."""
    told = served("topics", "suggest", "decoding")

    assert told.exit_code == 0
    assert "Nothing goes with these often enough" in told.stdout
    assert "from 2,000 on this becomes useful" in told.stdout
