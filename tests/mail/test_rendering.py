"""Digest to message: what the mail says, what it never lets through, and how it stays small."""

import ast
import json
import re
import tarfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import RenderError
from newsletter.mail import templates
from newsletter.mail.budget import fit
from newsletter.mail.cards import Detail
from newsletter.mail.mime import to_bytes
from newsletter.mail.rendering import BUDGET, Links, Renderer
from newsletter.models import Digest, Paper, Pick, Section
from tests.mail.gallery import GOLDEN, GOLDEN_KINDS, LINKS, kinds, message, notice
from tests.mail.invented import DAY, digest, envelope, many, paper, window
from tests.mail.reading import Reader, rendered

PAGES = {kind: message(kind) for kind in kinds()}


@pytest.mark.parametrize("kind", GOLDEN_KINDS)
def test_the_golden_mails_are_what_is_rendered(kind):
    """The mails under golden/ are today's, to the byte; `python -m tests.mail.gallery --renew` renews them."""
    assert to_bytes(PAGES[kind], envelope(delivery_key=kind)) == (GOLDEN / f"{kind}.eml").read_bytes()


def test_html_and_text_tell_the_same_in_the_same_order():
    """Every word of the text part stands in the HTML in the same order, and every address too."""
    made = PAGES["strangers"]
    html = " ".join(Reader(made.html).text.split())
    titles = [line for line in made.text.splitlines() if line and line[0].isalpha() and "://" not in line]
    at = html.index(titles[2]) + len(titles[2])  # after the topics named at the top

    for title in titles[3:]:
        at = html.find(" ".join(title.rstrip(":").split())[:50], at)
        assert at != -1, title
    assert set(re.findall(r"(https?://\S+)$", made.text, re.MULTILINE)) == set(Reader(made.html).links)


@pytest.mark.parametrize("kind", kinds())
def test_text_lines_are_narrow_and_addresses_stand_alone(kind):
    """No line of the text part is wider than 72 or starts with a dot; an address has a line to itself and its label."""
    for line in PAGES[kind].text.splitlines():
        alone = re.fullmatch(
            r"\s*(?:(?:Abstract|PDF|DOI|Code|Project|Hugging Face|More or less)\s+)?https?://\S+", line
        )
        assert len(line) <= 72 or alone
        assert "://" not in line or alone
        assert not line.lstrip().startswith(("·", "…"))


@pytest.mark.parametrize("kind", [*kinds(), "notice"])
def test_the_mail_fetches_nothing_and_runs_nothing(kind):
    """No image, script, form, font or other address that opens by itself; links are web addresses or mailto."""
    html = (notice() if kind == "notice" else PAGES[kind]).html
    seen = Reader(html)

    assert not seen.tags & {"img", "script", "link", "iframe", "form", "input", "svg", "object", "video", "base"}
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert all(link.startswith(("https://", "http://", "mailto:")) for link in seen.links)
    assert "@import" not in html
    assert "url(" not in html


def test_strangers_cannot_write_markup_or_templates():
    """What looks like HTML, MJML or Jinja in titles, abstracts, names, labels and reasons is shown as text."""
    seen = Reader(PAGES["strangers"].html)

    for told in (
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
        "{% raw %}",
        "</mj-text>",
        "]]>",
        "<b>Eve</b>",
        "<!--card-->",
        "</div>",
    ):
        assert told in seen.text
        assert told in PAGES["strangers"].text
    assert "<think>hm</think>" in seen.text


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=40), st.text(max_size=40))
def test_no_text_of_strangers_changes_the_tags_of_a_mail(title, abstract, name, reason):
    """Whatever is in title, abstract, name and reason, the mail has the tags of a plain one, and only them."""
    odd = replace(paper(0), title=title, abstract=abstract, authors=(name,), organization=name)
    made = Digest(
        1, DAY, DAY, (Section(name or "x", (Pick(odd.key, 1.0, (), reason),)),), 9, 3, personal=True, remarks=(title,)
    )
    mail = Renderer(window(odd), list_name="Paperboy").digest(made, recipient_name=name, links=LINKS)

    assert Reader(mail.html).tags <= Reader(PAGES["strangers"].html).tags
    assert not re.search(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", mail.html + mail.text + mail.subject
    )
    to_bytes(mail, envelope())


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x85", "\x9b", "\u202e", "\u2066", "\ufeff", "\ud800"])
def test_control_characters_never_reach_a_mail(character):
    """Control and bidi characters of a paper, a reader or a remark are gone, and the mail can be sent."""
    odd = replace(
        paper(0),
        title=f"A{character}B",
        abstract=f"C{character}D.",
        authors=(f"E{character}F",),
        comment=f"accepted at {character}ICML",
    )
    made = replace(digest((f"G{character}H", (odd,))), remarks=(f"I{character}J",))
    mail = Renderer(window(odd), list_name=f"L{character}M").digest(made, recipient_name=f"N{character}O", links=LINKS)

    assert character not in mail.html + mail.text + mail.subject
    to_bytes(mail, envelope())


