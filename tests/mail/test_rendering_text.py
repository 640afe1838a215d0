"""Cleaning, sentences, wrapping, names, addresses and notes of acceptance."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import text as words
from newsletter.mail.cards import acceptance
from newsletter.models import Paper

ABSTRACT = (
    "We measure 3.5 points, e.g. on long inputs, cf. Smith et al. (2020). J. Doe found the same in the U.S. before us. "
    "Our gain holds for Fig. 3 too! Does it last? It does."
)


@given(st.text())
def test_cleaned_text_holds_no_control_and_no_line_end(text):
    """No C0, C1, bidi-control or surrogate character survives, and no line break."""
    cleaned = words.clean(text)

    assert not [letter for letter in cleaned if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
    assert words.clean(cleaned) == cleaned


def test_piled_up_marks_are_cut():
    """A letter keeps at most three marks, so no text climbs over its neighbours."""
    assert len(words.clean("x" + "\u0335" * 40)) <= 4


@pytest.mark.parametrize(
    ("limit", "end"),
    [(70, "(2020). …"), (116, "before us. …"), (145, "too! …"), (160, "last? …"), (500, "It does.")],
)
def test_an_abstract_is_cut_where_a_sentence_ends(limit, end):
    """Abbreviations, initials and decimals do not end a sentence."""
    assert words.shorten(ABSTRACT, limit).endswith(end)


def test_without_a_sentence_the_cut_is_between_words():
    """A text without a sentence end in reach is cut after a whole word."""
    assert words.shorten("alpha beta gamma delta epsilon", 18) == "alpha beta gamma…"


@given(st.text(max_size=300), st.integers(10, 200))
def test_a_shortened_text_is_short(text, limit):
    """A cut text has at most the limit and its mark."""
    assert len(words.shorten(text, limit)) <= limit + 2


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "N1"),
        (6, "N1, N2, N3, N4, N5, N6"),
        (7, "N1, N2, N3, …, N7 (7\u00a0authors)"),
        (3303, "N1, N2, N3, …, N3303 (3,303\u00a0authors)"),
    ],
)
def test_authors_are_told_short_and_whole(count, told):
    """Up to six names stand in full; of more, the first three and the last with the number."""
    assert ", ".join(words.authors(f"N{place}" for place in range(1, count + 1))) == told


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=90)), st.integers(20, 80)
)
def test_wrapped_lines_have_at_most_the_width(texts, width):
    """No line is wider than asked, wide letters counted as two columns."""
    assert all(words.columns(line) <= width for line in words.wrap(" ".join(texts), width).splitlines())


def test_an_address_is_never_broken():
    """An address longer than a line stays in one piece."""
    address = "https://example.org/" + "a" * 100

    assert address in words.wrap(f"see {address} for more", 40).splitlines()


@pytest.mark.parametrize(
    "address",
    [
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://example.org/",
            "//example.org/x",
            "https://",
            "https://a b/",
        ),
        *(
            'https://example.org/"onclick=x',
            "https://example.org/<b>",
            "http://user:word@example.org/",
            "https://[::1",
            "",
        ),
        *(
            "https://example.org/\nx",
            "https://example.org:port/",
            "https://example.org/" + "a" * 2000,
            "\u202ehttps://x.org",
        ),
    ],
)
def test_only_plain_web_addresses_become_links(address):
    """Everything but a plain http or https address is refused."""
    assert words.web_address(address) is None


def test_an_address_outside_ascii_is_percent_encoded():
    """A path outside ASCII is written so that every program reads it; what is encoded already stays."""
    assert words.web_address("https://example.org/ü?q=a%20b") == "https://example.org/%C3%BC?q=a%20b"


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("14 pages, accepted at ICML 2026", "accepted at ICML 2026"),
        ("Accepted to ACM MM 2026. 10 pages, 5 figures", "accepted to ACM MM 2026"),
        (
            "Accepted by the International Conference on Long and Winding Names (ICLWN 2026), 3 figures",
            "accepted at ICLWN 2026",
        ),
        ("To appear in the Proc. of the Symposium on Names", "to appear in the Proc. of the Symposium on Names"),
        ("ICLR 2026 (oral)", "ICLR 2026"),
        ("12 pages, 3 figures", None),
        ("Submitted to a journal", None),
        (None, None),
    ],
)
def test_a_note_of_acceptance_is_found_in_the_comment(comment, told):
    """The comment's clause about acceptance is told, with a long venue by its acronym."""
    assert acceptance(Paper(key="k", title="t", comment=comment)) == told


def test_the_journal_stands_in_for_a_missing_note():
    """Where the comment says nothing, the journal does."""
    assert acceptance(Paper(key="k", title="t", journal="J. Invented Res. 12 (2026)")) == "J. Invented Res. 12 (2026)"
