"""What is held of one person, to be handed to them, or to be erased."""

from collections.abc import Mapping
from contextlib import suppress as ignoring
from datetime import date, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from newsletter.database import Database, Transaction
from newsletter.mail.outbox import Outbox, messages
from newsletter.queries import editions
from subscribers import addresses, consent_queries, privacy_queries, queries, vote_queries
from subscribers.models import KnownSubscriber


def export(database: Database, token: str, *, now: datetime) -> dict[str, Any]:
    """Everything that is held of one person, ready for JSON; empty where nobody has that token.

    Keys: exported_at · person (address, name, how they came, when) · choices (schedule, pause, topics, interests,
    limits) · subscription (state, how, since) · consents · votes · digests (day, state, papers with title and reason,
    attempts) · days_without · notices · soft_bounces · suppression. Times are ISO 8601, UTC.
    """
    with database.read() as tx:
        known = queries.by_token(tx, token)
        return {} if known is None else _held(tx, known, now)


def _held(tx: Transaction, known: KnownSubscriber, now: datetime) -> dict[str, Any]:
    row = privacy_queries.person(tx, known.id)
    key = addresses.fold(known.subscriber.address)
    consent = known.subscription
    suppression, bounced = queries.suppression(tx, key), privacy_queries.bounce_of(tx, key)
    return {
        "exported_at": _said(now),
        "person": {
            "address": row.address,
            "name": row.name,
            "came_by": row.origin,
            "since": _said(row.created_at),
            "last_served_at": _said(row.served_at),
        },
        "choices": {
            "cadence": row.cadence,
            "weekday": row.weekday,
            "hour": row.hour,
            "zone": row.zone,
            "paused_until": _said(row.paused_until),
            **row.preferences,
        },
        "subscription": {"state": str(consent.state), "how": consent.how, "since": _said(consent.changed_at)},
        "consents": [
            {
                "what": str(one.what),
                "at": _said(one.at),
                "how": one.how,
                "from": one.origin,
                "shown": one.wording,
                "reason": one.note,
            }
            for one in consent_queries.of(tx, known.id)
        ],
        "votes": [
            {
                "what": str(vote.what),
                "about": vote.about,
                "at": _said(vote.at),
                "how": vote.how,
                "undone_at": _said(vote.undone_at),
            }
            for vote in vote_queries.of(tx, known.id, undone=True)
        ],
        "digests": _digests(tx, known.id),
        "days_without": [
            {"day": _said(row.day), "reason": row.reason} for row in privacy_queries.skips_of(tx, known.id)
        ],
        "notices": [
            {"kind": row.kind, "state": row.state, "queued_at": _said(row.queued_at), "answer": row.reply}
            for row in privacy_queries.notices_of(tx, key)
        ],
        "soft_bounces": bounced and {"days": bounced.score, "last_at": _said(bounced.at), "last_words": bounced.detail},
        "suppression": suppression
        and {"reason": suppression.reason, "detail": suppression.detail, "at": _said(suppression.at)},
    }


def _digests(tx: Transaction, subscriber_id: int) -> list[dict[str, Any]]:
    rows = privacy_queries.deliveries_of(tx, subscriber_id)
    tries: dict[int, list[Row[Any]]] = {}
    for one in privacy_queries.attempts_of(tx, subscriber_id):
        tries.setdefault(one.delivery_id, []).append(one)
    picks = {row.id: [pick for section in row.digest["sections"] for pick in section["picks"]] for row in rows}
    keys = {pick["paper_key"] for each in picks.values() for pick in each}
    titles = {paper.key: paper.title for paper in editions.papers_by_key(tx, keys)}
    return [
        {
            "day": _said(row.day),
            "address": row.address,
            "state": row.state,
            "queued_at": _said(row.queued_at),
            "settled_at": _said(row.changed_at),
            "answer": row.reply,
            "papers": [_paper(pick, titles) for pick in picks[row.id]],
            "attempts": [
                {"started_at": _said(one.started_at), "outcome": one.outcome, "answer": one.reply}
                for one in tries.get(row.id, ())
            ],
        }
        for row in rows
    ]


def _paper(pick: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    key = pick["paper_key"]
    return {"key": key, "title": titles.get(key, ""), "score": pick["score"], "reason": pick["reason"]}


def _said(at: date | None) -> str | None:
    return None if at is None else at.isoformat()


def erase(database: Database, token: str, *, now: datetime, outbox: Path | None = None) -> bool:
    """Take a person out of every table, and their mails out of the outbox folder; whether there was anybody.

    A salted hash of the address stays, so that nothing is sent to it before its owner confirms anew; what a run
    counted stays counted, without a name.
    """
    with database.begin() as tx:
        if consent_queries.hold(tx, token) is None:
            return False
        known = queries.by_token(tx, token)
        assert known is not None, "they are held"
        key = addresses.fold(known.subscriber.address)
        suppression = queries.suppression(tx, key)
        consent_queries.remember_erased(tx, key, suppressed=suppression.reason if suppression else "", now=now)
        mails = privacy_queries.erase(tx, known.id, key=key, token=token, now=now)
    if outbox is not None:
        for delivery_key, day in mails:
            with ignoring(ValueError, OSError):
                Outbox(outbox).path(delivery_key, day).unlink(missing_ok=True)
        # And those of notices, which after a day no table knows to be theirs.
        for one in messages(outbox):
            if one.recipient and _is(parseaddr(one.recipient)[1], key):
                with ignoring(OSError):
                    one.path.unlink(missing_ok=True)
    return True


def _is(address: str, key: str) -> bool:
    try:
        return addresses.fold(address) == key
    except ValueError:
        return False
