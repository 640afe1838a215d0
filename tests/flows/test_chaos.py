"""Chaos: the short form of `benchmarks/chaos.py`; and that its oracle sees what it is there to see."""

import json
import smtplib
import socket
import subprocess
import sys
from dataclasses import asdict

import pytest
from sqlalchemy import update

from benchmarks.chaos import Server
from benchmarks.chaos_newsroom import Newsroom
from benchmarks.chaos_oracle import HOST, VIOLATIONS, judge
from benchmarks.chaos_plan import Fault, Plan
from newsletter import encoding
from newsletter.mail.mime import message_id
from newsletter.models import Digest, Pick, Section, State
from newsletter.schema import deliveries, editions, skips
from newsletter.settings import ROOT

MAIL = "Message-ID: <one@paperboy.localhost>\r\nSubject: x\r\n\r\n..\r\n.\ry\r\n--b--\r\n"


@pytest.mark.slow
def test_no_mail_is_lost_or_sent_twice_whatever_dies(postgresql_url):
    """Both databases, plain and fast sender: nothing lost, nothing twice, and every uncertain delivery is listed."""
    command = [sys.executable, "-m", "benchmarks.chaos", "--short", "--seed", "3", "--postgresql", postgresql_url]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr
    figures = json.loads(told.stdout.splitlines()[-1])
    assert set(figures["combinations"]) == {
        f"{database} {sender}" for database in ("sqlite", "postgresql") for sender in ("plain", "fast")
    }
    assert figures["recipients"] == 160
    assert figures["kills"] >= 12
    assert {what: figures[what] for what in (*VIOLATIONS, "tracebacks")} == dict.fromkeys(
        (*VIOLATIONS, "tracebacks"), 0
    )
    assert sum(sum(states.values()) for states in figures["states"].values()) == figures["deliveries"] >= 160


# ---- the oracle ------------------------------------------------------------------------------------------------------


@pytest.fixture
def newsroom(tmp_path):
    """Four readers, each with a delivery that was accepted."""
    made = Newsroom(tmp_path / "chaos", f"sqlite:///{tmp_path / 'chaos.db'}", 4, "plain")
    edition(made, 1, range(1, 5))
    yield made
    made.database.close()


def edition(newsroom, number, readers, *papers):
    """An edition whose digest these readers got."""
    newsroom.published += 1
    now, day = newsroom.now(), newsroom.day
    picks = tuple(Pick(paper, 1.0, (), "because") for paper in papers)
    digest = encoding.dump(Digest(number, day, day, (Section("Papers", picks),), 1, 1, personal=False))
    facts = {"edition_id": number, "after": number - 1, "name": "", "digest": digest, "state": State.ACCEPTED}
    times = dict.fromkeys(("queued_at", "due_at", "expires_at", "changed_at"), now)
    with newsroom.database.begin() as tx:
        tx.execute(editions.insert().values(id=number, day=day, sample=False, composed_at=now, papers=1, remarks=[]))
        for who in readers:
            made = {
                "key": f"{number}/{who}",
                "subscriber_id": who,
                "token": f"t{who}",
                "address": newsroom.address(who - 1),
            }
            tx.execute(deliveries.insert().values(attempts=1, made_by="run", reply="", **made, **facts, **times))


def settle(newsroom, state, *ids):
    """Have some deliveries, or all, end in a state."""
    with newsroom.database.begin() as tx:
        which = deliveries.c.id.in_(ids) if ids else deliveries.c.id > 0
        tx.execute(update(deliveries).where(which).values(state=state))


def told(newsroom, **facts):
    """What a server says that holds one mail for each delivery; `copies` of the first."""
    copies = facts.pop("copies", 1)
    with newsroom.database.begin() as tx:
        rows = tx.execute(deliveries.select().order_by(deliveries.c.id)).all()
    held = [[row.address, message_id(row.key, HOST)[1:-1], ["here"]] for row in rows]
    held[0][2] = ["here"] * copies
    return {"held": [one for one in held if one[2]], "refused": [], "damaged": 0, "struck": {}} | facts


def found(verdict):
    """The violations, by name."""
    return {what: verdict.counts[what] for what in VIOLATIONS if verdict.counts[what]}


def test_where_each_reader_has_one_mail_nothing_is_found(newsroom):
    """The oracle is content with an account that is in order."""
    verdict = judge(newsroom.database, told(newsroom), ())

    assert found(verdict) == {}
    assert verdict.states == {"accepted": 4}


def test_the_oracle_sees_a_lost_mail_and_one_sent_twice(newsroom):
    """Accepted without a copy is lost, two copies are one too many."""
    assert found(judge(newsroom.database, told(newsroom, copies=0), ())) == {"lost": 1}
    assert found(judge(newsroom.database, told(newsroom, copies=2), ())) == {"duplicated": 1}


def test_the_oracle_sees_what_is_left_and_what_nobody_refused(newsroom):
    """Queued or in flight at the end is lost; so is a delivery refused by nobody; expired though held is unlisted."""
    settle(newsroom, State.QUEUED, 1)
    settle(newsroom, State.REFUSED, 2)
    settle(newsroom, State.EXPIRED, 3)

    assert found(judge(newsroom.database, told(newsroom), ())) == {"lost": 2, "unlisted": 3}


