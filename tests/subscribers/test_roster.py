"""The roster file: every mistake at once, and a text that comes back."""

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from newsletter.errors import RosterError
from subscribers.models import Cadence
from subscribers.roster import SCHEMA_LINE, dump, json_schema, parse
from subscribers.service import read_roster
from tests.subscribers.people import rosters

FOLDER = Path(__file__).resolve().parents[2] / "subscribers"
FILES = [FOLDER / "roster.yaml", FOLDER / "roster.example.yaml"]

HEAD = "topics:\n  speech: {keywords: [speech]}\nsubscribers:\n- address: ada@example.org\n"  # four lines


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(RosterError) as refused:
        parse(text, path="r.yaml")
    return refused.value.mistakes


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("zone: Zurich", 'subscribers[0].zone: "Zurich" is no IANA time zone; write for example Europe/Zurich'),
        ("zone: europe/zurich", '"europe/zurich" is no IANA time zone; write for example Europe/Zurich'),
        ("zone: ../etc/passwd", '"../etc/passwd" is no IANA time zone'),
        ("zone: Europe", '"Europe" is no IANA time zone'),
        ("keyword: [x]", 'subscribers[0].keyword: is no field here; did you mean "keywords"?'),
        ("topics: [speach]", 'subscribers[0].topics[0]: "speach" is no topic of this roster; did you mean "speech"?'),
        ("topics: [xyz]", '"xyz" is no topic of this roster; declare it under topics'),
        ("topics: [speech, speech]", 'subscribers[0].topics: "speech" is listed twice; keep one of them'),
        ("keywords: [RAG, rag]", '"rag" is listed twice'),
        ("keywords: diffusion", '"diffusion" is no list; write [first, second]'),
        ("keywords: [{a: b}]", "subscribers[0].keywords[0]: a mapping is no text"),
        ("keywords: ['']", "subscribers[0].keywords[0]: is empty"),
        ("categories: [cs.cl]", '"cs.cl" is no arXiv category; did you mean cs.CL?'),
        ("categories: [computers]", '"computers" is no arXiv category; write for example cs.CL'),
        ("seeds: [abc]", '"abc" is no arXiv id; write for example "2401.10774", in quotes'),
        ("seeds: [2413.10774]", '"2413.10774" is no arXiv id'),
        ("cadence: dayly", '"dayly" is none of daily, weekdays or weekly'),
        ("weekday: 3", '"3" is none of monday, tuesday'),
        ("hour: 24", '"24" is too large; the most is 23'),
        ("hour: -1", '"-1" is too small; the least is 0'),
        ("hour: 7.5", '"7.5" is no whole number'),
        ("hour: [7]", "a list is no whole number"),
        ("max_papers: true", '"true" is no whole number'),
        ("floor: nan", '"nan" is no finite number'),
        ("floor: much", '"much" is no number'),
        ("discovery: sometimes", 'subscribers[0].discovery: "sometimes" is neither true nor false'),
        ("discovery: [yes]", "subscribers[0].discovery: a list is neither true nor false"),
        ("paused_until: soon", '"soon" is no date; write year-month-day, for example 2026-09-01'),
        ("paused_until: 2026-02-30", '"2026-02-30" is no date'),
        ('name: "Ada\\r\\nBcc: x"', '"Ada\\u000d\\u000aBcc: x" holds U+000D (control character), which no line may'),
        ('name: "a\\u202Eb"', "holds U+202E (right-to-left override), which no line may; remove it"),
        ('keywords: ["a\\u2066b"]', "holds U+2066 (left-to-right isolate)"),
        ("name: " + "x" * 201, "is too long: at most 200 characters"),
        ("hour: 7\n  hour: 8", "subscribers[0].hour: is written twice; keep one of them"),
        ("[a]: b", "has a list or mapping as a field's name"),
    ],
)
def test_each_mistake_is_named_with_its_line_its_field_and_what_to_write(field, said):
    """`path:line: field: what is wrong; what was meant`."""
    found = mistakes(f"{HEAD}  {field}\n")

    assert len(found) == 1
    assert said in found[0]
    assert found[0].startswith(("r.yaml:5: ", "r.yaml:6: "))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "r.yaml:1: is no YAML"),
        ("topics:\n\tx: {}", "r.yaml:2: is no YAML"),
        ("subscribers:\n- a: b\n c: d", "r.yaml:3: is no YAML"),
        ("a: b\n---\nc: d", "is no YAML: expected a single document"),
        ("topics: {x: {keywords: [a\n\x07]}}", "r.yaml:2: holds U+0007, which YAML forbids"),
        ("- a", "a list is no mapping of fields"),
        ("just words", '"just words" is no mapping of fields'),
        ("topics: [a]", "topics: a list is no mapping of names to topics"),
        ("subscribers: {a: b}", "subscribers: a mapping is no list"),
        ("subscribers: [12]", 'subscribers[0]: "12" is no mapping of fields'),
        ("subscriber: []", 'subscriber: is no field here; did you mean "subscribers"?'),
        ("defaults: {our: 7}", 'defaults.our: is no field here; did you mean "hour"?'),
        ("topics: {Big Words: {}}", '"Big Words" is no topic name; use lower-case letters, digits and hyphens'),
        ("topics: {x: {labels: a}}", 'topics.x.labels: is no field here; did you mean "label"?'),
        ("subscribers:\n- name: Ada", "r.yaml:2: subscribers[0].address: is missing"),
        ("subscribers:\n- address:", "subscribers[0].address: is missing"),
        ("subscribers:\n- address: ada", '"ada" is no e-mail address'),
        ("a: &a [*a]", "is an alias of something it is inside of"),
        ("topics: !!python/object/apply:os.system [x]", "topics: a list is no mapping"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_in_one_line(text, said):
    """Syntax errors, wrong shapes, missing addresses."""
    found = mistakes(text)

    assert len(found) == 1
    assert said in found[0]


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file():
    """A wrong topic, a wrong zone, a repeated address: nobody has to run the check four times."""
    text = (
        "defaults: {hour: 99}\n"
        "topics:\n"
        "  speech: {seeds: [x]}\n"
        "subscribers:\n"
        "- address: Ada@example.org\n"
        "  zone: Nowhere\n"
        "  topics: [speach]\n"
        "- address: ada@EXAMPLE.org\n"
        "- name: x\n"
    )
    found = mistakes(text)

    assert [int(line.split(":")[1]) for line in found] == [1, 3, 6, 7, 8, 9]
    assert '"ada@EXAMPLE.org" is the same address as in line 5; keep one' in found[4]


def test_a_bomb_of_aliases_is_refused():
    """Ten lines of YAML that stand for a billion values are not expanded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    assert "aliases repeat over" in mistakes("\n".join(lines))[0]


def test_a_tower_of_brackets_is_refused():
    """Deep nesting ends the reading, not the process."""
    assert "nested too deeply" in mistakes("[" * 3000)[0]


def test_scalars_keep_the_text_that_was_written():
    """YAML would make 2401.10770 a number and lose its last digit; `No` and 007 are names."""
    text = (
        "topics: {x: {keywords: &k [1e3, no, 0x10], seeds: [2401.10770, 'https://arxiv.org/abs/1904.10509v2']}}\n"
        "subscribers:\n- {address: a@example.org, name: No, keywords: *k}\n- {address: b@example.org, name: 007}\n"
    )
    found = parse(text, path="r.yaml")

    assert found.topics[0].wants.seeds == ("2401.10770", "1904.10509")
    assert found.topics[0].wants.keywords == ("1e3", "no", "0x10") == found.subscribers[0].wants.keywords
    assert [each.name for each in found.subscribers] == ["No", "007"]


def test_blank_fields_and_an_empty_file_mean_the_defaults():
    """What is left blank is as if it were not there."""
    text = "defaults:\n  hour:\ntopics:\nsubscribers:\n- address: a@example.org\n  keywords:\n  zone:\n"
    found = parse(text, path="r.yaml")

    assert parse("", path="r.yaml").subscribers == ()
    assert (found.subscribers[0].schedule.hour, found.subscribers[0].wants.keywords) == (7, ())


def test_defaults_fill_what_a_subscriber_leaves_out():
    """And only that."""
    text = (
        "defaults: {hour: 5, zone: Asia/Tokyo, cadence: weekly, weekday: friday, max_papers: 3}\n"
        "subscribers:\n- {address: a@example.org, hour: 6, paused_until: 2026-09-01}\n"
    )
    found = parse(text, path="r.yaml").subscribers[0]

    assert (found.schedule.cadence, found.schedule.weekday) == (Cadence.WEEKLY, 4)
    assert (found.schedule.hour, found.schedule.zone) == (6, "Asia/Tokyo")
    assert (found.limits.max_papers, found.limits.max_per_topic) == (3, 6)
    assert found.paused_until == date(2026, 9, 1)


@given(rosters())
def test_a_dumped_roster_parses_to_the_same_roster(roster):
    """`parse(dump(r)) == r`, whatever words are in it."""
    assert parse(dump(roster), path="r.yaml") == roster


@given(st.text(max_size=120) | st.text("{}[]:-&*!#|>'\"\n ab", max_size=120))
@settings(max_examples=300)
def test_any_text_is_a_roster_or_a_list_of_mistakes(text):
    """Nothing but RosterError, and never without a line."""
    lines = ()
    try:
        parse(text, path="r.yaml")
    except RosterError as refused:
        lines = refused.mistakes or ("a refusal without a reason",)

    assert all(line.startswith("r.yaml:") and "\n" not in line for line in lines)


# ---- the committed files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_committed_rosters_are_right_and_come_back(path):
    """Both parse, name their schema in the first line, and survive a round trip."""
    roster = read_roster(path)

    assert path.read_text().startswith(SCHEMA_LINE)
    assert parse(dump(roster), path="r.yaml") == roster


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_committed_rosters_use_only_invented_addresses(path):
    """example.org, .com and .net belong to nobody."""
    hosts = {each.address.partition("@")[2] for each in read_roster(path).subscribers}

    assert hosts <= {"example.org", "example.com", "example.net"}


def test_the_example_shows_every_field():
    """A field that the example does not explain is a field nobody finds."""
    text = (FOLDER / "roster.example.yaml").read_text()
    shapes = json_schema()["$defs"]
    fields = {name for shape in shapes.values() for name in shape.get("properties", ())}

    assert {name for name in fields if f"{name}:" not in text} == set()


def test_the_committed_schema_is_up_to_date():
    """It is written by `json_schema`, never by hand."""
    committed = json.loads((FOLDER / "roster.schema.json").read_text())

    assert committed == json_schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_committed_rosters_satisfy_the_schema_for_editors(path):
    """What Paperboy takes, an editor does not underline."""
    value = YAML(typ="safe", pure=True).load(path.read_text())
    plain = json.loads(json.dumps(value, default=lambda day: day.isoformat()))

    jsonschema.Draft202012Validator(json_schema()).validate(plain)


@pytest.mark.parametrize(
    "value",
    [
        {"subscriber": []},
        {"subscribers": [{"name": "Ada"}]},
        {"subscribers": [{"address": "a@example.org", "hour": 24}]},
        {"subscribers": [{"address": "a@example.org", "cadence": "dayly"}]},
        {"topics": {"Big Words": {}}},
    ],
)
def test_the_schema_for_editors_sees_the_common_mistakes(value):
    """Unknown fields, a missing address, wrong words and figures."""
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(value)


# ---- the file on disk ------------------------------------------------------------------------------------------------


def test_a_missing_file_is_a_sentence(tmp_path):
    """It names the file and where to begin."""
    with pytest.raises(RosterError, match="there is no such file; make one like roster"):
        read_roster(tmp_path / "none.yaml")


def test_a_file_that_is_no_utf8_is_a_sentence(tmp_path):
    """Latin-1 from an old editor."""
    (tmp_path / "r.yaml").write_bytes("subscribers: [{address: a@example.org, name: Zoë}]".encode("latin-1"))

    with pytest.raises(RosterError, match="is no UTF-8; save the file as UTF-8"):
        read_roster(tmp_path / "r.yaml")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    """As some editors write them."""
    (tmp_path / "r.yaml").write_bytes(b"\xef\xbb\xbfsubscribers:\r\n- address: a@example.org\r\n  name: Ada\r\n")

    assert [each.name for each in read_roster(tmp_path / "r.yaml").subscribers] == ["Ada"]
