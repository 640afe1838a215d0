"""The real captures beside the checkout, counted: nothing is lost without an explanation."""

import io
import tarfile
from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from newsletter.errors import SourceMalformed
from newsletter.identity import title_key
from newsletter.models import Announcement, Listing
from newsletter.sources import huggingface, parse_file
from newsletter.sources.common import to_listing
from newsletter.sources.file import parse_bytes

AT = datetime(2026, 8, 1, 12, tzinfo=UTC)


def listing(path: Path) -> Listing:
    (found,) = parse_file(path, captured_at=AT)
    return found


def test_the_text_dumps_hold_exactly_the_papers_they_show(shared_data: Path) -> None:
    """Four dumps of 235, 130, 119 and 105 entries, and 559 distinct titles among them."""
    listings = [listing(path) for path in sorted((shared_data / "seeds").glob("*.txt"))]
    assert [len(found.entries) for found in listings] == [235, 130, 119, 105]
    titles = {entry.paper.title for found in listings for entry in found.entries}
    assert len(titles) == len({title_key(title) for title in titles}) == 559
    assert not any(title.startswith("Subscribe") for title in titles)
    assert all(entry.paper.abstract for found in listings for entry in found.entries)
    assert all(found.complete and not found.dated and not found.note for found in listings)


def test_the_footers_of_a_dump_give_organisations_comments_and_dates(shared_data: Path) -> None:
    """An organisation's slug is cut off its name, `Dec 5, 2024 2` is a date and a count, a year-less date is unknown."""
    papers = [entry.paper for entry in listing(max((shared_data / "seeds").glob("003*"))).entries]
    assert {paper.organization for paper in papers} == {None, "OpenBMB", "NAVER AI Lab", "Stanford AI"}
    first = papers[0]
    assert (first.comments, first.published) == (2, datetime(2024, 12, 5, tzinfo=UTC))
    assert papers[1].published is None
    assert papers[1].comments is None


def test_the_archive_of_415_days_is_read_without_loss(shared_data: Path) -> None:
    """6,141 items of 415 weekdays, all distinct, of every era of the format."""
    ids: set[str] = set()
    counts: Counter[str] = Counter()
    titles: list[str] = []
    largest = 0
    with tarfile.open(shared_data / "huggingface" / "days_2024-05-27_2025-12-31.tar.xz") as archive:
        for member in archive:
            if not member.isfile():
                continue
            content = archive.extractfile(member)
            assert content is not None
            found = parse_bytes(content.read(), stem=Path(member.name).stem, captured_at=AT)
            counts["days"] += 1
            counts["entries"] += len(found.entries)
            counts["incomplete"] += not found.complete
            assert found.day == date.fromisoformat(Path(member.name).stem[:10])
            for entry in found.entries:
                ids.add(entry.paper.arxiv_id or "")
                titles.append(entry.paper.title)
                largest = max(largest, len(entry.paper.authors))
                counts["abstracts"] += bool(entry.paper.abstract)
                counts["organisations"] += entry.paper.organization is not None
                counts["upvotes"] += entry.paper.upvotes is not None
    assert counts["days"] == 415
    assert counts["entries"] == len(ids) == 6141
    assert counts["incomplete"] == 0
    assert counts["abstracts"] == counts["upvotes"] == 6141
    assert counts["organisations"] == 630
    assert "DeepSeek-R1 Thoughtology: Let's <think> about LLM Reasoning" in titles
    assert largest == 664
    assert not any("\n" in title or "  " in title for title in titles)


def test_every_loose_day_states_its_own_date(shared_data: Path) -> None:
    """One sample of each schema era, from bare objects to reprs and a wrapped list."""
    for path in sorted((shared_data / "huggingface" / "days").glob("*.json")):
        found = listing(path)
        assert found.entries
        assert found.complete
        assert (found.source, found.name, found.day) == ("huggingface", "daily", date.fromisoformat(path.stem))


def test_a_list_of_exactly_the_limit_counts_as_cut(shared_data: Path) -> None:
    """2025-09-30 has exactly 50 items, the API's limit of then: told so, the listing is incomplete and says why."""
    payload = (shared_data / "huggingface" / "days" / "2025-09-30.json").read_bytes()
    batch = huggingface.parse_json(payload)
    found = to_listing(
        batch, source="huggingface", name="daily", day=date(2025, 9, 30), captured_at=AT, cut=len(batch.papers) == 50
    )
    assert not found.complete
    assert "cut at 50" in found.note


def test_recaptures_grow_and_never_shrink_in_votes(shared_data: Path) -> None:
    """The same day captured again holds at least as many papers, and none of them loses its figure."""
    paths = sorted((shared_data / "huggingface" / "recaptures").glob("*.json"))
    listings = [(path.stem[:10], listing(path)) for path in paths]
    assert len(listings) == 24
    assert all(found.day == date.fromisoformat(day) for day, found in listings)
    same_days = [(one, two) for (day, one), (other, two) in pairwise(listings) if day == other]
    assert any(len(two.entries) > len(one.entries) for one, two in same_days)
    assert any(one.fingerprint == two.fingerprint for one, two in same_days)


def test_the_html_page_holds_the_same_papers_as_the_api_of_that_day(shared_data: Path) -> None:
    """2024-08-01 by page and by API: the page's properties are enough when the API fails."""
    page = listing(shared_data / "huggingface" / "papers_page_2024-08-01.html")
    api = listing(shared_data / "huggingface" / "days" / "2024-08-01.json")
    assert page.day == api.day == date(2024, 8, 1)
    assert len(page.entries) == 13  # the page was saved two papers later
    ours, theirs = ({entry.paper.arxiv_id for entry in found.entries} for found in (page, api))
    assert theirs <= ours
    assert all(entry.paper.abstract and entry.paper.authors for entry in page.entries)


