"""The diff: what is new, what is merged, and the word for each source."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.identity import fingerprint, paper_key, title_key
from newsletter.models import Announcement, Entry, Listing, Paper, Word
from newsletter.novelty import Diff, KnownPaper, Memory, diff, merge

FRIDAY = date(2026, 11, 20)
NOTHING = Memory({}, {}, {}, {}, {})


def paper(arxiv_id: str | None = None, title: str = "", **facts) -> Paper:
    title = title or f"On {arxiv_id}"
    facts = {"sources": ("huggingface",)} | facts
    return Paper(key=paper_key(arxiv_id, title), title=title, arxiv_id=arxiv_id, **facts)


def listing(*papers: Paper, day: date = FRIDAY, announcement=Announcement.NEW, **facts) -> Listing:
    entries = tuple(Entry(one, place, announcement) for place, one in enumerate(papers, start=1))
    return Listing(
        **{
            "source": "huggingface",
            "name": "daily",
            "day": day,
            "captured_at": datetime(day.year, day.month, day.day, 8, tzinfo=UTC),
            "entries": entries,
            "fingerprint": fingerprint(one.key for one in papers),
        }
        | facts
    )


def remember(*diffs: Diff, usual: int = 0) -> Memory:
    """What the database would remember after these diffs."""
    papers, by_id, by_title, batches = {}, {}, {}, {}
    for one in diffs:
        for known in one.papers:
            papers[known.paper.key] = known
            by_title.setdefault(title_key(known.paper.title), known.paper.key)
            if known.paper.arxiv_id:
                by_id[known.paper.arxiv_id] = known.paper.key
        for listed in one.listed:
            key = (listed.listing.source, listed.listing.name, listed.listing.fingerprint)
            batches.setdefault(key, listed.listing.day)
    return Memory(papers, by_id, by_title, batches, {("huggingface", "daily"): usual})


def standing(found: Diff) -> dict[str, str]:
    return {known.paper.key: known.standing for known in found.papers}


def test_a_paper_never_listed_before_is_new():
    """The first listing of a paper makes it wait for an edition."""
    found = diff([listing(paper("2611.00001"))], NOTHING)

    assert standing(found) == {"2611.00001": "new"}
    assert [(one.word, one.new) for one in found.listed] == [(Word.FRESH, 1)]


def test_a_paper_listed_again_is_not_new():
    """A re-listing changes nothing when its facts are the same."""
    first = diff([listing(paper("2611.00001"))], NOTHING)
    again = diff([listing(paper("2611.00001"), day=FRIDAY + timedelta(days=3))], remember(first))

    assert again.papers == ()
    assert again.new == 0


@pytest.mark.parametrize("announcement", [Announcement.REPLACE, Announcement.REPLACE_CROSS])
def test_a_replacement_of_an_unknown_paper_is_old(announcement):
    """A replacement is never new, even where its first version was never seen."""
    found = diff([listing(paper("2611.00001", version=2), announcement=announcement)], NOTHING)

    assert standing(found) == {"2611.00001": "old"}


def test_a_first_version_announced_as_a_cross_list_is_new_while_it_is_recent():
    """arXiv calls a paper cross where none of the categories asked for is its primary one."""
    fresh, dusty = paper("2611.00001", version=1), paper("2503.00001", version=1)
    revised = paper("2611.00002", version=2)
    found = diff([listing(fresh, dusty, revised, announcement=Announcement.CROSS)], NOTHING)

    assert standing(found) == {"2611.00001": "new", "2503.00001": "old", "2611.00002": "old"}


def test_an_announcement_as_new_wins_over_a_cross_list_in_the_same_run():
    """One category's cross-list is another's new paper, whichever is read first."""
    old_id = paper("2503.00001", version=1)
    cross = listing(old_id, announcement=Announcement.CROSS, source="arxiv", name="cs.AI")
    new = listing(old_id, source="arxiv", name="cs.CL")

    assert standing(diff([cross, new], NOTHING)) == {"2503.00001": "new"}
    assert standing(diff([new, cross], NOTHING)) == {"2503.00001": "new"}


def test_an_undated_ranking_brings_only_recent_papers():
    """The trending page holds papers of any age; one of last year is not news."""
    published = datetime(2025, 11, 18, tzinfo=UTC)
    ranked = [paper("2511.00001", published=published), paper("2611.00001", published=published.replace(year=2026))]
    found = diff([listing(*ranked, dated=False)], NOTHING)

    assert standing(found) == {"2511.00001": "old", "2611.00001": "new"}


def test_a_withdrawn_paper_is_not_new():
    """A paper that was withdrawn before we saw it is never mailed."""
    assert standing(diff([listing(paper("2611.00001", withdrawn=True))], NOTHING)) == {"2611.00001": "old"}


def test_a_paper_without_id_is_joined_to_its_id_once_known():
    """A title-only entry and the later one with an id are one paper, under the key it had first."""
    first = diff([listing(paper(None, "A Study of Studies"))], NOTHING)
    later = diff([listing(paper("2611.00001", "A study  of Studies."))], remember(first))

    assert later.new == 0
    [known] = later.papers
    assert (known.paper.key, known.paper.arxiv_id) == ("title:a study of studies", "2611.00001")
    assert later.listed[0].keys == ("title:a study of studies",)


def test_a_title_only_entry_finds_the_paper_with_an_id():
    """The text dump of a paper that is known by its id brings no second paper."""
    first = diff([listing(paper("2611.00001", "A Study of Studies"))], NOTHING)
    later = diff([listing(paper(None, "A Study of Studies", upvotes=7))], remember(first))

    assert later.new == 0
    assert later.listed[0].keys == ("2611.00001",)


def test_two_ids_with_one_title_stay_two_papers():
    """A shared title does not join papers that have ids of their own."""
    found = diff([listing(paper("2611.00001", "Twins"), paper("2611.00002", "Twins"))], NOTHING)

    assert found.new == 2


def test_the_same_paper_from_two_sources_is_one_with_the_facts_of_both():
    """Categories and comment come from arXiv; figures, organisation and links from Hugging Face."""
    social = paper(
        "2611.00001", upvotes=12, comments=0, organization="Example Lab", code_url="https://example.org/code"
    )
    formal = paper(
        "2611.00001", "The Formal Title", categories=("cs.CL", "cs.LG"), comment="9 pages", sources=("arxiv",)
    )
    merged = merge(social, formal)

    assert merged == merge(formal, social)
    assert merged.title == "The Formal Title"
    assert merged.categories == ("cs.CL", "cs.LG")
    assert (merged.upvotes, merged.comments, merged.organization) == (12, 0, "Example Lab")
    assert merged.sources == ("arxiv", "huggingface")


def test_a_figure_that_is_missing_does_not_erase_one_that_is_known():
    """Missing is not zero."""
    known = paper("2611.00001", upvotes=12)

    assert merge(known, paper("2611.00001")).upvotes == 12
    assert merge(known, paper("2611.00001", upvotes=0)).upvotes == 0


def test_an_earlier_batch_served_again_on_a_weekday_is_stale():
    """A source that serves yesterday's batch under today's date is told from a quiet day."""
    first = diff([listing(paper("2611.00001"))], NOTHING)
    monday = listing(paper("2611.00001"), day=FRIDAY + timedelta(days=3))
    [listed] = diff([monday], remember(first)).listed

    assert (listed.word, listed.note) == (Word.STALE, "the list of 2026-11-20 was served again")


def test_friday_served_again_at_the_weekend_is_quiet():
    """The papers page repeats Friday on Saturday and Sunday; that is no fault."""
    first = diff([listing(paper("2611.00001"))], NOTHING)
    for days in (1, 2):
        saturday = listing(paper("2611.00001"), day=FRIDAY, asked=FRIDAY + timedelta(days=days))
        [listed] = diff([saturday], remember(first)).listed

        assert (listed.word, listed.note) == (Word.QUIET, "the weekend: the list of 2026-11-20 is served again")


def test_an_empty_list_is_quiet_and_not_an_error():
    """Zero is a real answer."""
    assert diff([listing()], NOTHING).listed[0].word is Word.QUIET


def test_a_list_that_states_more_than_it_holds_is_partial():
    """A broken parse differs from a quiet day."""
    [listed] = diff([listing(paper("2611.00001"), stated=79)], NOTHING).listed

    assert (listed.word, listed.note) == (Word.PARTIAL, "only 1 of 79 entries could be read")


def test_a_list_of_old_papers_is_not_called_listed_before():
    """Papers seen for the first time that are no news are counted as what they are."""
    dump = [paper(None, f"Old paper {number}") for number in range(3)]
    [listed] = diff([listing(*dump, dated=False)], NOTHING).listed

    assert (listed.word, listed.new) == (Word.QUIET, 0)
    assert listed.note == "3 papers not seen before, but none is news: revised, withdrawn, or too old"


def test_a_short_list_of_a_past_day_is_not_called_growing():
    """A list captured after its day is over is as long as it will be."""
    late = listing(paper("2611.00001"), captured_at=datetime(2026, 11, 25, tzinfo=UTC))

    assert diff([late], remember(usual=25)).listed[0].word is Word.FRESH


def test_a_list_far_below_its_usual_length_is_still_growing():
    """The first hour of a Hugging Face day lists a paper or two."""
    [listed] = diff([listing(paper("2611.00001"))], remember(usual=25)).listed

    assert listed.word is Word.PARTIAL
    assert "still growing" in listed.note


ids = st.integers(1, 12).map(lambda n: f"2611.{n:05}")
entries = st.lists(st.tuples(ids, st.sampled_from(list(Announcement)), st.integers(1, 3)), max_size=8)


@given(st.lists(st.tuples(entries, st.booleans()), max_size=6), st.randoms(use_true_random=False))
def test_a_paper_is_new_at_most_once_whatever_is_listed_in_whatever_order(days, random):
    """Invariant 1: over any history of listings no paper becomes new twice, and order within a day does not matter."""
    found: list[Diff] = []
    seen_new: list[str] = []
    for number, (listed, dated) in enumerate(days):
        day = FRIDAY + timedelta(days=number)
        batch = [
            listing(paper(one, version=version), announcement=announcement, day=day, dated=dated, name=f"list-{place}")
            for place, (one, announcement, version) in enumerate(listed)
        ]
        memory = remember(*found)
        today = diff(batch, memory)
        shuffled = random.sample(batch, len(batch))

        assert diff(shuffled, memory).papers == today.papers
        seen_new += [known.paper.key for known in today.papers if _became_new(known, memory)]
        found.append(today)

    assert len(seen_new) == len(set(seen_new))
    assert len(seen_new) == sum(one.new for one in found)


def _became_new(known: KnownPaper, memory: Memory) -> bool:
    return known.standing == "new" and known.paper.key not in memory.papers


def test_merging_keeps_the_key_and_the_earliest_date():
    """What identifies a paper never changes by merging."""
    early, late = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)
    merged = merge(paper("2611.00001", published=early), replace(paper("2611.00001"), published=late))

    assert (merged.key, merged.published) == ("2611.00001", early)