@pytest.mark.parametrize("count", [12, 30])
def test_an_ordinary_digest_shows_every_paper_in_full(count):
    """Thirty cards stay below the budget with their abstracts, and nothing is said of cutting."""
    made = rendered(*many(count))

    assert len(made.html.encode()) < BUDGET
    assert made.html.count("<h3") == count
    assert "less detail" not in made.text


@settings(max_examples=15)
@given(st.integers(1, 400), st.integers(9_000, 90_000))
def test_no_mail_passes_its_budget(count, budget):
    """However many papers and however small the budget, the HTML keeps it; what is lost is said, in both parts."""
    papers, made = many(count)
    mail = rendered(papers, made, budget=budget)

    assert len(mail.html.encode()) <= budget
    full = mail.html.count("<h3") == count and "less detail" not in mail.text
    assert full or re.search(r"less detail|left\s+out", mail.text)
    assert full or "less detail" in mail.html or "left out" in mail.html


def test_what_is_left_out_is_counted_and_can_be_read_elsewhere():
    """The mail says how many papers it left out, and where they are; without a site, whom to ask."""
    papers, made = many(400)
    renderer = Renderer(papers, list_name="Paperboy", budget=30_000)
    online = renderer.digest(made, recipient_name="", links=LINKS)
    offline = renderer.digest(made, recipient_name="", links=Links())
    shown = sum(f"/abs/{key}" in online.text for key in papers)

    assert f"{400 - shown} papers are left out" in " ".join(online.text.split())
    assert LINKS.browser in online.text
    assert "in your browser, linked below" in " ".join(online.text.split())
    assert "edition 12" in " ".join(offline.text.split())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 40_000))
def test_the_weakest_lose_detail_first(scores, room):
    """The result fits, and a stronger paper never shows less than a weaker one."""
    sizes = {Detail.FULL: 1000, Detail.SHORT: 700, Detail.BARE: 400, Detail.LINE: 100, Detail.OUT: 0}
    details = fit(scores, lambda _, detail: sizes[detail], room)

    assert sum(sizes[detail] for detail in details) <= room
    for one, other in zip(range(len(scores)), range(1, len(scores)), strict=False):
        if scores[one] > scores[other]:
            assert details[one] <= details[other]


def test_the_same_values_give_the_same_mail_in_any_order_of_rendering():
    """A mail does not depend on what the renderer rendered before."""
    papers, made = many(20)
    used = Renderer(papers, list_name="Paperboy")
    used.digest(many(7)[1], recipient_name="Bo", links=Links())

    assert used.digest(made, recipient_name="Ada", links=LINKS) == rendered(papers, made)


def test_the_mail_offers_only_the_ways_that_exist():
    """Without a site there is a mailto to leave; without that, whom to ask; with one, all three links."""
    papers, made = many(1)
    asked = Renderer(papers, list_name="Paperboy").digest(made, recipient_name="", links=Links())

    assert "mailto:leave@example.org" in PAGES["no_site"].html
    assert "preferences" not in PAGES["no_site"].html.lower()
    assert "ask whoever runs it" in asked.html
    assert {LINKS.unsubscribe, LINKS.preferences, LINKS.browser} <= set(Reader(PAGES["personal"].html).links)


