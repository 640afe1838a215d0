"""topics: the named topics of the roster, and the commands around them."""

from typing import TYPE_CHECKING

import typer

from flows.commands import opening, screen, suggest, trends, trying

if TYPE_CHECKING:
    from subscribers.models import NamedTopic

topics = typer.Typer(no_args_is_help=True, help="The topics that readers may follow, as the roster declares them.")


def register(app: typer.Typer) -> None:
    """Put the commands in their place."""
    topics.command("try")(trying.try_)
    topics.command("suggest")(suggest.suggest)
    topics.command("trends")(trends.trends)
    app.add_typer(topics, name="topics", rich_help_panel="Readers and topics")


@topics.command("list")
def list_topics() -> None:
    """List the named topics with what each is made of and how many readers follow it.

    Example: `paperboy topics list`. Changes nothing; topics are declared in the roster.
    """
    from subscribers import queries, service

    with opening.database(opening.settings()) as database, database.begin() as tx:
        known = service.named_topics(tx)
        readers = [each.subscriber for each in queries.not_unsubscribed(tx).values()]
    if not known:
        screen.say("There is no named topic; declare some in the roster and run `paperboy roster apply`.")
        return
    screen.table(
        ("name", "label", "readers", "made of"),
        [(one.name, one.label, sum(one.name in each.topics for each in readers), _made_of(one)) for one in known],
    )


def _made_of(topic: "NamedTopic") -> str:
    wants = topic.wants
    parts = (
        ("keyword", len(wants.keywords)),
        ("author", len(wants.authors)),
        ("seed paper", len(wants.seeds)),
        ("muted phrase", len(wants.mute)),
    )
    said = [", ".join(wants.categories)] if wants.categories else []
    said += [screen.count(number, word) for word, number in parts if number]
    said += ["free text"] if wants.text else []
    return ", ".join(said)
