"""The pages a run leaves in Prefect's UI, and the state it ends in."""

from dataclasses import replace
from datetime import UTC, date, datetime

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import artifacts
from newsletter.models import Edition, Paper, Topic
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
TOLD = RunReport(
    day=DAY,
    collect=CollectReport(DAY, (SourceReport("huggingface", "daily", DAY, "fresh", 21, 7, "a | b"),), 7),
    compose=ComposeReport(DAY, 3, made=True, papers=7, topics=(TopicReport("KV_cache", 7, ("kv", "cache")),)),
    enqueue=EnqueueReport(audience=5, queued=3, skipped={"not_due": 2}),
    deliver=DeliverReport({"accepted": 2, "refused": 1}),
    where="var/outbox",
)


def test_the_report_counts_everybody_once():
    """Queued and skipped sum to the audience; what became of the deliveries stands below."""
    page = artifacts.report_page(TOLD)

    assert "| huggingface | daily | 2026-11-20 | fresh | 21 | 7 | a \\| b |" in page
    assert "**Edition 3:** 7 papers in 1 topics." in page
    assert "| KV\\_cache | 7 | kv, cache |" in page
    assert "| a digest was queued | 3 |" in page
    assert "| not due | 2 |" in page
    assert "| **everybody** | **5** |" in page
    assert "**Deliveries:** 2 accepted, 1 refused." in page


def test_a_dry_run_says_that_it_is_one():
    """Nobody may take its numbers for mail that was sent."""
    page = artifacts.report_page(replace(TOLD, dry_run=True, deliver=DeliverReport()))

    assert "(dry run)" in page
    assert "| would get a digest | 3 |" in page
    assert "Deliveries" not in page


def test_a_day_without_edition_says_why():
    """The reason stands where the edition would."""
    page = artifacts.report_page(replace(TOLD, compose=ComposeReport(DAY, None, False, 0, reason="nothing was new")))

    assert "**No edition:** nothing was new." in page


def test_titles_mean_themselves_on_the_edition_page():
    """Markup in a title is shown, not obeyed; a long topic is cut with its count."""
    papers = tuple(
        Paper(key=f"2611.{n:05}", arxiv_id=f"2611.{n:05}", title=f"<think> [a](b) *{n}*", upvotes=n) for n in range(45)
    )
    topic = Topic("all", "All # things", (), tuple(paper.key for paper in papers))
    page = artifacts.edition_page(Edition(1, DAY, papers, (topic,), datetime(2026, 11, 20, tzinfo=UTC)))

    assert "## All \\# things (45)" in page
    assert "- [\\<think\\> \\[a\\](b) \\*2\\*](https://arxiv.org/abs/2611.00002) · 2 upvotes" in page
    assert "- and 5 more" in page


def test_a_run_without_remarks_is_completed():
    """The plain state."""
    state = artifacts.final_state(TOLD)

    assert (state.name, state.is_completed()) == ("Completed", True)


def test_a_missing_source_shows_in_the_state():
    """Completed all the same, under a name an operator can see in the list of runs."""
    missed = replace(TOLD, collect=replace(TOLD.collect, remarks=("arxiv could not be read today.",)))
    state = artifacts.final_state(missed)

    assert (state.name, state.message) == ("CompletedWithRemarks", "arxiv could not be read today.")
    assert state.is_completed()


def test_a_source_that_was_down_stands_in_the_report_with_its_reason():
    """The operator sees which source, which listing and why, beside those that answered."""
    down = SourceReport("arxiv", "cs.CL", DAY, "broken", 0, 0, "arxiv (cs.CL): rss.arxiv.org did not give the list")
    listed = replace(TOLD.collect, sources=(*TOLD.collect.sources, down), remarks=("arxiv (cs.CL) could not be read.",))
    page = artifacts.report_page(replace(TOLD, collect=listed))

    assert "> arxiv (cs.CL) could not be read." in page
    assert (
        "| arxiv | cs.CL | 2026-11-20 | broken | 0 | 0 | arxiv (cs.CL): rss.arxiv.org did not give the list |" in page
    )
    assert "| huggingface | daily | 2026-11-20 | fresh | 21 | 7 |" in page


def test_a_mailer_that_stopped_fails_the_run():
    """The rest stays queued, and the state says so."""
    state = artifacts.final_state(replace(TOLD, deliver=DeliverReport(stopped="the server refused the login")))

    assert state.is_failed()
    assert "the server refused the login" in state.message
    assert "stays queued" in state.message


DOUBTS = DoubtReport(new=3, earlier=2, newest=(Doubt(17, DAY, "a…@example.org", "the line | dropped"),))


def test_what_was_perhaps_sent_stands_in_the_report_with_the_command_that_decides_it():
    """Day, masked address and reply of each, how many more there are, and those of earlier days."""
    page = artifacts.report_page(replace(TOLD, doubts=DOUBTS))

    assert "## Uncertain" in page
    assert "3 deliveries are uncertain: they were perhaps sent" in page
    assert "2 more uncertain deliveries of earlier runs are undecided." in page
    assert "`paperboy deliveries resolve ID... --as accepted`" in page
    assert "| 17 | 2026-11-20 | a…@example.org | the line \\| dropped |" in page
    assert "and 2 more: `paperboy deliveries list --state uncertain`" in page


def test_a_report_without_doubts_has_no_part_for_them():
    """Nothing to decide, nothing to read."""
    assert "Uncertain" not in artifacts.report_page(TOLD)


def test_what_is_undecided_shows_in_the_state():
    """A run after which somebody has to look is not plainly completed, nor is one that stopped silent about it."""
    done = artifacts.final_state(replace(TOLD, doubts=DoubtReport(earlier=1)))
    stopped = artifacts.final_state(replace(TOLD, deliver=DeliverReport(stopped="it is full"), doubts=DOUBTS))

    assert (done.name, done.is_completed()) == ("CompletedWithRemarks", True)
    assert "1 uncertain delivery of an earlier run is undecided." in done.message
    assert "3 deliveries are uncertain" in stopped.message


def test_what_another_process_sends_is_said_in_words():
    """Nobody has to know the word of the outbox."""
    page = artifacts.report_page(replace(TOLD, deliver=DeliverReport({"accepted": 1, "sending": 2})))

    assert "**Deliveries:** 1 accepted, 2 being sent by another process." in page


def test_a_prefect_server_that_is_away_costs_the_bar_and_no_mail(caplog):
    """Whoever delivers is told nothing of it; the log is, once; and the sentences go on."""
    told = []
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        artifacts.progress(lambda *numbers: told.append(numbers)) as progress,
    ):
        for done in range(1, 31):
            progress(done, 30)

    assert told[-1] == (30, 30)
    assert sum("progress.not_shown" in record.message for record in caplog.records) == 1
