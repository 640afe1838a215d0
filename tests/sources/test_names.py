"""Authors as arXiv writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.names import split_authors, unaccent_tex


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Olive Barn, Ural Strix", ("Olive Barn", "Ural Strix")),
        ("Olive Barn,  Ural, Tawny  Strix", ("Olive Barn", "Ural", "Tawny Strix")),
        ("Olive Barn (Night Lab, Oslo), Ural Strix (1 and 2)", ("Olive Barn", "Ural Strix")),
        ("Olive Barn (Aviary (Room 2, West), Oslo), Ural Strix", ("Olive Barn", "Ural Strix")),
        ("Olive Barn (1), Ural Strix (2) ((1) Night Lab, Oslo, (2) Day Lab)", ("Olive Barn", "Ural Strix")),
        ("Olive Barn [Night Lab, Oslo], Ural Strix", ("Olive Barn", "Ural Strix")),
        ("Olive Barn (Night Lab, Ural Strix", ("Olive Barn", "Ural Strix")),
        ("Olive Barn, Jr., Ural Strix, III", ("Olive Barn Jr.", "Ural Strix III")),
        ("Olive Barn et al. (909 additional authors not shown)", ("Olive Barn",)),
        ("", ()),
        (" , ,", ()),
    ],
)
def test_commas_inside_brackets_do_not_part_names(text: str, names: tuple[str, ...]) -> None:
    """Affiliations go, names stay whole, and a bracket that never closes swallows nobody."""
    assert split_authors(text) == names


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"Jos\'e", "José"),
        (r"Jos\'{e}", "José"),
        (r"Jos{\'e}", "José"),
        (r"Garc\'ia", "García"),
        (r"Garc\'\i a", "García"),
        (r"Garc{\'\i}a", "García"),
        (r"Garc\'{\i}a", "García"),
        (r"Erd\H{o}s", "Erdős"),
        (r"Fran\c{c}ois", "François"),
        (r"Fran\c cois", "François"),
        (r"Hru\v{s}ka", "Hruška"),
        (r"K\"uhn", "Kühn"),
        (r"S{\o}ren", "Søren"),
        (r"\L{}ukasz", "Łukasz"),
        (r"\O yvind", "Øyvind"),
        (r"Stra\ss e", "Straße"),
        ("Plain Name", "Plain Name"),
        (r"$\alpha$ Collaboration", r"$\alpha$ Collaboration"),
    ],
)
def test_tex_accents_become_letters(tex: str, plain: str) -> None:
    """The accents arXiv declares, in every way people brace them; math stays verbatim."""
    assert unaccent_tex(tex) == plain


@given(st.text(alphabet="ab \\'\"{}()[],;vcH.-é", max_size=60))
def test_any_string_gives_names_without_blanks_around_them(text: str) -> None:
    """However broken the string, every name is clean and none is empty."""
    for name in split_authors(text):
        assert name == name.strip()
        assert name


def test_hundreds_of_authors_are_all_kept() -> None:
    """A collaboration of 700 is 700 names, in order."""
    names = [f"Author {chr(65 + number % 26)} {number}" for number in range(700)]
    assert split_authors(", ".join(names)) == tuple(names)
