"""The form of the preferences page: choices to fields and back, and what is typed in between."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import wishes
from subscribers.models import Cadence, Limits, Schedule, Subscriber, Wants
from tests.subscribers.people import person, rosters, words

SEEDS = ("2401.10774", "A title of words\n\nWith its abstract.")
ADA = person(
    "ada",
    topics=("speech",),
    wants=Wants(("KV cache",), ("cs.CL",), ("Ada Example",), SEEDS, "I study.", ("crypto",)),
    limits=Limits(5, 3, 0.1, False),
    schedule=Schedule(Cadence.WEEKLY, 4, 18, "Asia/Tokyo"),
    paused_until=date(2030, 1, 2),
)
TOPICS = frozenset({"speech", "vision"})


def read(before=ADA, **changed):
    """What the form says when some fields are typed anew."""
    posted = wishes.fields(before) | {name: (value,) for name, value in changed.items()}
    return wishes.read(posted, before, topics=TOPICS)


@given(rosters(most=2))
def test_a_form_that_nobody_touched_changes_nothing(declared):
    """Choices to fields to choices, for anything a roster may declare."""
    names = {topic.name for topic in declared.topics}
    for one in declared.subscribers:
        assert wishes.read(wishes.fields(one), one, topics=names) == wishes.Reading(one)


@given(st.lists(st.text(st.characters(codec="ascii"), min_size=1, max_size=12) | words, max_size=6), st.booleans())
def test_any_values_come_back_from_their_lines(values, names):
    """With commas, quotes and whatever else: one value stays one value."""
    said = [" ".join(value.split()) for value in values if value.strip() and "\x00" not in value]
    told = list({value.casefold(): value for value in reversed(said) if value.isprintable()}.values())

    assert wishes.split(wishes.lines(told, names=names), names=names) == told


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("speculative decoding, KV cache", ["speculative decoding", "KV cache"]),
        ("one\r\n two \n\n,three,\n", ["one", "two", "three"]),
        ('"a, b", c', ["a, b", "c"]),
        ('"speculative decoding"', ["speculative decoding"]),
        ('5" disks\n"open', ['5" disks', "open"]),
        ("KV cache\nkv CACHE", ["KV cache"]),
        ("", []),
    ],
)
def test_words_stand_on_lines_or_between_commas(typed, values):
    """Quotes keep a phrase together; the same one twice is one."""
    assert wishes.split(typed) == values


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("Hinton, Geoffrey", ["Hinton, Geoffrey"]),
        ("Ada Lovelace, Bob Hope", ["Ada Lovelace", "Bob Hope"]),
        ("Hinton, Geoffrey\nYann LeCun", ["Hinton, Geoffrey", "Yann LeCun"]),
        ("Madonna", ["Madonna"]),
        ("Madonna,", ["Madonna"]),
    ],
)
def test_a_comma_within_a_name_parts_nobody(typed, values):
    """The family name may come first."""
    assert wishes.split(typed, names=True) == values


def test_what_is_typed_counts():
    """Each field by itself, and everything else as it was."""
    found = read(keywords="diffusion, KV cache", hour="6", zone="europe/zurich", text=" a\r\n b ", max_papers="20")

    assert found == wishes.Reading(
        replace(
            ADA,
            wants=replace(ADA.wants, keywords=("diffusion", "KV cache"), text="a b"),
            limits=replace(ADA.limits, max_papers=20),
            schedule=replace(ADA.schedule, hour=6, zone="Europe/Zurich"),
        )
    )


@pytest.mark.parametrize(
    ("typed", "zone"), [("zurich", "Europe/Zurich"), ("new york", "America/New_York"), ("utc", "UTC")]
)
def test_a_city_is_enough_for_a_time_zone(typed, zone):
    """Where only one is called so."""
    assert read(zone=typed).wanted.schedule.zone == zone


def test_suggested_terms_count_once_they_are_ticked():
    """Beside what was typed; one that stands there already is not doubled, and a comma parts none."""
    posted = wishes.fields(ADA) | {"add": ("kv cache", "a, b")}

    assert wishes.read(posted, ADA, topics=TOPICS).wanted.wants.keywords == ("KV cache", "a, b")
    assert wishes.typed(posted)["keywords"] == ('KV cache\n"a, b"',)


def test_example_papers_are_kept_dropped_added_and_read_from_a_file():
    """What is unticked goes, what is pasted and what a file holds comes, each once."""
    posted = wishes.fields(ADA) | {"kept": (wishes.mark(SEEDS[1]),), "seeds": ("2312.00752\n2312.00752",)}
    found = wishes.read(posted, ADA, topics=TOPICS, file="@misc{a, eprint={1706.03762}}\n@book{b, title={No}}")

    assert found.wanted.wants.seeds == (SEEDS[1], "2312.00752", "1706.03762")
    assert found.notes == (
        "One entry of the export had neither an arXiv id nor a title of three words, and was left out.",
    )
    assert not found.mistakes


def test_a_file_is_shown_again_as_its_papers():
    """A browser forgets which file was chosen: what was read of it stands in the field, and means the same."""
    posted = wishes.fields(ADA) | {"kept": (), "seeds": ("2312.00752",)}
    file = "@misc{a, eprint={1706.03762}}\n@misc{b, title={A title of words}, abstract={With its abstract.}}"
    again = wishes.typed(posted, file=file)

    assert wishes.read(again, ADA, topics=TOPICS) == wishes.read(posted, ADA, topics=TOPICS, file=file)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("categories", "cs.cl", '"cs.cl" is no arXiv category; did you mean cs.CL'),
        (
            "categories",
            "computer vision",
            '"computer vision" is no arXiv category; did you mean cs.CV (Computer Vision)?',
        ),
        ("categories", "zzz", '"zzz" is no arXiv category; write for example cs.CL or quant-ph'),
        ("hour", "24", '"24" is too large; the most is 23'),
        ("hour", "noon", '"noon" is no whole number'),
        ("max_papers", "0", '"0" is too small; the least is 1'),
        ("max_per_topic", "9" * 5_000, "9"),
        ("cadence", "hourly", '"hourly" is none of daily, weekdays or weekly'),
        ("weekday", "caturday", "is none of monday"),
        ("zone", "Mars/Olympus", '"Mars/Olympus" is no IANA time zone; write for example'),
        ("paused_until", "soon", '"soon" is no date; write year-month-day, for example'),
        ("text", "x" * 5_001, "is too long: at most 5000 characters"),
        ("keywords", "x" * 201, "is too long: at most 200 characters"),
        ("keywords", "\n".join(map(str, range(501))), "501 values are too many; the most is 500"),
        ("authors", "A\u202eB", "U+202E"),
        ("mute", "a\x07b", "U+0007"),
        ("seeds", "ab", '"ab" is no arXiv id; write for example 2401.10774'),
    ],
)
def test_a_mistake_is_told_at_its_field_and_the_rest_counts(field, typed, said):
    """What is wrong keeps what it was; a preview goes on with everything else."""
    found = read(**{"mute": "other", field: typed})

    assert list(found.mistakes) == [field]
    assert said in found.mistakes[field][0]
    assert found.wanted == (ADA if field == "mute" else read(mute="other").wanted)


def test_thousands_of_mistakes_in_a_field_are_a_few_sentences():
    """For each the nearest category is sought, which for all of them would hold up every page."""
    found = read(categories="\n".join(f"cs.{n:05}" for n in range(9_000)))

    assert len(found.mistakes["categories"]) == 5
    assert found.wanted == ADA


def test_too_many_example_papers_are_one_sentence():
    """With how many there are and how many there may be."""
    found = read(seeds="\n".join(f"2401.{n:05}" for n in range(600)))

    assert "papers are too many: the most is 500" in found.mistakes["seeds"][0]


def test_a_topic_that_is_not_offered_is_left_out():
    """It may have gone since the page was opened."""
    posted = wishes.fields(ADA) | {"topics": ("speech", "gone", "speech")}

    assert wishes.read(posted, ADA, topics=TOPICS).wanted.topics == ("speech",)


def test_a_form_that_was_cut_takes_nothing_back():
    """Its last field is missing: what did not arrive was not unticked."""
    posted = {name: value for name, value in wishes.fields(ADA).items() if name in {"topics", "keywords"}}
    found = wishes.read(posted, ADA, topics=TOPICS)

    assert found.wanted == ADA
    assert "incomplete" in found.mistakes["form"][0]


def test_what_was_kept_by_other_rules_is_no_obstacle():
    """Choices of long ago may break a rule of today: the form can be saved all the same."""
    old = replace(ADA, wants=replace(ADA.wants, categories=("cs.cl",)), schedule=replace(ADA.schedule, zone="Old/Zone"))
    found = read(before=old, hour="6")

    assert set(found.mistakes) == {"categories", "zone"}
    assert found.wanted.schedule.hour == 6


names = st.sampled_from((*wishes.fields(ADA), "add", "kept", "nonsense"))


@given(st.dictionaries(names, st.lists(st.text(max_size=40), max_size=3).map(tuple), max_size=8))
def test_any_form_is_read(posted):
    """Whatever is posted: choices that the roster's rules take, and sentences."""
    found = wishes.read({**posted, wishes.END: ("1",)}, ADA, topics=TOPICS)
    wishes.typed(posted)

    assert isinstance(found.wanted, Subscriber)
    assert wishes.read(wishes.fields(found.wanted), found.wanted, topics=TOPICS) == wishes.Reading(found.wanted)
