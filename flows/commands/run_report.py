"""A run's report in plain words: the sources, the edition, what became of everybody, and why if nobody got mail."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from flows.commands import screen
from newsletter.models import Skip, State, Word
from newsletter.reports import BESIDE, ComposeReport, DeliverReport, DoubtReport, RunReport, SourceReport, in_doubt

if TYPE_CHECKING:
    from flows.stopping import Stopping
    from newsletter.queries.deliveries import Waiting

_WORDS = {
    Word.FRESH: "green",
    Word.QUIET: "blue",
    Word.STALE: "yellow",
    Word.PARTIAL: "yellow",
    Word.BROKEN: "red",
}
_BECAME = {
    State.ACCEPTED: ("accepted", "green"),
    State.QUEUED: ("deferred: tried again by a later run", "yellow"),
    State.REFUSED: ("refused by the mail server", "red"),
    State.UNCERTAIN: ("uncertain: perhaps sent, and not sent again by themselves", "yellow"),
    State.SUPPRESSED: ("not sent: the reader left after it was queued", "dim"),
    State.EXPIRED: ("expired: too old to be sent, its papers come with the next digest", "yellow"),
    State.SENDING: (BESIDE, "blue"),
}
_SKIPPED = {
    Skip.NOTHING_NEW: "nothing new since their last digest",
    Skip.NO_MATCH: "nothing matched their interests",
    Skip.NOT_DUE: "not due now: another day or hour is theirs",
    Skip.PAUSED: "paused",
    Skip.UNCONFIRMED: "their subscription is not confirmed",
    Skip.SUPPRESSED: "their address is suppressed",
    Skip.RESTORED: "perhaps sent already, before a backup was restored",
}


def show(told: RunReport) -> None:
    """The whole report."""
    _sources(told)
    _edition(told.compose)
    _digests(told)
    _doubts(told.doubts)
    _where(told.deliver, told.where)
    why = why_nothing_was_mailed(told)
    if why:
        screen.say()
        screen.say(why, "bold")


def _sources(told: RunReport) -> None:
    screen.heading("Sources")
    rows: list[tuple[screen.Cell, ...]] = [
        (one.source, one.name, str(one.day), Text(one.word, _WORDS[Word(one.word)]), one.listed, one.new, one.note)
        for one in told.collect.sources
    ]
    screen.table(("source", "listing", "day", "word", "listed", "new", ""), _joined(rows, told.collect.sources))
    for remark in filter(None, (told.collect.notice, *told.collect.remarks)):
        screen.say(remark, "yellow")
    new = told.collect.new
    if new:
        screen.say(f"{screen.count(new, 'paper')} not listed before.")
    elif any(one.listed for one in told.collect.sources):
        screen.say("Nothing new: every paper was listed before.")
    else:
        screen.say("Nothing was listed.")


def _joined(rows: list[tuple[screen.Cell, ...]], sources: tuple[SourceReport, ...]) -> list[tuple[screen.Cell, ...]]:
    """The note only where it differs from the row above: four broken categories have one reason."""
    notes = [one.note for one in sources]
    return [
        (*row[:-1], "″" if place and notes[place] and notes[place] == notes[place - 1] else row[-1])
        for place, row in enumerate(rows)
    ]


def _edition(made: ComposeReport) -> None:
    if made.edition_id is None:
        screen.heading(f"No edition: {made.reason}.")
        return
    size = f"{screen.count(made.papers, 'paper')} in {screen.count(len(made.topics), 'topic')}"
    screen.heading(f"Edition {made.edition_id}, {made.day:%A %d %B %Y}: {size}")
    if made.reason:
        screen.say(f"{made.reason[:1].upper()}{made.reason[1:]}.")
    if not made.made:
        return
    screen.table(("papers", "topic", ""), [(one.papers, one.label, ", ".join(one.terms[:5])) for one in made.topics])


def _digests(told: RunReport) -> None:
    screen.heading("Digests")
    rows: list[tuple[screen.Cell, ...]] = []
    if told.dry_run:
        rows.append((told.enqueue.queued, Text("would be sent: this was a dry run", "blue")))
    rows += _became(told.deliver.states)
    rows += [
        (number, f"{'reader' if number == 1 else 'readers'}: {_SKIPPED[Skip(reason)]}")
        for reason, number in sorted(told.enqueue.skipped.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    if rows:
        screen.table(("", ""), rows)
    else:
        screen.say("None.")
    _stopped(told.deliver)


def _became(states: Mapping[str, int]) -> list[tuple[screen.Cell, ...]]:
    return [(states[state], Text(words, style)) for state, (words, style) in _BECAME.items() if states.get(state)]


def _stopped(told: DeliverReport) -> None:
    if told.stopped:
        screen.say(f"Delivery stopped: {told.stopped}. What was not sent stays queued.", "red")


def _doubts(told: DoubtReport) -> None:
    said = in_doubt(told)
    if not said:
        return
    screen.heading("Uncertain")
    screen.table(
        ("id", "edition", "to", "reply"),
        [(one.delivery_id, str(one.day), one.address, one.reply) for one in told.newest],
    )
    screen.say(said, "yellow")


def _where(told: DeliverReport, where: str) -> None:
    if told.states.get(State.ACCEPTED) and where:
        screen.say()
        if Path(where).is_absolute():
            screen.say(f"Read them with `make preview` (or `paperboy preview`); they are in {where}")
        else:
            screen.say(f"They went to the mail server {where}.")


def leave(told: DeliverReport, stop: "Stopping") -> None:
    """End the command where delivering ended early: status 1 if the mailer stopped, 128 and more after a signal."""
    if stop.status:
        screen.say("Stopped as you asked. What is queued goes out with the next run or `paperboy deliver`.", "bold")
    if stop.status or told.stopped:
        raise typer.Exit(stop.status or 1)


def show_delivered(told: DeliverReport, waiting: "Waiting", where: str) -> None:
    """What `paperboy deliver` came to, and what still waits."""
    screen.heading("Digests")
    rows = _became(told.states)
    if waiting.number:
        rows.append((waiting.number, Text(f"queued, the first from {waiting.due_at:%Y-%m-%d %H:%M} UTC on", "yellow")))
    if waiting.taken:
        rows.append((waiting.taken, Text(BESIDE, "blue")))
    if rows:
        screen.table(("", ""), rows)
    else:
        screen.say("Nothing was queued.")
    _stopped(told)
    _where(told, where)


def why_nothing_was_mailed(told: RunReport) -> str:
    """One sentence where no digest was accepted; empty where one was."""
    if told.deliver.states.get(State.ACCEPTED):
        return ""
    if told.dry_run:
        would = screen.count(told.enqueue.queued, "reader")
        return f"Nothing was mailed: this was a dry run; {would} would have got a digest."
    if told.deliver.stopped:
        return "Nothing was mailed: the mailer stopped before the first was accepted."
    if beside := told.deliver.states.get(State.SENDING):
        are = "is" if beside == 1 else "are"
        return f"Nothing was mailed: {screen.count(beside, 'digest')} {are} {BESIDE}."
    if told.deliver.states:
        return "Nothing was mailed: no digest was accepted; `paperboy deliveries list` shows the answers."
    return f"Nothing was mailed: {_reason(told)}."


def _reason(told: RunReport) -> str:
    skipped = told.enqueue.skipped
    if not told.enqueue.audience:
        return "there is no reader yet; add one to the roster and run `paperboy roster apply`"
    if told.compose.edition_id is None and told.compose.reason:
        return told.compose.reason
    if not told.compose.made and skipped.get(Skip.NOTHING_NEW):
        return "no new edition was made, and every reader who is due has been served from the last one"
    if not skipped:
        return "no digest was left to send"
    reason = max(skipped, key=lambda name: (skipped[name], name))
    number = skipped[reason]
    whom = screen.count(number, "reader")
    of_all = "" if number == told.enqueue.audience else f" of {told.enqueue.audience}"
    return f"{whom}{of_all}: {_SKIPPED[Skip(reason)]}"
