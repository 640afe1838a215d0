"""What a run leaves to look at in Prefect's UI, and the state it ends in."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from newsletter.models import Edition, Message
from newsletter.models import State as Became
from newsletter.reports import BESIDE, DoubtReport, RunReport, in_doubt

log = logging.getLogger("newsletter.progress")

_EVERY_SECONDS = 2.0  # between two updates of a progress bar: each is a request
_LAST_SECONDS = 5.0  # that the last update may take; then the run goes on without it
_LONGEST_TOPIC = 40  # papers of a topic in the artifact; the whole edition is in the archive


def report(told: RunReport) -> None:
    """The run's account as a page."""
    create_markdown_artifact(report_page(told), key="report", description=f"What the run of {told.day} did")


def edition(made: Edition) -> None:
    """The edition, topic by topic."""
    create_markdown_artifact(edition_page(made), key="edition", description=f"The edition of {made.day} by topic")


def example(message: Message) -> None:
    """One digest as its reader gets it, without name and links of that reader."""
    page = (
        f"# {_plain(message.subject)}\n\nThe text part of one digest; `paperboy preview` shows all of them as mail.\n\n"
        f"````text\n{message.text}\n````\n"
    )
    create_markdown_artifact(page, key="digest", description="One rendered digest")


@contextmanager
def progress(tell: Callable[[int, int], None]) -> Iterator[Callable[[int, int], None]]:
    """A progress bar in the UI for the block: a function to be told (done, of all), which also tells `tell`.

    It only takes a note, and never raises: mail is not held up by a Prefect server that is slow or away.
    """
    bar = _Progress(tell)
    # In a copy of the context, where Prefect keeps whose run this is.
    thread = threading.Thread(target=copy_context().run, args=(bar.send,), name="progress", daemon=True)
    thread.start()
    try:
        yield bar.note
    finally:
        bar.over.set()
        thread.join(_LAST_SECONDS)


