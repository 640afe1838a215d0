"""Votes in the database: one counts for each paper, what was undone stays to be read, and the audience has them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, func, insert, select

from newsletter import encoding, schema
from newsletter.errors import PaperboyError
from newsletter.models import Interest, InterestKind, Paper
from subscribers import service, tokens, vote_queries, voting
from subscribers.models import NamedTopic, Wants
from subscribers.tokens import Purpose
from subscribers.votes import MEMORY, MOST, Vote, What
from tests.subscribers.people import NOW, make_editions, person, roster_of

ADA = "ada@example.org"
FIRST, SECOND, UNNAMED = "2611.00001", "2611.00002", "title:a paper without an id"
KEYS = ("key",)


@pytest.fixture
def library(database):
    """Ada and Bo, three papers of edition 1, and topics in editions 1 and 2."""
    topic = NamedTopic("speech", "Speech & audio", Wants(keywords=("asr",), mute=("music",)))
    people = (person("ada", topics=("speech",)), person("bo"))
    service.apply_roster(database, roster_of(*people, topics=(topic,)), now=NOW)
    make_editions(database, 1, 2)
    with database.begin() as tx:
        for place, key in enumerate((FIRST, SECOND, UNNAMED)):
            found = Paper(key, f"Paper number {place}: of birds", arxiv_id=key if place < 2 else None)
            facts = encoding.dump(found)
            row = {"first_listed": NOW.date(), "standing": "composed", "sample": False}
            title = f"paper number {place} of birds"
            row |= {"key": key, "arxiv_id": found.arxiv_id, "title_key": title, "facts": facts}
            tx.execute(insert(schema.papers).values(**row))
            row = {"paper_key": key, "edition_id": 1, "topic": 0, "place": place, "facts": facts}
            tx.execute(insert(schema.edition_papers).values(**row))
        for edition, label in ((1, "video Diffusion"), (2, "Video diffusion")):
            row = {"edition_id": edition, "position": 0, "key": "v", "label": label, "kind": "found", "terms": []}
            tx.execute(insert(schema.edition_topics).values(**row))
    return database


def cast(database, what, about, *, hours=0, who=ADA, how="page"):
    return voting.vote(database, who, what, about, now=NOW + timedelta(hours=hours), how=how)


def read(database, **options) -> list[tuple[str, str, bool]]:
    """Ada's votes, the newest first: what, about, and whether it counts."""
    with database.begin() as tx:
        found = voting.votes_of(tx, ADA, **options)
    return [(str(one.what), one.about, one.undone_at is None) for one in found]


def recipients(database, **options):
    asked = {"now": NOW + timedelta(hours=9), "latest_edition": 5, "respect_hours": False, **options}
    return [each for page in service.audience(database, **asked) for each in page.recipients]


# ---- casting and undoing ---------------------------------------------------------------------------------------------


def test_a_vote_says_whose_it_is_what_of_when_how_and_where_it_was_read(library):
    """All of it can be inspected."""
    found = cast(library, What.MORE, FIRST, how="mail")
    expected = Vote(What.MORE, FIRST, NOW, "mail", 1)
    with library.begin() as tx:
        kept = voting.votes_of(tx, ADA)

    assert (found.known.subscriber.address, found.vote, found.news) == (ADA, expected, True)
    assert kept == (expected,)


def test_the_same_vote_twice_changes_nothing(library):
    """Two clicks on one link are one vote, as old as the first."""
    cast(library, What.MORE, FIRST)

    assert not cast(library, What.MORE, FIRST, hours=3).news
    with library.begin() as tx:
        assert [one.at for one in voting.votes_of(tx, ADA, undone=True)] == [NOW]


def test_a_later_vote_takes_the_place_of_the_earlier_one_of_the_same_paper(library):
    """One counts; what was said before stays to be read."""
    cast(library, What.MORE, FIRST)
    cast(library, What.MORE, SECOND, hours=1)
    assert cast(library, What.LESS, FIRST, hours=2).news

    assert read(library) == [("less", FIRST, True), ("more", SECOND, True)]
    assert read(library, undone=True) == [("less", FIRST, True), ("more", SECOND, True), ("more", FIRST, False)]


