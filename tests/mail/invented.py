"""Invented papers and digests of every kind, for the tests of the mail and for its gallery."""

# ruff: noqa: ISC004 — a table of texts, one per row

from datetime import UTC, date, datetime

from newsletter.models import Digest, Envelope, Paper, Pick, Section

DAY = date(2026, 11, 21)

_WRITTEN = (
    (
        "Draft Less, Accept More: Confidence-Gated Speculative Decoding",
        "Speculative decoding lets a small model draft tokens that a large model verifies in parallel, but most drafts are "
        "too long, e.g. when the next clause is uncertain. We gate the draft length on the entropy of the small model and "
        "show that 38 % of the verification work disappears. The gate is a single threshold and needs no training. On four "
        "open models from 7B to 70B parameters we measure a 1.9x speed-up over greedy decoding, cf. 1.5x for the fixed-length "
        "baseline. Quality is unchanged by construction. We release kernels, traces and the schedules used in every table.",
        ("Ada Lindqvist", "Bao Tran", "Chiara Monti", "David Okafor"),
        ("cs.CL", "cs.LG"),
        {
            "upvotes": 142,
            "comments": 9,
            "organization": "Northlight Research",
            "code_stars": 1204,
            "comment": "14 pages, accepted at ICML 2026",
        },
    ),
    (
        "KV-Cache Compression by Forgetting What the Reader Would Skip",
        "Long contexts fill memory with keys and values that no later token attends to. We learn, from the model's own "
        "attention at training time, which spans a careful reader would skip, and drop them before they are stored. The "
        "cache shrinks by a factor of 6.2 on documents of 128k tokens with a loss of 0.3 points on question answering. "
        "Unlike eviction, skipping needs no bookkeeping during generation. An ablation shows that headings and numbers are "
        "kept almost always, whereas boilerplate is dropped first.",
        ("Elif Demir", "Farid Haddad"),
        ("cs.CL",),
        {"upvotes": 57, "comments": 2},
    ),
    (
        "A Video Generator That Remembers Where the Furniture Stands",
        "Video models repaint a room whenever the camera turns back to it. We attach a spatial memory of posed latents to a "
        "diffusion transformer and read from it before each denoising step. Objects stay in place over clips of two minutes. "
        "A benchmark of 400 walks through 80 flats measures what returns and what has moved. Our model keeps 91 % of the "
        "objects; the strongest open model keeps 54 %.",
        ("Grace Whitfield", "Hiroshi Tanaka", "Ines Duarte", "Jonas Weber", "Kavya Rao", "Liam Byrne", "Mei-Ling Chou"),
        ("cs.CV", "cs.AI"),
        {"upvotes": 88, "comments": 14, "organization": "Open Lens", "project_url": "https://example.org/furniture"},
    ),
    (
        "Small Robots, Long Errands: Planning with Maps Drawn from Speech",
        "People tell a robot the way in words: past the kitchen, left of the blue door. We turn such directions into a metric "
        "map with uncertainty and plan on it. In 120 errands through an office the robot arrives 86 % of the time, against "
        "61 % for a planner that reads the words anew at each step. Failures are mostly doors that were shut.",
        ("Nadia Petrova", "Oscar Lund"),
        ("cs.RO", "cs.AI", "cs.CL", "cs.HC", "cs.LG"),
        {
            "comment": "Accepted for publication in the Proc. of the International Conference on Errands of Robots (ICER 2026)"
        },
    ),
    (
        "Grading the Graders: When Do Language Models Agree with Teachers?",
        "We collect 12,000 school essays with two grades each from teachers and ask nine language models to grade them again. "
        "The models agree with one another more than with any teacher. Agreement with teachers rises when the rubric is split "
        "into yes-or-no questions, and falls with the length of the essay. We argue that agreement alone is a poor target.",
        ("Priya Natarajan",),
        ("cs.CY", "cs.CL"),
        {"upvotes": 23},
    ),
    (
        "Sparse Attention without Regret: Lower Bounds and a Matching Algorithm",
        "We prove that any attention pattern with $o(n \\log n)$ entries must lose information on some input, and give a "
        "randomised pattern with $O(n \\log n)$ entries whose error is at most $\\epsilon$ with probability $1-\\delta$. The "
        "constant is small: $2.5\\times$ the cost of a banded pattern. Experiments on $\\ell_2$-normalised keys follow the theory.",
        ("Quentin Moreau", 'Rosa K\\"{a}hler', "Sam L\\'evy"),
        ("cs.LG", "cs.DS", "stat.ML"),
        {"code_url": "https://example.org/code/sparse-attention"},
    ),
)