def test_headings_have_an_order_and_the_mail_a_language():
    """One h1, an h2 for each topic, an h3 for each paper; the language is said."""
    seen = Reader(PAGES["personal"].html)

    assert seen.headings.count("h1") == 1
    assert seen.headings[:3] == ["h1", "h2", "h3"]
    assert seen.headings.count("h2") == 4
    assert '<html lang="en"' in PAGES["personal"].html


def test_the_column_keeps_its_width_rule_for_phones():
    """The compiled shell has the media query that MJML writes only for columns it has seen."""
    assert "mj-column-per-100 { width:100% !important" in PAGES["personal"].html


def test_each_paper_has_one_link_to_vote_under_its_own_key():
    """In both parts, in full and in less detail; a title alone has none, nor has a mail without a site."""
    papers, made = many(100)
    mail = Renderer(papers, list_name="Paperboy").digest(made, recipient_name="", links=LINKS)
    votes = [link for link in Reader(mail.html).links if link.startswith(LINKS.votes)]
    voted = {link.removeprefix(f"{LINKS.votes}/") for link in votes}

    assert len(votes) == len(voted) == mail.html.count("More or less of this") == mail.text.count("More or less")
    assert 0 < len(voted) < 100
    assert voted <= set(papers)
    assert "More or less" not in PAGES["no_site"].html + PAGES["no_site"].text


@pytest.mark.parametrize(
    ("key", "written"),
    [("title:a work & <its> id", "title:a%20work%20%26%20%3Cits%3E%20id"), ("hep-th/9901001", "hep-th/9901001")],
)
def test_a_key_of_any_kind_is_written_so_that_its_page_is_found(key, written):
    """Titles are keys too, and hold what an address may not."""
    odd = replace(paper(0), key=key, arxiv_id=None)
    mail = Renderer(window(odd), list_name="Paperboy").digest(digest(("T", (odd,))), recipient_name="", links=LINKS)

    assert f"{LINKS.votes}/{written}" in Reader(mail.html).links
    assert f"{LINKS.votes}/{written}\n" in mail.text


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_can_be_read_in_light_and_dark():
    """Text has a contrast of at least 4.5 in both modes, and neither mode uses pure black or white."""
    source = (templates.FOLDER / "digest.mjml").read_text(encoding="utf-8")
    light_page = re.search(r'background-color="(#\w{6})"', source)[1]
    dark = source[source.index("prefers-color-scheme: dark") : source.index("</mj-style>")]
    dark_page = re.search(r"body, .bg { background-color: (#\w{6})", dark)[1]
    banner_light = re.search(r"background-color:(#\w{6})", source)[1]
    banner_dark = re.search(r"\.s { background-color: (#\w{6}) !important; color: (#\w{6})", dark)
    button_light = re.search(r'bgcolor="(#\w{6})".*?color:(#\w{6});font-weight', source)
    button_dark = re.search(r"\.b { background-color: (#\w{6})[^}]*}\s*\.in \.b a { color: (#\w{6})", dark)

    for colour in set(re.findall(r'(?<![-\w])color[:=]"?(#\w{6})', source)) - {"#5c4409", button_light[2]}:
        assert contrast(colour, light_page) >= 4.5, colour
    for colour in set(re.findall(r"(?<![-\w])color: (#\w{6})", dark)) - {banner_dark[2], button_dark[2]}:
        assert contrast(colour, dark_page) >= 4.5, colour
    assert contrast("#5c4409", banner_light) >= 4.5
    assert contrast(banner_dark[2], banner_dark[1]) >= 4.5
    assert contrast(button_light[2], button_light[1]) >= 4.5
    assert contrast(button_dark[2], button_dark[1]) >= 4.5
    assert not re.search("#000000|#ffffff", source)


