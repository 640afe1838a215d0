"""What a mail program sees of a mail, for the tests."""

import re
from html.parser import HTMLParser

from newsletter.mail.rendering import Renderer
from tests.mail.gallery import LINKS


class Reader(HTMLParser):
    """What a mail program sees: tags, links, headings and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.headings: list[str] = []
        self.text = ""
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "background"}]
        self._hidden += tag in {"style", "title"}
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)

    def handle_endtag(self, tag):
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data):
        self.text += "" if self._hidden else data


def rendered(papers, made, **options):
    """A digest rendered for Ada, with all links."""
    return Renderer(papers, list_name="Paperboy", **options).digest(made, recipient_name="Ada", links=LINKS)
