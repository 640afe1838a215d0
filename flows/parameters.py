"""What an operator can ask of a run; Prefect's UI makes its form from this model."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RunParameters(BaseModel):
    """Leave everything as it is to do what is due today."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Run")

    day: date | None = Field(
        default=None,
        title="Day",
        description="Whose listings to read and whose edition to make (UTC). None: the day the run was scheduled for.",
        json_schema_extra={"position": 0},
    )
    dry_run: bool = Field(
        default=False,
        title="Dry run",
        description="Read the sources and make the edition as ever, and count and show the digests; "
        "but queue nothing, send nothing, and move nobody's place.",
        json_schema_extra={"position": 1},
    )
    only: list[str] = Field(
        default=[],
        title="Only these subscribers",
        description="E-mail addresses. Everybody else stays due for a later run. Empty: everybody.",
        json_schema_extra={"position": 2},
    )
    sources: list[Literal["huggingface", "arxiv"]] = Field(
        default=[],
        title="Sources",
        description="Which sources to read. Empty: those of the settings.",
        json_schema_extra={"position": 3},
    )
    ignore_hours: bool = Field(
        default=False,
        title="Ignore hours",
        description="Make the edition before its hour, and serve readers before theirs.",
        json_schema_extra={"position": 4},
    )
