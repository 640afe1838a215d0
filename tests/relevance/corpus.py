"""Invented papers about a few themes, and editions of them."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from newsletter.models import Edition, Interest, InterestKind, Paper, Profile, Topic

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


def edition_of(number: int, papers, topics=None) -> Edition:
    """An edition; without topics everything is in Other."""
    ordered = tuple(sorted(papers, key=lambda paper: paper.key))
    if topics is None:
        topics = (Topic("other", "Other", (), tuple(paper.key for paper in ordered), kind="other"),) if ordered else ()
    return Edition(number, date(2025, 3, number), ordered, tuple(topics), datetime(2025, 3, number, 6, tzinfo=UTC))


def profile(*wanted: tuple[str, str], **limits: object) -> Profile:
    """A profile from (kind, value) pairs."""
    return Profile(tuple(Interest(InterestKind(kind), value) for kind, value in wanted), **limits)


_VALUES = {
    "keyword": ["speculative decoding", "KV cache", "graph neural networks", "the", "!!!", "language models", "tumour"],
    "text": ["I work on grasping with robots and speech recognition", "", "of the", "Diffusion for protein design"],
    "seed": ["2501.00001", "arXiv:2501.02003v2", "1901.00001", "nonsense"],
    "author": ["Ada Decoding", "Graphs, Ada", "Nobody Known"],
    "category": ["cs.CL", "cs", "math.AG"],
    "mute": ["MRI", "cs.RO", "speech recognition", "zzz"],
}
interests = st.one_of(
    *(
        st.builds(
            Interest, st.just(InterestKind(kind)), st.sampled_from(values), st.sampled_from([None, "Fast models"])
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
)
