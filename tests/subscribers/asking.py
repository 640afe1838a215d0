"""What the tests of consent share: a house, wishes to subscribe, and the links of the notices that wait."""

from sqlalchemy import insert, select, update

from newsletter import schema
from newsletter.queries.notices import Queued
from newsletter.settings import Settings
from newsletter.steps.notices import NoticePrinter
from subscribers import consent, houses, queries
from subscribers.consent import Origin
from tests.subscribers.people import NOW

KEYS = ("an-old-key", "the-key-in-use")
WORDING = "Papers to your inbox. You can leave at any time."
WEB = Origin("web", network="203.0.113.0/24")
SETTINGS = Settings(
    site_url="https://papers.example.org", sender="Paperboy <papers@example.org>", list_host="papers.example.org"
)
HOUSE = houses.house(SETTINGS, keys=KEYS)


def ask(database, address="ada@example.org", *, now=NOW, origin=WEB, house=HOUSE, **more):
    """Somebody types an address into the form."""
    return consent.sign_up(database, address, origin=origin, wording=WORDING, now=now, house=house, **more)


def waiting(database, kind=None):
    """The notices that are queued, oldest first."""
    with database.begin() as tx:
        rows = tx.execute(select(schema.notices).order_by(schema.notices.c.id)).mappings().all()
    names = Queued.__dataclass_fields__
    found = [Queued(**{name: row[name] for name in names}) for row in rows if row["state"] == "queued"]
    return [one for one in found if kind in {None, one.kind}]


def sent(database):
    """Count what is queued as sent, as a server that takes everything would have it."""
    with database.begin() as tx:
        tx.execute(update(schema.notices).values(state="accepted"))


def link(notice, house=HOUSE):
    """The token of the confirmation link in a notice."""
    content = NoticePrinter(house)(notice).content.decode()
    return content.replace("=\r\n", "").replace("=3D", "=").partition("/confirm/")[2].split()[0].partition('"')[0]


def asked(database, address="ada@example.org", *, now=NOW, **more):
    """Ask, and have the mail sent: the token of its link."""
    assert ask(database, address, now=now, **more) is consent.Asked.SENT
    token = link(waiting(database, "confirm")[-1])
    sent(database)
    return token


def confirm(database, token, *, now=NOW, origin=WEB):
    """Press the button behind the link."""
    return consent.confirm(database, token, keys=KEYS, origin=origin, now=now)


def subscribed(database, address="ada@example.org", *, now=NOW, **more):
    """Somebody who asked and confirmed."""
    return confirm(database, asked(database, address, now=now, **more), now=now)


def known(database, key="ada@example.org"):
    """The person with an address, None where there is none."""
    with database.begin() as tx:
        return queries.by_address_key(tx, key)


def evidence(database, key="ada@example.org"):
    """What they said, as (what, how), the oldest first."""
    with database.begin() as tx:
        person = queries.by_address_key(tx, key)
        rows = select(schema.consents).where(schema.consents.c.subscriber_id == person.id)
        return [(row.what, row.how) for row in tx.execute(rows.order_by(schema.consents.c.id))]


def suppressed(database, key, reason, *, at=NOW):
    """An address that was suppressed."""
    with database.begin() as tx:
        row = {"address_key": key, "reason": reason, "detail": "their words", "at": at}
        tx.execute(insert(schema.suppressions).values(row))


def rows(database, table):
    """Every row of a table."""
    with database.begin() as tx:
        return tx.execute(select(schema.metadata.tables[table])).all()