def test_a_vote_can_be_undone_and_cast_again(library):
    """It counts no longer and stays to be read; to undo it again does nothing."""
    cast(library, What.MORE, FIRST)
    done = [voting.undo(library, ADA, FIRST, topic=False, now=NOW + timedelta(hours=hour)) for hour in (1, 2)]
    wrong_kind = voting.undo(library, ADA, FIRST, topic=True, now=NOW)
    without = [each.profile.interests for each in recipients(library, only=[ADA])]
    again = cast(library, What.MORE, FIRST, hours=3)

    assert (done, wrong_kind, again.news) == ([True, False], False, True)
    assert InterestKind.LIKED not in {one.kind for one in without[0]}
    assert read(library, undone=True) == [("more", FIRST, True), ("more", FIRST, False)]


def test_of_clicks_at_the_same_moment_one_vote_counts(library):
    """Whichever came last; none of them fails, and none is lost from what can be read."""
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda n: cast(library, (What.MORE, What.LESS)[n % 2], FIRST, hours=n).news, range(8)))
    kept = read(library, undone=True)

    assert len(kept) == sum(said) >= 2
    assert [counts for _what, _about, counts in kept].count(True) == 1


def test_all_votes_of_one_reader_can_be_undone_at_once(library):
    """Those of others stay."""
    for what, about in ((What.MORE, FIRST), (What.LESS, SECOND), (What.MUTE_TOPIC, "video diffusion")):
        cast(library, what, about)
    cast(library, What.MORE, FIRST, who="bo@example.org")

    assert voting.undo_all(library, ADA, now=NOW) == 3
    assert read(library) == []
    assert len(recipients(library, only=["bo@example.org"])[0].profile.interests) == 1


def test_a_paper_is_known_by_its_key_any_form_of_its_id_and_its_title(library):
    """As operators paste it."""
    meant = (FIRST, "https://arxiv.org/abs/2611.00001v2", "arXiv:2611.00001", "paper number 0 -- of BIRDS", UNNAMED)
    with library.begin() as tx:
        assert [voting.known_paper(tx, text).key for text in meant] == [FIRST] * 4 + [UNNAMED]


def test_a_topic_is_called_as_the_newest_edition_writes_it_or_as_it_was_named(library):
    """Case does not count; an operator's topic may have no edition yet."""
    with library.begin() as tx:
        assert voting.known_topic(tx, "VIDEO  diffusion") == "Video diffusion"
        assert voting.known_topic(tx, "speech & audio") == "Speech & audio"


@pytest.mark.parametrize(
    ("what", "about", "said"),
    [
        (What.MORE, "2611.00011", r'paper \("2611.00011"\): it was never listed; did you mean "2611.0000\d"\?'),
        (What.MORE, "Paper number 1: of brids", 'it was never listed; did you mean "Paper number 1: of birds"'),
        (What.MORE, "quantum gravity", "paper .*: it was never listed, so it cannot be voted on$"),
        (What.MORE, "", "it was never listed"),
        (What.MUTE_TOPIC, "video difusion", 'topic .*: no topic is called so; did you mean "Video diffusion"'),
        (What.MUTE_TOPIC, "", "no topic is called so; `paperboy editions show` names"),
    ],
)
def test_what_nobody_knows_is_one_sentence_with_the_nearest_that_is_known(library, what, about, said):
    """Nothing is written."""
    with pytest.raises(PaperboyError, match=said):
        cast(library, what, about)

    assert read(library, undone=True) == []


def test_a_token_or_address_of_nobody_casts_no_vote(library):
    """The page says one plain sentence; nothing is raised."""
    assert cast(library, What.MORE, FIRST, who="zoe@example.org") is None
    assert cast(library, What.MORE, FIRST, who="no-such-token") is None
    assert not voting.undo(library, "no-such-token", FIRST, topic=False, now=NOW)
    assert voting.undo_all(library, "no-such-token", now=NOW) == 0