def test_an_uncertain_delivery_must_be_listed(newsroom):
    """It is in order only where the command names it."""
    settle(newsroom, State.UNCERTAIN, 1, 2)
    verdict = judge(newsroom.database, told(newsroom, copies=0), [1])

    assert found(verdict) == {"unlisted": 1}
    assert (verdict.counts["uncertain"], verdict.counts["uncertain_held"]) == (2, 1)


def test_the_oracle_sees_a_mail_that_went_to_another_and_one_nobody_knows(newsroom):
    """A Message-ID belongs to one address."""
    strange = told(newsroom)
    strange["held"] += [["reader2@d2.example.org", strange["held"][0][1], ["here"]], ["x@example.org", "y", ["here"]]]

    assert found(judge(newsroom.database, strange, ())) == {"misdirected": 1, "unlisted": 1}


def test_the_oracle_sees_a_reader_without_delivery_or_reason(newsroom):
    """A skip is an answer, nothing is none."""
    with newsroom.database.begin() as tx:
        tx.execute(deliveries.delete().where(deliveries.c.id > 2))
        tx.execute(skips.insert().values(subscriber_id=3, day=newsroom.day, reason="no_match", at=newsroom.now()))
    with_two = told(newsroom)

    assert found(judge(newsroom.database, with_two, ())) == {"unaccounted": 1}


def test_the_oracle_sees_a_paper_that_a_reader_has_twice(newsroom):
    """In mails of two editions, both of which the server has."""
    edition(newsroom, 2, range(1, 5), "paper:1")
    edition(newsroom, 3, (1, 2), "paper:1")
    everybody = told(newsroom)
    without = everybody | {"held": [one for one in everybody["held"] if one[0] != newsroom.address(0)]}
    settle(newsroom, State.UNCERTAIN)
    listed = range(1, 11)
    with newsroom.database.begin() as tx:
        tx.execute(
            skips.insert(),
            [{"subscriber_id": n, "day": newsroom.day, "reason": "no_match", "at": newsroom.now()} for n in (3, 4)],
        )

    assert found(judge(newsroom.database, everybody, listed)) == {"repeated": 2}
    assert found(judge(newsroom.database, without, listed)) == {"repeated": 1}


# ---- the fault server ------------------------------------------------------------------------------------------------


def begin(server, *faults):
    """A round with these faults."""
    server.ask(
        "begin", number=1, faults=[asdict(one) for one in faults], offers=["PIPELINING", "CHUNKING"], eager=False
    )


def test_the_server_counts_what_it_holds_however_it_comes():
    """DATA and pipelined BDAT are each one copy; a mail whose reply is lost counts, a refused one does not."""
    with Server() as server:
        begin(server, Fault("dot", "refuse", "554 5.6.0 no", after=2), Fault("dot", "drop", after=1))
        with smtplib.SMTP("127.0.0.1", server.ports[0]) as client:
            client.sendmail("papers@example.org", ["a@example.org"], MAIL)
        with socket.create_connection(("127.0.0.1", server.ports[1])) as line:
            size = len(MAIL.encode())
            line.sendall(
                f"EHLO x\r\nMAIL FROM:<p@example.org>\r\nRCPT TO:<b@example.org>\r\nBDAT {size} LAST\r\n{MAIL}".encode()
            )
            while line.recv(4096):
                pass
        with smtplib.SMTP("127.0.0.1", server.ports[2]) as client, pytest.raises(smtplib.SMTPDataError):
            client.sendmail("papers@example.org", ["c@example.org"], MAIL)
        counted = server.ask("count")

    assert [(to, key, len(copies)) for to, key, copies in counted["held"]] == [
        ("a@example.org", "one@paperboy.localhost", 1),
        ("b@example.org", "one@paperboy.localhost", 1),
    ]
    assert counted["refused"] == ["c@example.org"]
    assert counted["damaged"] == 0


def test_the_server_kills_at_the_moment_it_was_told():
    """While the reply after the dot is awaited: the mail is held, and its sender is dead."""
    client = f"import smtplib; smtplib.SMTP('127.0.0.1', PORT).sendmail('p@example.org', ['a@example.org'], {MAIL!r})"
    with Server() as server:
        begin(server, Fault("dot", "kill"))
        code = f"import sys; sys.stdin.read(); {client.replace('PORT', str(server.ports[0]))}"
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as victim:
            server.ask("serve", slot=0, pid=victim.pid)
            victim.communicate(timeout=30)
        counted = server.ask("count")

    assert victim.returncode == -9
    assert [len(copies) for _to, _key, copies in counted["held"]] == [1]


# ---- the plan --------------------------------------------------------------------------------------------------------


def test_the_same_seed_plans_the_same_rounds():
    """Another seed plans others; the kind of one round says nothing of the next."""
    first, second, other = (Plan(seed, 20) for seed in ("1", "1", "2"))
    dealt = [first.next() for _ in range(30)]
    second.next("run")

    assert dealt[1:] == [second.next() for _ in range(29)]
    assert dealt != [other.next() for _ in range(30)]
