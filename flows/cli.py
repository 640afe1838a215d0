"""The `paperboy` command: its groups, and the one place where an expected error becomes a sentence."""

from typing import Any

import typer
from typer.core import TyperGroup

from flows.commands import (
    archive,
    deliver,
    deliveries,
    doctor,
    inbox,
    mail,
    opening,
    papers,
    people,
    receive,
    restored,
    run,
    screen,
    topics,
    upkeep,
    votes,
)
from newsletter.errors import ConfigurationError, PaperboyError

PANELS = ("Every day", "Readers and topics", "What happened", "Upkeep")
"""The parts of `paperboy --help`, in their order."""


class Door(TyperGroup):
    """Expected errors end the command with one sentence on standard error; a surprise shows its traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands, those of the first panel first."""
        place = {panel: number for number, panel in enumerate(PANELS)}
        panel = {name: getattr(command, "rich_help_panel", "") for name, command in self.commands.items()}
        return sorted(super().list_commands(ctx), key=lambda name: place.get(panel[name], len(PANELS)))

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (PaperboyError, ConfigurationError) as error:
            screen.complain(error)
            raise typer.Exit(1) from None
        except Exception as error:
            sentence = opening.trouble_of_the_database(error)
            if sentence is None:
                raise
            screen.complain(PaperboyError(sentence))
            raise typer.Exit(1) from None


app = typer.Typer(
    name="paperboy",
    cls=Door,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    # A traceback with local variables would show secrets.
    pretty_exceptions_enable=False,
    help="The day's research papers, cut to what each reader cares about and delivered by mail.\n\n"
    "`paperboy run` does the whole of it once; `paperboy serve` does it every day.\n\n"
    "Settings are `PAPERBOY_*` variables or lines of the file `.env`; `paperboy doctor` shows those in force.",
)
for module in (
    run,
    deliver,
    mail,
    people,
    topics,
    votes,
    archive,
    deliveries,
    papers,
    receive,
    inbox,
    doctor,
    restored,
    upkeep,
):
    module.register(app)


def main() -> None:
    """What `paperboy` and `python -m flows.cli` start."""
    app(prog_name="paperboy")


if __name__ == "__main__":
    main()
