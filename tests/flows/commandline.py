"""A terminal for tests: the `paperboy` command with a data directory of its own."""

from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner, Result

from flows.cli import app

ROSTER = """\
topics:
  decoding:
    label: Fast decoding
    keywords: [speculative decoding, KV cache, phlogiston]
  vision:
    categories: [cs.CV]
subscribers:
  - address: ada@example.org
    name: Ada
    topics: [decoding]
  - address: dana@example.org
  - address: away@example.org
    paused_until: 2099-01-01
"""


@dataclass
class Terminal:
    """Runs commands as on a fresh clone: real SQLite in a folder with a space in its name, invented samples as sources."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.roster.parent.mkdir(parents=True, exist_ok=True)
        self.roster.write_text(ROSTER)
        self.env |= {
            "PAPERBOY_DATA_DIR": str(self.data),
            "PAPERBOY_ROSTER": str(self.roster),
            "PAPERBOY_SAMPLES": "always",
        }

    @property
    def data(self) -> Path:
        return self.folder / "my papers" / "var"

    @property
    def roster(self) -> Path:
        return self.folder / "my papers" / "roster.yaml"

    @property
    def mails(self) -> list[Path]:
        """What is in the outbox."""
        return sorted(self.data.glob("outbox/*/*.eml"))

    def __call__(self, *words: str, **env: str) -> Result:
        """One command; a surprise is raised here, as it would show its traceback."""
        return CliRunner().invoke(app, list(words), env=self.env | env, catch_exceptions=False)

    def answered(self, answer: str, *words: str) -> Result:
        """One command whose question is answered."""
        return CliRunner().invoke(app, list(words), env=self.env, input=answer, catch_exceptions=False)

    def run(self, *words: str, **env: str) -> Result:
        """`paperboy run` without a Prefect server."""
        return self("run", "--without-prefect", *words, **env)
