"""Related terms: what the papers that hold a reader's words also speak of, shown before any of it counts."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from newsletter.identity import normalise_id
from newsletter.models import Interest, InterestKind, Paper
from newsletter.relevance.abbreviations import abbreviations
from newsletter.relevance.corpus import Corpus, Words, commonest
from newsletter.relevance.features import Background
from newsletter.relevance.labels import noun_phrases
from newsletter.relevance.rhetoric import BARE, BROAD, FALLBACK, RHETORIC
from newsletter.relevance.words import STOP_WORDS, fold, passages, plain, terms, tokenise

ENOUGH = 2_000
"""Papers a corpus should hold: of fewer, most words are in too few to say what goes with them."""

_READ = 300  # papers whose phrases are read: the newest of those that hold a word
_FEW = 30  # papers below which those nearest to them are read too
_COMMON = 0.1  # of all papers hold a word that nothing goes with in particular
_LEAST, _ROOT = 3, 0.5  # papers that hold a term: so many, and so many times the root of those read
_LONGEST = 4  # words in a term
_USUAL, _USUAL_WORD = 0.03, 0.005
"""Of all papers hold a term that is too broad to follow; a single word in lower case."""
_LIKELIER, _LIKELIER_WORD = 5.0, 15.0
"""Times likelier beside what was given than anywhere; a single word in lower case."""
_LEAST_WORD = 0.08  # of the papers that are read hold a single word in lower case
_DOUBT = 5  # papers without the term that are added to those read: few papers prove little
_TWICE = 2  # terms that may share a word
_PART = 0.6  # of a phrase's papers hold it within one longer phrase: it is a part of that

_PREFIX = re.compile(r"^(multi|pre|semi|non|fine)(?=[a-z])")
_CITED = re.compile(r"\b[A-Z][\w-]+(?:,? (?:and|&) [A-Z][\w-]+)? et al\b\.?")
_KINDS = (InterestKind.KEYWORD, InterestKind.TEXT, InterestKind.SEED)


@dataclass(frozen=True, slots=True)
class Related:
    """A term that goes with something a reader gave; it counts only once they add it."""

    term: str  # as most papers write it
    to: str  # the keyword, the arXiv id, or the text or title, as given
    papers: int  # of the corpus that speak of what was given and hold the term
    example: str  # the title of the newest of them
    same: bool = False  # the short or long form of what was given, as papers define it


def related(
    interests: Sequence[Interest],
    papers: Sequence[Paper],
    background: Background,
    seeds: Mapping[str, Paper] | None = None,
    limit: int = 8,
) -> tuple[Related, ...]:
    """For each keyword, free text and example paper up to `limit` terms that go with it, short and long forms first.

    `papers` are the corpus, those that `background` was fitted on, in any order; `seeds` are the example papers that
    are known, by what names them. No term holds a given one or is part of it, and none comes twice.
    """
    corpus = Corpus(papers, background)
    given = [one for interest in interests if (one := _given(corpus, interest, seeds or {})) is not None]
    taken = list(dict.fromkeys(one.forms[0] for one in given if one.forms))
    found: list[Related] = []
    for one in dict.fromkeys(given):
        for words, term in _beside(corpus, one, taken, limit):
            taken.append(words)
            found.append(term)
    return tuple(found)


# ---- what was given ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Given:
    """One thing a reader gave, and the papers of the corpus that speak of it."""

    said: str
    text: str  # folded words of a free text: what it says itself is not related to it
    forms: tuple[Words, ...]  # a keyword as given, then its short and long forms
    written: tuple[str, ...]  # the forms after the first, as papers write them
    numbers: tuple[int, ...]  # newest first


def _given(corpus: Corpus, interest: Interest, seeds: Mapping[str, Paper]) -> _Given | None:
    """What speaks of an interest; None where it has no words that tell, or is a paper that is not known."""
    said = " ".join(interest.value.split())
    if interest.kind not in _KINDS:
        return None
    if interest.kind is InterestKind.KEYWORD:
        words = tuple(tokenise(said))
        return _keyword(corpus, said, words) if not STOP_WORDS.issuperset(words) else None
    known = normalise_id(said)
    title, _, abstract = interest.value.strip().partition("\n")
    paper: Paper | None = Paper(key="", title=title, abstract=abstract)
    if interest.kind is InterestKind.SEED:
        paper = seeds.get(known[0]) if known else seeds.get(interest.value.strip(), paper)
    if paper is None or not terms(f"{paper.title} {paper.abstract}"):
        return None
    text = f" {' '.join(tokenise(said))} " if interest.kind is InterestKind.TEXT else ""
    return _Given(said if text or known else " ".join(title.split()), text, (), (), tuple(corpus.nearest([paper])))


def _keyword(corpus: Corpus, said: str, words: Words) -> _Given:
    others = corpus.other_forms(said)
    numbers = sorted({number for form in (words, *others) for number in corpus.holding(form)})
    if _LEAST <= len(numbers) < _FEW:
        numbers += corpus.nearest([corpus.papers[number] for number in numbers])
    return _Given(said, "", (words, *others), tuple(others.values()), tuple(numbers))


# ---- what goes with it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A phrase that some of the papers hold."""

    words: Words
    written: str
    held: int  # papers of those read
    score: float


