"""How a batch answers to "too fast" and to answers that blame us: it pauses, and it stops."""

import asyncio
from dataclasses import replace

from newsletter.mail.classify import LOGIN_CODES
from newsletter.models import Outcome, Phase, State

DOUBTS_TO_STOP = 3  # answers in a row that blame us rather than the recipient, with nothing accepted in between
THROTTLES_TO_STOP = 20  # in a row, each pause longer than the one before: to go on would only knock at a closed door
LONGEST_PAUSE = 30.0  # seconds


class Pace:
    """Slows down when the server asks for it, and stops the batch when answer after answer blames us."""

    def __init__(self, pause: float) -> None:
        self._first = self._pause = pause
        self._until = 0.0
        self._throttles = self._doubts = 0

    async def wait(self) -> None:
        """Return when the server may be asked again."""
        await asyncio.sleep(max(0.0, self._until - asyncio.get_running_loop().time()))

    def judge(self, outcome: Outcome) -> Outcome:
        """Learn from an outcome; the same one, with `stop` as all the answers so far have it."""
        if outcome.state is State.ACCEPTED:
            self._pause = self._first
            self._throttles = self._doubts = 0
        elif outcome.throttled:
            self._throttles += 1
            now = asyncio.get_running_loop().time()
            if now >= self._until:  # several conversations are answered at once; they are one reason to slow down
                self._until = now + self._pause
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            return replace(outcome, stop=outcome.stop or self._throttles >= THROTTLES_TO_STOP)
        elif outcome.stop and outcome.phase in {Phase.RCPT, Phase.DOT} and outcome.code not in LOGIN_CODES:
            # "Policy" may be one recipient's own: it must not keep the mail of all the others.
            self._doubts += 1
            return replace(outcome, stop=self._doubts >= DOUBTS_TO_STOP)
        return outcome
