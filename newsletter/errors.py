"""The one exception tree: what (which): why, what to do."""

from pathlib import Path


class PaperboyError(Exception):
    """Expected trouble, said in one sentence a person can act on."""


class SourceError(PaperboyError):
    """A source could not be listed; `source` and `listing` say which."""

    def __init__(self, message: str, *, source: str, listing: str = "") -> None:
        super().__init__(message)
        self.source = source
        self.listing = listing


class SourceUnavailable(SourceError):
    """The source did not answer in time, or refused: worth another try."""


class SourceMalformed(SourceError):
    """The source answered something that cannot be understood; the payload is kept, another try would not help."""

    def __init__(self, message: str, *, source: str, listing: str = "", payload: Path | None = None) -> None:
        super().__init__(message, source=source, listing=listing)
        self.payload = payload


class RenderError(PaperboyError):
    """One message could not be rendered; the others go on."""


class MailerUnavailable(PaperboyError):
    """Nothing can be sent now (login refused, host down): stop the batch, try later."""


class RosterError(PaperboyError):
    """The roster is wrong and nothing of it was applied; `mistakes`: a line for each, with file, line and field."""

    def __init__(self, message: str, *, mistakes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.mistakes = mistakes


class LinkError(PaperboyError):
    """A signed link does not hold."""


class LinkExpired(LinkError):
    """The link was ours, and is too old."""


class LinkInvalid(LinkError):
    """The link is not ours, or was cut or changed."""


class LedgerError(PaperboyError):
    """The audience equation does not close: some delivery is unaccounted for."""


class RunInProgress(PaperboyError):
    """Another run holds the lease; this one must not start."""


class RestoredBackup(PaperboyError):
    """The database is older than the mail that was sent from it; nothing goes out before it is put in order."""


class ConfigurationError(Exception):
    """A setting or the schema is wrong; outside the tree, so no 'carry on' handler swallows it."""
