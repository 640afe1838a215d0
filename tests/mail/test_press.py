"""The fast way to bytes: what is joined from encoded parts is what the simple way writes, for every digest."""

import email
import email.policy
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import RenderError
from newsletter.mail import templates
from newsletter.mail.mime import join, to_bytes
from newsletter.mail.press import Memo
from newsletter.mail.quoted import segment, whole
from newsletter.mail.rendering import Links, Renderer
from newsletter.mail.text import clean
from newsletter.models import Digest, Pick, Section
from tests.mail.gallery import LINKS, kinds
from tests.mail.invented import DAY, envelope, many, paper, window
from tests.mail.test_mime import body, parsed

SIGNS = st.text(st.one_of(st.characters(codec="utf-8", exclude_characters="\0\r"), st.sampled_from(" \t\n=.F")))
TEXTS = st.lists(st.one_of(SIGNS, st.sampled_from(["From ", ".", " ", "x" * 75, "x" * 76])), max_size=8)
PAPERS = tuple(paper(number) for number in range(12))


def read(raw: bytes) -> tuple[list, str, str]:
    """Headers, text and HTML, as the standard library reads them."""
    mail = parsed(raw)
    assert not mail.defects
    return [mail[name] for name in mail], body(raw, "plain"), body(raw, "html")


def decoded(encoded: bytes) -> str:
    """What the standard library reads in one quoted-printable part."""
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return email.message_from_bytes(head + encoded, policy=email.policy.default).get_content().replace("\r\n", "\n")


def canonical(encoded: bytes) -> bool:
    """Nothing that relaxed canonicalisation or a mailbox would change, and no long line."""
    lines = encoded.split(b"\r\n")
    return not re.search(rb"[^\r]\n|\r[^\n]|\t|  | \r\n", encoded) and not any(
        len(line) > 76 or line.startswith(b"From ") or line == b"." for line in lines
    )


@given(TEXTS)
def test_segments_joined_are_their_texts_joined(texts):
    """Whatever stands beside whatever, it is read back, and is canonical as it stands."""
    joined = b"".join(map(segment, [*texts, "\n"]))

    assert decoded(joined) == "".join(texts) + "\n"
    assert canonical(joined)


@pytest.mark.parametrize("last", ["x", "é", "=", " "])
@pytest.mark.parametrize("length", range(68, 82))
def test_the_soft_break_of_a_segment_never_makes_its_line_too_long(length, last):
    """A line that is full to the last character is broken once more: 76 is RFC 2045's limit, soft break included."""
    text = "é" + "a" * length + last
    joined = segment(text) + segment("\n")

    assert decoded(joined) == text + "\n"
    assert canonical(joined)


@given(SIGNS)
def test_a_whole_part_is_read_back_and_canonical(text):
    """A complete part decodes to its text with one line break at the end."""
    assert decoded(whole(text)).removesuffix("\n") == text.removesuffix("\n")
    assert canonical(whole(text))


@pytest.mark.parametrize("write", [segment, whole])
def test_what_no_mail_can_carry_is_refused(write):
    """NUL and half a surrogate pair are refused wherever they would be written."""
    for bad in ("a\0b", "a\ud800b"):
        with pytest.raises(RenderError):
            write(bad)


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_digest_is_the_same_by_both_ways(kind):
    """The joined mail decodes to the headers, the text and the HTML of the simple one, and is canonical."""
    papers, digest, links = kinds()[kind]
    renderer = Renderer(papers, list_name="Paperboy", postal_address="1 Example Street")
    simple = renderer.digest(digest, recipient_name="Ada", links=links)
    fast = join(renderer.parts(digest, recipient_name="Ada", links=links), envelope())

    assert read(fast) == read(to_bytes(simple, envelope()))
    assert body(fast, "html") == simple.html.rstrip("\n")
    assert canonical(fast.partition(b"\r\n\r\n")[2])


