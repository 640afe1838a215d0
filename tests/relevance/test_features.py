"""The rolling background and its vectors."""

import random

import numpy as np
import pytest

from newsletter.models import Paper
from newsletter.relevance.features import Background
from tests.relevance.corpus import THEMES, day_of, made


def test_the_order_of_papers_does_not_matter():
    """A background is a function of the set of papers."""
    papers = day_of(8)
    shuffled = random.Random(3).sample(papers, len(papers))
    one, two = Background.fit(papers), Background.fit(shuffled)

    assert one.fingerprint == two.fingerprint
    assert np.array_equal(one.project(one.vectors(papers)), two.project(two.vectors(papers)))


def test_another_abstract_is_another_background():
    """The fingerprint covers what was read, not the keys alone."""
    papers = day_of(2)

    assert (
        Background.fit(papers).fingerprint
        != Background.fit([*papers[1:], made("decoding", 0, abstract="x")]).fingerprint
    )


def test_rows_are_unit_vectors_whose_columns_agree_between_calls():
    """Vectors made apart can be multiplied."""
    papers = day_of(6)
    background = Background.fit(papers)
    rows = background.vectors(papers)

    assert np.allclose(np.sqrt(rows.multiply(rows).sum(axis=1)), 1.0)
    assert (rows[:1] != background.vectors(papers[:1])).nnz == 0


def test_a_paper_is_closest_to_its_own_theme():
    """Vectors of one theme are more alike than those of two."""
    papers = day_of(6)
    background = Background.fit(papers)
    cosines = (background.vectors([made("speech", 40)]) @ background.vectors(papers).T).toarray().ravel()

    assert {papers[number].key.split(".")[1][:2] for number in np.argsort(-cosines)[:6]} == {
        f"{list(THEMES).index('speech'):02d}"
    }


def test_an_acronym_never_seen_weighs_most():
    """A term the background does not know has the highest idf, and the same column wherever it occurs."""
    background = Background.fit(day_of(6))
    one = background.vectors([Paper(key="a", title="language QZXGAN")])
    two = background.vectors([Paper(key="b", title="a QZXGAN for speech")])

    assert (one @ two.T).toarray()[0, 0] > 0.1


@pytest.mark.parametrize("papers", [0, 1, 2, 3, 40])
def test_what_is_saved_loads_the_same(papers, tmp_path):
    """A background of any size survives the disk."""
    corpus = day_of(8)[:papers]
    background = Background.fit(corpus)
    background.save(tmp_path / "b.npz")
    loaded = Background.load(tmp_path / "b.npz")

    assert loaded is not None
    assert loaded.fingerprint == background.fingerprint
    assert (loaded.vectors(day_of(2)) != background.vectors(day_of(2))).nnz == 0
    assert np.array_equal(loaded.project(loaded.vectors(corpus)), background.project(background.vectors(corpus)))


def test_a_damaged_file_is_no_background(tmp_path):
    """Cut, changed, foreign or missing: None, never an exception."""
    path = tmp_path / "b.npz"
    Background.fit(day_of(3)).save(path)
    whole = path.read_bytes()
    damaged = [b"", b"x", whole[:-1], whole[: len(whole) // 2], whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]]
    for content in damaged:
        path.write_bytes(content)
        assert Background.load(path) is None

    assert Background.load(tmp_path / "missing.npz") is None


def test_a_paper_without_words_is_nowhere():
    """Empty text is a row of zeros, in both spaces."""
    background = Background.fit(day_of(6))
    row = background.vectors([Paper(key="e", title="")])

    assert row.nnz == 0
    assert not background.project(row).any()
