"""People and topics as the columns that keep them, and back."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import RowMapping

from subscribers.models import (
    Cadence,
    KnownSubscriber,
    Limits,
    NamedTopic,
    Schedule,
    Subscriber,
    Subscription,
    SubscriptionState,
    Wants,
)


def columns(subscriber: Subscriber, key: str) -> dict[str, Any]:
    """What is declared of a person, as columns."""
    limits, schedule = subscriber.limits, subscriber.schedule
    return {
        "address": subscriber.address,
        "address_key": key,
        "name": subscriber.name,
        "zone": schedule.zone,
        "hour": schedule.hour,
        "cadence": str(schedule.cadence),
        "weekday": schedule.weekday,
        "paused_until": subscriber.paused_until,
        "preferences": {
            "topics": subscriber.topics,
            "wants": _declared(subscriber.wants),
            "limits": {
                "max_papers": limits.max_papers,
                "max_per_topic": limits.max_per_topic,
                "floor": limits.floor,
                "discovery": limits.discovery,
            },
        },
    }


def declaration(topic: NamedTopic) -> dict[str, Any]:
    """A topic as its column."""
    return {"label": topic.label, **_declared(topic.wants)}


def _declared(wants: Wants) -> dict[str, Any]:
    return {
        "keywords": wants.keywords,
        "categories": wants.categories,
        "authors": wants.authors,
        "seeds": wants.seeds,
        "text": wants.text,
        "mute": wants.mute,
    }


def _wants(stored: Mapping[str, Any]) -> Wants:
    return Wants(
        keywords=tuple(stored.get("keywords", ())),
        categories=tuple(stored.get("categories", ())),
        authors=tuple(stored.get("authors", ())),
        seeds=tuple(stored.get("seeds", ())),
        text=stored.get("text", ""),
        mute=tuple(stored.get("mute", ())),
    )


def topic(name: str, stored: Mapping[str, Any]) -> NamedTopic:
    """A topic, from its column."""
    return NamedTopic(name, stored.get("label", name), _wants(stored))


def known(row: RowMapping) -> KnownSubscriber:
    """A subscriber, from their row with their consent."""
    stored: Mapping[str, Any] = row["preferences"]
    paused: date | None = row["paused_until"]
    return KnownSubscriber(
        id=row["id"],
        token=row["token"],
        subscriber=Subscriber(
            address=row["address"],
            name=row["name"],
            topics=tuple(stored.get("topics", ())),
            wants=_wants(stored.get("wants", {})),
            limits=Limits(**stored.get("limits", {})),
            schedule=Schedule(Cadence(row["cadence"]), row["weekday"], row["hour"], row["zone"]),
            paused_until=paused,
        ),
        subscription=Subscription(SubscriptionState(row["state"]), row["how"], row["changed_at"]),
        origin=row["origin"],
        cursor=row["cursor"],
        served_at=row["served_at"],
        suppressed=bool(row["suppressed"]),
    )
