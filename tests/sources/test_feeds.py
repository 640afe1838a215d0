"""arXiv's feeds, read."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceMalformed
from newsletter.models import Announcement
from newsletter.sources.common import to_listing
from newsletter.sources.feeds import arxiv_categories, is_query, parse_feed, total_results
from tests.sources.payloads import API_ERROR, api, api_entry, atom, atom_entry, rss, rss_item

AT = datetime(2026, 8, 5, 6, tzinfo=UTC)


def test_an_announcement_is_read_with_its_kind_version_and_day() -> None:
    """The four announcement types, the version from the guid, the day from the channel by arXiv's clock."""
    kinds = ("new", "cross", "replace", "replace-cross")
    batch = parse_feed(rss(*(rss_item(f"2613.1000{n}v{n}", kind=kind) for n, kind in enumerate(kinds, start=1))))
    assert [batch.announcements[paper.key].value for paper in batch.papers] == list(kinds)
    assert [paper.version for paper in batch.papers] == [1, 2, 3, 4]
    assert batch.day == date(2026, 8, 5)
    assert batch.name == "cs.CL"
    first = batch.papers[0]
    assert first.key == first.arxiv_id == "2613.10001"
    assert first.abstract == "Owls are studied at night."
    assert first.authors == ("Olive Barn", "Ural Strix")
    assert first.categories == ("cs.CL", "cs.LG")
    assert first.sources == ("arxiv",)
    assert (first.published, first.comment, first.upvotes) == (None, None, None)


def test_titles_keep_their_tex_and_their_tags_and_lose_their_line_breaks() -> None:
    """`<think>` is text, `$a<b$` is text, and a title is one line."""
    batch = parse_feed(
        rss(rss_item(title="Let's <think> of $\\mathcal{O}(a<b)$\n  & <i>more</i>", abstract="$a<b$ & c"))
    )
    assert batch.papers[0].title == "Let's <think> of $\\mathcal{O}(a<b)$ & <i>more</i>"
    assert batch.papers[0].abstract == "$a<b$ & c"


def test_affiliations_accents_doi_and_journal_are_understood() -> None:
    """Bracketed affiliations with commas go; DOI and journal are kept."""
    extra = "<arxiv:DOI>10.1000/owl</arxiv:DOI><arxiv:journal_reference>Owl Letters 3 (2026)</arxiv:journal_reference>"
    item = rss_item(creator=r"Olive B\"arn (Night Lab, Oslo, Norway), Ural Strix", extra=extra)
    paper = parse_feed(rss(item)).papers[0]
    assert paper.authors == ("Olive Bärn", "Ural Strix")
    assert (paper.doi, paper.journal) == ("10.1000/owl", "Owl Letters 3 (2026)")


def test_an_old_style_id_is_one_paper_with_or_without_its_class() -> None:
    """`math.GT/0313136v2` is `math/0313136`, version 2."""
    paper = parse_feed(rss(rss_item("math.GT/0313136v2", kind="replace"))).papers[0]
    assert (paper.arxiv_id, paper.version) == ("math/0313136", 2)


def test_an_empty_weekend_feed_is_an_answer() -> None:
    """No items, a day, no error: zero is not a fault."""
    batch = parse_feed(rss(published="Sat, 01 Aug 2026 00:00:00 -0400"))
    assert (batch.papers, batch.unread, batch.day) == ((), 0, date(2026, 8, 1))
    listing = to_listing(batch, source="arxiv", name="cs.CL", day=date(2026, 8, 1), captured_at=AT)
    assert listing.complete


def test_a_feed_that_reports_an_error_is_no_empty_list() -> None:
    """`Feed error for query:` is an error with arXiv's own words."""
    with pytest.raises(SourceMalformed, match=r"Feed error for query: cs\.OWL"):
        parse_feed(rss(title="Feed error for query: cs.OWL"))


def test_atom_takes_its_day_from_the_entries() -> None:
    """Atom's `updated` is build time; the announcement's midnight is the entry's `published`."""
    batch = parse_feed(atom(atom_entry("2613.10001v1", "new"), atom_entry("2613.10002v1", "cross")))
    assert batch.day == date(2026, 8, 5)
    assert list(batch.announcements.values()) == [Announcement.NEW, Announcement.CROSS]
    assert batch.papers[0].authors == ("Olive Barn", "Ural Strix")
    assert parse_feed(atom()).day == date(2026, 8, 5)


def test_the_rdf_of_before_2024_is_still_read() -> None:
    """Id, class and kind in the title, authors as escaped links."""
    payload = b"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
         xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="http://arxiv.org/"><title>cs.CL updates on arXiv.org</title>
