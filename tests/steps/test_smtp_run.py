"""A run over the smtp transport: what arrives at a real server is what was meant, refusals cost only their own reader."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from newsletter import encoding, steps
from newsletter.mail.smtp import Smtp, SmtpConfig
from newsletter.models import Digest
from newsletter.reports import RunReport
from newsletter.schema import deliveries, suppressions
from tests.smtpd import Fault, FaultServer, Mail, drop, refuse
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper

ROSTER = """
subscribers:
  - {address: ada@example.org, name: "Ada «Åse» Example", keywords: [speculative decoding]}
  - {address: bo@example.org, name: Bo}
  - {address: cy@example.org, name: Cy, keywords: [robot grasping]}
"""

PAPERS = tuple(
    paper(number, title=f"Größe & <b>$\\alpha$</b> of {subject}, {number}", authors=("Ada L'évy", "李 雷"))
    for number, subject in enumerate(["speculative decoding", "robot grasping", "video diffusion"] * 3)
)


def run_over_smtp(
    newsroom: Newsroom, script: Sequence[Fault] = (), *, days: int = 1
) -> tuple[list[RunReport], tuple[Mail, ...]]:
    """Runs of consecutive days against one server; each day brings papers of its own."""

    async def serve() -> tuple[list[RunReport], tuple[Mail, ...]]:
        async with FaultServer(script) as server:
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=2)
            newsroom.transport = lambda: Smtp(config)
            return await asyncio.to_thread(run), tuple(server.mails)

    def run() -> list[RunReport]:
        return [
            newsroom.run(capture(*PAPERS[turn::days], day=day), day=day)
            for turn, day in enumerate(FRIDAY + timedelta(days=number) for number in range(days))
        ]

    newsroom.subscribe(ROSTER)
    return asyncio.run(serve())


def test_what_arrives_over_smtp_decodes_to_what_was_chosen(newsroom):
    """Each reader's mail holds the titles, authors and reasons of their digest, in both parts, and the headers."""
    [report], mails = run_over_smtp(newsroom)
    with newsroom.database.begin() as tx:
        rows = {row.address: encoding.load(Digest, row.digest) for row in tx.execute(select(deliveries))}

    assert report.deliver.states == {"accepted": 3}
    assert sorted(mail.recipient for mail in mails) == ["ada@example.org", "bo@example.org", "cy@example.org"]
    for mail in mails:
        message = message_from_bytes(mail.content, policy=policy.default)
        html = message.get_body(("html",)).get_content()
        text = " ".join(message.get_body(("plain",)).get_content().split())
        picks = [pick for section in rows[mail.recipient].sections for pick in section.picks]
        assert picks
        for pick in picks:
            number = int(pick.paper_key.split(".")[1])
            subject = PAPERS[number].title.split(" of ")[1]
            assert f"Größe & <b>α</b> of {subject}" in text
            assert f"Größe &amp; &lt;b&gt;α&lt;/b&gt; of {subject}" in html
            assert f"https://arxiv.org/abs/{pick.paper_key}" in html
            assert pick.reason in text
        assert "李 雷" in text
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]


