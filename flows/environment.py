"""The environment of our Prefect server and of its clients; `python -m flows.environment` prints it for a shell."""

import shlex
import sys
from pathlib import Path

from newsletter.settings import ROOT, Settings, exported, inherited, load

HOST = "127.0.0.1"


def home(settings: Settings) -> Path:
    """Prefect's own folder: its database, its leases, our lock file."""
    return settings.data_dir / "prefect"


def environment(settings: Settings, port: int | None = None) -> dict[str, str]:
    """The whole environment of a process that is, or talks to, our server."""
    return inherited() | variables(settings, port)


def variables(settings: Settings, port: int | None = None) -> dict[str, str]:
    """What is set in it; the settings that differ from their defaults are among it, so that a child has the same."""
    port = port or settings.prefect_port
    database = settings.prefect_database_url.get_secret_value()
    python = Path(sys.executable).parent
    before = inherited()
    chosen = {
        "PAPERBOY_HOME": str(ROOT),
        "PREFECT_HOME": str(home(settings)),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),  # the UI asks 4200 without it, whatever --port says
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # nothing calls outside: not the server, not the SDK, not the browser (UI v2 asks Amplitude)
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "NO_PROXY": _with_loopback(before.get("NO_PROXY", before.get("no_proxy", ""))),
        "no_proxy": _with_loopback(before.get("no_proxy", before.get("NO_PROXY", ""))),
        # a power cut must not block later runs: leases on disk, heartbeats for the zombie automation
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "newsletter,subscribers",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_LOGGING_COLORS": "false",
        "PYTHONPATH": _joined(str(ROOT), before.get("PYTHONPATH", "")),
        "PYTHONUNBUFFERED": "1",  # a log that ends where the process died
        "PATH": _joined(str(python), before.get("PATH", "")),  # the deployment's command says `python`
    }
    if database:
        chosen["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    return exported(settings) | chosen


def _joined(first: str, rest: str) -> str:
    return f"{first}:{rest}" if rest else first


def _with_loopback(value: str) -> str:
    # Prefect's client obeys proxy variables even for 127.0.0.1.
    return ",".join(part for part in (value, "127.0.0.1", "localhost") if part)


if __name__ == "__main__":
    for name, value in variables(load()).items():
        print(f"export {name}={shlex.quote(value)}")  # noqa: T201 - for eval in a shell
