"""Invented papers about a few themes, and editions of them."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from newsletter.models import BEYOND, Digest, Edition, Interest, InterestKind, Paper, Pick, Profile, Topic

THEMES = {
    "decoding": "speculative decoding draft model KV cache language model inference latency acceptance token throughput",
    "segmentation": "medical image segmentation tumour MRI scan organ boundary annotation radiology volumetric contrast",
    "robots": "robot manipulation grasping gripper policy imitation demonstrations dexterous contact teleoperation arm",
    "graphs": "graph neural network node classification message passing molecules edges heterophily spectral link",
    "speech": "speech recognition acoustic phoneme speaker transcription audio accent whisper codec prosody",
}
CATEGORIES = {
    "decoding": ("cs.CL", "cs.LG"),
    "segmentation": ("eess.IV", "cs.CV"),
    "robots": ("cs.RO",),
    "graphs": ("cs.LG",),
    "speech": ("eess.AS", "cs.CL"),
}


def made(theme: str, number: int, **facts: object) -> Paper:
    """A paper of a theme; its number decides which of the theme's words it holds."""
    words = THEMES[theme].split()
    turned = words[number % len(words) :] + words[: number % len(words)]
    key = f"2501.{list(THEMES).index(theme):02d}{number:03d}"
    facts = {
        "title": f"{' '.join(words[:2]).title()} with {' '.join(turned[2:4])}: study {number}",
        "abstract": f"We look at {' '.join(words[:2])} again. The {' and the '.join(turned)} matter for {words[0]} {words[1]}.",
        "arxiv_id": key,
        "authors": (f"Ada {theme.title()}", f"Bo Number{number}"),
        "categories": CATEGORIES[theme],
        **facts,
    }
    return Paper(key=key, **facts)


def day_of(papers_each: int, *, start: int = 0) -> list[Paper]:
    """So many papers of every theme."""
    return [made(theme, start + number) for theme in THEMES for number in range(papers_each)]


_SYLLABLES = ("ba", "ke", "di", "lo", "mu", "ra", "se", "ti", "vo", "zu")


def unrelated(count: int) -> list[Paper]:
    """Papers in words of their own, so that a theme is as rare in a background as themes are."""
    found = []
    for one in range(count):
        turns = [((one * 7 + at * 3) % 10, (one // 3 + at) % 10, (one * at + at * at) % 10) for at in range(14)]
        words = ["".join(_SYLLABLES[turn] for turn in turned) + "n" for turned in turns]
        text = f"We study {' and the '.join(words[4:])} with a model of language."
        found.append(Paper(key=f"2402.{one:05d}", title=" ".join(words[:4]), abstract=text))
    return found


def edition_of(number: int, papers, topics=None) -> Edition:
    """An edition; without topics everything is in Other."""
    ordered = tuple(sorted(papers, key=lambda paper: paper.key))
    if topics is None:
        topics = (Topic("other", "Other", (), tuple(paper.key for paper in ordered), kind="other"),) if ordered else ()
    return Edition(number, date(2025, 3, number), ordered, tuple(topics), datetime(2025, 3, number, 6, tzinfo=UTC))


def profile(*wanted: tuple[str, str], **limits: object) -> Profile:
    """A profile from (kind, value) pairs."""
    return Profile(tuple(Interest(InterestKind(kind), value) for kind, value in wanted), **limits)


def pasted(paper: Paper) -> str:
    """A paper as a reader pastes it: the title, and the abstract below it."""
    return f"{paper.title}\n{paper.abstract}"


def picks_of(digest: Digest) -> list[Pick]:
    """Everything a digest holds, in its order."""
    return [pick for section in digest.sections for pick in section.picks]


def own_of(digest: Digest) -> list[Pick]:
    """What a digest holds for the interests."""
    return [pick for section in digest.sections if section.label != BEYOND for pick in section.picks]


def beyond_of(digest: Digest) -> list[Pick]:
    """What a digest holds from beyond the interests."""
    return [pick for section in digest.sections if section.label == BEYOND for pick in section.picks]


_VALUES = {
    "keyword": ["speculative decoding", "KV cache", "graph neural networks", "the", "!!!", "language models", "tumour"],
    "text": ["I work on grasping with robots and speech recognition", "", "of the", "Diffusion for protein design"],
    "seed": ["2501.00001", "arXiv:2501.02003v2", "1901.00001", "nonsense", pasted(made("speech", 31))],
    "author": ["Ada Decoding", "Graphs, Ada", "Nobody Known"],
    "category": ["cs.CL", "cs", "math.AG"],
    "mute": ["MRI", "cs.RO", "speech recognition", "zzz"],
    "liked": ["2501.03004", "2501.00001", "title:never seen"],
    "disliked": ["2501.03002", "2501.00001", "2501.01001", "9912.00001"],
    "muted_topic": ["Robot Learning", "speech recognition", "Other", "No Such Topic"],
}
interests = st.one_of(
    *(
        st.builds(
            Interest,
            st.just(InterestKind(kind)),
            st.sampled_from(values),
            st.sampled_from([None, "Fast models"]),
            st.sampled_from([1.0, 0.4, 0.01]),
        )
        for kind, values in _VALUES.items()
    )
)
profiles = st.builds(
    Profile,
    st.lists(interests, max_size=6).map(tuple),
    max_papers=st.integers(1, 15),
    max_per_topic=st.integers(1, 6),
    floor=st.sampled_from([0.0, 0.02, 0.05, 0.3]),
    discovery=st.booleans(),
    reader=st.sampled_from(["", "ada", "reader 7"]),
)
