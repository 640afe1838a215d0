"""A reader before their preferences page: a site with an edition, and forms as a browser without JavaScript sends them."""

import re
from dataclasses import dataclass
from datetime import date
from html import unescape
from html.parser import HTMLParser

from newsletter.models import Paper, Topic
from newsletter.queries import editions
from newsletter.settings import Settings
from subscribers import roster, service, wishes
from subscribers.models import KnownSubscriber
from subscribers.tokens import Purpose
from tests.steps.conftest import FRIDAY, Newsroom, at, capture, paper
from tests.subscribers.people import set_state
from tests.web.visiting import ADDRESS, BASE, Site

ROSTER = """
topics:
  decoding:
    keywords: [speculative decoding]
  folding:
    label: Folding <b>proteins</b>
    keywords: [protein folding]
subscribers:
  - address: reader@example.org
"""


@dataclass
class Desk:
    """The site, its one reader, and their link."""

    site: Site
    newsroom: Newsroom

    @property
    def known(self) -> KnownSubscriber:
        """The reader as the database has them now."""
        return self.site.known()

    @property
    def link(self) -> str:
        """The path of their page."""
        return self.site.link(self.known, Purpose.PREFERENCES)

    def form(self, **changed: str | tuple[str, ...]) -> dict[str, list[str]]:
        """The page's form as it is sent when some fields are changed."""
        told = {name: (value,) if isinstance(value, str) else value for name, value in changed.items()}
        return {name: list(values) for name, values in (wishes.fields(self.known.subscriber) | told).items()}

    def press(self, button: str = "", files: dict | None = None, **changed: str | tuple[str, ...]):
        """Send the form: `preview` or `preview?part=1`, else to the page itself."""
        path = f"{self.link}/{button}" if button else self.link
        return self.site.post(path, self.form(**changed), files=files)


def desk(database, folder, *, origin: str = "web", papers: int = 16) -> Desk:
    """A site with one edition, two topics and one reader."""
    settings = Settings(list_name="Morning Papers", site_url=BASE, data_dir=folder)
    site = Site(database, settings)
    newsroom = Newsroom(database, settings)
    if papers:
        publish(newsroom, papers)
    service.apply_roster(database, roster.parse(ROSTER, path="r.yaml"), now=at(FRIDAY))
    set_state(database, ADDRESS, "active", origin=origin)
    return Desk(site, newsroom)


def publish(newsroom: Newsroom, papers: int, *, day: date = FRIDAY, first: int = 0) -> None:
    """An edition of a day: papers on four subjects in turn, one topic."""
    save_edition(newsroom, [paper(number) for number in range(first, first + papers)], day=day)


def save_edition(newsroom: Newsroom, members: list[Paper], *, day: date = FRIDAY, label: str = "Studies") -> None:
    """An edition of some papers, without looking for topics."""
    newsroom.collect(capture(*members, day=day), day=day)
    topic = Topic("studies", label, (), tuple(one.key for one in members))
    with newsroom.database.begin() as tx:
        editions.save(tx, day=day, members=members, topics=[topic], remarks=(), sample=False, now=at(day))


class _Fields(HTMLParser):
    """The fields of the forms of a page, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.area = self.choice = ""

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        name = told.get("name", "")
        if tag == "textarea":
            self.area = name
            self.found[name] = [""]
        elif tag == "select":
            self.choice = name
        elif tag == "option" and "selected" in told:
            self.found[self.choice] = [told["value"]]
        elif tag == "input" and (told.get("type") not in {"checkbox", "radio", "file"} or "checked" in told):
            self.found.setdefault(name, []).append(told.get("value", "on"))

    def handle_endtag(self, tag):
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data):
        if self.area:
            self.found[self.area] = [self.found[self.area][0] + data]


def shown(page: str) -> dict[str, list[str]]:
    """What stands in the fields of the page's form of choices."""
    parser = _Fields()
    parser.feed(re.search(r'<form[^>]* id="choices".*?</form>', page, re.DOTALL)[0])
    # A browser drops the first line break of a textarea.
    return {name: [value.removeprefix("\n") for value in values] for name, values in parser.found.items()}


def titles(page: str) -> list[str]:
    """The papers of the preview on a page, or of the fragment."""
    preview = (
        page.rsplit('<div id="preview">', maxsplit=1)[-1]
        .split("</section>", maxsplit=1)[0]
        .split("<details>", maxsplit=1)[0]
    )
    return [unescape(title) for title in re.findall(r'rel="noopener"[^>]*>([^<]*)</a>', preview)]
