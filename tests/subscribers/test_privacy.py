"""All that is held of one person: handed to them, and erased so that nothing names them any more."""

import json
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from newsletter import schema
from newsletter.models import Digest, Pick, Section
from newsletter.queries import promises
from newsletter.queries.promises import Promise
from subscribers import consent, privacy, receiving, service, vote_queries
from subscribers.consent import Asked
from subscribers.models import SubscriptionState
from subscribers.votes import Vote, What
from tests.subscribers.asking import ask, asked, confirm, evidence, known, rows, subscribed, suppressed
from tests.subscribers.people import NOW, clear, make_editions, person, roster_of

DAY = timedelta(days=1)
ADDRESS, NAME = "ada+secret@example.org", "Ada Lovelace"
DIGEST = Digest(
    2, date(2026, 1, 3), date(2026, 1, 3), (Section("Speech", (Pick("2401.10770", 0.5, (), "matches your secret"),)),),
    10, 1, personal=True,
)  # fmt: skip


def live(database, *, delivered=True):
    """A reader about whom every table holds something."""
    make_editions(database, 1, 2)
    ada = subscribed(database, ADDRESS)
    with database.begin() as tx:
        tx.execute(update(schema.subscribers).where(schema.subscribers.c.id == ada.id).values(name=NAME))
        vote_queries.record(tx, ada.id, Vote(What.MORE, "2401.10770", NOW, "mail", None))
        tx.execute(insert(schema.skips).values(subscriber_id=ada.id, day=date(2026, 1, 2), reason="paused", at=NOW))
        tx.execute(insert(schema.bounces).values(address_key=ADDRESS, score=1, at=NOW, detail=f"{ADDRESS} is full"))
        if delivered:
            promise = Promise("a" * 32, ada.id, 2, 1, ADDRESS, NAME, ada.token, DIGEST)
            promises.enqueue(tx, [promise], run="run", now=NOW, expires_at=NOW + DAY)
            number = tx.scalar(select(schema.deliveries.c.id))
            said = f"550 <{ADDRESS}> {NAME}"
            tried = {"delivery_id": number, "number": 1, "run": "run", "started_at": NOW, "reply": said}
            tx.execute(insert(schema.attempts).values(tried))
            tx.execute(update(schema.deliveries).values(reply=said))
    ask(database, ADDRESS)
    suppressed(database, ADDRESS, "bounce")
    return known(database, ADDRESS)


def everything(database):
    """Every value of every row of every table, as text."""
    return "\n".join(repr(tuple(row)) for table in schema.metadata.tables for row in rows(database, table))


def test_the_export_holds_everything_there_is_in_words_for_a_machine(database):
    """JSON with what they declared, said, voted, got and did not get, and what came back."""
    ada = live(database)
    held = json.loads(json.dumps(privacy.export(database, ada.token, now=NOW)))

    assert held["person"]["address"] == ADDRESS
    assert held["person"]["name"] == NAME
    assert [one["what"] for one in held["consents"]] == ["asked", "confirmed"]
    assert held["consents"][0]["shown"]
    assert held["votes"][0]["about"] == "2401.10770"
    assert held["digests"][0]["papers"] == [
        {"key": "2401.10770", "title": "", "score": 0.5, "reason": "matches your secret"}
    ]
    assert held["digests"][0]["attempts"][0]["answer"].startswith("550")
    assert held["days_without"] == [{"day": "2026-01-02", "reason": "paused"}]
    assert (held["soft_bounces"]["days"], held["suppression"]["reason"]) == (1, "bounce")
    assert {one["kind"] for one in held["notices"]} == {"confirm", "already"}
    assert privacy.export(database, "nobody", now=NOW) == {}


def test_after_erasing_no_table_names_the_person(database):
    """Neither address, nor name, nor token, nor what they wanted, in any column; what a run counted stays counted."""
    ada = live(database)
    assert privacy.erase(database, ada.token, now=NOW)

    left = everything(database)
    for word in (ADDRESS, ADDRESS.upper(), NAME, ada.token, "secret", "lovelace"):
        assert word.lower() not in left.lower()
    (delivery,) = rows(database, "deliveries")
    assert (delivery.state, delivery.address, delivery.digest["sections"]) == ("suppressed", "", [])
    assert len(rows(database, "erasures")) == 1
    assert not privacy.erase(database, ada.token, now=NOW)


def test_somebody_without_digests_leaves_no_row_at_all(database):
    """But for the hash, a day later: until then somebody may be busy with their row."""
    ada = live(database, delivered=False)
    privacy.erase(database, ada.token, now=NOW)
    (row,) = rows(database, "subscribers")
    assert (row.address, row.name, row.preferences) == ("", "", {})
    consent.tidy(database, now=NOW + DAY + timedelta(minutes=1))

    assert [len(rows(database, name)) for name in ("subscribers", "subscriptions", "consents", "notices")] == [0] * 4


