"""The report of a run in plain words: every way in which nobody got mail has its own true sentence."""

import contextlib
import io
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.commands import screen
from flows.commands.run_report import show, why_nothing_was_mailed
from newsletter.models import Skip, State, Word
from newsletter.reports import (
    CollectReport,
    ComposeReport,
    DeliverReport,
    Doubt,
    DoubtReport,
    EnqueueReport,
    RunReport,
    SourceReport,
    TopicReport,
)

DAY = date(2026, 11, 20)


def told(*, edition: int | None = 1, made: bool = True, reason: str = "", **parts) -> RunReport:
    """A run of two new papers and no digest."""
    source = SourceReport("huggingface", "daily", DAY, Word.FRESH, 2, 2)
    facts = {
        "collect": CollectReport(DAY, (source,), 2),
        "compose": ComposeReport(DAY, edition, made, 2, (TopicReport("Robots", 2, ("robot",)),), reason),
        "enqueue": EnqueueReport(0, 0),
        "deliver": DeliverReport(),
    }
    return RunReport(day=DAY, **(facts | parts))


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (told(), "there is no reader yet"),
        (told(dry_run=True, enqueue=EnqueueReport(3, 2, {Skip.PAUSED: 1})), "2 readers would have got a digest"),
        (told(dry_run=True, enqueue=EnqueueReport(1, 0, {Skip.PAUSED: 1})), "no reader would have got a digest"),
        (
            told(
                edition=None, made=False, reason="no paper was listed", enqueue=EnqueueReport(1, 0, {"nothing_new": 1})
            ),
            "Nothing was mailed: no paper was listed.",
        ),
        (told(made=False, enqueue=EnqueueReport(2, 0, {Skip.NOTHING_NEW: 2})), "no new edition was made"),
        (told(enqueue=EnqueueReport(2, 0, {Skip.NO_MATCH: 2})), "2 readers: nothing matched their interests"),
        (told(enqueue=EnqueueReport(3, 0, {Skip.PAUSED: 1, Skip.NOT_DUE: 2})), "2 readers of 3: not due now"),
        (told(enqueue=EnqueueReport(1, 1), deliver=DeliverReport({State.QUEUED: 1}, "down")), "the mailer stopped"),
        (told(enqueue=EnqueueReport(1, 1), deliver=DeliverReport({State.REFUSED: 1})), "no digest was accepted"),
        (
            told(enqueue=EnqueueReport(3, 3), deliver=DeliverReport({State.SENDING: 3})),
            "Nothing was mailed: 3 digests are being sent by another process.",
        ),
        (told(enqueue=EnqueueReport(3, 3)), "Nothing was mailed: no digest was left to send."),
    ],
)
def test_why_nothing_was_mailed_is_one_true_sentence(report, sentence):
    """Each reason is told apart."""
    why = why_nothing_was_mailed(report)

    assert sentence in why
    assert why.startswith("Nothing was mailed: ")
    assert why.endswith(".")


def test_there_is_no_excuse_where_mail_went_out():
    """One accepted digest, and the sentence is left out."""
    report = told(enqueue=EnqueueReport(1, 1), deliver=DeliverReport({State.ACCEPTED: 1}))

    assert why_nothing_was_mailed(report) == ""


def test_every_state_and_every_skip_has_its_words(capsys):
    """Nothing a run can report is left without plain words."""
    show(
        told(
            enqueue=EnqueueReport(12, 6, dict.fromkeys(Skip, 1)),
            deliver=DeliverReport(dict.fromkeys(State, 1), "the server is full"),
            where="/somewhere/outbox",
        )
    )

    said = capsys.readouterr().out
    for words in ("accepted", "deferred", "refused", "uncertain", "expired", "reader left"):
        assert words in said
    for words in ("nothing new since", "nothing matched", "not due now", "paused", "not confirmed", "is suppressed"):
        assert words in said
    assert "Delivery stopped: the server is full" in said


def test_what_was_perhaps_sent_is_shown_with_the_command_that_decides_it(capsys):
    """A line for each of this run, a number for those before it."""
    show(told(doubts=DoubtReport(1, 4, (Doubt(17, DAY, "a…@example.org", "the line dropped"),))))

    said = capsys.readouterr().out
    assert "17  2026-11-20  a…@example.org  the line dropped" in said
    assert "1 delivery is uncertain: it was perhaps sent, and is not sent again." in said
    assert "4 more uncertain deliveries of earlier runs are undecided." in said
    assert "`paperboy deliveries resolve ID... --as accepted`" in said


def test_what_strangers_wrote_cannot_drive_the_terminal(capsys):
    """Escape codes, markup and line breaks in a note or a topic are shown, not obeyed."""
    source = SourceReport("arxiv", "cs.CL", DAY, Word.BROKEN, 0, 0, "no\x1b[2Jthing [red]here[/red]\nnor here")

    show(told(collect=CollectReport(DAY, (source,), 0)))

    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[red]here[/red] nor here" in said


# ---- tables ----------------------------------------------------------------------------------------------------------

CELL = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf", "Mn", "Zs"]), max_size=60)


def shown(columns, rows, *, width: int | None) -> list[str]:
    """What a table shows: on a terminal of this width, or where there is none."""
    env = {"COLUMNS": str(width), "FORCE_COLOR": "1", "TERM": "xterm"} if width else {"TERM": "dumb"}
    kept = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(kept):
        for name, value in env.items():
            patch.setenv(name, value)
        screen.table(columns, rows)
    return re.sub(r"\x1b\[[0-9;]*m", "", kept.getvalue()).splitlines()


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=5), st.none() | st.integers(20, 120))
def test_a_table_loses_nothing_however_narrow_the_terminal(rows, width):
    """Every character of every cell is there, in its order, wrapped or below its row."""
    lines = shown(("", "", ""), rows, width=width)

    letters = "".join("".join(lines).split())
    for row in rows:
        for cell in row:
            assert "".join(cell.split()) in letters


def test_a_table_in_a_pipe_has_one_line_for_a_row():
    """Whoever greps finds the whole row on its line, without trailing spaces."""
    lines = shown(("name", "", "words"), [("a", 1, "long " * 100), ("bcd", 22, "")], width=None)

    assert lines == ["name      words", f"a      1  {('long ' * 100).strip()}", "bcd   22"]


def test_a_long_last_cell_stands_below_its_row_on_a_narrow_terminal():
    """Instead of a column of single letters."""
    lines = shown(("who", "what"), [("somebody@example.org", "a rather long answer of a server")], width=30)

    assert lines[2:] == ["somebody@example.org", "    a rather long answer of a", "    server"]