def _beside(corpus: Corpus, given: _Given, taken: Sequence[Words], limit: int) -> list[tuple[Words, Related]]:
    """Terms that go with what was given, each with its words; none that holds one of those taken, or is part of it."""
    found = [
        (form, _related(corpus, form, written, given, same=True))
        for form, written in zip(given.forms[1:], given.written, strict=True)
        if form not in taken
    ]
    shorts = _shorts(corpus, given)
    kept = [_spelt(words, shorts) for words in (*taken, *given.forms)]
    known = frozenset().union(*kept)
    chosen: list[frozenset[str]] = []
    used: Counter[str] = Counter()
    for one in _candidates(corpus, given):
        if len(found) >= limit:
            break
        spelt = _spelt(one.words, shorts)
        new = spelt - known - STOP_WORDS
        apart = not any(spelt <= other or other <= spelt for other in (*kept, *chosen))
        apart = apart and not any(len((spelt & other) - STOP_WORDS) >= _TWICE for other in chosen)
        if new and apart and all(used[word] < _TWICE for word in new):
            used.update(new)
            chosen.append(spelt)
            found.append((one.words, _related(corpus, one.words, one.written, given)))
    return found[:limit]


def _related(corpus: Corpus, words: Words, written: str, given: _Given, *, same: bool = False) -> Related:
    """The term with the papers that hold it; of two forms of the same, with those that hold both."""
    holding = [
        number
        for number in given.numbers
        if corpus.holds(number, words) and (not same or corpus.holds(number, given.forms[0]))
    ]
    example = " ".join(corpus.papers[holding[0]].title.split()) if holding else ""
    return Related(written, given.said, len(holding), example, same)


def _shorts(corpus: Corpus, given: _Given) -> dict[str, Words]:
    """The short forms that the papers define, with the words each stands for."""
    defined = sorted(corpus.definitions(given.numbers[:_READ]).items(), key=lambda pair: (pair[1], pair[0]))
    return {  # the commonest meaning last; KGs is folded apart from KG
        " ".join(tokenise(form)): tuple(tokenise(long))
        for (short, long), _papers in defined
        for form in (short, f"{short}s")
    }


def _candidates(corpus: Corpus, given: _Given) -> list[_Candidate]:
    """The phrases of the papers that speak of it, the most telling first."""
    holding: dict[Words, set[int]] = {}
    written: dict[Words, Counter[str]] = {}
    read = given.numbers[:_READ] if len(given.numbers) <= _COMMON * len(corpus.papers) else ()
    for number in read:
        for passage in passages(corpus.papers[number]):
            for words, phrase in _phrases(passage, given):
                holding.setdefault(words, set()).add(number)
                written.setdefault(words, Counter())[phrase] += 1
    least = max(_LEAST, _ROOT * math.sqrt(len(read)))
    scored = []
    for words, numbers in holding.items():
        if len(numbers) >= least and _may_be_shown(words, given):
            phrase = commonest(written[words])
            score = _score(corpus, words, phrase, len(numbers), len(read))
            if score > 0:
                scored.append(_Candidate(words, phrase, len(numbers), score))
    return sorted(_whole(scored), key=lambda one: (-round(one.score, 9), one.words))


