"""Invented payloads in the sources' formats."""

import html
import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape


def hf_item(arxiv_id: str = "2613.10001", title: str = "A Paper about Owls", **inner: Any) -> dict[str, Any]:
    """One item of the daily list; keyword arguments go inside `paper`."""
    paper = {
        "id": arxiv_id,
        "authors": [{"_id": "1", "name": "Olive Barn", "hidden": False}],
        "publishedAt": "2026-08-04T17:00:00.000Z",
        "submittedOnDailyAt": "2026-08-05T01:00:00.000Z",
        "title": title,
        "summary": "Owls are\nstudied at night.",
        "upvotes": 12,
        **inner,
    }
    return {
        "paper": {key: value for key, value in paper.items() if value is not ...},
        "publishedAt": "2026-08-04T13:00:00.000Z",
        "title": title,
        "numComments": 3,
        "submittedBy": {"fullname": "reader"},
    }


def hf_items(count: int, day: str = "2026-08-05", first: int = 0) -> list[dict[str, Any]]:
    return [
        hf_item(
            f"2613.{20000 + first + number}", f"Paper number {first + number}", submittedOnDailyAt=f"{day}T02:00:00Z"
        )
        for number in range(count)
    ]


def hf_page(items: Sequence[dict[str, Any]], day: str | None, *, parent: str = "main") -> bytes:
    props: dict[str, Any] = {"periodType": "day", "dailyPapers": list(items)}
    if day:
        props["dateString"] = day
    return (
        f'<html><body><{parent}><div class="SVELTE_HYDRATER contents" data-target="DailyPapers"\n'
        f'  data-props="{html.escape(json.dumps(props))}"></div></{parent}></body></html>'
    ).encode()


def rss_item(
    arxiv_id: str = "2613.10001v1",
    *,
    title: str = "A Paper about Owls",
    kind: str = "new",
    creator: str = "Olive Barn, Ural Strix",
    categories: Sequence[str] = ("cs.CL", "cs.LG"),
    abstract: str = "Owls are studied at night.",
    extra: str = "",
) -> str:
    bare = arxiv_id.partition("v")[0]
    return f"""
    <item>
      <title>{escape(title)}</title>
      <link>https://arxiv.org/abs/{bare}</link>
      <description>arXiv:{arxiv_id} Announce Type: {kind}
Abstract: {escape(abstract)}</description>
      <guid isPermaLink="false">oai:arXiv.org:{arxiv_id}</guid>
      {"".join(f"<category>{term}</category>" for term in categories)}
      <pubDate>Wed, 05 Aug 2026 00:00:00 -0400</pubDate>
      <arxiv:announce_type>{kind}</arxiv:announce_type>
      <dc:creator>{escape(creator)}</dc:creator>
      {extra}
    </item>"""


def rss(*items: str, name: str = "cs.CL", published: str = "Wed, 05 Aug 2026 00:00:00 -0400", title: str = "") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel>
    <title>{title or f"{name} updates on arXiv.org"}</title>
    <link>http://rss.arxiv.org/rss/{name}</link>
    <description>{name} updates on the arXiv.org e-print archive.</description>
    <lastBuildDate>Wed, 05 Aug 2026 04:00:14 +0000</lastBuildDate>
    <pubDate>{published}</pubDate>
    <skipDays><day>Sunday</day><day>Saturday</day></skipDays>
    {"".join(items)}
  </channel>
</rss>""".encode()


def atom(*entries: str, name: str = "cs.AI") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns="http://www.w3.org/2005/Atom">
  <id>http://rss.arxiv.org/atom/{name}</id>
  <title>{name} updates on arXiv.org</title>
  <updated>2026-08-05T04:00:19.866337+00:00</updated>
  {"".join(entries)}
</feed>""".encode()


def atom_entry(arxiv_id: str, kind: str) -> str:
    return f"""
  <entry>
    <id>oai:arXiv.org:{arxiv_id}</id>
    <title>Owls again</title>
    <updated>2026-08-05T04:00:19.899254+00:00</updated>
    <link href="https://arxiv.org/abs/{arxiv_id.partition("v")[0]}" rel="alternate" type="text/html"/>
    <summary>arXiv:{arxiv_id} Announce Type: {kind}
Abstract: Still at night.</summary>
    <category term="cs.CL"/><category term="cs.AI"/>
    <published>2026-08-05T00:00:00-04:00</published>
    <arxiv:announce_type>{kind}</arxiv:announce_type>
    <dc:creator>Olive Barn (Aviary (Night Lab, Room 2), Oslo), Ural Strix</dc:creator>
  </entry>"""


def api_entry(
    arxiv_id: str = "2613.10001v2",
    *,
    title: str = "A Paper\n  about Owls",
    categories: Sequence[str] = ("cs.CL", "cs.LG", "I.2.7", "68T50"),
    comment: str = "12 pages,\n  accepted at the Night Workshop",
    extra: str = "",
) -> str:
    return f"""
  <entry>
    <id>http://arxiv.org/abs/{arxiv_id}</id>
    <title>{escape(title)}</title>
    <updated>2026-08-06T10:00:00Z</updated>
    <published>2026-08-04T17:00:00Z</published>
    <link href="https://arxiv.org/abs/{arxiv_id}" rel="alternate" type="text/html"/>
    <summary>  Owls are studied
at night.
</summary>
    {"".join(f'<category term="{term}" scheme="http://arxiv.org/schemas/atom"/>' for term in categories)}
    <arxiv:comment>{escape(comment)}</arxiv:comment>
    <arxiv:primary_category term="{categories[0]}"/>
    <author><name>Olive Barn</name><arxiv:affiliation>Night Lab</arxiv:affiliation></author>
    <author><name>Ural Strix</name></author>
    {extra}
  </entry>"""


def api(*entries: str, total: int | None = None, title: str = "arXiv Query: search_query=cat:cs.CL") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
      xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/x</id>
  <title>{escape(title)}</title>
  <updated>2026-08-05T22:10:29Z</updated>
  <opensearch:itemsPerPage>1000</opensearch:itemsPerPage>
  <opensearch:totalResults>{len(entries) if total is None else total}</opensearch:totalResults>
  <opensearch:startIndex>0</opensearch:startIndex>
  {"".join(entries)}
</feed>""".encode()


API_ERROR = b"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/</id>
  <title>arXiv Search Results</title>
  <entry>
    <id>https://arxiv.org/api/errors#incorrect_id_format_for_owl</id>
    <title>Error</title>
    <summary>incorrect id format for owl</summary>
    <author><name>arXiv api core</name></author>
  </entry>
</feed>"""
