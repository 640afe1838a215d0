"""Scientific text as words."""

import pytest

from newsletter.relevance.words import fold, terms, tokenise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fine-tuning LLMs", "finetuning LLM"),
        ("text-to-image models", "text to image model"),
        ("multi-modal", "multimodal"),
        ("pre-trained networks", "Pretrained Network"),
        ('Schr\\"odinger bridges', "Schrödinger bridge"),
        (r"\textbf{KV} caches", "KV cache"),
        ("Alzheimer's disease", "Alzheimer disease"),
        ("CO₂ studies", "CO2 study"),
        ("https://example.org/x graphs", "graph"),
    ],
)
def test_ways_of_writing_the_same_are_the_same(one, other):
    """Hyphens, plurals, accents, TeX and links do not tell two phrases apart."""
    assert tokenise(one) == tokenise(other)


@pytest.mark.parametrize(
    ("word", "folded"),
    [("SARS", "sars"), ("SAR", "sar"), ("LLMs", "llm"), ("GPUs", "gpu"), ("bias", "bias"), ("analysis", "analysis")],
)
def test_acronyms_and_words_that_only_look_plural_stay_whole(word, folded):
    """SARS is not several SAR, and bias has no singular."""
    assert fold(word) == folded


def test_digits_and_versions_are_kept():
    """GPT-3.5 and 3D are names."""
    assert tokenise("GPT-3.5 in 3D, C++") == ["gpt", "3.5", "in", "3d", "c++"]


def test_terms_are_words_and_pairs_without_function_words():
    """Single characters count only within a pair."""
    assert terms("Q learning of the value") == ["learning", "value", "q learning", "learning value"]