def test_the_headers_that_machines_read_arrive_on_one_line_each(newsroom):
    """Message-ID, List-Id, List-Unsubscribe and the rest are never folded and never encoded words."""
    newsroom.settings = newsroom.settings.model_copy(update={"site_url": "https://papers.example.org"})
    _, mails = run_over_smtp(newsroom)
    [mail] = [mail for mail in mails if mail.recipient == "ada@example.org"]
    head = mail.content.split(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    values = dict(line.split(": ", 1) for line in head)
    message = message_from_bytes(mail.content, policy=policy.default)

    assert len(values) == len(head)
    assert values["List-Unsubscribe"].startswith("<https://papers.example.org/unsubscribe/")
    assert values["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert values["List-Id"] == "Paperboy <paperboy.localhost>"
    assert values["Auto-Submitted"] == "auto-generated"
    assert message["To"].addresses[0].display_name == "Ada «Åse» Example"
    assert message["Date"].datetime.date() == FRIDAY


def test_a_refused_address_costs_only_its_own_reader_and_is_never_mailed_again(newsroom):
    """550 5.1.1 suppresses the address; the others have their mail, that day and the next."""
    script = (refuse("rcpt", "550 5.1.1 no such user", to="bo@example.org"),)
    [first, second], mails = run_over_smtp(newsroom, script, days=2)
    with newsroom.database.begin() as tx:
        suppressed = tx.scalars(select(suppressions.c.address_key)).all()

    assert first.deliver.states == {"accepted": 2, "refused": 1}
    assert second.enqueue.skipped["suppressed"] == 1
    assert suppressed == ["bo@example.org"]
    assert {mail.recipient for mail in mails} == {"ada@example.org", "cy@example.org"}


def test_a_line_dropped_after_the_final_dot_is_uncertain_and_not_sent_again(newsroom):
    """Nobody knows whether it was taken, so it is listed, and never a second copy goes out."""
    script = (drop("dot", to="ada@example.org", times=1),)
    [first, second], mails = run_over_smtp(newsroom, script, days=2)
    ids = [message_from_bytes(mail.content)["Message-ID"] for mail in mails]

    assert first.deliver.states == {"accepted": 2, "uncertain": 1}
    assert "uncertain" not in second.deliver.states
    assert len(ids) == len(set(ids)) == 6


GREYLISTED = (refuse("rcpt", "451 4.7.1 greylisted, try again in 60 seconds", to="cy@example.org", times=1),)


def test_a_deferred_reader_has_the_mail_with_a_later_run(newsroom):
    """451 puts the delivery back with a later time; the next run of the day sends it, once."""
    newsroom.subscribe(ROSTER)

    async def serve() -> list[str]:
        async with FaultServer(GREYLISTED) as server:
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=2)
            newsroom.transport = lambda: Smtp(config)
            first = await asyncio.to_thread(newsroom.run, capture(*PAPERS))
            later = await asyncio.to_thread(newsroom.deliver, hour=13)
            assert (first.deliver.states, later.states) == ({"accepted": 2, "queued": 1}, {"accepted": 1})
            return [mail.recipient for mail in server.mails]

    assert sorted(asyncio.run(serve())) == ["ada@example.org", "bo@example.org", "cy@example.org"]


def test_a_reader_deferred_until_the_next_edition_has_one_mail_for_both(newsroom):
    """What could not be sent is not sent late beside the new digest, but in it."""
    newsroom.settings = newsroom.settings.model_copy(update={"delivery_expiry_hours": 48})
    [first, second], mails = run_over_smtp(newsroom, GREYLISTED, days=2)
    with newsroom.database.begin() as tx:
        rows = tx.execute(select(deliveries).where(deliveries.c.address == "cy@example.org")).all()
    digests = {row.state: encoding.load(Digest, row.digest) for row in rows}

    assert (first.deliver.states, second.deliver.states) == ({"accepted": 2, "queued": 1}, {"accepted": 3})
    assert [mail.recipient for mail in mails].count("cy@example.org") == 1
    assert (digests["expired"].considered, digests["accepted"].considered) == (5, 9)


def test_readers_whose_servers_turn_us_away_do_not_keep_the_mail_of_the_others_for_ever(newsroom):
    """Three refusals for policy in a row end a batch; the next one begins with those who were not tried yet."""
    blocked, others = [f"a{n}@example.org" for n in range(8)], [f"b{n}@example.org" for n in range(3)]
    newsroom.subscribe("subscribers:\n" + "".join(f"  - {{address: {one}, name: N}}\n" for one in blocked + others))
    newsroom.collect(capture(*PAPERS))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()

    async def serve() -> list[str]:
        async with FaultServer([refuse("rcpt", "550 5.7.1 blocked by policy", to=one) for one in blocked]) as server:
            config = SmtpConfig(host="127.0.0.1", port=server.port, security="none", connections=1)
            newsroom.transport = lambda: Smtp(config)
            for hour in (12, 13, 14):
                await asyncio.to_thread(newsroom.deliver, hour=hour)
            return sorted(mail.recipient for mail in server.mails)

    assert asyncio.run(serve()) == others


def test_a_database_that_is_away_for_a_moment_is_an_error_that_can_heal(newsroom):
    """What goes wrong in one worker comes out as itself, so that whoever retries can judge it."""
    newsroom.subscribe(ROSTER)
    newsroom.collect(capture(*PAPERS))
    steps.compose(newsroom.database, settings=newsroom.settings, day=FRIDAY, now=at(FRIDAY))
    newsroom.enqueue()
    post = newsroom.post("run")

    def away(tx, subscriber_ids):
        raise OperationalError("select", {}, Exception("the server closed the connection"))

    post.still_wanted = away
    [shard] = steps.shards(newsroom.database, now=at(FRIDAY))
    with pytest.raises(OperationalError, match="closed the connection"):
        steps.deliver(post, shard)
