"""The readers' site as a process: its pages, and in the background the short mails that they cause.

`python -m flows.site` is what `paperboy serve` starts; `paperboy site` is the same for a terminal.
"""

import logging
import sys
import threading

from sqlalchemy.exc import DBAPIError

from flows import wiring
from flows.stopping import Stopping
from newsletter.database import Database
from newsletter.errors import ConfigurationError, MailerUnavailable, RestoredBackup, RunInProgress
from newsletter.settings import Settings, load
from newsletter.steps.notices import send_notices
from subscribers.web import app
from subscribers.web.frame import Frame

log = logging.getLogger("flows.site")

ROUND = 60.0
"""Seconds after which the postman looks by himself: for what was deferred, and what other processes queued."""

_AT_ONCE = 100  # notices of one round
_SETTLE = 5.0  # seconds that a notice on its way gets at the end


class Postman:
    """Sends notices in a thread of its own, as soon as a page has queued one."""

    def __init__(self, shop: wiring.Shop) -> None:
        self.shop = shop
        self._stop, self._bell = threading.Event(), threading.Event()
        # A daemon: a server that never answers must not keep the process; the notice is judged by the next one.
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        """Begin, with what waits already."""
        self._thread.start()

    def wake(self) -> None:
        """Something was queued."""
        self._bell.set()

    def close(self) -> None:
        """Begin no more, and give what is on its way a moment."""
        self._stop.set()
        self._bell.set()
        self._thread.join(_SETTLE)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._round()
            self._bell.wait(ROUND)
            self._bell.clear()

    def _round(self) -> None:
        try:
            self.shop.check_mark()
            while send_notices(self.shop.notices(self._stop), limit=_AT_ONCE):
                pass  # as long as some are taken: those behind a hundred with one bad address need not wait
        except (MailerUnavailable, RestoredBackup, RunInProgress, DBAPIError) as error:
            log.warning("site.notices_wait: %s", error)  # the next round tries again
        except Exception:
            log.exception("site.notices_failed")  # a thread that ends would say nothing, and send nothing any more


def run(settings: Settings) -> None:
    """Serve the site on its port of the settings until SIGTERM or Ctrl-C.

    Raises:
        ConfigurationError: the port is taken.

    """
    database = Database(settings.url)
    postman = Postman(wiring.Shop(settings, database))
    frame = Frame(database, settings, wiring.signing_keys(settings), wiring.now, postman.wake)
    pages = app.create_app(frame)
    # Firm: the server hears the signals itself, and passes each on when it has ended.
    with Stopping(firm=True):
        postman.start()
        try:
            app.serve(pages, port=settings.site_port, proxies=settings.site_proxies)
        finally:
            postman.close()
            database.close()


def main() -> None:
    """What `paperboy serve` starts: it waits for nothing, and answers "not just now" until the database is there."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        run(load())
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
