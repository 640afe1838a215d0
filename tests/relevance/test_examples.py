"""Examples: what it is worth to be close to the papers and words of a reader."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.relevance.examples import CLOSE, NOTHING, Examples
from newsletter.relevance.features import Background
from tests.relevance.corpus import THEMES, day_of, made, unrelated

BACKGROUND = Background.fit([*day_of(6), *unrelated(200)])
PAPERS = [*day_of(3), *unrelated(2)]
SHOWN = {("seed", paper.key): paper for paper in [*day_of(4, start=50), Paper(key="empty", title="")]}
TOLD = {("text", words): words for words in ("robot grasping", "teleoperation", "speech of whales", "")}


def examples_of(papers=PAPERS, background=BACKGROUND, shown=SHOWN, told=TOLD):
    examples = Examples(papers, background.vectors(papers), background)
    examples.learn(shown, told)
    return examples


EXAMPLES = examples_of()
NAMES = [*SHOWN, *TOLD]
mixes = st.lists(
    st.tuples(st.integers(0, len(NAMES) - 1), st.sampled_from([1.0, 0.5, 0.01, -1.0, -0.2])),
    max_size=6,
    unique_by=lambda pair: pair[0],
)


def worth(papers, *shown, told=(), background=BACKGROUND):
    """What papers are worth to whoever was shown (paper, weight) and told words."""
    papers_shown = {("seed", str(place)): paper for place, (paper, _weight) in enumerate(shown)}
    examples = examples_of(papers, background, papers_shown, {("text", words): words for words in told})
    weights = [*(weight for _paper, weight in shown), *(0.5 for _words in told)]
    return examples.worth([list(enumerate(weights))])[0]


def of(theme, values):
    """The values of the papers of a theme, in `day_of` of as many each."""
    each = len(values) // len(THEMES)
    start = list(THEMES).index(theme) * each
    return values[start : start + each]


# ---- nearness ------------------------------------------------------------------------------------------------------


def test_the_nearer_the_more_it_is_worth():
    """A paper with the example's words first, then one of its theme in other words; one of another theme is nothing."""
    example = Paper(key="x", title="Robot gripper grasping manipulation")
    same = Paper(key="a", title="A gripper for grasping")
    theme = Paper(key="b", title="Dexterous teleoperation of an arm by imitation")
    other = Paper(key="c", title="Phoneme and speaker of an accent")

    found = worth([same, theme, other], (example, 1.0))

    assert found[0] > found[1] >= CLOSE > NOTHING > found[2]


def test_a_link_to_the_same_home_of_code_counts():
    """Of papers with the same words the one whose code lives where the example's does comes first."""
    papers = [
        Paper(key=str(number), title="Robot gripper", code_url=code)
        for number, code in enumerate((None, "https://github.com/lab/arm", "https://github.com/else/arm"))
    ]

    found = worth(papers, (made("robots", 77, code_url="https://github.com/lab/hand"), 1.0))

    assert found[1] > found[2]
    assert found[1] > found[0]


def test_a_category_of_the_examples_counts():
    """Of papers with the same words the one in the example's category comes first, one in a strange category last."""
    papers = [
        Paper(key=str(number), title="Robot gripper", categories=categories)
        for number, categories in enumerate((("cs.RO",), (), ("eess.AS",)))
    ]

    found = worth(papers, (made("robots", 77), 1.0))

    assert found[0] > found[1] > found[2]


def test_words_stand_for_what_is_written_about_them():
    """A paper that holds no word of a text is close to it where the background's papers on the text are like it."""
    near = Paper(key="a", title="Imitation policy for robot manipulation", abstract="Dexterous contact of an arm.")
    far = Paper(key="b", title="Spectral message passing")

    found = worth([near, far], told=["gripper"])

    assert found[0] >= CLOSE
    assert found[1] < NOTHING


def test_a_text_is_read_part_by_part():
    """What a text names one by one brings the papers of each of its parts, in any order; stray words bring none."""
    said = [
        worth(PAPERS, told=[text])
        for text in (
            "Robot grasping and speech recognition.",
            "I work on: speech recognition; robot grasping, and so on",
            "I work on robot grasping.",
        )
    ]

    both, turned, one = said
    assert np.array_equal(both, turned)
    assert min(of("robots", both[:15]).max(), of("speech", both[:15]).max()) > CLOSE
    assert of("speech", one[:15]).max() < NOTHING


def test_a_keyword_is_one_phrase():
    """Nobody lists things in a keyword: it stays whole, where a text would be read in parts."""
    phrase = "robot grasping and speech recognition"
    asked = examples_of(told={("keyword", phrase): phrase, ("text", phrase): phrase})

    keyword, text = asked.worth([[(asked.number((kind, phrase)), 0.5)] for kind in ("keyword", "text")])

    assert not np.array_equal(keyword, text)


def test_words_that_nobody_wrote_bring_nothing():
    """Of a text that the background does not know nothing is close, and nothing breaks."""
    assert not worth(PAPERS, told=["qzx vbnm"]).any()


# ---- mixtures ------------------------------------------------------------------------------------------------------


@settings(max_examples=5)
@given(st.lists(mixes, min_size=5, max_size=10))
def test_a_worth_is_a_number_from_nothing_to_one(many):
    """Whatever the mixture, also without any wish; only what is wanted is worth anything."""
    for mix, found in zip(many, EXAMPLES.worth(many), strict=True):
        assert np.all((found >= 0) & (found < 1))
        assert any(weight > 0 for _number, weight in mix) or not found.any()


