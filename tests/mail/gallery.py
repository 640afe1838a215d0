"""Every kind of digest, to look at and to compare with the golden mails.

`python -m tests.mail.gallery FOLDER` writes each kind as .html, .txt and .eml;
`python -m tests.mail.gallery --renew` writes the golden mails again, after a change of the layout that is meant.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from newsletter.mail.mime import to_bytes
from newsletter.mail.notices import words
from newsletter.mail.rendering import Links, Renderer
from newsletter.models import Digest, Message, Paper
from tests.mail import invented

GOLDEN = Path(__file__).parent / "golden"
SHORT_KINDS = ("confirm", "already")
GOLDEN_KINDS = ("personal", "no_site", "sample", "strangers")
LINKS = Links(
    unsubscribe="https://papers.example.org/u/abc",
    preferences="https://papers.example.org/p/abc",
    browser="https://papers.example.org/digest/abc",
    votes="https://papers.example.org/vote/abc",
)

STRANGERS = (
    replace(
        invented.paper(0),
        title='<script>alert(1)</script> {{ 7*7 }} {% raw %} </mj-text> ]]> $<$ & "quotes" <think>hm</think>',
        abstract="Markup such as </div><style>*{display:none}</style> is text here. So is {{ secret }} and <!--card-->.",
        authors=("<b>Eve</b>", "Mallory {{ name }}"),
        organization="<img src=x onerror=alert(1)>",
        code_url="javascript:alert(1)",
        project_url="https://example.org/?a=1&b=<i>",
    ),
    replace(
        invented.paper(1),
        title="$\\tau^2$-Forcing: $\\mathcal{O}(n\\log n)$ Attention with $\\ours$ and 10\\% of the KV Cache in \\textsc{Bench}, "
        "or: How a Title of Considerable Length Behaves When It Must Be Broken over Many Lines on a Small Screen",
        authors=("Zo\\\"{e} L\\'evy", 'S\\o ren K\\"ahler', "Nguy\\~ên V\\u{a}n", "Erd\\H{o}s P\\'al"),
    ),
    replace(
        invented.paper(2),
        title="מודלים של שפה: סקירה קצרה",
        abstract="אנו סוקרים מודלים של שפה ומציעים מדד חדש. המדד פשוט ומהיר.",
        authors=("דוד כהן", "Ada Lindqvist", "יעל לוי", "محمد علي"),
    ),
    replace(
        invented.paper(3),
        title="大规模语言模型的推理加速：一种新的缓存方法",
        abstract="我们提出了一种新的缓存方法。它在四个模型上将推理速度提高了一倍，而质量没有变化。" * 6,
        authors=("王小明", "李华", "田中 太郎", "김민준"),
    ),
    replace(invented.paper(4), title="One of 664", authors=tuple(f"Author Number{place}" for place in range(1, 665))),
    Paper(key="title:a work without an id", title="A Work Without an Id, an Abstract or a Link"),
    replace(invented.paper(5), withdrawn=True),
)


def kinds() -> dict[str, tuple[dict[str, Paper], Digest, Links]]:
    """Each kind by name: the window, the digest, the links."""
    twelve, personal = invented.many(12, since=invented.DAY - timedelta(days=3))
    one = invented.paper(0)
    two, short = invented.many(2)
    strangers = invented.digest(("Strangers <b>&amp;</b> {{ x }}", STRANGERS[:4]), ("More of Them", STRANGERS[4:]))
    return {
        "personal": (twelve, personal, LINKS),
        "no_interests": (twelve, replace(personal, personal=False), LINKS),
        "no_site": (
            two,
            replace(short, remarks=("arXiv could not be reached; its papers follow in a later mail.",)),
            Links(),
        ),
        "one_paper": (
            invented.window(one),
            invented.digest(("Speculative Decoding", (one,)), considered=1, matched=1),
            LINKS,
        ),
        "thirty": (*invented.many(30), LINKS),
        "hundred": (*invented.many(100), LINKS),
        "sample": (two, replace(short, sample=True), Links()),
        "strangers": (invented.window(*STRANGERS), strangers, LINKS),
    }


def message(kind: str) -> Message:
    """The mail of one kind."""
    papers, digest, links = kinds()[kind]
    renderer = Renderer(
        papers,
        list_name="Paperboy",
        postal_address="Paperboy, 1 Example Street, Sampletown",
        unsubscribe_address="leave@example.org" if kind == "no_site" else None,
    )
    return renderer.digest(digest, recipient_name="Ada Lindqvist", links=links)


def notice() -> Message:
    """The mail that `paperboy send-test` sends."""
    renderer = Renderer({}, list_name="Paperboy")
    return renderer.notice(
        subject="A test from Paperboy",
        paragraphs=(
            "This is a test. If you can read it, mail gets through.",
            "Nobody was subscribed, and no paper was sent.",
        ),
        recipient_name="Ada Lindqvist",
    )


def short(kind: str) -> Message:
    """A mail that is no digest: `confirm`, `already`."""
    house = {"list_name": "Paperboy", "confirm": "https://papers.example.org/confirm/abc", "answer": True}
    said = words(kind, {}, links=LINKS, **house)
    renderer = Renderer({}, list_name="Paperboy", postal_address="Paperboy, 1 Example Street, Sampletown")
    return renderer.notice(subject=said.subject, paragraphs=said.paragraphs, action=said.action, links=said.links)


def write(folder: Path, names: tuple[str, ...]) -> None:
    """The named kinds as .html, .txt and .eml."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        made = notice() if name == "notice" else short(name) if name in SHORT_KINDS else message(name)
        (folder / f"{name}.html").write_text(made.html, encoding="utf-8")
        (folder / f"{name}.txt").write_text(f"Subject: {made.subject}\n\n{made.text}", encoding="utf-8")
        (folder / f"{name}.eml").write_bytes(to_bytes(made, invented.envelope(delivery_key=name)))


def renew() -> None:
    """The golden mails, as they would be sent."""
    for name in GOLDEN_KINDS:
        (GOLDEN / f"{name}.eml").write_bytes(to_bytes(message(name), invented.envelope(delivery_key=name)))


if __name__ == "__main__":
    if sys.argv[1:] == ["--renew"]:
        renew()
    elif len(sys.argv) == 2:
        write(Path(sys.argv[1]), (*kinds(), "notice", *SHORT_KINDS))
    else:
        sys.exit(__doc__)