def test_the_complete_rss_capture_is_read_to_the_last_item(shared_data: Path) -> None:
    """The stat feed of 2024-03-26: 35 new, 27 cross, 41 replace and 20 replace-cross."""
    found = listing(shared_data / "arxiv" / "rss_new" / "stat__2024-03-26__full.xml")
    kinds = Counter(entry.announcement for entry in found.entries)
    assert kinds == {
        Announcement.NEW: 35,
        Announcement.CROSS: 27,
        Announcement.REPLACE: 41,
        Announcement.REPLACE_CROSS: 20,
    }
    assert (found.source, found.name, found.day, found.complete) == ("arxiv", "stat", date(2024, 3, 26), True)
    for entry in found.entries:
        assert entry.paper.abstract
        assert entry.paper.version
        assert entry.paper.categories
        assert entry.paper.authors
        assert not any(set(name) & set("\\{}()[]") for name in entry.paper.authors), entry.paper.authors


@pytest.mark.parametrize(
    ("path", "entries", "day"),
    [
        ("rss_new/cs.AI__2026-04-27__trimmed-3-items.xml", 3, date(2026, 4, 27)),
        ("rss_new/cs.CL__2026-04-27__trimmed-3-items.xml", 3, date(2026, 4, 27)),
        ("rss_new/cs.CL__2026-08-01__weekend-empty.xml", 0, date(2026, 8, 1)),
        ("rss_atom_new/cs.AI__2025-08-20__trimmed-7-entries.atom.xml", 7, date(2025, 8, 20)),
        ("rss_rdf_old/hep-ex__2018-05-23__trimmed_1.rdf.xml", 3, date(2018, 5, 23)),
    ],
)
def test_the_other_feeds_are_read_whole(shared_data: Path, path: str, entries: int, day: date) -> None:
    """Trimmed, empty, Atom and RDF captures: every entry, and the day by arXiv's clock."""
    found = listing(shared_data / "arxiv" / path)
    assert len(found.entries) == entries
    assert found.day == day
    assert found.complete


def test_the_rdf_of_before_2024_gives_ids_kinds_and_plain_names(shared_data: Path) -> None:
    """Id, class and kind stand in the title, authors are HTML links."""
    (path,) = (shared_data / "arxiv" / "rss_rdf_old").iterdir()
    entries = listing(path).entries
    assert [entry.announcement for entry in entries] == [
        Announcement.NEW,
        Announcement.CROSS,
        Announcement.REPLACE,
    ]
    assert [entry.paper.arxiv_id for entry in entries] == ["1805.08875", "1805.09166", "1805.06430"]
    assert [entry.paper.version for entry in entries] == [1, 1, 2]
    assert entries[0].paper.authors == ("Christopher Dilks",)
    assert len(entries[2].paper.authors) == 6
    assert entries[2].paper.categories == ("nucl-th",)


def test_api_answers_are_read_whole_with_arxiv_categories_only(shared_data: Path) -> None:
    """Five saved answers of 50, 2, 1, 3 and 5 entries; ACM and MSC classes are left out."""
    listings = [listing(path) for path in sorted((shared_data / "arxiv" / "api_atom").glob("*.xml"))]
    assert [len(found.entries) for found in listings] == [50, 2, 1, 3, 5]
    for found in listings:
        for entry in found.entries:
            assert entry.paper.published
            assert entry.paper.authors
            assert entry.paper.categories
            assert all(term[0].islower() for term in entry.paper.categories)


def test_recorded_answers_are_read_or_say_why_not(shared_data: Path) -> None:
    """Twenty recordings: one is an error answer, one finds nothing, the others are read to the last entry."""
    counts = {}
    errors = []
    for path in sorted((shared_data / "arxiv" / "api_atom_recorded").glob("*.json")):
        try:
            counts[path.name] = len(listing(path).entries)
        except SourceMalformed as error:
            errors.append(str(error))
    assert len(errors) == 1
    assert "incorrect id format for abc" in errors[0]
    assert len(counts) == 19
    assert sum(1 for count in counts.values() if count == 0) >= 1
    stated = {
        name: int(size) for name, count in counts.items() for size in [name.split("_m")[1].split("_")[0]] if count > 1
    }
    assert all(counts[name] in {size, 2} for name, size in stated.items()), (counts, stated)


def test_ten_parsed_days_are_read_without_loss(shared_data: Path) -> None:
    """1,400 announcements of six weekdays, and four empty weekend days that are no error."""
    listings = [listing(path) for path in sorted((shared_data / "arxiv" / "parsed_daily_rss").glob("*.json"))]
    assert [len(found.entries) for found in listings] == [186, 0, 0, 171, 501, 199, 171, 172, 0, 0]
    assert all(found.complete and found.stated == len(found.entries) for found in listings)
    kinds = Counter(entry.announcement for found in listings for entry in found.entries)
    assert kinds[Announcement.NEW] == 743
    assert sum(entry.paper.withdrawn for found in listings for entry in found.entries) == 1


def test_a_capture_cut_in_the_middle_is_told_from_a_whole_one(shared_data: Path) -> None:
    """Half of the stat feed is read as far as it goes, and the listing says that it breaks off."""
    payload = (shared_data / "arxiv" / "rss_new" / "stat__2024-03-26__full.xml").read_bytes()
    found = parse_bytes(io.BytesIO(payload).read(len(payload) // 2), stem="half", captured_at=AT)
    assert 40 < len(found.entries) < 123
    assert not found.complete
    assert "breaks off" in found.note