def test_erasing_one_reader_leaves_the_others_as_they_are(database):
    """Every row of theirs."""
    bo = subscribed(database, "bo@example.org")
    before = privacy.export(database, bo.token, now=NOW)
    privacy.erase(database, live(database).token, now=NOW)

    assert privacy.export(database, bo.token, now=NOW) == before


def test_mails_in_the_outbox_folder_go_too(database, tmp_path):
    """They are copies on the operator's disk."""
    ada = live(database)
    mail = tmp_path / "2026-01-03" / f"{'a' * 32}.eml"
    mail.parent.mkdir()
    mail.write_text("To: Ada")
    # A confirmation of last week: its row holds no address any more.
    notice, other = (mail.with_name(f"{letter * 32}.eml") for letter in "bc")
    notice.write_text(f"Subject: Please confirm\nTo: {ADDRESS.upper()}\n\nwords")
    other.write_text("Subject: Please confirm\nTo: Bo <bo@example.org>\n\nwords")
    privacy.erase(database, ada.token, now=NOW, outbox=tmp_path)

    assert [path.name for path in mail.parent.iterdir()] == [other.name]


def test_the_export_waits_for_nobody_who_writes(database):
    """It only reads: a page that is opened must not stand in the queue of those who change something."""
    ada = live(database)
    with database.begin():
        assert privacy.export(database, ada.token, now=NOW)["person"]["address"] == ADDRESS


def test_the_roster_does_not_bring_an_erased_address_back(database):
    """Its plan says why, however the address is written; a fresh confirmation of theirs does."""
    service.apply_roster(database, roster_of(person("ada")), now=NOW)
    privacy.erase(database, known(database).token, now=NOW)
    plan = service.apply_roster(database, roster_of(person("ADA"), person("bo")), now=NOW)

    assert [(one.address, one.why) for one in plan.kept_out] == [("ADA@example.org", "erased")]
    assert [each.address for each in plan.added] == ["bo@example.org"]
    assert known(database) is None
    assert confirm(database, asked(database)).subscription.state is SubscriptionState.ACTIVE
    assert rows(database, "erasures") == []
    assert evidence(database) == [("asked", "web"), ("confirmed", "web")]


def test_what_an_operator_suppressed_stays_so_after_erasing(database):
    """The hash remembers why; a bounce is forgiven by confirming anew."""
    ada = subscribed(database)
    suppressed(database, "ada@example.org", "operator")
    privacy.erase(database, ada.token, now=NOW)

    assert ask(database) is Asked.REFUSED


def test_what_is_written_of_the_erased_afterwards_is_taken_out(database):
    """A digest that was just being queued, or a server's answer that came late."""
    ada = live(database)
    privacy.erase(database, ada.token, now=NOW)
    with database.begin() as tx:
        tx.execute(update(schema.deliveries).values(address=ADDRESS, name=NAME, token=ada.token, reply=ADDRESS))
        tx.execute(update(schema.attempts).values(reply=f"550 {ADDRESS}"))
    consent.tidy(database, now=NOW)

    assert ADDRESS not in everything(database)
    assert consent.tidy(database, now=NOW) == 0


def test_a_bounce_that_comes_back_for_the_erased_is_nobodys(database):
    """Its delivery is there, its reader is not."""
    privacy.erase(database, live(database).token, now=NOW)
    with database.begin() as tx:
        assert receiving.queries.returned(tx, "a" * 32) is None


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    local=st.from_regex(r"qx[a-z]{6,12}(\+[a-z]{4,8})?", fullmatch=True),
    name=st.sampled_from(["Žofie Nováková", "张伟 Zhang", "O'Brien-Ünal", "Ada %_ Love"]),
)
def test_erasing_forgets_any_address_and_name(database, local, name):
    """Whatever they look like, on both databases."""
    clear(database)
    address = f"{local}@example.org"
    make_editions(database, 1, 2)
    token = subscribed(database, address).token
    with database.begin() as tx:
        tx.execute(update(schema.subscribers).values(name=name))
        number = tx.scalar(select(schema.subscribers.c.id))
        promise = Promise("b" * 32, number, 2, 1, address, name, token, DIGEST)
        promises.enqueue(tx, [promise], run="run", now=NOW, expires_at=NOW + DAY)
    privacy.erase(database, token, now=NOW)
    left = everything(database)

    assert not any(word in left for word in (address, name, token, local))
