"""LaTeX to Unicode: what is sure, and that the rest stays as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.latex import to_unicode


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"L\'evy", "Lévy"),
        (r"K\"{a}hler", "Kähler"),
        (r"K\"ahler", "Kähler"),
        (r"{\'E}cole", "École"),
        (r"Mar\'{\i}a", "María"),
        (r"\v{S}koda \c c", "Škoda ç"),
        (r"S\o ren {\L}uk Stra\ss{}e", "Søren Łuk Straße"),
        (r"Erd\H{o}s", "Erdős"),
        (r"Nguy\~ên", "Nguyễn"),
    ],
)
def test_accents_become_letters(written, read):
    """Accents in names become one composed letter."""
    assert to_unicode(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"$\tau^2$-Bench", "τ²-Bench"),
        (r"360$^\circ$ and H$^{\mathbf{3}}$DP", "360° and H³DP"),
        (r"($\times$4), $10\times$, $3 \times 4$", "(×4), 10×, 3 × 4"),
        (r"$\ell_2$ and $x_{train}$", "ℓ₂ and x_train"),
        (r"$O(n^{3/2}\log n)$", "O(n^(3/2) log n)"),
        (r"$\frac{a}{b+1}$ and $\sqrt{n}$", "a/(b+1) and √n"),
        (r"$\mathcal{O}(n)$ over $\mathbb{R}^d$", "O(n) over ℝᵈ"),
        (r"$\hat{y}$, $1-\delta$", "ŷ, 1−δ"),
        (r"\(\alpha\leq\beta\)", "α≤β"),
        (r"$\textit{near} $", "near"),
        (r"$\unicode{x2013}$", "–"),
        (r"$x<y$", "x<y"),
        (r"A\textsuperscript{2}FM", "A²FM"),
    ],
)
def test_formulas_become_one_line_of_unicode(written, read):
    """Formulas whose every sign is known are written out."""
    assert to_unicode(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\textbf{bold \emph{and} more}", "bold and more"),
        (r"{\em Foo bar}", "Foo bar"),
        (r"38\% of R\&D \_x\_", "38% of R&D _x_"),
        ("``quoted'' and `single' it's", "“quoted” and ‘single’ it's"),
        ("``half,\" ''upright'' and a'' b", "“half,” “upright” and a'' b"),
        ("Vision--Language -- a---b, 1--2", "Vision–Language – a—b, 1–2"),
        ("Fig.~1", "Fig. 1"),
        (r"\href{https://example.org/a\_b}{here}", "here (https://example.org/a_b)"),
        (r"don\'t call \"it\" the model\'s", "don't call \"it\" the model's"),
    ],
)
def test_text_commands_are_carried_out(written, read):
    """Fonts, escapes, quotes and dashes of running text are carried out."""
    assert to_unicode(written) == read


@pytest.mark.parametrize(
    "text",
    [
        r"$\ours$ beats \ours{} and \method",
        r"as in \cite{lee2020}",
        "costs $5 to $10 a day, or $5-$10",
        "with $500 of training",
        "run it with --flag for ~5% more at https://example.org/~me--you",
        r"\textbf{unclosed",
        r"${\bW_q}^{\top}$",
        r"the set {a, b}",
        "\\",
        "$",
        "$$",
        "{",
    ],
)
def test_what_is_not_sure_stays_as_written(text):
    """Unknown commands, sums of money, flags, addresses and broken LaTeX are left alone, to the letter."""
    assert to_unicode(text) == text


def test_one_unknown_command_does_not_spoil_its_neighbours():
    """Each construct is converted or left by itself."""
    assert to_unicode(r"$\alpha$ and $\ours$ and $\beta$") == r"α and $\ours$ and β"


@given(st.text(alphabet=st.sampled_from("ab1 ^_{}$\\%~`'\"()-.éα"), max_size=60))
def test_no_text_breaks_it(text):
    """Whatever strangers write, it answers with text."""
    assert isinstance(to_unicode(text), str)


@given(st.text(alphabet=st.characters(exclude_characters="\\$~`-'"), max_size=60))
def test_text_without_latex_is_not_touched(text):
    """A text without LaTeX comes back as it is."""
    assert to_unicode(text) == text


def test_deep_nesting_ends():
    """Braces nested without end are left as they are, and quickly."""
    text = "\\textbf{" * 3_000 + "x" + "}" * 3_000

    assert "x" in to_unicode(text[:4_000])
