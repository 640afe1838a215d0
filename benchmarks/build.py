"""Mails built per second of one core, part by part, beside the limits measured in the same run and the first attempt.

CPU time of this process, the best of some rounds; each round has readers of its own, so that nothing is quick because
the same mail was made before. `signed_ratio`: complete signed mails against nothing but SHA-256 and RSA-2048 over the
same mails. `unsigned_ratio`: complete mails against bare joining, which for the same digests looks up the ready pieces
of each paper and joins them, without a header, a reason, a link or any other value of the reader's. `unsigned_of_body`:
the same mails against their bodies alone, the ready pieces joined with the reader's own reasons, name and links written
between them. `printer` is the whole way from a delivery, with its link and its return path signed; `joining_ready` is
one join of a list that is there already.
"""

import argparse
import gc
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path

import dkim as dkimpy
from compose import DATA, edition_of, invented, profiles_for, read_stream, read_upvoted
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jinja2 import Environment
from markupsafe import escape
from mjml import mjml2html

from newsletter.mail import dkim, mime
from newsletter.mail.cards import Detail
from newsletter.mail.quoted import segment
from newsletter.mail.rendering import Links, Renderer
from newsletter.mail.templates import load
from newsletter.models import Digest, Envelope, Paper
from newsletter.queries.claims import Delivery
from newsletter.relevance.features import Background
from newsletter.relevance.matching import Window
from newsletter.settings import Settings
from newsletter.steps import Printer
from subscribers import tokens

FIRST_ATTEMPT = """\
<mjml><mj-body>
<mj-section><mj-column><mj-text font-size="24px">{{ list_name }}</mj-text>
<mj-text>For {{ name }}</mj-text></mj-column></mj-section>
{% for paper, reason in papers %}
<mj-section><mj-column>
<mj-text font-size="18px"><a href="https://arxiv.org/abs/{{ paper.key }}">{{ paper.title }}</a></mj-text>
<mj-text>{{ paper.authors | join(", ") }}</mj-text><mj-text>{{ paper.abstract[:560] }}</mj-text>
<mj-text>{{ reason }}</mj-text>
<mj-button href="https://arxiv.org/pdf/{{ paper.key }}">PDF</mj-button>
</mj-column></mj-section>
{% endfor %}
<mj-section><mj-column><mj-text><a href="{{ unsubscribe }}">Unsubscribe</a></mj-text></mj-column></mj-section>
</mj-body></mjml>
"""

WARM = 1_000  # readers before the first round: what the window's readers share is there already
KEYS = ["a key of forty characters, as init makes"]
SIGN = partial(tokens.sign, tokens.Purpose.UNSUBSCRIBE, keys=KEYS)


def sign_more(purpose: str, value: str) -> str:
    return tokens.sign(tokens.Purpose(purpose), value, keys=KEYS)


@dataclass(frozen=True)
class Reader:
    digest: Digest
    links: Links
    envelope: Envelope
    delivery: Delivery


def reader(number: int, digest: Digest) -> Reader:
    key = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    token, now = key[:22], datetime(2025, 12, 1, 6, tzinfo=UTC)
    address = f"https://papers.example.org/unsubscribe/{SIGN(token)}"
    envelope = Envelope(
        delivery_key=key,
        sender="Paperboy <papers@example.org>",
        recipient=f"reader{number}@example.com",
        recipient_name=f"Reader Number{number}",
        return_path="papers@example.org",
        list_id="Paperboy <papers.example.org>",
        date=now,
        unsubscribe_url=address,
        unsubscribe_mailto="mailto:papers@example.org?subject=unsubscribe",
        feedback_id="12:digest:papers.example.org",
    )
    delivery = Delivery(
        number, key, number, 12, 11, envelope.recipient, envelope.recipient_name, token, digest, now, now, 1
    )
    this = f"{token}/12"
    links = Links(
        unsubscribe=address,
        preferences=f"https://papers.example.org/preferences/{sign_more('preferences', token)}",
        browser=f"https://papers.example.org/digest/{sign_more('digest', this)}",
        votes=f"https://papers.example.org/vote/{sign_more('votes', this)}",
    )
    return Reader(digest, links, envelope, delivery)


