"""The sample listings: invented papers, served at the sources' own addresses in the sources' own formats."""

import json
import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import httpx

from newsletter.sources.arxiv import submission_window
from newsletter.sources.feeds import EASTERN
from newsletter.sources.names import split_authors

MARK = "Invented sample paper"
"""What arXiv's comment field says first of every sample."""

_TRENDING = 15
_GIVEN = (
    "Ada",
    "Boris",
    "Chidi",
    "Dana",
    "Emre",
    "Fatou",
    "Goran",
    "Hana",
    "Ivo",
    "Jia",
    "Kira",
    "Luis",
    "Mona",
    "Nils",
)
_FAMILY = ("Abara", "Bergman", "Castellan", "Dorji", "Eriksen", "Fujimori", "Gruber", "Hadzic", "Ito", "Jansz", "Kovar")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WINDOW = re.compile(r"submittedDate:\[(\d{12}) TO (\d{12})\]")


@dataclass(frozen=True, slots=True)
class _Sample:
    """One invented paper; ids of a thirteenth month can never be real."""

    id: str
    day: int  # days before today
    title: str
    authors: str  # one string, as arXiv writes it
    categories: str
    abstract: str
    upvotes: int | None = None  # on Hugging Face's list where given
    comments: int = 0
    organization: str = ""
    keywords: tuple[str, ...] = field(default=())
    code: str = ""
    stars: int | None = None
    project: str = ""
    comment: str = ""
    replaced: int | None = None  # days before today on which a second version was announced
    crowd: int = 0  # that many more authors


@cache
def _samples() -> tuple[_Sample, ...]:
    text = files("newsletter.sources").joinpath("samples_data/papers.toml").read_text(encoding="utf-8")
    made = []
    for number, facts in zip(count(1), tomllib.loads(text)["paper"], strict=False):
        facts["abstract"] = facts["abstract"].strip()
        facts["authors"] += "".join(f", {name}" for name in _crowd(facts.get("crowd", 0)))
        made.append(_Sample(id=f"2613.{number:05d}", **facts))
    return tuple(made)


def _crowd(size: int) -> list[str]:
    """That many different names, since one paper has to have very many authors."""
    return [
        f"{_GIVEN[number % len(_GIVEN)]} {chr(65 + number % 26)}. {_FAMILY[number % len(_FAMILY)]}"
        for number in range(size)
    ]


