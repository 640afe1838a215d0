"""Who a paper is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.identity import fingerprint, normalise_id, paper_key, title_key


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2613.10001", ("2613.10001", None)),
        ("2613.10001v3", ("2613.10001", 3)),
        ("0613.1001", ("0613.1001", None)),
        ("arXiv:2613.10001v12", ("2613.10001", 12)),
        ("oai:arXiv.org:2613.10001v1", ("2613.10001", 1)),
        ("http://arxiv.org/abs/hep-th/9913001", ("hep-th/9913001", None)),
        ("http://arxiv.org/abs/quant-ph/0213082v1", ("quant-ph/0213082", 1)),
        ("math.GT/0313136", ("math/0313136", None)),
        ("https://arxiv.org/pdf/2613.10001v2.pdf", ("2613.10001", 2)),
        ("https://export.arxiv.org/abs/2613.10001?context=cs", ("2613.10001", None)),
        ("https://huggingface.co/papers/2613.10001#community", ("2613.10001", None)),
        (" 2613.10001 ", ("2613.10001", None)),
    ],
)
def test_every_way_to_write_an_id_comes_to_one(raw: str, expected: tuple[str, int | None]) -> None:
    """New style and old style, links and prefixes; the version is kept apart."""
    assert normalise_id(raw) == expected


@pytest.mark.parametrize(
    "raw", ["", "owl", "2613", "2613.123", "2613.123456", "10.1000/owl", "2613.10001v0", "a/1", f"{'a' * 50}/1234567"]
)
def test_what_is_no_id_is_none(raw: str) -> None:
    """A DOI or a word never passes for an arXiv id."""
    assert normalise_id(raw) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Let's <think> about Owls", "LET'S THINK ABOUT OWLS!"),
        (r"The Poincar\'e Owl", "The Poincaré\n  Owl"),
        (r"Erd\H{o}s and K\"{a}hler", "Erdős and Kähler"),
        (r"$\textbf{Only-Owls}$: A Study", "Only-Owls: a study"),
        ("Owl--Night", "Owl Night"),
    ],
)
def test_titles_that_differ_in_dress_have_one_key(one: str, other: str) -> None:
    """Case, accents, TeX and punctuation do not count."""
    assert title_key(one) == title_key(other)


@given(st.text(min_size=1).filter(str.strip))
def test_a_title_key_is_bounded_and_never_empty(title: str) -> None:
    """At most 300 characters, something for every title that is not blank, and stable when taken twice."""
    assert 0 < len(title_key(title)) <= 300


def test_a_paper_without_an_id_is_known_by_its_title() -> None:
    """The key is the id, or `title:` and the title key."""
    assert paper_key("2613.10001", "Owls") == "2613.10001"
    assert paper_key(None, "Owls!") == "title:owls"


@given(st.lists(st.text()), st.randoms())
def test_a_fingerprint_knows_no_order(keys: list[str], chance: object) -> None:
    """The same papers served in another order are the same batch."""
    shuffled = list(keys)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fingerprint(keys) == fingerprint(shuffled)


def test_different_batches_differ() -> None:
    """One paper more is another batch; the empty batch has a fingerprint too."""
    assert len({fingerprint([]), fingerprint(["a"]), fingerprint(["a", "b"])}) == 3
