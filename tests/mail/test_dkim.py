"""DKIM: an independent verifier accepts what we sign, and nothing that was changed on the way."""

import base64
import re

import dkim as reference
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ConfigurationError
from newsletter.mail.dkim import Signer, ed25519_key, rsa_key
from newsletter.mail.mime import Encoded, join, to_bytes, unsigned
from newsletter.mail.rendering import Renderer
from newsletter.models import Message
from tests.mail.gallery import kinds, message
from tests.mail.invented import envelope

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def pem(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def record(name, timeout=5):
    """What the DNS would say."""
    if name.startswith(b"ed."):
        raw = ED25519.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw)
    raw = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(raw)


def holds(mail: bytes, signature: int = 0) -> bool:
    try:
        return reference.DKIM(mail).verify(signature, dnsfunc=record)
    except reference.ValidationError:  # so it says of a body that was changed
        return False


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    """Signs with both keys."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "rsa.pem").write_bytes(pem(RSA))
    (folder / "ed.pem").write_bytes(pem(ED25519))
    return Signer("example.org", (rsa_key("news", folder / "rsa.pem"), ed25519_key("ed", folder / "ed.pem")))


def printed(kind: str) -> bytes:
    """A digest as the printer makes it."""
    papers, digest, links = kinds()[kind]
    parts = Renderer(papers, list_name="Paperboy").parts(digest, recipient_name="Ada", links=links)
    return join(parts, envelope(delivery_key=kind))


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("made", [printed, lambda kind: to_bytes(message(kind), envelope())], ids=["joined", "whole"])
def test_both_signatures_of_every_kind_of_mail_hold(signer, kind, made):
    """The verifier accepts the RSA and the Ed25519 signature; the mail below them is unchanged."""
    mail = made(kind)
    signed = signer(mail)

    assert signed.endswith(mail)
    assert holds(signed, 0)
    assert holds(signed, 1)
    assert max(map(len, signed[: -len(mail)].split(b"\r\n"))) <= 78


@settings(max_examples=30)
@given(st.integers(0, 10**9))
def test_a_changed_byte_of_the_body_breaks_both_signatures(signer, place):
    """One other letter anywhere in the body, and neither signature holds."""
    signed = signer(printed("no_site"))
    body = signed.index(b"\r\n\r\n") + 4
    place = body + place % (len(signed) - body - 2)
    changed = signed[:place] + (b"y" if signed[place : place + 1] == b"x" else b"x") + signed[place + 1 :]

    assert not holds(changed, 0)
    assert not holds(changed, 1)


@pytest.mark.parametrize(
    "name",
    [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"List-Id", b"List-Unsubscribe", b"List-Unsubscribe-Post",
     b"Feedback-ID", b"MIME-Version", b"Content-Type"],
)  # fmt: skip
def test_a_changed_header_breaks_both_signatures(signer, name):
    """One letter more at the end of a header that is covered, and neither signature holds."""
    signed = signer(printed("personal"))
    changed = re.sub(rb"(\r\n" + name + rb": [^\r]*)", rb"\1x", signed, count=1)

    assert changed != signed
    assert not holds(changed, 0)
    assert not holds(changed, 1)


def test_no_header_can_be_added_under_the_signature(signer):
    """A second From or Subject, or a one-click header where there was none, breaks it; a relay's own header does not."""
    signed = signer(to_bytes(Message("12 papers", "<p>a</p>", "a"), envelope(unsubscribe_url=None)))

    for line in (b"From: Eve <eve@example.net>", b"Subject: Win", b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"):
        assert not holds(line + b"\r\n" + signed)
    for line in (b"Received: from a by b; Sat, 21 Nov 2026 06:30:00 +0000", b"Feedback-ID: relay"):
        assert holds(line + b"\r\n" + signed)


def test_the_unsubscribe_headers_are_covered(signer):
    """RFC 8058 wants List-Unsubscribe and List-Unsubscribe-Post in h=."""
    signed = signer(printed("personal"))
    names = re.sub(rb"\s", b"", re.search(rb"h=([^;]+);", signed)[1]).split(b":")

    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"from", b"feedback-id"} <= set(names)


@settings(max_examples=40)
@given(
    subject=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=90),
    body=st.text(
        st.one_of(st.characters(codec="utf-8", exclude_characters="\0\r"), st.sampled_from(" \t\n=.")), max_size=300
    ),
)
def test_whatever_is_written_is_canonical_and_its_signature_holds(signer, subject, body):
    """Blanks, tabs and empty lines anywhere in a body or a subject leave the signature whole."""
    signed = signer(to_bytes(Message(subject, body, body), envelope()))

    assert holds(signed, 0)
    assert holds(signed, 1)


ONE_LINE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc",)), max_size=60)


@settings(max_examples=60)
@given(
    subject=st.one_of(ONE_LINE, st.just("12  papers "), st.just("")),
    name=st.one_of(ONE_LINE, st.just("Ada  Lindqvist, "), st.just("")),
    url=st.sampled_from([None, "", "https://example.org/u/abc", "http://localhost/u"]),
    mailto=st.sampled_from([None, "leave@example.org"]),
    feedback=st.sampled_from([None, "12:digest", "a  b"]),
    sender=st.sampled_from(["Paperboy <papers@example.org>", "papers@example.org", "Päper <papers@example.org>"]),
)
def test_a_mail_in_parts_is_signed_as_the_same_mail_in_one(signer, subject, name, url, mailto, feedback, sender):
    """The lines handed to the signer are those it reads back from the finished mail, whatever stands in them."""
    parts = Encoded(subject, [b"<p>12 papers</p>\r\n"], [b"12 papers\r\n"])
    told = envelope(
        recipient_name=name, unsubscribe_url=url, unsubscribe_mailto=mailto, feedback_id=feedback, sender=sender
    )
    mail = unsigned(parts, told)

    assert mail.head + mail.body == join(parts, told)
    assert signer.stamp(mail) == signer(join(parts, told))


def test_the_same_mail_is_signed_with_the_same_bytes(signer):
    """Signatures have no time and no dice."""
    assert signer(printed("sample")) == signer(printed("sample"))


def test_a_wrong_key_is_refused_with_a_sentence(tmp_path):
    """A key that is missing, broken, locked, short or of the other kind names its file and what to do."""
    wrong = {
        "missing.pem": None,
        "broken.pem": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "locked.pem": RSA.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        ),
        "other.pem": pem(ED25519),
    }
    for name, content in wrong.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigurationError, match=rf"{name}.* (correct|make)"):
            rsa_key("news", tmp_path / name)
    (tmp_path / "rsa.pem").write_bytes(pem(RSA))
    with pytest.raises(ConfigurationError, match=r"rsa\.pem is not an Ed25519 key"):
        ed25519_key("ed", tmp_path / "rsa.pem")
    with pytest.raises(ConfigurationError, match="selector"):
        rsa_key("not a name", tmp_path / "rsa.pem")
    for domain in ("exämple.org", "example.org; t=y", "exa\r\nmple.org"):
        with pytest.raises(ConfigurationError, match="domain"):
            Signer(domain, ())
