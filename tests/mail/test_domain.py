"""What the DNS says of our domain, asked of a real name server: each fault is one sentence with the record to add."""

import pytest

from newsletter.lookups import Lookups, NotAnsweredError
from newsletter.mail.domain import DkimKey, Domain, check
from tests.nameserver import NameServer

KEY = DkimKey("news", "rsa-sha256", "TUlJQklqQU5CZ2txaGtpRzl3MEJBUUVGQUFPQ0FROEE=")
OURS = Domain(
    sender="example.org",
    envelope="bounces.example.org",
    relay="smtp.relay.example",
    dkim="example.org",
    keys=(KEY,),
    inbound=("example.org",),
    site="papers.example.org",
)
GOOD = {
    ("bounces.example.org", "TXT"): ['"v=spf1 include:relay.example ip4:192.0.2.0/24 ~all"', '"something else"'],
    ("relay.example", "TXT"): ['"v=spf1 a:out.relay.example ip6:2001:db8::/32 -all"'],
    ("news._domainkey.example.org", "TXT"): [f'"v=DKIM1; k=rsa; p={KEY.public[:20]}" "{KEY.public[20:]}"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none; rua=mailto:a@example.org"'],
    ("bounces.example.org", "MX"): ["10 mail.example.org."],
    ("example.org", "MX"): ["20 mail.example.org.", "10 first.example.org."],
    ("mail.example.org", "A"): ["192.0.2.1"],
    ("first.example.org", "AAAA"): ["2001:db8::1"],
    ("papers.example.org", "A"): ["192.0.2.2"],
}


def told(names=OURS, faults=None, **changed):
    """What each check says over the good records with some changed: {part: (ok, said)}, the last of each part."""
    records = GOOD | changed.pop("records", {})
    with NameServer(records, faults) as server:
        found = list(check(names, Lookups(server.address, each=0.4, within=3)))
    return {each.part: (each.ok, each.said) for each in found}


def changed(**names):
    """Our names, some changed."""
    return Domain(**{name: getattr(OURS, name) for name in Domain.__dataclass_fields__} | names)


def without(*gone):
    """The good records as changes that take some away."""
    return {"records": dict.fromkeys(gone, ())}


def test_where_all_is_well_each_part_says_what_it_found():
    """No part is wrong, and each names the record it read."""
    found = told()

    assert all(ok for ok, _ in found.values())
    assert found["spf"][1].endswith("(2 of 10 lookups)")
    assert found["dkim"][1] == "news._domainkey.example.org is the key we sign with"
    assert found["dmarc"][1] == "_dmarc.example.org: p=none, aligned by SPF and DKIM"
    assert found["mx"][1] == "mail to example.org goes to first.example.org, mail.example.org"
    assert found["site"][1] == "papers.example.org is 192.0.2.2"
    assert "operator" in found["reverse"][1]


MISSING = [
    ("spf", ("bounces.example.org", "TXT"), 'bounces.example.org "v=spf1 a:smtp.relay.example ~all"'),
    ("dkim", ("news._domainkey.example.org", "TXT"), f'news._domainkey.example.org "v=DKIM1; k=rsa; p={KEY.public}"'),
    (
        "dmarc",
        ("_dmarc.example.org", "TXT"),
        '_dmarc.example.org "v=DMARC1; p=none; rua=mailto:postmaster@example.org"',
    ),
    ("mx", ("example.org", "MX"), "add the record example.org MX 10"),
    ("mx", ("first.example.org", "AAAA"), "add the record first.example.org A"),
    ("site", ("papers.example.org", "A"), "add the record papers.example.org A"),
]


@pytest.mark.parametrize(("part", "gone", "record"), MISSING)
def test_a_record_that_is_missing_is_told_as_it_has_to_be_added(part, gone, record):
    """The name has other records, or does not exist: either way the sentence has the exact line."""
    ok, said = told(**without(gone))[part]

    assert not ok
    assert record in said


