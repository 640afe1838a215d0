"""Papers as vectors: BM25 term weights with the statistics of the rolling background, and their LSA projection."""

import hashlib
import io
import math
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils.extmath import randomized_svd

from newsletter.models import Paper
from newsletter.relevance.words import STOP_WORDS, paper_terms, tokenise

__all__ = ["BACKGROUND_LIMIT", "Background", "tokenise"]

BACKGROUND_LIMIT = 20_000
"""How many of the newest papers inform the weights; more moves the ranking by a hundredth and costs memory."""

_VERSION = 1
_K1, _B = 1.2, 0.75  # BM25's usual saturation and length norm
_STEEPNESS = 1.5  # idf^1.5: rare, exact terms carry this task
_RANK = 100
_LSA_TERMS = 40_000
_UNSEEN = 1 << 22
"""Columns for terms the background lists once or never: they share one weight, so a hash is name enough."""


class Background:
    """The rolling corpus's fitted statistics: vocabulary, document frequencies, LSA basis; immutable after fit."""

    __slots__ = (
        "_basis",
        "_columns",
        "_idf",
        "_index",
        "_mean_length",
        "_papers",
        "_shares",
        "_vocabulary",
        "fingerprint",
    )

    def __init__(
        self,
        *,
        fingerprint: str,
        papers: int,
        mean_length: float,
        vocabulary: Sequence[str],
        frequencies: NDArray[np.int32],
        columns: NDArray[np.int32],
        basis: NDArray[np.float32],
    ) -> None:
        self.fingerprint = fingerprint
        self._papers = papers
        self._mean_length = mean_length
        self._vocabulary = tuple(vocabulary)
        self._index = {term: column for column, term in enumerate(self._vocabulary)}
        self._shares = frequencies
        self._idf = np.log1p((papers - frequencies + 0.5) / (frequencies + 0.5))
        self._columns = columns  # those of the vocabulary that the basis spans
        self._basis = basis  # terms x rank

    @classmethod
    def fit(cls, papers: Sequence[Paper]) -> "Background":
        """Fit on papers in any order, at most `BACKGROUND_LIMIT`; the same papers give the same background."""
        ordered = sorted(papers, key=lambda paper: paper.key)
        index: dict[str, int] = {}
        rows = [[index.setdefault(term, len(index)) for term in paper_terms(paper)] for paper in ordered]
        frequencies: Counter[int] = Counter()
        for row in rows:
            frequencies.update(set(row))
        kept = sorted(term for term, number in index.items() if frequencies[number] > 1)
        words = sum(_length(paper) for paper in ordered)
        fitted = cls(
            fingerprint=_fingerprint(ordered),
            papers=len(ordered),
            mean_length=max(1.0, words / max(1, len(ordered))),
            vocabulary=kept,
            frequencies=np.array([frequencies[index[term]] for term in kept], dtype=np.int32),
            columns=np.zeros(0, dtype=np.int32),
            basis=np.zeros((0, 0), dtype=np.float32),
        )
        fitted._fit_basis(ordered)
        return fitted

    def _fit_basis(self, papers: Sequence[Paper]) -> None:
        """Latent axes of the corpus; as many as it can bear, a quarter of its papers at most."""
        # A term in two of 20,000 papers says nothing about themes; a term in most of them neither.
        least = max(2, round(len(papers) / 4_000))
        usable = np.flatnonzero((self._shares >= least) & (self._shares <= max(2, 0.4 * len(papers))))
        usable = np.sort(usable[np.argsort(-self._shares[usable], kind="stable")][:_LSA_TERMS])
        rank = min(_RANK, len(papers) // 4, len(usable) - 1)
        if rank < 1:
            return
        matrix = self.vectors(papers)[:, usable]
        _left, _values, axes = randomized_svd(matrix, n_components=rank, n_iter=4, random_state=0)
        self._columns = usable.astype(np.int32)
        self._basis = np.ascontiguousarray(axes.T, dtype=np.float32)

    @property
    def size(self) -> int:
        """How many papers it was fitted on."""
        return self._papers

    def share(self, term: str) -> float:
        """The share of background papers that hold a 1- or 2-gram; below two papers it counts as one."""
        column = self._index.get(term)
        return (1 if column is None else int(self._shares[column])) / max(1, self._papers)

    def specificity(self, words: Sequence[str]) -> float:
        """How telling a phrase of folded words is, from 0 (in every paper) to 1 (in none): (idf / highest idf)^1.5."""
        content = [word for word in words if word not in STOP_WORDS]
        if len(content) < 2:
            shared = [self._idf_of(word) for word in content]
        else:
            shared = [self._idf_of(f"{one} {two}") for one, two in zip(content, content[1:], strict=False)]
        return float((max(shared, default=0.0) / self._highest) ** _STEEPNESS)

    @property
    def _highest(self) -> float:
        """The idf of a term seen once or never."""
        return math.log1p((max(self._papers, 1) - 0.5) / 1.5)

    def _idf_of(self, term: str) -> float:
        column = self._index.get(term)
        return self._highest if column is None else float(self._idf[column])

    def vectors(self, papers: Sequence[Paper]) -> csr_matrix:
        """Unit rows of BM25 x idf^1.5 over 1- and 2-grams; a paper without words is a row of zeros.

        Columns agree between calls; terms the background does not know keep the highest idf, so a new acronym counts.
        """
        pointers, columns, weights = [0], [], []
        known, width = self._index, len(self._vocabulary)
        highest = self._highest**_STEEPNESS
        steep = self._idf**_STEEPNESS
        for paper in papers:
            norm = _K1 * (1 - _B + _B * _length(paper) / self._mean_length)
            row: dict[int, float] = {}
            for term, count in Counter(paper_terms(paper)).items():
                column = known.get(term)
                idf = highest if column is None else steep[column]
                if column is None:
                    column = width + zlib.crc32(term.encode()) % _UNSEEN
                row[column] = row.get(column, 0.0) + count * (_K1 + 1) / (count + norm) * idf
            ordered = sorted(row)
            length = math.sqrt(math.fsum(value * value for value in row.values())) or 1.0
            columns.extend(ordered)
            weights.extend(row[column] / length for column in ordered)
            pointers.append(len(columns))
        shape = (len(papers), width + _UNSEEN)
        return csr_matrix((np.array(weights), np.array(columns, dtype=np.int32), np.array(pointers)), shape=shape)

    def project(self, vectors: csr_matrix) -> NDArray[np.float64]:
        """Unit rows in LSA space, papers x rank; a paper of unknown words only is a row of zeros."""
        if self._basis.size == 0:
            return np.zeros((vectors.shape[0], 1))
        projected: NDArray[np.float64] = np.asarray(vectors[:, self._columns] @ self._basis, dtype=np.float64)
        lengths = np.linalg.norm(projected, axis=1, keepdims=True)
        return np.divide(projected, lengths, out=np.zeros_like(projected), where=lengths > 1e-9)

    def save(self, path: Path) -> None:
        """Write it to a file: a digest line, then plain arrays."""
        content = io.BytesIO()
        np.savez(
            content,
            version=np.array([_VERSION]),
            fingerprint=np.frombuffer(self.fingerprint.encode(), dtype=np.uint8),
            papers=np.array([self._papers]),
            mean_length=np.array([self._mean_length]),
            vocabulary=np.frombuffer("\n".join(self._vocabulary).encode(), dtype=np.uint8),
            frequencies=self._shares,
            columns=self._columns,
            basis=self._basis,
        )
        body = content.getvalue()
        path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)

    @classmethod
    def load(cls, path: Path) -> "Background | None":
        """Read what `save` wrote; None where there is no such file, or it is damaged or of another version."""
        try:
            digest, _, body = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if digest != hashlib.sha256(body).hexdigest().encode():
            return None
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as kept:
                if int(kept["version"][0]) != _VERSION:
                    return None
                return cls._from_arrays(dict(kept.items()))
        except (KeyError, ValueError, IndexError, EOFError, zipfile.BadZipFile):
            return None

    @classmethod
    def _from_arrays(cls, kept: dict[str, Any]) -> "Background":
        words = kept["vocabulary"].tobytes().decode()
        return cls(
            fingerprint=kept["fingerprint"].tobytes().decode(),
            papers=int(kept["papers"][0]),
            mean_length=float(kept["mean_length"][0]),
            vocabulary=words.split("\n") if words else (),
            frequencies=kept["frequencies"],
            columns=kept["columns"],
            basis=kept["basis"],
        )


def _length(paper: Paper) -> int:
    """Words of a paper, roughly and cheaply: it only steers the length norm."""
    return len(paper.title.split()) + len(paper.abstract.split())


def _fingerprint(papers: Sequence[Paper]) -> str:
    digest = hashlib.sha256()
    for paper in papers:
        digest.update("\x1f".join((paper.key, paper.title, paper.abstract)).encode(errors="surrogatepass") + b"\x1e")
    return digest.hexdigest()