def test_every_coloured_element_has_a_dark_twin():
    """Each inline colour sits on an element that the dark rules reach with !important."""
    source = (templates.FOLDER / "digest.mjml").read_text(encoding="utf-8")
    body = source[source.index("<mj-body") :]
    dark = source[source.index("prefers-color-scheme: dark") : source.index("</mj-style>")]

    for tag, attributes in re.findall(r"<(h1|h2|h3|p|a|div|b)\b([^>]*color:#[^>]*)>", body):
        reached = re.findall(r'class="([^"]+)"', attributes)
        named = [
            name for names in reached for name in names.split() if f".in .{name} " in dark or f".in .{name}," in dark
        ]
        assert named or tag in {"a", "p", "h1", "div"}, attributes
    assert all(rule.strip().endswith("!important") for rule in re.findall(r"[{;]([^{};]*color[^{};]*)(?=;)", dark))


def test_a_digest_without_papers_or_with_an_unknown_one_fails_alone():
    """An impossible digest is refused in a sentence, and the next one is rendered."""
    papers, made = many(2)
    renderer = Renderer(papers, list_name="Paperboy")

    with pytest.raises(RenderError, match="holds no paper"):
        renderer.digest(replace(made, sections=()), recipient_name="", links=LINKS)
    with pytest.raises(RenderError, match=r"2611\.90005"):
        renderer.digest(digest(("Topic", (paper(5),))), recipient_name="", links=LINKS)
    assert renderer.digest(made, recipient_name="", links=LINKS).html


def test_a_template_that_lost_a_piece_is_refused_by_name(tmp_path):
    """A template whose markers are gone, or that is not MJML, is an error that names it."""
    for name in ("digest.txt", "card.txt", "digest.mjml"):
        (tmp_path / name).write_text((templates.FOLDER / name).read_text(encoding="utf-8"), encoding="utf-8")
    broken = tmp_path / "digest.mjml"
    whole = broken.read_text(encoding="utf-8")

    broken.write_text(whole.replace("<!--/card-->", ""), encoding="utf-8")
    with pytest.raises(RenderError, match=r"digest\.mjml.*card"):
        templates.load(tmp_path)
    broken.write_text(whole.replace("</mj-section>", ""), encoding="utf-8")
    with pytest.raises(RenderError, match=r"digest\.mjml is not MJML"):
        templates.load(tmp_path)


def captured(shared_data):
    """Every paper of the real captures, by id, in whatever form the archive keeps it."""
    folder = shared_data / "huggingface"
    texts = [path.read_text(encoding="utf-8") for path in sorted((folder / "days").glob("*.json"))]
    with tarfile.open(folder / "days_2024-05-27_2025-12-31.tar.xz") as archive:
        texts += [archive.extractfile(member).read().decode() for member in archive if member.name.endswith(".json")]
    for text in texts:
        rows = json.loads(text)
        for row in rows if isinstance(rows, list) else rows["data"]:
            whole = ast.literal_eval(row) if isinstance(row, str) else row
            yield whole["paper"], whole


def test_every_paper_of_the_archive_renders(shared_data):
    """All titles, abstracts and names of the real captures become mails, without mojibake or stray controls."""
    papers = {}
    for found, outer in captured(shared_data):
        papers[found["id"]] = Paper(
            key=found["id"],
            title=found.get("title") or outer.get("title") or "",
            abstract=found.get("summary") or "",
            authors=tuple(author["name"] for author in found.get("authors", ())),
            arxiv_id=found["id"],
            published=datetime(2026, 11, 19, tzinfo=UTC),
            upvotes=found.get("upvotes"),
            code_url=found.get("githubRepo"),
            sources=("huggingface",),
        )
    everything = tuple(papers.values())
    renderer = Renderer(papers, list_name="Paperboy")

    assert len(everything) > 6_000
    for start in range(0, len(everything), 30):
        part = everything[start : start + 30]
        made = renderer.digest(digest(("Real Papers", part)), recipient_name="Ada", links=LINKS)
        assert len(made.html.encode()) <= BUDGET
        assert not re.search("[\ufffd\x80-\x9f]|Ã[\x80-\xbf]|â€", made.html + made.text)
        assert made.html.count("<h3") == len(part)
        to_bytes(made, envelope())