class SampleSite(httpx.AsyncBaseTransport):
    """Answers for huggingface.co and arxiv.org: sixty invented papers of three days, of which `today` is the last."""

    sample = True

    def __init__(self, today: date) -> None:
        self.today = today

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer the real site would give, had it published the samples; 404 for any other address."""
        url = request.url
        query = {key: values[0] for key, values in parse_qs(url.query.decode()).items()}
        if url.host == "huggingface.co":
            return self._huggingface(url.path, query)
        if url.host == "rss.arxiv.org" and url.path.startswith("/rss/"):
            return _xml(self._feed(url.path.removeprefix("/rss/")))
        if url.host == "export.arxiv.org" and url.path == "/api/query":
            return _xml(self._query(query))
        return httpx.Response(404, text="not among the samples")

    def _day(self, before: int) -> date:
        return self.today - timedelta(days=before)

    def _submitted(self, sample: _Sample) -> datetime:
        """Shortly before the cut of its announcement; weekends have no cut, and take noon of the day before."""
        day = self._day(sample.day)
        window = submission_window(day)
        end = window[1] if window else datetime.combine(day - timedelta(days=1), time(12), UTC)
        return end - timedelta(minutes=3 * int(sample.id[-5:]) + 1)

    # ---- Hugging Face ----------------------------------------------------------------------------------------------

    def _huggingface(self, path: str, query: dict[str, str]) -> httpx.Response:
        page = re.fullmatch(r"/papers/(date/)?([\w-]+)", path)
        asked = page[2] if page else query.get("date", "")
        if path != "/api/daily_papers" and page is None:
            return httpx.Response(404, text="not among the samples")
        if asked == "trending" or query.get("sort") == "trending":
            items = self._trending()
        elif _DAY.fullmatch(asked) and asked <= self.today.isoformat():
            items = self._daily(date.fromisoformat(asked)) if query.get("p", "0") == "0" else []
        else:
            return httpx.Response(400, json={"error": f"Invalid date {asked}"})
        if page is None:
            return httpx.Response(200, json=items)
        props = json.dumps({"periodType": "day", "dateString": asked, "dailyPapers": items})
        quoted = escape(props, {'"': "&quot;"})
        return httpx.Response(200, html=f'<main><div data-target="DailyPapers" data-props="{quoted}"></div></main>')

    def _daily(self, day: date) -> list[dict[str, Any]]:
        listed = [each for each in _samples() if each.upvotes is not None and self._day(each.day) == day]
        return [self._item(each) for each in sorted(listed, key=lambda each: -(each.upvotes or 0))]

    def _trending(self) -> list[dict[str, Any]]:
        ranked = sorted(_samples(), key=lambda each: -(each.upvotes or 0))
        return [self._item(each) for each in ranked[:_TRENDING]]

    def _item(self, sample: _Sample) -> dict[str, Any]:
        submitted = datetime.combine(self._day(sample.day), time(0, 30), UTC) + timedelta(minutes=int(sample.id[-5:]))
        paper: dict[str, Any] = {
            "id": sample.id,
            "authors": [{"name": name, "hidden": False} for name in split_authors(sample.authors)],
            "publishedAt": _iso(self._submitted(sample)),
            "submittedOnDailyAt": _iso(submitted),
            "title": sample.title,
            "summary": sample.abstract,
            "upvotes": sample.upvotes,
            "ai_summary": MARK + ".",
            "ai_keywords": list(sample.keywords),
        }
        optional = {"githubRepo": sample.code, "githubStars": sample.stars, "projectPage": sample.project}
        paper |= {key: value for key, value in optional.items() if value}
        # The source's own oddity: the outer title may be broken over two lines.
        head, colon, tail = sample.title.partition(": ")
        item: dict[str, Any] = {
            "paper": paper,
            "publishedAt": _iso(self._submitted(sample)),
            "title": f"{head}:\n  {tail}" if colon else head,
            "summary": sample.abstract,
            "numComments": sample.comments,
            "isAuthorParticipating": False,
        }
        if sample.organization:
            slug = sample.organization.lower().replace(" ", "-")
            item["organization"] = {"name": slug, "fullname": sample.organization}
        return item

    # ---- arXiv -----------------------------------------------------------------------------------------------------

    def _feed(self, category: str) -> str:
        midnight = datetime.combine(self.today, time(), EASTERN)
        items = []
        for sample in _samples():
            terms = sample.categories.split()
            if sample.day == 0 and category in terms:
                items.append(_rss_item(sample, "new" if terms[0] == category else "cross", 1, midnight))
            elif sample.replaced == 0 and category in terms:
                items.append(_rss_item(sample, "replace" if terms[0] == category else "replace-cross", 2, midnight))
        return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel>
    <title>{escape(category)} updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/{escape(category)}</link>
    <description>Sample listing: every paper in it is invented.</description>
    <pubDate>{format_datetime(midnight)}</pubDate>
    {"".join(items)}
  </channel>
</rss>"""

    def _query(self, query: dict[str, str]) -> str:
        search = query.get("search_query", "")
        asked = set(re.findall(r"cat:([\w.-]+)", search))
        window = _WINDOW.search(search)
        found = [
            sample
            for sample in _samples()
            if asked & set(sample.categories.split())
            and (window is None or window[1] <= f"{self._submitted(sample):%Y%m%d%H%M}" <= window[2])
        ]
        served = found if query.get("start", "0") == "0" else []
        return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
      xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/samples</id>
  <title>arXiv Query: search_query={escape(search)}</title>
  <opensearch:itemsPerPage>{len(served)}</opensearch:itemsPerPage>
  <opensearch:totalResults>{len(found)}</opensearch:totalResults>
  <opensearch:startIndex>0</opensearch:startIndex>
  {"".join(_api_entry(sample, self._submitted(sample)) for sample in served)}
</feed>"""


def _xml(text: str) -> httpx.Response:
    return httpx.Response(200, content=text.encode(), headers={"Content-Type": "application/xml; charset=utf-8"})


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _comment(sample: _Sample) -> str:
    return f"{MARK}. {sample.comment}" if sample.comment else MARK


def _rss_item(sample: _Sample, kind: str, version: int, midnight: datetime) -> str:
    categories = "".join(f"<category>{term}</category>" for term in sample.categories.split())
    return f"""
    <item>
      <title>{escape(sample.title)}</title>
      <link>https://arxiv.org/abs/{sample.id}</link>
      <description>arXiv:{sample.id}v{version} Announce Type: {kind}
Abstract: {escape(sample.abstract)}</description>
      <guid isPermaLink="false">oai:arXiv.org:{sample.id}v{version}</guid>
      {categories}
      <pubDate>{format_datetime(midnight)}</pubDate>
      <arxiv:announce_type>{kind}</arxiv:announce_type>
      <arxiv:comment>{escape(_comment(sample))}</arxiv:comment>
      <dc:creator>{escape(sample.authors)}</dc:creator>
    </item>"""


def _api_entry(sample: _Sample, submitted: datetime) -> str:
    terms = sample.categories.split()
    categories = "".join(f'<category term="{term}"/>' for term in terms)
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in split_authors(sample.authors))
    return f"""
  <entry>
    <id>http://arxiv.org/abs/{sample.id}v1</id>
    <title>{escape(sample.title)}</title>
    <updated>{_iso(submitted)}</updated>
    <published>{_iso(submitted)}</published>
    <summary>{escape(sample.abstract)}</summary>
    {categories}
    <arxiv:primary_category term="{terms[0]}"/>
    <arxiv:comment>{escape(_comment(sample))}</arxiv:comment>
    {authors}
  </entry>"""
