"""One person's choices as a file: out and in again, held to the roster's rules, and harmless whoever wrote it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import RosterError
from subscribers import roster
from subscribers.models import Subscriber, Wants
from tests.subscribers.people import person, rosters

ADA = person("ada", wants=Wants(keywords=("before",)))
TOPICS = frozenset({"speech"})


def read(text, before=ADA):
    return roster.parse_person(text, before, topics=TOPICS, path="line")


def mistakes(text):
    with pytest.raises(RosterError) as caught:
        read(text)
    return caught.value.mistakes


@given(rosters(most=3), st.data())
def test_a_file_that_was_written_reads_to_the_same(declared, data):
    """Download, upload: nothing has changed, whatever was chosen."""
    if not declared.subscribers:
        return
    one = data.draw(st.sampled_from(declared.subscribers))
    known = {topic.name for topic in declared.topics}
    found = roster.parse_person(roster.dump_person(one), one, topics=known, path="line")

    assert found == roster.Uploaded(one)


@given(rosters(most=2))
def test_a_file_is_an_entry_of_a_roster(declared):
    """What a reader downloads can be put into the operator's file as it is."""
    for one in declared.subscribers:
        entry = roster.dump_person(one).replace("\n", "\n    ").rstrip()
        names = "".join(f"  {topic.name}: {{}}\n" for topic in declared.topics) or "  {}\n"
        text = f"topics:\n{names}subscribers:\n  - {entry}\n"
        assert roster.parse(text, path="r.yaml").subscribers == (one,)


def test_what_a_file_says_nothing_of_is_empty_and_the_schedule_stays():
    """The file is the whole of what somebody wants; when it comes is another thing."""
    before = replace(ADA, schedule=replace(ADA.schedule, hour=18))

    assert read("authors: [Ada Example]", before).wanted == replace(before, wants=Wants(authors=("Ada Example",)))


@pytest.mark.parametrize(
    "text", ["- keywords: [x]", "subscribers:\n  - keywords: [x]\n", "subscribers: [{keywords: [x]}]"]
)
def test_a_list_or_a_roster_of_one_is_understood(text):
    """As it stands in the operator's file."""
    assert read(text).wanted.wants == Wants(keywords=("x",))


def test_a_file_of_somebody_else_brings_their_choices_and_not_their_address():
    """A colleague's file may be taken over; whose page it is does not change."""
    found = read("address: bo@example.org\nname: Bo\nkeywords: [x]\ntopics: [speech, gone]\n")

    assert found.wanted == Subscriber("ada@example.org", "Ada", ("speech",), Wants(keywords=("x",)))
    assert (found.foreign, found.gone) == (True, ("gone",))
    assert [said.split(";")[0] for said in roster.ignored(found)] == [
        "The file was written for another address",
        'The topic "gone" is not offered here and was left out.',
    ]


def test_one_s_own_address_in_other_letters_is_one_s_own():
    """Case does not make another person."""
    assert not read("address: ADA@example.org").foreign


def test_all_mistakes_are_told_with_their_lines():
    """At once, in the order of the file, and nothing of it counts."""
    assert mistakes("hour: 99\nkeyword: [x]\nzone: zurich\n") == (
        'line:1: hour: "99" is too large; the most is 23',
        'line:2: keyword: is no field here; did you mean "keywords"?',
        'line:3: zone: "zurich" is no IANA time zone; write for example Europe/Zurich',
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keywords: &all [x]\nmute: *all", "an anchor or an alias"),
        ("a: &a [x]", "an anchor or an alias"),
        ("text: !!python/object/apply:os.system [ls]", "holds a tag"),
        ("keywords: !mine [x]", "holds a tag"),
        ("[" * 10_000, "nested too deeply"),
        ("- " * 10_000, "nested too deeply"),
        ("a: " + "{a: " * 60, "nested too deeply"),
        ("{" + ",".join(f"k{n}" for n in range(5_000)) + "}", "has 5000 fields"),
        ("keywords:\n" + "- x\n" * 10_001, "more than 10,000 lines or values"),
        ("keywords: [" + "x," * 10_001 + "]", "more than 10,000 lines or values"),
        ("just words", "no mapping of fields"),
        ("", "no mapping of fields"),
        ("- keywords: [x]\n- keywords: [y]\n", "no mapping of fields"),
        ("keywords: [x]\nkeywords: [y]", "written twice"),
        ("text: 'open", "is no YAML"),
        ("text: \x07", "which YAML forbids"),
        ("keywords: {a: b}", "is no list"),
        ("topics: speech", "is no list"),
        ("address: 7\nhour: soon", "is no whole number"),
    ],
)
def test_what_strangers_may_not_write_is_one_sentence(text, said):
    """Neither anchors, aliases and tags nor bombs of any kind; nothing is made of them."""
    assert any(said in line for line in mistakes(text))


def test_of_many_topics_that_are_not_offered_some_are_named():
    """Each once; and one that is offered counts."""
    found = read("topics:\n" + "".join(f"- t{n}\n- t{n}\n" for n in range(40)) + "- speech")

    assert found.wanted.topics == ("speech",)
    assert len(roster.ignored(found)) == 11
    assert roster.ignored(found)[-1] == "So were 30 more."


def test_a_file_is_small_and_utf8():
    """What is larger is no file of choices, and another encoding would turn names into others."""
    with pytest.raises(RosterError, match="256 KB at most"):
        roster.decoded(b"x" * 300_000)
    with pytest.raises(RosterError, match="no UTF-8"):
        roster.decoded(b"\xe9")

    assert roster.decoded(b"\xef\xbb\xbfhour: 7") == "hour: 7"