# ---- links -----------------------------------------------------------------------------------------------------------


def test_a_signed_link_votes_for_its_reader(library):
    """It carries their token and the digest; what they say, and of which paper, stands beside it."""
    token = recipients(library, only=[ADA])[0].token
    who, _ = tokens.read_digest(Purpose.VOTES, tokens.sign_digest(Purpose.VOTES, token, 1, keys=KEYS), keys=KEYS)
    cast(library, What.MORE, FIRST, who=who, how="mail")

    assert read(library) == [("more", FIRST, True)]


# ---- the audience ----------------------------------------------------------------------------------------------------


def test_the_audience_has_what_votes_say_beside_what_is_declared(library):
    """A declared mute stands; a vote weighs less each day; the reader's token chooses their discovery."""
    cast(library, What.MORE, FIRST, hours=-180 * 24)
    cast(library, What.LESS, SECOND)
    cast(library, What.MUTE_TOPIC, "video diffusion")
    ada, bo = recipients(library)
    declared = (
        Interest(InterestKind.KEYWORD, "asr", "Speech & audio"),
        Interest(InterestKind.MUTE, "music", "Speech & audio"),
    )
    with library.begin() as tx:
        alone = voting.voted(tx, ada.subscriber_id, now=NOW + timedelta(hours=9))

    assert ada.profile.interests == (
        *declared,
        Interest(InterestKind.LIKED, FIRST, weight=0.5),
        Interest(InterestKind.DISLIKED, SECOND, weight=0.5),
        Interest(InterestKind.MUTED_TOPIC, "Video diffusion"),
    )
    assert bo.profile.interests == ()
    assert ada.profile.reader == ada.token
    assert alone == ada.profile.interests[len(declared) :]


def test_a_page_of_readers_costs_one_statement_for_all_their_votes(library):
    """However many readers and votes there are; and none where nobody is due."""
    asked = []

    def count(_connection, _cursor, statement, *_rest):
        asked.append("votes" in statement)

    event.listen(library.engine, "before_cursor_execute", count)
    recipients(library)
    alone = sum(asked)
    cast(library, What.MORE, FIRST)
    cast(library, What.MORE, FIRST, who="bo@example.org")
    asked.clear()
    recipients(library)
    together = sum(asked)
    asked.clear()
    assert recipients(library, latest_edition=None) == []

    assert (alone, together, sum(asked)) == (1, 1, 0)


def test_only_votes_that_may_still_count_are_read(library):
    """The newest on papers, none older than they are remembered, and every muted topic."""
    with library.begin() as tx:
        ada = service.find(tx, ADA).id
        said = [("more", f"p{number:03}", NOW + timedelta(minutes=number)) for number in range(MOST + 5)]
        said.append(("less", "old", NOW - MEMORY - timedelta(days=1)))
        said.append(("mute_topic", "Old topic", NOW - timedelta(days=4_000)))
        rows = [
            {"subscriber_id": ada, "what": what, "about": about, "at": at, "how": "page"} for what, about, at in said
        ]
        tx.execute(insert(schema.votes), rows)
        found = vote_queries.of_many(tx, [ada, ada + 1], since=NOW - MEMORY)

    assert {one.about for one in found.pop(ada)} == {"Old topic", *(f"p{number:03}" for number in range(5, MOST + 5))}
    assert found == {}


def test_votes_go_with_their_reader(library):
    """They stay while somebody is unsubscribed, and end with the row; the roster changes nothing about them."""
    cast(library, What.MORE, FIRST)
    with library.begin() as tx:
        declared = service.find(tx, ADA).subscriber
    service.unsubscribe(library, ADA, now=NOW, how="page")
    service.apply_roster(library, roster_of(declared), now=NOW)
    assert read(library) == [("more", FIRST, True)]

    people, rows = schema.subscribers, select(func.count()).select_from(schema.votes)
    with library.begin() as tx:
        tx.execute(delete(people).where(people.c.address == ADA))
        assert tx.scalar(rows) == 0
