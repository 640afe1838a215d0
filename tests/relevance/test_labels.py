"""Labels: headings that are true for most of a group and read like a section's."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.relevance.features import Background
from newsletter.relevance.fields import about, category_heading, holds
from newsletter.relevance.headings import CATEGORIES, FAMILIES, TABLE
from newsletter.relevance.labels import label_groups, read_alike, slug
from tests.relevance.corpus import day_of

NOTHING = Background.fit([])


def papers(*titles, abstract="", categories=(), start=0):
    """A paper for each title; the key says which."""
    return [
        Paper(key=f"{start}.{number}", title=title, abstract=abstract, categories=tuple(categories))
        for number, title in enumerate(titles)
    ]


RESTORED = papers("Image deblurring at night", "Fast image denoising", "Dehazing of roads", "Rain and deraining")
TRANSLATED = papers(
    "Machine translation of poems", "Neural machine translation", "Translation quality of chats", start=1
)
SUNG = papers("Music from sketches", "A singing choir of networks", "Melody and its lyrics", "Musical forms", start=2)
TREES = papers("Oaks", "Elms in May", "On beeches", "Birches", start=3)
POOL = [*RESTORED, *TRANSLATED, *SUNG, *TREES, *day_of(3), Paper(key="empty", title=""), Paper(key="ab", title="論文")]


def labels(*groups, rest=(), background=NOTHING):
    """The labels of some groups of one day."""
    return [name and name.label for name in label_groups(groups, rest, background)]


def test_a_group_is_called_after_the_field_most_of_it_is_about():
    """The words of the field need not be the same in each paper."""
    assert labels(RESTORED, TRANSLATED, SUNG, rest=TREES) == ["Image Restoration", "Machine Translation", "Music"]


def test_a_heading_is_true_for_most_of_its_group():
    """Two papers of five do not name the rest."""
    assert labels([*RESTORED[:2], *TREES[:3]], rest=SUNG) == [None]
    assert labels([*RESTORED[:3], *TREES[:2]], rest=SUNG) == ["Image Restoration"]


def test_two_halves_have_no_heading():
    """Two subjects are no section: each half finds a place of its own."""
    assert labels([*RESTORED[:2], *TRANSLATED[:2], TREES[0]], rest=[*SUNG, *TREES[1:]]) == [None]


def test_of_two_headings_that_are_true_alike_the_narrower_one_is_taken():
    """What every paper of a group is about is said as exactly as can be."""
    drafts = papers("Speculative decoding of oaks", "Fast speculative decoding", "On speculative decoding")

    assert labels(drafts, rest=[*SUNG, *TREES]) == ["Speculative Decoding"]


def test_fields_of_one_family_are_named_after_it():
    """Where no field holds for most of a group, the family they belong to may."""
    group = papers("Point clouds of trees", "Depth estimation", "Visual odometry", "Gaussian splatting", "Oaks")

    assert labels(group, rest=[*SUNG, *TRANSLATED]) == ["3D Vision"]


def test_what_no_field_names_is_called_after_its_category():
    """If most of the group is of one arXiv category, and more than of the day."""
    locks = papers("Locks", "Keys", "Doors", categories=("cs.CR", "cs.AI"))
    others = papers("Oaks", "Elms", "Beeches", "Birches", categories=("cs.CV",), start=1)

    assert labels(locks, rest=others) == ["Security and Cryptography"]
    assert labels(locks, rest=papers("Oaks", "Elms", categories=("cs.CR",), start=1)) == [None]


def test_a_category_that_says_too_little_names_nothing():
    """Everything is artificial intelligence."""
    assert labels(papers("Locks", "Keys", "Doors", categories=("cs.AI",)), rest=TREES) == [None]
    assert category_heading("astro-ph.XX") == "Astrophysics"
    assert category_heading("nowhere.XX") is None


def test_a_group_that_nothing_names_has_no_name():
    """None, so that its papers go to Other."""
    assert labels(TREES, rest=SUNG) == [None]


def test_a_subject_that_no_table_knows_is_named_in_its_own_words():
    """A phrase of two or three words that the titles of most papers share."""
    baked = papers(
        "Sourdough fermentation of rye", "Slow sourdough fermentation", "Sourdough fermentation at home", "Bread ovens"
    )

    assert labels(baked, rest=[*TREES, *SUNG]) == ["Sourdough Fermentation"]


def test_a_phrase_of_a_subject_that_the_tables_know_is_no_heading():
    """It would say worse what a heading of the tables says."""
    scenes = papers("Images of roads", "Denoising by denoising models", "Denoising models at night", "Oaks", "Elms")

    assert "Denoising Models" not in labels(scenes, rest=SUNG)


def test_a_coinage_is_no_heading():
    """With a background that knows the language, a phrase must be known to it."""
    coined = papers("Zorbly widgets for all", "Better zorbly widgets", "Zorbly widgets again")
    known = papers("Maple syrup for all", "Better maple syrup", "Maple syrup again", start=1)
    behind = [Paper(key=f"old{number}", title=f"Maple syrup of farm {number % 7}") for number in range(1_000)]
    others = [Paper(key=f"older{number}", title=f"Weather of day {number}") for number in range(1_000)]
    background = Background.fit([*behind[:40], *others])

    assert labels(coined, known, background=background) == [None, "Maple Syrup"]


@pytest.mark.parametrize(
    "title", ["DeepNet-7 revisited", "GPT-9o mini", "Oaks", "Fusion", "Reward functions and frames"]
)
def test_names_of_models_and_single_words_are_no_headings(title):
    """However many papers hold them."""
    group = papers(*[f"{title} {word}" for word in ("uno", "duo", "tre")])

    assert all(label is None or (" " in label and "7" not in label and "9" not in label) for label in labels(group))


def test_no_two_labels_of_a_day_read_alike():
    """The surest group has the heading, another one that is about the same has a different one or none."""
    medical = papers("CT of lungs: medical segmentation", "Tumor segmentation", "Organ segmentation")
    imaging = papers("X-ray views", "Ultrasound views", "MRI of knees", "CT of knees", start=1)
    first, second = labels(medical, imaging, rest=[*TREES, *SUNG])

    assert first == "Medical Image Segmentation"
    assert second != "Medical Imaging"


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("Image Generation", "Text-to-Image Generation", True),
        ("Image Generation", "Image and Video Generation", True),
        ("Domain Shift and Limited Labels", "Domain Shift and Video Understanding", True),
        ("Multimodal LLMs", "Vision-Language Models", True),
        ("Diffusion Models", "Image and Video Generation", True),
        ("Diffusion Models", "Diffusion Language Models", False),
        ("Benchmarks and Evaluation", "LLM Evaluation and Reliability", True),
        ("Vision-Language Models", "Vision-Language-Action Models", False),
        ("Video Generation", "Video Understanding", False),
        ("3D Vision", "3D Reconstruction", False),
        ("Medical Imaging", "Medicine and Health", False),
    ],
)
def test_what_reads_alike_and_what_does_not(one, two, alike):
    """Endings, small words and hyphens do not make a difference, a different thing does."""
    assert read_alike(one, two) is alike
    assert read_alike(two, one) is alike


def test_a_general_name_does_not_stand_beside_one_it_contains():
    """`Image Generation` and `Text-to-Image Generation` are one section to a reader."""
    texts = papers("Text-to-image prompts", "Text-to-image for all", "A text-to-image view")
    images = papers("Image synthesis", "Image generators", "Visual generation", start=1)

    assert not {"Image Generation", "Text-to-Image Generation"} <= set(labels(texts, images, rest=TREES))


def test_a_title_counts_whole_and_one_mention_half():
    """A passing word in the abstract does not make a paper be about a field."""
    said_once = Paper(key="1", title="Oaks", abstract="Unlike music, trees are quiet.")
    said_twice = Paper(key="2", title="Oaks", abstract="Music of leaves. Music of branches.")

    assert about(said_once)["Music"] == 0.5
    assert not holds("Music", said_once)
    assert holds("Music", said_twice)
    assert holds("Speech, Audio and Music", SUNG[0])
    assert not holds("No Such Heading", SUNG[0])


def test_short_and_long_forms_are_one():
    """A large language model is an LLM, a vision-language model is not."""
    assert holds("LLM Agents", Paper(key="1", title="A large language model agent"))
    assert "LLM Agents" not in about(Paper(key="1", title="A vision-language model and its limits"))


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from(POOL), unique=True, min_size=1, max_size=8), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_labels_do_not_depend_on_any_order_and_are_true(groups, chance):
    """The same papers in the same groups are called the same, and a field is sure for two papers of five at least."""
    seen: set[str] = set()
    parted = [[paper for paper in group if not (paper.key in seen or seen.add(paper.key))] for group in groups]
    parted = [group for group in parted if group]
    rest = [paper for paper in POOL if paper.key not in seen]
    order = chance.sample(range(len(parted)), len(parted))
    turned = [chance.sample(parted[number], len(parted[number])) for number in order]
    names = label_groups(parted, rest, NOTHING)

    assert label_groups(turned, rest[::-1], NOTHING) == tuple(names[number] for number in order)
    given = [name for name in names if name]
    assert len({name.key for name in given}) == len({name.label for name in given}) == len(given)
    for name, group in zip(names, parted, strict=True):
        if name and name.label in TABLE:
            assert sum(holds(name.label, paper) for paper in group) >= 0.4 * len(group)


def test_a_day_without_groups_and_groups_without_papers_have_no_names():
    """Nothing is named where there is nothing."""
    assert label_groups([], TREES, NOTHING) == ()
    assert label_groups([[]], [], NOTHING) == (None,)


def test_every_heading_is_set_like_one():
    """In title case, short enough for a line, and not a sentence."""
    small = {"a", "and", "as", "for", "in", "of", "on", "the", "to", "with"}
    wrong = []
    for heading in {*TABLE, *FAMILIES, *CATEGORIES.values()}:
        words = heading.replace("-", " ").split()
        cased = all(word in small or word[0].isupper() or word[0].isdigit() for word in words)
        if not cased or len(heading) > 50 or {words[0], words[-1]} & small or not heading[-1].isalnum():
            wrong.append(heading)

    assert wrong == []


def test_the_tables_agree_with_each_other():
    """Families are of headings that exist, and no two headings have one key."""
    headings = sorted({*TABLE, *FAMILIES})

    assert {field for fields in FAMILIES.values() for field in fields} <= set(TABLE)
    assert len({slug(one) for one in headings}) == len(headings)
    assert all(cue.strip() for cues in TABLE.values() for cue in cues)


def test_a_paper_is_found_under_a_heading_by_its_cues_alone():
    """Every cue of every heading works: a title that holds it is about the heading."""
    chance = random.Random(3)
    wrong = [
        (heading, cue)
        for heading, cues in TABLE.items()
        for cue in chance.sample(cues, min(3, len(cues)))
        if not holds(heading, Paper(key="1", title=cue.replace(" + ", " and ")))
    ]

    assert wrong == []