class Stages:
    """Each stage over one round's readers; what it needs of the one before is made beforehand, by another renderer."""

    def __init__(
        self,
        papers: dict[str, Paper],
        warm: Sequence[Reader],
        rounds: Sequence[Sequence[Reader]],
        signer: dkim.Signer,
    ) -> None:
        self.papers, self.rounds, self.signer = papers, rounds, signer
        before = Renderer(papers, list_name="Paperboy", postal_address="1 Example Street")
        self.parts = [[render(before, one) for one in readers] for readers in rounds]
        self.mails = [[mime.join(*each) for each in self.pairs(number)] for number in range(len(rounds))]
        self.ready = [[mime.unsigned(*each) for each in self.pairs(number)] for number in range(len(rounds))]
        self.lists = [[[b"", *parts.text, *parts.html] for parts in each] for each in self.parts]
        press = before._sent  # noqa: SLF001 the very pieces, looked up without anything around them
        self.pieces = {
            key: ((piece.html, piece.html_after, piece.html_end), (piece.text, piece.text_after, piece.text_end))
            for key, piece in press.shelves[True].papers[Detail.FULL].items()
        }
        self.frame = (self.mails[0][0][:4_000], self.mails[0][0][-3_000:])
        self.keys = [
            [[pick.paper_key for section in one.digest.sections for pick in section.picks] for one in readers]
            for readers in rounds
        ]
        settings = Settings(
            sender="Paperboy <papers@example.org>",
            site_url="https://papers.example.org",
            bounce_address="bounces@example.org",
            postal_address="1 Example Street",
        )
        self.print = Printer(settings, SIGN, partial(tokens.sign_key, keys=KEYS), sign_more=sign_more)
        self.renderers = [
            Renderer(papers, list_name="Paperboy", postal_address="1 Example Street") for _ in range(3)
        ]  # one for each stage that renders
        for one in warm:  # every paper was rendered once
            self.print(one.delivery, papers)
            for renderer in self.renderers:
                render(renderer, one)

    def pairs(self, number: int) -> list[tuple[mime.Encoded, Envelope]]:
        readers = [one.envelope for one in self.rounds[number]]
        return list(zip(self.parts[number], readers, strict=True))

    def rendering(self, number: int) -> None:
        for one in self.rounds[number]:
            render(self.renderers[0], one)

    def joining_parts(self, number: int) -> None:
        for parts, envelope in zip(self.parts[number], [one.envelope for one in self.rounds[number]], strict=True):
            mime.join(parts, envelope)

    def signing(self, number: int) -> None:
        for mail in self.ready[number]:
            self.signer.stamp(mail)

    def unsigned(self, number: int) -> None:
        for one in self.rounds[number]:
            mime.join(render(self.renderers[1], one), one.envelope)

    def signed(self, number: int) -> None:
        for one in self.rounds[number]:
            self.signer.stamp(mime.unsigned(render(self.renderers[2], one), one.envelope))

    def printer(self, number: int) -> None:
        for one in self.rounds[number]:
            self.print(one.delivery, self.papers)

    def body(self, number: int) -> None:
        pieces, (head, foot) = self.pieces, self.frame
        for one in self.rounds[number]:
            name, link = segment(one.envelope.recipient_name), segment(one.links.unsubscribe or "")
            vote = segment(one.links.votes or "")
            html: list[bytes] = [head, name]
            text: list[bytes] = [name]
            for section in one.digest.sections:
                for pick in section.picks:
                    in_html, in_text = pieces[pick.paper_key]
                    html += (in_html[0], segment(str(escape(pick.reason))), in_html[1], vote, in_html[2])
                    text += (in_text[0], segment(pick.reason), in_text[1], vote, in_text[2])
            b"".join([*text, link, *html, link, foot])

    def bare_joining(self, number: int) -> None:
        pieces, (head, foot) = self.pieces, self.frame
        for keys in self.keys[number]:
            html, text = [], []
            for key in keys:
                in_html, in_text = pieces[key]
                html += in_html
                text += in_text
            b"".join([head, *text, *html, foot])

    def joining_ready(self, number: int) -> None:
        for made in self.lists[number]:
            b"".join(made)


def render(renderer: Renderer, one: Reader) -> mime.Encoded:
    return renderer.parts(one.digest, recipient_name=one.envelope.recipient_name, links=one.links)


def rates(stages: dict[str, Callable[[int], None]], count: int, rounds: int) -> dict[str, float]:
    """Mails per CPU second; the stages take turns, so that a busy machine is busy for all."""
    best = dict.fromkeys(stages, float("inf"))
    for number in range(rounds):
        for name, work in stages.items():
            started = time.process_time()
            work(number)
            best[name] = min(best[name], time.process_time() - started)
    return {name: count / seconds for name, seconds in best.items()}


def hash_and_sign(rounds: Sequence[Sequence[bytes]], key: rsa.RSAPrivateKey) -> Callable[[int], None]:
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()

    def work(number: int) -> None:
        for mail in rounds[number]:
            key.sign(hashlib.sha256(mail).digest(), scheme, digest)

    return work