def _phrases(passage: str, given: _Given) -> Iterator[tuple[Words, str]]:
    """The noun phrases and long forms of a text that do not reach into what was given."""
    text = _CITED.sub(" ; ", plain(passage))
    for form in given.forms:
        text = _anyhow(form).sub(" ; ", text)
    named = ((" ".join(tokenise(long)), long) for _short, long in abbreviations(text))
    for folded, written in chain(noun_phrases(text, _LONGEST), named):
        yield tuple(folded.split()), written


def _anyhow(words: Words) -> re.Pattern[str]:
    """A phrase in running text, whatever its endings and hyphens."""
    pieces = [_PREFIX.sub(r"\1-?", re.escape(word[: max(3, len(word) - 2)])) + r"[^\W_]{0,4}" for word in words]
    return re.compile(r"(?<![^\W_])" + r"[\W_]{1,3}".join(pieces) + r"(?![^\W_])", re.IGNORECASE)


def _score(corpus: Corpus, words: Words, written: str, held: int, read: int) -> float:
    """How much likelier the papers that were read hold it, weighed by how many do; 0 where it tells nothing."""
    share = max(corpus.count(words), held) / len(corpus.papers)
    likelier = (held - 0.5) / (read + _DOUBT) / share
    single = len(words) == 1 and written.islower()
    if single and (written.endswith("ing") or held < _LEAST_WORD * read):
        return 0.0
    if share > (_USUAL_WORD if single else _USUAL) or likelier < (_LIKELIER_WORD if single else _LIKELIER):
        return 0.0
    return math.sqrt(held / (read + _DOUBT)) * math.log(likelier) * _form(words, written)


def _form(words: Words, written: str) -> float:
    """How well a phrase reads as something to follow."""
    if len(words) == 1:
        return 0.8
    if " " not in written and written.islower():
        return 0.6  # privacy-preserving wants a noun
    return 0.7 if words[-1] in _HEADS else 1.0


def _may_be_shown(words: Words, given: _Given) -> bool:
    phrase = " ".join(words)
    if phrase in BARE or phrase in BROAD or phrase in FALLBACK or phrase in _VAGUE or f" {phrase} " in given.text:
        return False
    return any(word not in STOP_WORDS and word not in RHETORIC and len(word) > 1 for word in words)


def _whole(found: Sequence[_Candidate]) -> list[_Candidate]:
    """Without the phrases that mostly stand within a longer one: `word error` of `word error rate`."""
    parts: set[Words] = set()
    known = {one.words: one for one in found}
    for one in found:
        for size in range(1, len(one.words)):
            for start in range(len(one.words) - size + 1):
                part = known.get(one.words[start : start + size])
                if part is not None and one.held >= _PART * part.held:
                    parts.add(part.words)
    return [one for one in found if one.words not in parts]


def _spelt(words: Words, shorts: Mapping[str, Words]) -> frozenset[str]:
    """The words of a phrase, its short forms written out."""
    return frozenset(word for each in words for word in shorts.get(each, (each,)))


def _folded(text: str) -> frozenset[str]:
    return frozenset(" ".join(fold(part) for part in word.split("-")) for word in text.split())


_VAGUE = _folded(
    """
    domain-expert in-distribution in-domain off-the-shelf llm-based llm-driven human-in-the-loop held-out multi-stage
    out-of-domain out-of-distribution plug-and-play real-time speedup state-of-the-art step-by-step three-stage
    trade-off tradeoff two-stage wall-clock
    """
)
"""Words of every field, where they stand alone."""

_HEADS = _folded(
    "behavior case component content data dataset execution information pattern quality sample setting system task"
)
"""What ends a phrase of every field."""