WRONG = [
    (
        "spf",
        "bounces.example.org",
        ['"v=spf1 a ~all"', '"v=spf1 mx -all"'],
        'in their place, bounces.example.org "v=spf1 a mx ~all"',
    ),
    ("spf", "bounces.example.org", ['"v=spf1 +all"'], "lets everybody send"),
    ("spf", "bounces.example.org", ['"v=spf1 ip4:192.0.2.300 -all"'], "'ip4:192.0.2.300'"),
    ("spf", "bounces.example.org", ['"v=spf1 ipv4:192.0.2.3 -all"'], "no receiver understands"),
    ("spf", "bounces.example.org", ['"v=spf1 include:nobody.example -all"'], "nobody.example has no SPF record"),
    ("spf", "relay.example", ['"v=spf1 redirect=bounces.example.org"'], "includes itself"),
    (
        "spf",
        "bounces.example.org",
        [f'"v=spf1 {" ".join(f"a:h{n}.example" for n in range(11))} -all"'],
        "takes 11 lookups",
    ),
    ("dkim", "news._domainkey.example.org", ['"v=DKIM1; p="'], "is withdrawn"),
    ("dkim", "news._domainkey.example.org", ['"v=DKIM1; p=b3RoZXI="'], "not the one we sign with"),
    ("dkim", "news._domainkey.example.org", [f'"k=ed25519; p={KEY.public}"'], "not the one we sign with"),
    ("dkim", "news._domainkey.example.org", ['"a"', '"b"'], "has 2 TXT records"),
    ("dmarc", "_dmarc.example.org", ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'], "has 2 DMARC records"),
    ("dmarc", "_dmarc.example.org", ['"v=DMARC1; rua=mailto:a@example.org"'], "has no policy"),
    ("dmarc", "_dmarc.example.org", ['"v=DMARC10; p=none"'], "has no DMARC record"),
]


@pytest.mark.parametrize(("part", "name", "texts", "said"), WRONG)
def test_a_record_that_receivers_do_not_believe_is_wrong(part, name, texts, said):
    """What is there and does no good is told with what to do about it."""
    ok, words = told(records={(name, "TXT"): texts})[part]

    assert not ok
    assert said in words


def test_two_that_say_no_mail_is_taken():
    """An MX of `.` (RFC 7505) takes no mail, so bounces and answers are lost."""
    ok, said = told(records={("example.org", "MX"): ["0 ."]})["mx"]

    assert not ok
    assert "takes no mail" in said


def test_a_host_without_an_mx_takes_its_mail_itself():
    """That is allowed, so it is said and not wrong."""
    ok, said = told(records={("example.org", "MX"): [], ("example.org", "A"): ["192.0.2.9"]})["mx"]

    assert ok
    assert "goes to the host of that name" in said


def test_the_policy_of_the_domain_above_holds():
    """A sender's own domain without DMARC has that of the nearest above; strict alignment is taken at its word."""
    names = changed(sender="mail.news.example.org", dkim="", keys=())
    loose = told(names)["dmarc"]
    strict = told(
        changed(sender="mail.news.example.org", dkim="example.org"),
        records={("_dmarc.example.org", "TXT"): ['"v=DMARC1;p=reject;adkim=s;aspf=s"']},
    )["dmarc"]

    assert loose == (True, "_dmarc.example.org: p=none, aligned by SPF")
    assert not strict[0]
    assert "set PAPERBOY_DKIM_DOMAIN to mail.news.example.org" in strict[1]


def test_brothers_with_records_of_their_own_are_of_one_owner():
    """News with its own policy, and a return path or signature beside it: receivers take both for example.org."""
    names = changed(sender="news.example.org", dkim="mail.example.org", keys=())
    own = {("_dmarc.news.example.org", "TXT"): ['"v=DMARC1; p=quarantine"']}

    assert told(names, records=own)["dmarc"] == (
        True,
        "_dmarc.news.example.org: p=quarantine, aligned by SPF and DKIM",
    )
    ok, said = told(changed(sender="news.example.org", dkim="mail.other.example", envelope="b.other.example"),
                    records=own)["dmarc"]  # fmt: skip
    assert not ok
    assert "set PAPERBOY_DKIM_DOMAIN to news.example.org" in said


def test_a_foreign_return_path_needs_the_relay_to_sign():
    """Where SPF is another domain's and we do not sign, it all hangs on the relay, and is said."""
    ok, said = told(changed(envelope="relay.example", dkim="", keys=()))["dmarc"]

    assert ok
    assert "only if the relay signs for example.org" in said


def test_a_long_answer_is_asked_for_over_tcp():
    """An answer that is cut over UDP is read whole."""
    long = " ".join(f"ip4:198.51.100.{number}" for number in range(60))
    pieces = " ".join(f'"{long[at : at + 200]}"' for at in range(0, len(long), 200))
    records = GOOD | {("bounces.example.org", "TXT"): [f'"v=spf1 " {pieces} " -all"']}
    with NameServer(records) as server:
        spf = next(check(OURS, Lookups(server.address)))
        ways = {way for name, _, way in server.asked if name == "bounces.example.org"}

    assert spf.ok
    assert "198.51.100.59 -all" in spf.said
    assert ways == {"udp", "tcp"}


@pytest.mark.parametrize("fault", ["servfail", "refused", "garbage", "silence"])
def test_what_nobody_answers_is_not_known_and_holds_nothing_up(fault):
    """A broken zone is told as not known, which is neither there nor missing; the other parts are judged all the same."""
    found = told(faults={"_dmarc.example.org": fault})

    assert not found["dmarc"][0]
    assert found["dmarc"][1].startswith("not known: the name servers")
    assert found["mx"][0]


def test_a_network_that_swallows_everything_costs_two_questions():
    """After two without an answer the rest is not asked."""
    names = (
        "bounces.example.org",
        "news._domainkey.example.org",
        "_dmarc.example.org",
        "example.org",
        "papers.example.org",
    )
    with NameServer(GOOD, dict.fromkeys(names, "silence")) as server:
        found = list(check(OURS, Lookups(server.address, each=0.2, within=3)))
        asked = {name for name, _, _ in server.asked}

    assert asked == set(names[:2])
    assert [each.ok for each in found] == [False] * 6 + [True]
    assert sum("did not answer before" in each.said for each in found) == 4


def test_all_questions_together_have_an_end():
    """Where each is slow and none is lost, no more are asked once the time for all is over."""
    with NameServer(GOOD) as server:
        ask = Lookups(server.address, within=0)

        with pytest.raises(NotAnsweredError, match="did not answer before"):
            ask.texts("example.org")
        assert server.asked == []


def test_the_same_question_is_asked_once():
    """The envelope's domain is looked at by several checks."""
    with NameServer(GOOD) as server:
        list(check(changed(envelope="example.org", inbound=("example.org", "example.org")), Lookups(server.address)))

    assert len(server.asked) == len(set(server.asked))


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "x..example", ".".join(["a" * 60] * 5)])
def test_a_name_that_can_be_none_is_told(name):
    """What no name server could be asked about is an answer in words."""
    with pytest.raises(NotAnsweredError, match="could not be asked"):
        Lookups("127.0.0.1:9").texts(name)


@pytest.mark.parametrize("server", ["nonsense", "127.0.0.1:x", "127.0.0.1:0", "[::1]:99999", "1.2.3.4:٣"])
def test_a_name_server_that_is_no_address_is_refused(server):
    """Only an address can be asked: to look up its name would take a name server."""
    with pytest.raises(ValueError, match="address"):
        Lookups(server)
