"""Papers as vectors: BM25 term weights with the statistics of the rolling background, and their LSA projection."""

import hashlib
import io
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.models import Paper
from newsletter.relevance.themes import Themes, fit_themes
from newsletter.relevance.words import STOP_WORDS, links, paper_terms, tokenise

__all__ = ["BACKGROUND_LIMIT", "Background", "tokenise"]

BACKGROUND_LIMIT = 20_000
"""How many of the newest papers inform the weights; more moves the ranking by a hundredth and costs memory."""

_VERSION = 5
_K1, _B = 1.2, 0.75  # BM25's usual saturation and length norm
_STEEPNESS = 1.5  # idf^1.5: rare, exact terms carry this task
_RANK = 100
_LSA_TERMS = 40_000
_SAMPLE = 500  # papers that tell what is alike by chance
_TELLING = 100  # terms kept of each paper of the corpus: the others hardly move a cosine
Marks = tuple[tuple[str, ...], tuple[str, ...]]
"""What a paper shows beside its words: its categories, and where it links to."""

_UNSEEN = 1 << 22
"""Columns for terms the background lists once or never: they share one weight, so a hash is name enough."""


class Background:
    """The rolling corpus's fitted statistics: vocabulary, document frequencies, LSA basis; immutable after fit."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take what `fit` made or `load` read; `arrays` is exactly what `save` writes."""
        self._arrays = dict(arrays)
        self.fingerprint = arrays["fingerprint"].tobytes().decode()
        self._papers = int(arrays["papers"][0])
        self._mean_length = float(arrays["mean_length"][0])
        words = arrays["vocabulary"].tobytes().decode()
        self._index = {term: column for column, term in enumerate(words.split("\n") if words else ())}
        self._frequencies = arrays["frequencies"]
        self._idf = _idf(self._frequencies, self._papers)
        self._weights = self._idf**_STEEPNESS
        self._highest = float(_idf(np.ones(1), max(self._papers, 1))[0])
        self._columns = arrays["columns"]  # those of the vocabulary that the basis spans
        self._basis = arrays["basis"]  # terms x rank
        self._centre = arrays["centre"]  # mean unit row: what every abstract of the corpus has in common
        self.themes = Themes.of(arrays)
        self._chance = float(arrays["chance"][0])
        self.corpus = csr_matrix(
            (arrays["corpus_data"], arrays["corpus_columns"], arrays["corpus_rows"]),
            shape=(len(arrays["corpus_rows"]) - 1, len(self._index) + _UNSEEN),
        )
        """Papers of the corpus by key x terms: what each is most about."""
        self.marks = _read_marks(arrays["corpus_marks"])
        """Of each of them the categories, primary first, and the links."""
        self.sampled = np.arange(0, self.corpus.shape[0], max(1, self._papers // _SAMPLE))
        """Some of them, evenly: those that are alike by chance."""
        self.sampled_keys = arrays["sampled_keys"].tobytes().decode().split("\n")
        """Hashes of their keys."""
        self._sample: csr_matrix | None = None
        self._by_term: csr_matrix | None = None
        self._categories = Counter(category for categories, _links in self.marks for category in categories)
        self._links = Counter(link for _categories, links in self.marks for link in links)

    @classmethod
    def fit(cls, papers: Sequence[Paper]) -> "Background":
        """Fit on papers in any order, at most `BACKGROUND_LIMIT`; the same papers give the same background."""
        ordered = sorted(papers, key=lambda paper: paper.key)
        counts, terms = _count(ordered)
        frequencies = np.bincount(counts.indices, minlength=len(terms))
        lengths = [_length(paper) for paper in ordered]
        arrays: dict[str, NDArray[Any]] = {
            "version": np.array([_VERSION]),
            "fingerprint": _bytes(_fingerprint(ordered)),
            "papers": np.array([len(ordered)]),
            "chance": np.zeros(1),
            "mean_length": np.array([max(1.0, sum(lengths) / max(1, len(ordered)))]),
        }
        kept = sorted(np.flatnonzero(frequencies > 1), key=terms.__getitem__)
        arrays["vocabulary"] = _bytes("\n".join(terms[number] for number in kept))
        arrays["frequencies"] = frequencies[kept].astype(np.int32)
        if ordered:
            idf = _idf(frequencies, len(ordered))
            norms = _norms(lengths, float(arrays["mean_length"][0]))
            weighed = _unit_sparse(_saturated(counts, norms, idf**_STEEPNESS))[:, kept]
        else:
            weighed = csr_matrix((0, len(kept)))
        arrays |= fit_themes(np.zeros((0, 1))) | _axes(weighed, arrays["frequencies"])
        told = _most_telling(weighed)
        arrays |= {"corpus_data": told.data, "corpus_columns": told.indices, "corpus_rows": told.indptr}
        arrays["corpus_marks"] = _written_marks(ordered)
        sampled = ordered[:: max(1, len(ordered) // _SAMPLE)]
        arrays["sampled_keys"] = _bytes("\n".join(key_hash(paper.key) for paper in sampled))
        fitted = cls(arrays)
        arrays |= fit_themes(fitted.latent(weighed))
        chance = np.median(fitted.typical(fitted.corpus[fitted.sampled])) if ordered else 0.0
        return cls(arrays | {"chance": np.array([chance])})

    @property
    def size(self) -> int:
        """How many papers it was fitted on."""
        return self._papers

    def share(self, term: str) -> float:
        """The share of background papers that hold a 1- or 2-gram; below two papers it counts as one."""
        column = self._index.get(term)
        return (1 if column is None else int(self._frequencies[column])) / max(1, self._papers)

    def category_share(self, category: str) -> float:
        """The share of background papers in a category, a paper more counted: never 0."""
        return (self._categories[category] + 1) / (self._papers + 1)

    def link_weight(self, link: str) -> float:
        """How telling it is that two papers link to the same place: its idf, squared."""
        return float(_idf(np.array([self._links[link]]), max(self._papers, 1))[0] ** 2)

    @property
    def chance(self) -> float:
        """The cosine that one in twenty papers reaches to a paper of the corpus, the median one."""
        return self._chance

    def recall(self, vectors: csr_matrix, most: int) -> csr_matrix:
        """For each row the papers of the corpus that are nearest to it, rows x corpus; their weights sum to 1.

        Pseudo-relevance feedback (Rocchio): what they are about stands for what a few words mean. A row that meets
        nothing has no papers.
        """
        if self._by_term is None:
            self._by_term = self.corpus.T.tocsr()
        cosines = (vectors @ self._by_term).tocsr()
        pointers, columns, weights = [0], [], []
        for start, end in pairwise(cosines.indptr):
            numbers, values = cosines.indices[start:end], np.round(cosines.data[start:end], 9)
            best = np.lexsort((numbers, -values))[:most]
            best = np.sort(best[values[best] > 0])
            columns.append(numbers[best])
            weights.append(values[best] / max(1e-9, float(values[best].sum())))
            pointers.append(pointers[-1] + len(best))
        none = [np.zeros(0)]
        shape = (vectors.shape[0], self.corpus.shape[0])
        return csr_matrix((np.concatenate(weights or none), np.concatenate(columns or none), pointers), shape=shape)

    def specificity(self, words: Sequence[str]) -> float:
        """How telling a phrase of folded words is, from 0 (in every paper) to 1 (in none): (idf / highest idf)^1.5."""
        content = [word for word in words if word not in STOP_WORDS]
        if len(content) < 2:
            shared = [self._idf_of(word) for word in content]
        else:
            shared = [self._idf_of(f"{one} {two}") for one, two in pairwise(content)]
        return float((max(shared, default=0.0) / self._highest) ** _STEEPNESS)

    def _idf_of(self, term: str) -> float:
        column = self._index.get(term)
        return self._highest if column is None else float(self._idf[column])

    def vectors(self, papers: Sequence[Paper]) -> csr_matrix:
        """Unit rows of BM25 x idf^1.5 over 1- and 2-grams; a paper without words is a row of zeros.

        Columns agree between calls; terms the background does not know keep the highest idf, so a new acronym counts.
        """
        pointers, columns, counts = [0], array("i"), array("i")
        width = len(self._index)
        for paper in papers:
            row: Counter[int] = Counter()
            for term in paper_terms(paper):
                column = self._index.get(term)
                row[width + zlib.crc32(term.encode()) % _UNSEEN if column is None else column] += 1
            ordered = sorted(row)
            columns.extend(ordered)
            counts.extend(map(row.__getitem__, ordered))
            pointers.append(len(columns))
        shape = (len(papers), width + _UNSEEN)
        matrix = csr_matrix(
            (np.array(counts, np.float64), np.array(columns, np.int32), np.array(pointers)), shape=shape
        )
        unseen = matrix.indices >= width
        weights = np.full(len(unseen), self._highest**_STEEPNESS)
        weights[~unseen] = self._weights[matrix.indices[~unseen]]
        norms = _norms([_length(paper) for paper in papers], self._mean_length)
        return _unit_sparse(_saturated(matrix, norms, weights, by_entry=True))

    def typical(self, vectors: csr_matrix) -> NDArray[np.float64]:
        """For each row the cosine that one in twenty of the corpus's papers reaches: what is alike by chance."""
        if self._sample is None:
            self._sample = self.corpus[self.sampled].T.tocsr()
        cosines: NDArray[np.float64] = (vectors @ self._sample).toarray()
        if not cosines.shape[1]:
            return np.ones(len(cosines))
        cosines[cosines > 0.9] = 0.0  # the paper itself
        found: NDArray[np.float64] = np.quantile(cosines, 0.95, axis=1)
        # A text of a few rare words meets nothing by chance; it is not infinitely telling for that.
        return np.maximum(found, max(self._chance / 4, 1e-4))

    def latent(self, vectors: csr_matrix) -> NDArray[np.float64]:
        """Rows on the latent axes, papers x rank: what `themes` are found in; zeros without axes.

        Weighed idf^.5, not idf^1.5: the exact rare term is what ranks, and what scatters a field when it groups.
        """
        if self._basis.size == 0:
            return np.zeros((vectors.shape[0], 1))
        held = vectors[:, self._columns].tocsr()
        weights = self._idf[self._columns] ** -1.0
        held = csr_matrix((held.data * weights[held.indices], held.indices, held.indptr), shape=held.shape)
        return np.asarray(held @ self._basis, dtype=np.float64)

    def project(self, vectors: csr_matrix) -> NDArray[np.float64]:
        """Unit rows in LSA space, papers x rank; a paper of unknown words only is a row of zeros."""
        if self._basis.size == 0:
            return np.zeros((vectors.shape[0], 1))
        projected = _units(np.asarray(vectors[:, self._columns] @ self._basis, dtype=np.float64))
        known = np.any(projected != 0.0, axis=1, keepdims=True)
        return _units(np.where(known, projected - self._centre, 0.0))

    def save(self, path: Path) -> None:
        """Write it to a file: a digest line, then plain arrays."""
        content = io.BytesIO()
        np.savez(content, **self._arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for its flags
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
                return cls(dict(kept.items()))
        except (KeyError, ValueError, IndexError, EOFError, zipfile.BadZipFile):
            return None


def _count(papers: Sequence[Paper]) -> tuple[csr_matrix, list[str]]:
    """Papers x terms with counts, and the terms in order of their columns."""
    index: dict[str, int] = {}
    pointers, columns, counts = [0], array("i"), array("i")
    for paper in papers:
        row = Counter(paper_terms(paper))
        columns.extend(index.setdefault(term, len(index)) for term in row)
        counts.extend(row.values())
        pointers.append(len(columns))
    shape = (len(papers), len(index))
    return csr_matrix(
        (np.array(counts, np.float64), np.array(columns, np.int32), np.array(pointers)), shape=shape
    ), list(index)


def _axes(weighed: csr_matrix, frequencies: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """Latent axes of the corpus, as many as it can bear: a quarter of its papers at most."""
    papers = weighed.shape[0]
    # A term in two of 20,000 papers says nothing about themes; a term in most of them neither.
    usable = np.flatnonzero((frequencies >= max(2, round(papers / 4_000))) & (frequencies <= max(2, 0.4 * papers)))
    usable = np.sort(usable[np.argsort(-frequencies[usable], kind="stable")][:_LSA_TERMS])
    rank = min(_RANK, papers // 4, len(usable) - 1)
    if rank < 1:
        return {"columns": np.zeros(0, np.int32), "basis": np.zeros((0, 0), np.float32), "centre": np.zeros(0)}
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415 - late: slow to load, and only a fit needs it

    matrix = weighed[:, usable]
    _left, _values, axes = randomized_svd(matrix, n_components=rank, n_iter=4, random_state=0)
    basis = np.ascontiguousarray(axes.T, dtype=np.float32)
    centre = _units(np.asarray(matrix @ basis, dtype=np.float64)).mean(axis=0)
    return {"columns": usable.astype(np.int32), "basis": basis, "centre": centre}


def _idf(frequencies: NDArray[Any], papers: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.log1p((papers - frequencies + 0.5) / (frequencies + 0.5))
    return found


def _norms(lengths: Sequence[int], mean: float) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = _K1 * (1 - _B + _B * np.array(lengths, dtype=np.float64) / mean)
    return norms


def _saturated(
    counts: csr_matrix, norms: NDArray[np.float64], weights: NDArray[np.float64], *, by_entry: bool = False
) -> csr_matrix:
    """BM25: counts level off, long papers count less; `weights` are by column, or by stored entry."""
    row_norms = np.repeat(norms, np.diff(counts.indptr))
    saturated = counts.data * (_K1 + 1) / (counts.data + row_norms)
    saturated *= weights if by_entry else weights[counts.indices]
    return csr_matrix((saturated, counts.indices, counts.indptr), shape=counts.shape)


def _unit_sparse(matrix: csr_matrix) -> csr_matrix:
    """The matrix with rows of length 1; a row of zeros stays one."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    lengths[lengths == 0.0] = 1.0
    scaled = matrix.data / np.repeat(lengths, np.diff(matrix.indptr))
    return csr_matrix((scaled, matrix.indices, matrix.indptr), shape=matrix.shape)


def key_hash(key: str) -> str:
    """A paper's key as the background remembers it: short, and of characters that no stranger chose."""
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def _most_telling(weighed: csr_matrix) -> csr_matrix:
    """The heaviest terms of each row, as they weigh beside all the others: a cosine with it stays what it was."""
    kept = np.zeros(len(weighed.data), dtype=np.bool_)
    for start, end in pairwise(weighed.indptr):
        rounded = np.round(weighed.data[start:end], 9)
        kept[start + np.lexsort((weighed.indices[start:end], -rounded))[:_TELLING]] = True
    pointers = np.concatenate(([0], np.cumsum(kept)))[weighed.indptr]
    told = csr_matrix((weighed.data[kept], weighed.indices[kept], pointers), shape=weighed.shape)
    told.sort_indices()
    return told.astype(np.float32)


def _written_marks(papers: Sequence[Paper]) -> NDArray[np.uint8]:
    told = (
        "\t".join(" ".join(" ".join(one).split()) for one in (paper.categories, sorted(links(paper))))
        for paper in papers
    )
    # A lone surrogate may stand in a stranger's address; it is no part of any name.
    return np.frombuffer("\n".join(told).encode(errors="replace"), dtype=np.uint8)


def _read_marks(array: NDArray[np.uint8]) -> list[Marks]:
    text = array.tobytes().decode()
    halves = (line.partition("\t") for line in text.split("\n")) if text else ()
    return [(tuple(categories.split()), tuple(linked.split())) for categories, _tab, linked in halves]


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _units(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: NDArray[np.float64] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-9)
    return units


def _length(paper: Paper) -> int:
    """Words of a paper, roughly and cheaply: it only steers the length norm."""
    return len(paper.title.split()) + len(paper.abstract.split())


def _fingerprint(papers: Sequence[Paper]) -> str:
    digest = hashlib.sha256()
    for paper in papers:
        digest.update(f"{paper.key}\x1f{paper.title}\x1f{paper.abstract}".encode(errors="surrogatepass") + b"\x1e")
    return digest.hexdigest()