<dc:date>2019-05-23T20:30:00-05:00</dc:date></channel>
<item rdf:about="http://arxiv.org/abs/1913.00001">
<title>Owls. (arXiv:1913.00001v2 [cs.CL] UPDATED)</title><link>http://arxiv.org/abs/1913.00001</link>
<description>&lt;p&gt;For $a&amp;lt;b$ they
sleep.&lt;/p&gt;</description>
<dc:creator>&lt;a href="http://arxiv.org/a/1"&gt;Olive Barn&lt;/a&gt; (Lab, Oslo), &lt;a href="x"&gt;Ural Strix&lt;/a&gt; et al.
(909 additional authors not shown)</dc:creator></item></rdf:RDF>"""
    batch = parse_feed(payload)
    paper = batch.papers[0]
    assert (paper.title, paper.arxiv_id, paper.version) == ("Owls", "1913.00001", 2)
    assert paper.abstract == "For $a<b$ they sleep."
    assert paper.authors == ("Olive Barn", "Ural Strix")
    assert paper.categories == ("cs.CL",)
    assert batch.announcements[paper.key] is Announcement.REPLACE


def test_the_query_api_gives_comments_dates_and_arxiv_categories_only() -> None:
    """Hard line breaks go, ACM and MSC classes go, the primary category stands first."""
    batch = parse_feed(api(api_entry(categories=("cs.LG", "cs.CL", "I.2.7; H.3.3", "68T50", "cond-mat.dis-nn"))))
    paper = batch.papers[0]
    assert is_query(batch)
    assert paper.title == "A Paper about Owls"
    assert paper.abstract == "Owls are studied at night."
    assert paper.comment == "12 pages, accepted at the Night Workshop"
    assert paper.categories == ("cs.LG", "cs.CL", "cond-mat.dis-nn")
    assert paper.published == datetime(2026, 8, 4, 17, tzinfo=UTC)
    assert (paper.version, paper.authors) == (2, ("Olive Barn", "Ural Strix"))
    assert batch.stated == 1
    assert batch.day is None


@pytest.mark.parametrize(
    "term", ["cs.CL", "hep-th", "quant-ph", "math.GT", "astro-ph.CO", "physics.med-ph", "cond-mat.mtrl-sci", "q-bio.NC"]
)
def test_every_shape_of_category_is_known(term: str) -> None:
    """Two letters, hyphened classes, archives without a class."""
    assert arxiv_categories((term,)) == (term,)


@pytest.mark.parametrize("term", ["I.2.7", "68T50", "F.2.2, I.2.7", "", "Primary 68T50", "cs.cl2"])
def test_classes_of_other_schemes_are_left_out(term: str) -> None:
    """ACM and MSC terms are no arXiv categories."""
    assert arxiv_categories((term,)) == ()


def test_the_error_entry_of_the_api_is_an_error() -> None:
    """A feed with one entry titled Error says what was wrong."""
    with pytest.raises(SourceMalformed, match="incorrect id format for owl"):
        parse_feed(API_ERROR)


def test_an_unknown_id_is_an_empty_answer() -> None:
    """Zero entries with status 200 is an answer."""
    assert parse_feed(api()).papers == ()
    assert total_results(api(total=7)) == 7


@pytest.mark.parametrize(
    "comment", ["Withdrawn", "This paper has been withdrawn by the authors", "withdrawn by arXiv administrators"]
)
def test_a_withdrawn_paper_is_marked(comment: str) -> None:
    """The comment says so; there is no other sign."""
    assert parse_feed(api(api_entry(comment=comment))).papers[0].withdrawn


def test_a_paper_about_withdrawing_is_not_withdrawn() -> None:
    """The word alone is not enough."""
    entry = api_entry(title="Opioid withdrawal", comment="We study how funds are withdrawn")
    assert not parse_feed(api(entry)).papers[0].withdrawn


def test_an_entry_that_cannot_be_understood_is_counted_and_said() -> None:
    """An item without an id costs only itself, and the listing says so."""
    broken = rss_item("owl").replace("https://arxiv.org/abs/owl", "https://example.org/owl")
    batch = parse_feed(rss(rss_item(), broken, rss_item("2613.10003v1", kind="unheard-of")))
    assert (len(batch.papers), batch.unread) == (1, 2)
    listing = to_listing(batch, source="arxiv", name="cs.CL", day=date(2026, 8, 5), captured_at=AT)
    assert not listing.complete
    assert listing.note == "2 of 3 entries could not be understood"


def test_a_feed_of_which_nothing_is_understood_is_malformed() -> None:
    """Not one readable entry is not an empty day."""
    batch = parse_feed(rss(rss_item(kind="unheard-of")))
    with pytest.raises(SourceMalformed, match="none of its 1 entries"):
        to_listing(batch, source="arxiv", name="cs.CL", day=date(2026, 8, 5), captured_at=AT)


def test_a_feed_that_breaks_off_says_so() -> None:
    """What came before the break is read, and the listing is not complete."""
    whole = rss(*(rss_item(f"2613.1000{n}v1") for n in range(1, 6)))
    batch = parse_feed(whole[: len(whole) * 2 // 3])
    assert batch.broken_off
    assert 0 < len(batch.papers) < 5


@pytest.mark.parametrize("payload", [b"", b"<html><body>Are you a robot?</body></html>", b"owl", b"{}", b"\x00\xff"])
def test_what_is_no_feed_is_malformed(payload: bytes) -> None:
    """A captcha page is not an empty day."""
    with pytest.raises(SourceMalformed):
        parse_feed(payload)


def test_entities_never_reach_for_files() -> None:
    """An external entity in a feed stays outside."""
    payload = rss(rss_item(abstract="OWL")).replace(
        b"<rss ", b'<!DOCTYPE rss [<!ENTITY owl SYSTEM "file:///etc/hostname">]><rss ', 1
    )
    batch = parse_feed(payload.replace(b"OWL", b"&owl;"))
    assert all(len(paper.abstract) < 10 for paper in batch.papers)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(payload: bytes) -> None:
    """Nothing a stranger sends raises anything else."""
    with suppress(SourceMalformed):
        parse_feed(payload)


@given(st.data())
def test_a_damaged_feed_is_read_or_malformed(data: st.DataObject) -> None:
    """Bytes lost anywhere in a real feed do no more than cost entries."""
    whole = rss(rss_item(), rss_item("2613.10002v1"))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    with suppress(SourceMalformed):
        assert len(parse_feed(whole[:start] + whole[end:]).papers) <= 2