_SUBJECTS = (
    "Retrieval",
    "Protein Design",
    "Weather Models",
    "Code Review",
    "Speech",
    "Tabular Data",
    "Proof Search",
    "Sign Language",
)
_WAYS = ("Curriculum", "Distillation", "Careful Sampling", "Late Interaction", "Self-Play", "Sparse Experts")


def paper(number: int) -> Paper:
    """The invented paper of that number; the first six are written by hand, the others vary them."""
    title, abstract, authors, categories, facts = _WRITTEN[number % len(_WRITTEN)]
    if number >= len(_WRITTEN):
        title = f"{_SUBJECTS[number % len(_SUBJECTS)]} by {_WAYS[number % len(_WAYS)]}: Lesson {number} of a Long Year"
    arxiv_id = f"2611.{90000 + number}"
    known = {"code_url": f"https://example.org/code/{number}"} if number % 2 == 0 else {}
    return Paper(
        key=arxiv_id,
        title=title,
        abstract=abstract,
        authors=authors,
        arxiv_id=arxiv_id,
        categories=categories,
        published=datetime(2026, 11, 19, tzinfo=UTC),
        sources=("arxiv", "huggingface") if number % 3 else ("arxiv",),
        **(known | facts),
    )


def window(*papers: Paper) -> dict[str, Paper]:
    """Papers by key, as the renderer wants them."""
    return {each.key: each for each in papers}


def digest(*sections: tuple[str, tuple[Paper, ...]], **changes: object) -> Digest:
    """A digest of the given sections; scores fall from first to last."""
    score = iter(1 - place / 1000 for place in range(10_000))
    made = tuple(
        Section(
            label, tuple(Pick(each.key, next(score), (), "matches speculative decoding, KV cache") for each in papers)
        )
        for label, papers in sections
    )
    count = sum(len(section.picks) for section in made)
    values = {
        "edition_id": 12,
        "day": DAY,
        "since": DAY,
        "sections": made,
        "considered": 240,
        "matched": count + 26,
        "personal": True,
    }
    return Digest(**(values | changes))  # type: ignore[arg-type]


def many(count: int, **changes: object) -> tuple[dict[str, Paper], Digest]:
    """A digest of that many papers in four sections, and its window."""
    papers = tuple(paper(number) for number in range(count))
    labels = ("Speculative Decoding", "Video Generation", "Robots and Errands", "Other")
    shares = tuple((label, papers[place::4]) for place, label in enumerate(labels) if papers[place::4])
    return window(*papers), digest(*shares, **changes)


def envelope(**changes: object) -> Envelope:
    """An envelope with everything in it."""
    values = {
        "delivery_key": "12:7",
        "sender": "Paperboy <papers@example.org>",
        "recipient": "ada@example.com",
        "recipient_name": "Ada Lindqvist",
        "return_path": "bounce+7@example.org",
        "list_id": "Paperboy <papers.example.org>",
        "date": datetime(2026, 11, 21, 6, 30, tzinfo=UTC),
        "unsubscribe_url": "https://papers.example.org/u/abc",
        "unsubscribe_mailto": "leave+abc@example.org",
        "feedback_id": "digest:paperboy",
    }
    return Envelope(**(values | changes))  # type: ignore[arg-type]
