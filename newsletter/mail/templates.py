"""The mail's templates, read and compiled once per process: MJML to HTML, then cut into the pieces that are joined."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape
from mjml import mjml2html

from newsletter.errors import RenderError
from newsletter.mail.text import columns, right_to_left, wrap
from newsletter.mail.wording import DOT

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "email"


@dataclass(frozen=True, slots=True)
class Templates:
    """A digest in pieces; the pieces of a card stand before and after its reason, which is the reader's own."""

    shell: Template
    section: Template
    card: tuple[Template, Template]
    why: Template
    line: Template
    text_shell: Template
    text_card: tuple[Template, Template]


@cache
def load(folder: Path = FOLDER) -> Templates:
    """The templates of a folder, compiled.

    Raises:
        RenderError: the MJML cannot be compiled, or a piece is missing; the sentence names it.

    """
    name = "digest.mjml"
    source = (folder / name).read_text(encoding="utf-8")
    try:
        # No fonts: a reader's program must not fetch anything when the mail is opened.
        html = mjml2html(source, fonts={})
    except ValueError as error:
        raise RenderError(f"the template {name} is not MJML: {error}; mend it and start again") from error
    html = re.sub(r"\n\s+", "\n", html)
    shell, parts = _cut(html, "parts", name, leave="{{ parts }}")
    card, why = _cut(_cut(parts, "card", name)[1], "why", name, leave="<!--why-->")
    before, after = card.split("<!--why-->")
    text_before, _, text_after = (folder / "card.txt").read_text(encoding="utf-8").partition("<!--why-->")
    pages, texts = _environment(html=True), _environment(html=False)
    return Templates(
        shell=pages.from_string(shell),
        section=pages.from_string(_cut(parts, "section", name)[1]),
        card=(pages.from_string(before), pages.from_string(after)),
        why=pages.from_string(why),
        line=pages.from_string(_cut(parts, "line", name)[1]),
        text_shell=texts.from_string((folder / "digest.txt").read_text(encoding="utf-8")),
        text_card=(texts.from_string(text_before), texts.from_string(text_after)),
    )


def _cut(html: str, piece: str, name: str, leave: str = "") -> tuple[str, str]:
    """What is around the comments that name a piece, with `leave` in its place, and the piece."""
    head, opened, rest = html.partition(f"<!--{piece}-->")
    body, closed, tail = rest.partition(f"<!--/{piece}-->")
    if not opened or not closed:
        raise RenderError(
            f"the template {name} lacks <!--{piece}--> … <!--/{piece}-->; put them back around that piece"
        )
    return head + leave + tail, body


def _environment(*, html: bool) -> Environment:
    """Jinja with escaping for HTML; without for text. A misspelt name is an error, not a blank."""
    made = Environment(autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 off for text only
    made.filters.update(
        names=_names,
        facts=_facts,
        direction=_direction,
        wrap=lambda text, indent="": wrap(text, indent=indent),
        underline=lambda text, sign: sign * min(columns(text), 72),
    )
    return made


def _names(names: tuple[str, ...]) -> Markup:
    """Names joined by commas; one from a right-to-left script is isolated, or its neighbours would trade places."""
    return Markup(", ").join(Markup("<bdi>%s</bdi>") % name if right_to_left(name) else escape(name) for name in names)


def _facts(facts: tuple[str, ...]) -> str:
    """Facts with dots between; a short one is not broken over two lines."""
    return DOT.join(fact.replace(" ", "\u00a0") if len(fact) < 24 else fact for fact in facts)


def _direction(text: str) -> str:
    return "auto" if right_to_left(text) else "ltr"
