"""What is muted never comes, however it is written."""

import pytest

from newsletter.models import Interest, InterestKind, Paper, Profile
from newsletter.relevance.features import Background
from newsletter.relevance.matching import Window
from tests.relevance.corpus import edition_of

PAPERS = {
    "series": {"title": "Time-series models"},
    "series-2": {"title": "Models of\ntime   series"},
    "gan": {"title": "GANs are good"},
    "survey": {"title": "Surveys", "abstract": "We survey a field."},
    "tex": {"title": "\\textbf{Quantum} \\emph{dots} and $k$-means"},
    "accent": {"title": 'The Schr\\"odinger bridge'},
    "disease": {"title": "Parkinson's disease"},
    "prefix": {"title": "Multimodal pretraining and fine-tuning"},
    "keyword": {"title": "On ledgers", "keywords": ("Blockchain",)},
    "art": {"title": "The state of the art"},
    "apart": {"title": "About state", "abstract": "Art of the deal. Storage."},
    "vision": {"title": "Seeing", "categories": ("cs.CV", "cs.LG")},
    "galaxy": {"title": "Looking up", "categories": ("astro-ph.GA",)},
    "light": {"title": "Shining", "categories": ("physics.optics", "quant-ph")},
    "language": {"title": "C++ compilers", "categories": ("cs.PL",)},
}
ALL = [Paper(key, **facts) for key, facts in PAPERS.items()]
WINDOW = Window([edition_of(1, ALL)], Background.fit(ALL))


@pytest.mark.parametrize(
    ("mute", "gone"),
    [
        ("time series", {"series", "series-2"}),
        ("Time-Series", {"series", "series-2"}),
        ("Time Series Model", {"series"}),
        ("GAN", {"gan"}),
        ("gans", {"gan"}),
        ("survey", {"survey"}),
        ("quantum dots", {"tex"}),
        ("k-means", {"tex"}),
        ("Schrödinger bridge", {"accent"}),
        ("Schrodinger", {"accent"}),
        ("Parkinson disease", {"disease"}),
        ("multi-modal", {"prefix"}),
        ("pre-training", {"prefix"}),
        ("finetuning", {"prefix"}),
        ("blockchain", {"keyword"}),
        ("state of the art", {"art"}),
        ("RAG", set()),
        ("C", set()),
        ("c++", {"language"}),
        ("cs.CV", {"vision"}),
        (" CS.lg ", {"vision"}),
        ("cs", {"vision", "language"}),
        ("astro-ph", {"galaxy"}),
        ("physics", {"light"}),
        ("quant-ph", {"light"}),
        ("", set()),
        ("!!!", set()),
    ],
)
def test_a_mute_keeps_out_what_holds_it_and_nothing_else(mute, gone):
    """Case, number, hyphens, accents, TeX and spaces do not count; a category counts also where it is not the primary."""
    digest = WINDOW.digest(Profile((Interest(InterestKind.MUTE, mute),), max_papers=99, max_per_topic=99))
    there = {pick.paper_key for section in digest.sections for pick in section.picks}

    assert set(PAPERS) - there == gone


@pytest.mark.parametrize("kind", ["keyword", "text", "category", "author"])
def test_a_mute_wins_over_whatever_wants_the_paper(kind):
    """Also over its own word as a keyword."""
    wanted = {"keyword": "time series", "text": "time series models", "category": "cs.CV", "author": "Ada"}[kind]
    mute = "cs.CV" if kind == "category" else "time series"
    profile = Profile((Interest(InterestKind(kind), wanted), Interest(InterestKind.MUTE, mute)), floor=0.0)
    matches = WINDOW.explain(profile, 99)

    assert not {match.paper.key for match in matches} & {"series", "series-2", "vision"}
