"""What the newsletter's short mails need of us: signed links."""

from collections.abc import Sequence

from newsletter.settings import Settings
from newsletter.steps.house import House
from subscribers import tokens
from subscribers.tokens import Purpose


def house(settings: Settings, *, keys: Sequence[str], site: str | None = None, answers_to: str = "") -> House:
    """What a notice needs, from the settings and the keys that sign links.

    `site` is the site's address where the settings have none; `answers_to` an address at which mail is read, by default
    that of the settings.
    """
    return House(
        settings,
        sign=lambda purpose, value: tokens.sign(Purpose(purpose), value, keys=keys),
        sign_confirm=lambda value, at: tokens.sign_timed(Purpose.CONFIRM, value, keys=keys, now=at),
        sign_reply=lambda key: tokens.sign_reply(key, keys=keys),
        sign_key=lambda key: tokens.sign_key(key, keys=keys),
        answers_to=answers_to or settings.inbox_address,
        site=(settings.site_url if site is None else site).rstrip("/"),
    )