@st.composite
def digests(draw):
    """Digests of any shape, with strangers' words in every place a reader's digest has."""
    words = st.text(max_size=90)
    chosen = draw(st.lists(st.sampled_from(PAPERS), min_size=1, max_size=8, unique=True))
    cuts = draw(st.lists(st.integers(0, len(chosen)), max_size=3))
    bounds = [0, *sorted(cuts), len(chosen)]
    sections = tuple(
        Section(draw(words), tuple(Pick(one.key, draw(st.floats(0, 1)), (), draw(words)) for one in chosen[start:end]))
        for start, end in pairwise(bounds)
    )
    count = len(chosen)
    return Digest(
        edition_id=12, day=DAY, since=DAY, sections=sections, considered=count + draw(st.integers(0, 300)), matched=count,
        personal=draw(st.booleans()), sample=draw(st.booleans()), remarks=tuple(draw(st.lists(words, max_size=2))),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(digests(), st.text(max_size=70), st.sampled_from([80_000, 14_000, 11_000]), st.booleans())
def test_any_digest_is_the_same_by_both_ways_and_as_the_templates_say(digest, name, budget, online):
    """Joined bytes, simple bytes and the templates rendered without any cutting tell the same."""
    links = replace(LINKS, unsubscribe="https://example.org/u?a=1&b='2'") if online else Links()
    renderer = Renderer(window(*PAPERS), list_name="Paperboy", budget=budget)
    shown = renderer.digest(digest, recipient_name=name, links=links)
    fast = join(renderer.parts(digest, recipient_name=name, links=links), envelope())
    plainly = Renderer(window(*PAPERS), list_name="Paperboy", budget=budget, layout=UNCUT)

    assert read(fast) == read(to_bytes(shown, envelope()))
    assert canonical(fast.partition(b"\r\n\r\n")[2])
    assert plainly.digest(digest, recipient_name=name, links=links) == shown


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(digests(), st.text(max_size=30)), min_size=2, max_size=5), st.sampled_from([80_000, 12_000]))
def test_what_was_printed_before_changes_no_byte(readers, budget):
    """A mail is the same from a renderer that made others before it, made it before, or makes its first."""
    used = Renderer(window(*PAPERS), list_name="Paperboy", budget=budget)

    def printed(renderer: Renderer, digest: Digest, name: str) -> bytes:
        return join(renderer.parts(digest, recipient_name=name, links=LINKS), envelope(recipient_name=name))

    for digest, name in [*readers, *readers]:
        fresh = Renderer(window(*PAPERS), list_name="Paperboy", budget=budget)
        assert printed(used, digest, clean(name)) == printed(fresh, digest, clean(name))


def test_a_memo_makes_a_thing_once_and_never_holds_too_many():
    """Asked again it gives what it made; when it is full it begins again, and what it says stays the same."""
    made = []
    memo = Memo(lambda key: made.append(key) or key * 2, most=3)

    assert [memo[key] for key in "aab"] == ["aa", "aa", "bb"]
    assert made == ["a", "b"]
    assert [memo[key] for key in "cdefga"] == ["cc", "dd", "ee", "ff", "gg", "aa"]
    assert len(memo) <= 3


class Spoilt:
    """A template that never says a value as it is given where the value is a place, so that it cannot be cut there."""

    def __init__(self, template) -> None:
        self.template = template

    def render(self, values) -> str:
        return self.template.render(
            {
                name: "?" if isinstance(value, str) and "\0" in value and name != "parts" else value
                for name, value in values.items()
            }
        )


UNCUT = replace(templates.load(), shell=Spoilt(templates.load().shell), text_shell=Spoilt(templates.load().text_shell))


def test_a_template_with_a_filter_of_its_own_is_rendered_for_each_reader():
    """Where a value is changed by the template, every mail says it as the template wants."""
    papers, made = many(3)
    own = templates._environment(html=True).from_string("<h1>{{ intro | upper }}</h1>{{ parts }}<p>{{ subject }}</p>")
    renderer = Renderer(papers, list_name="Paperboy", layout=replace(templates.load(), shell=own))

    for matched in (9, 17):
        digest = replace(made, matched=matched)
        shown = renderer.digest(digest, recipient_name="Ada", links=LINKS)
        fast = join(renderer.parts(digest, recipient_name="Ada", links=LINKS), envelope())
        assert f"<h1>{matched} OF 240 NEW PAPERS" in shown.html
        assert body(fast, "html") == shown.html.rstrip("\n")


def test_a_template_without_a_place_for_the_papers_is_refused():
    """A text template that lost {{ parts }} is a sentence, not a mail without papers."""
    papers, made = many(1)
    lost = templates._environment(html=False).from_string("{{ intro }}")
    renderer = Renderer(papers, list_name="Paperboy", layout=replace(templates.load(), text_shell=lost))

    with pytest.raises(RenderError, match="parts"):
        renderer.digest(made, recipient_name="", links=LINKS)