class _Progress:
    """Sends the newest of what it is told, from a thread of its own."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self.tell = tell
        self.over = threading.Event()
        self._newest = self._sent = (0, 0)
        self._artifact: Any = None
        self._failed = False

    def note(self, done: int, of_all: int) -> None:
        """So many are done."""
        self._newest = (done, of_all)

    def send(self) -> None:
        """Until it is over, and then once more."""
        self._try(self._create)
        while not self.over.wait(_EVERY_SECONDS):
            self._send_newest()
        self._send_newest()

    def _send_newest(self) -> None:
        newest = self._newest
        if newest != self._sent:
            self._sent = newest
            self.tell(*newest)
            self._try(self._update)

    def _create(self) -> None:
        self._artifact = create_progress_artifact(progress=0.0, key="delivering", description="Deliveries of one shard")

    def _update(self) -> None:
        if self._artifact is None:
            self._create()
        done, of_all = self._sent
        update_progress_artifact(self._artifact, progress=100.0 * done / max(of_all, 1))

    def _try(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception as error:  # noqa: BLE001 - whatever Prefect's client raises: it is a bar, and mail goes out
            if not self._failed:
                log.warning("progress.not_shown error=%r", error)
            self._failed = True


def final_state(told: RunReport) -> State[RunReport]:
    """Completed, with remarks where a source was missing or a mail perhaps sent; Failed where the mailer stopped."""
    if told.deliver.stopped:
        sentence = f"Delivery stopped: {told.deliver.stopped}. What was not sent stays queued."
        return Failed(message=" ".join(filter(None, [sentence, in_doubt(told.doubts)])))
    remarks = [*told.collect.remarks, *filter(None, [told.collect.notice, in_doubt(told.doubts)])]
    if remarks:
        return Completed(name="CompletedWithRemarks", message=" ".join(remarks), data=told)
    return Completed(data=told)


def cancelled(error: Exception) -> State[RunReport]:
    """The state of a run that must not start."""
    return Cancelled(message=str(error))


# ---- pages, pure ---------------------------------------------------------------------------------------------------


def report_page(told: RunReport) -> str:
    """The account as markdown: sources, edition, everybody counted once."""
    lines = [f"# {told.day:%A, %d %B %Y}" + (" (dry run)" if told.dry_run else ""), ""]
    lines += [f"> {remark}" for remark in (told.collect.notice, *told.collect.remarks) if remark]
    lines += ["", "| source | listing | day | word | listed | new | |", "|---|---|---|---|---:|---:|---|"]
    lines += [
        f"| {one.source} | {one.name} | {one.day} | {one.word} | {one.listed} | {one.new} | {_plain(one.note)} |"
        for one in told.collect.sources
    ]
    made = told.compose
    if made.edition_id is None:
        lines += ["", f"**No edition:** {made.reason}."]
    else:
        lines += ["", f"**Edition {made.edition_id}:** {made.papers} papers in {len(made.topics)} topics."]
        lines += [f"{made.reason[:1].upper()}{made.reason[1:]}."] if made.reason else []
        lines += ["", "| topic | papers | terms |", "|---|---:|---|"]
        lines += [f"| {_plain(one.label)} | {one.papers} | {_plain(', '.join(one.terms[:3]))} |" for one in made.topics]
    lines += ["", "| audience | |", "|---|---:|"]
    lines += [f"| {'would get a digest' if told.dry_run else 'a digest was queued'} | {told.enqueue.queued} |"]
    lines += [f"| {reason.replace('_', ' ')} | {count} |" for reason, count in told.enqueue.skipped.items()]
    lines += [f"| **everybody** | **{told.enqueue.audience}** |", ""]
    if told.deliver.states:
        states = ", ".join(
            f"{count} {BESIDE if state == Became.SENDING else state}" for state, count in told.deliver.states.items()
        )
        # Also what earlier runs had queued: more may be delivered than this run promised.
        lines += [f"**Deliveries:** {states}. The mail is in `{told.where}`.", ""]
    if told.deliver.stopped:
        lines += [f"**Delivery stopped:** {told.deliver.stopped}", ""]
    return "\n".join(lines + _doubts(told.doubts))


def _doubts(told: DoubtReport) -> list[str]:
    """What was perhaps sent, with the command that decides it."""
    said = in_doubt(told)
    if not said:
        return []
    lines = ["## Uncertain", "", said, ""]
    if told.newest:
        lines += ["| id | edition | to | reply |", "|---:|---|---|---|"]
        lines += [
            f"| {one.delivery_id} | {one.day} | {_plain(one.address)} | {_plain(one.reply)} |" for one in told.newest
        ]
    if told.new > len(told.newest):
        lines += ["", f"and {told.new - len(told.newest):,} more: `paperboy deliveries list --state uncertain`"]
    return [*lines, ""]


def edition_page(made: Edition) -> str:
    """The edition as markdown, a heading for each topic."""
    papers = {paper.key: paper for paper in made.papers}
    lines = [f"# {made.day:%A, %d %B %Y}", ""]
    lines += [f"> {remark}" for remark in made.remarks]
    for topic in made.topics:
        lines += ["", f"## {_plain(topic.label)} ({len(topic.paper_keys)})", ""]
        for key in topic.paper_keys[:_LONGEST_TOPIC]:
            paper = papers[key]
            title = _plain(paper.title)
            linked = f"[{title}](https://arxiv.org/abs/{paper.arxiv_id})" if paper.arxiv_id else title
            votes = f" · {paper.upvotes} upvotes" if paper.upvotes else ""
            lines.append(f"- {linked}{votes}")
        if len(topic.paper_keys) > _LONGEST_TOPIC:
            lines.append(f"- and {len(topic.paper_keys) - _LONGEST_TOPIC} more")
    return "\n".join(lines)


_MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#~$"} | {"\n": " ", "\r": " "})


def _plain(text: str) -> str:
    """Text that means itself in markdown."""
    return text.translate(_MARKUP)