@settings(max_examples=5)
@given(st.lists(mixes, min_size=5, max_size=10), st.integers(0, len(SHOWN) - 1), st.sampled_from([1.0, 0.1]))
def test_a_vote_against_a_paper_raises_no_other(many, number, weight):
    """What is not wanted only takes off."""
    before = [[(one, abs(value)) for one, value in mix if one != number] for mix in many]
    after = [[*mix, (number, -weight)] for mix in before]

    assert np.all(EXAMPLES.worth(after) <= EXAMPLES.worth(before))


def test_a_vote_against_a_paper_lowers_its_like():
    """Its own theme loses, the more the newer the vote; another theme stays as it was."""
    papers = day_of(3)
    wanted = [(made("robots", 50), 1.0), (made("speech", 60), 1.0)]

    before = worth(papers, *wanted)
    old = worth(papers, *wanted, (made("robots", 62), -0.2))
    new = worth(papers, *wanted, (made("robots", 62), -1.0))

    assert np.all(of("robots", new) < of("robots", old))
    assert np.all(of("robots", old) < of("robots", before))
    assert np.allclose(of("speech", new), of("speech", before), atol=0.02)


def test_an_older_vote_moves_less():
    """The smaller its weight beside another example, the less what is like it is worth, and the more the rest."""
    papers = day_of(3)
    found = [worth(papers, (made("robots", 50), 1.0), (made("speech", 60), weight)) for weight in (1.0, 0.5, 0.1)]

    for newer, older in pairwise(found):
        assert np.all(of("speech", newer) > of("speech", older))
        assert np.all(of("robots", newer) < of("robots", older))


def test_one_vote_among_many_never_takes_over():
    """After ten votes for one theme and one for another, all papers of the first come before those of the second."""
    found = worth(day_of(3), *((made("robots", 50 + number), 1.0) for number in range(10)), (made("speech", 60), 1.0))

    assert of("robots", found).min() > of("speech", found).max()
    assert of("speech", found).min() > of("graphs", found).max()


# ---- the same for everybody ----------------------------------------------------------------------------------------


@settings(max_examples=5)
@given(st.lists(mixes, max_size=5))
def test_company_changes_nothing(many):
    """A mixture among others is worth to the last digit what it is worth alone."""
    together = EXAMPLES.worth(many)

    assert together.shape == (len(many), len(PAPERS))
    for mix, found in zip(many, together, strict=True):
        assert np.array_equal(EXAMPLES.worth([mix])[0], found)


@settings(max_examples=5)
@given(st.randoms(use_true_random=False), mixes)
def test_the_order_of_learning_changes_nothing(chance, mix):
    """Examples learned in any order, some of them twice and some after the others were asked for, are the same."""
    turned = Examples(PAPERS, BACKGROUND.vectors(PAPERS), BACKGROUND)
    for name in chance.sample(NAMES, len(NAMES)):
        turned.learn({name: SHOWN[name]} if name in SHOWN else {}, {name: TOLD[name]} if name in TOLD else {})
    turned.learn(SHOWN, TOLD)
    renumbered = [(turned.number(NAMES[number]), weight) for number, weight in mix]

    assert len(turned) == len(NAMES)
    assert np.array_equal(turned.worth([renumbered]), EXAMPLES.worth([mix]))


def test_the_order_of_the_papers_changes_nothing():
    """What a paper is worth does not depend on its place in the window."""
    order = random.Random(4).sample(range(len(PAPERS)), len(PAPERS))
    turned = examples_of([PAPERS[number] for number in order])
    mix = [(0, 1.0), (9, 0.5), (len(SHOWN), 0.5), (5, -1.0)]

    assert np.array_equal(turned.worth([mix])[0], EXAMPLES.worth([mix])[0][order])


def test_what_is_forgotten_is_learned_again_alike():
    """Dropping what was learned leaves no trace."""
    examples = examples_of()
    examples.forget()

    assert len(examples) == 0
    examples.learn(SHOWN, TOLD)
    assert np.array_equal(examples.worth([[(3, 1.0), (7, -0.5)]]), EXAMPLES.worth([[(3, 1.0), (7, -0.5)]]))


# ---- little to go by -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [0, 1, 2, 5])
def test_a_background_of_few_papers_or_none_is_enough(known):
    """On the first day there is no background: shared words still bring a paper, and texts bring nothing wrong."""
    background = Background.fit(day_of(1)[:known])

    found = worth(day_of(2), (made("robots", 50), 1.0), background=background)
    told = worth(day_of(2), told=["robot manipulation"], background=background)

    assert of("robots", found).min() > of("speech", found).max()
    assert np.all((told >= 0) & (told < 1))


@pytest.mark.parametrize("background", [BACKGROUND, Background.fit([])], ids=["some", "none"])
def test_papers_without_words_are_close_to_nothing(background):
    """Neither such an example brings papers nor is such a paper brought, whatever else they have in common."""
    bare = [Paper(key="a", title="", categories=("cs.RO",)), Paper(key="b", title="!!! $x$"), made("robots", 1)]
    facts = {"categories": ("cs.RO",), "code_url": "https://github.com/lab/arm"}

    assert not worth(bare, (Paper(key="x", title="", **facts), 1.0), background=background).any()
    assert not worth(bare[:2], (made("robots", 50), 1.0), background=background)[1]


def test_a_window_without_papers_is_worth_nothing():
    """No papers, an empty row for each mixture."""
    assert worth([], (made("robots", 50), 1.0), told=["robots"]).shape == (0,)