def first_attempt(papers: dict[str, Paper], readers: Sequence[Reader], key: bytes) -> Callable[[int], None]:
    """What one writes first: a template and MJML per reader, EmailMessage, dkimpy."""
    page = Environment(autoescape=True).from_string(FIRST_ATTEMPT)

    def work(_number: int) -> None:
        for one in readers:
            chosen = [
                (papers[pick.paper_key], pick.reason) for section in one.digest.sections for pick in section.picks
            ]
            html = mjml2html(
                page.render(
                    list_name="Paperboy",
                    name=one.envelope.recipient_name,
                    papers=chosen,
                    unsubscribe=one.links.unsubscribe,
                )
            )
            mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
            mail["From"], mail["To"] = one.envelope.sender, one.envelope.recipient
            mail["Subject"], mail["List-Unsubscribe"] = "Papers", f"<{one.links.unsubscribe}>"
            mail.set_content(
                "\n\n".join(f"{paper.title}\n{paper.abstract[:560]}\n{reason}" for paper, reason in chosen)
            )
            mail.add_alternative(html, subtype="html")
            dkimpy.sign(mail.as_bytes(), b"news", b"example.org", key, canonicalize=(b"relaxed", b"relaxed"))

    return work


def prepared(data: Path, background: int, readers: int) -> tuple[dict[str, Paper], list[Reader], float, bool]:
    """A day of 60 papers, what its readers get of it, and readers matched per second."""
    real = (data / "stream").is_dir() and (data / "huggingface").is_dir()
    past = read_stream(data)[-background:] if real else invented(background, 24)
    day = read_upvoted(data, 60) if real else invented(60, 25)
    fitted = Background.fit(past)
    edition = edition_of(day, fitted)
    window = Window([edition], fitted, {paper.key: paper for paper in past})
    profiles = profiles_for([*day, *past[:1_000]], readers)
    window.digests(profiles[:50])
    started = time.process_time()
    digests = window.digests(profiles)
    matched = readers / (time.process_time() - started)
    assert edition.day == date(2025, 12, 1)
    made = [reader(number, digest) for number, digest in enumerate(digests) if digest is not None]
    return {paper.key: paper for paper in day}, made, matched, real


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--data", type=Path, default=DATA, help="folder of the captures (default: beside the checkout)"
    )
    options.add_argument("--readers", type=int, default=400, help="in each round")
    options.add_argument("--background", type=int, default=4_000, help="papers in the background that weighs words")
    options.add_argument("--rounds", type=int, default=8)
    chosen = options.parse_args()
    wanted = chosen.readers * chosen.rounds + WARM
    papers, readers, matching, real = prepared(chosen.data, chosen.background, wanted)
    warm, readers = readers[:WARM], readers[WARM:]
    count = len(readers) // chosen.rounds
    rounds = [readers[number * count : (number + 1) * count] for number in range(chosen.rounds)]
    started = time.process_time()
    load()
    compiled = time.process_time() - started
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key.pem"
        path.write_bytes(key.private_bytes(*plain))
        signer = dkim.Signer("example.org", (dkim.rsa_key("news", path),))
    stages = Stages(papers, warm, rounds, signer)
    gc.freeze()  # what is only held for comparison is not searched again and again
    fast = rates(
        {
            "rendering": stages.rendering,
            "mime": stages.joining_parts,
            "unsigned": stages.unsigned,
            "printer": stages.printer,
            "body": stages.body,
            "bare_joining": stages.bare_joining,
            "joining_ready": stages.joining_ready,
        },
        count,
        chosen.rounds,
    )
    signed = rates(
        {"signing": stages.signing, "signed": stages.signed, "sha256_rsa2048": hash_and_sign(stages.mails, key)},
        count,
        chosen.rounds,
    )
    few = readers[:40]
    first = rates({"first": first_attempt(papers, few, key.private_bytes(*plain))}, len(few), 1)["first"]
    every = {name: round(rate) for name, rate in (fast | signed).items()}
    figures = {
        "signed_ratio": round(signed["signed"] / signed["sha256_rsa2048"], 3),
        "unsigned_ratio": round(fast["unsigned"] / fast["bare_joining"], 3),
        "unsigned_of_body": round(fast["unsigned"] / fast["body"], 3),
        "mails_per_second_of_one_core": {
            "matching": round(matching),
            **{name: every[name] for name in ("rendering", "mime", "signing", "unsigned", "printer", "signed")},
        },
        "limits": {name: every[name] for name in ("bare_joining", "joining_ready", "body", "sha256_rsa2048")},
        "first_attempt": {"signed": round(first, 1), "times_slower": round(signed["signed"] / first, 1)},
        "real": real,
        "readers_per_round": count,
        "papers_per_mail": round(sum(map(len, stages.keys[0])) / count, 1),
        "bytes_per_mail": sum(map(len, stages.mails[0])) // count,
        "compile_seconds": round(compiled, 3),
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
