"""How the bounce reader agrees with two collections of real returned mail, and how many mails it reads in a second.

Sisimai's expectations are its opinions: where they call soft a mail in which the server says that there is no such user
(its reason "filtered"), that is counted apart. flufl.bounce's say only whether an address failed.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path

from newsletter.mail.bounces import Reading, read
from newsletter.mail.diagnosis import GRAVITY, Kind

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "bounces"
ADDRESS = "bounces@example.org"

OUR_FAULT = {
    "authfailure", "badreputation", "blocked", "contenterror", "norelaying", "notcompliantrfc", "policyviolation",
    "rejected", "requireptr", "securityerror", "spamdetected", "toomanyconn", "virusdetected",
}  # fmt: skip
"""Sisimai's reasons that are not the reader's: nothing for the reader, an alarm for the operator."""


def expected_kind(result: dict) -> Kind:
    if result["reason"] == "feedback":
        return Kind.COMPLAINT
    if result["reason"] in {"vacation", "delivered"}:
        return Kind.NOTHING
    if result["hardbounce"]:
        return Kind.HARD
    return Kind.POLICY if result["reason"] in OUR_FAULT else Kind.SOFT


def heard(reading: Reading) -> Kind:
    """A delayed mail is a soft one in both collections."""
    return Kind.SOFT if reading.kind is Kind.DELAYED else reading.kind


def sisimai(data: Path) -> dict:
    table: Counter[tuple[Kind, Kind]] = Counter()
    wrong: list[str] = []
    said_so: list[str] = []
    for name, case in sorted(json.loads((data / "sisimai_expected.json").read_text()).items()):
        want = min((expected_kind(one) for one in case["expected"]), key=GRAVITY.index)
        got = heard(read((data / "sisimai/maildir/bsd" / name).read_bytes(), bounce_address=ADDRESS))
        table[want, got] += 1
        if got in {Kind.HARD, Kind.COMPLAINT} and want not in {Kind.HARD, Kind.COMPLAINT}:
            filtered = all(one["reason"] == "filtered" for one in case["expected"])
            (said_so if filtered else wrong).append(name)
    return summary(table) | {
        "wrong_suppressions": len(wrong),
        "wrong": wrong,
        "suppressed_though_called_filtered": len(said_so),
    }


def summary(table: Counter[tuple[Kind, Kind]]) -> dict:
    rows = {
        want.value: {got.value: table[want, got] for got in GRAVITY if table[want, got]}
        for want in GRAVITY
        if any(key[0] is want for key in table)
    }
    right = sum(number for (want, got), number in table.items() if want is got)
    total = sum(table.values())
    return {
        "mails": total,
        "agreement": round(right / total, 3),
        "expected_and_heard": rows,
    }


def flufl(data: Path) -> dict:
    """Failed for good, failed for now, or nothing; a status of 5.2.2 or 5.7.1 is a failure for good there."""
    table: Counter[tuple[str, str]] = Counter()
    wrong = []
    words = {Kind.HARD: "failed", Kind.SOFT: "failed", Kind.POLICY: "failed", Kind.DELAYED: "delayed"}
    for name, case in sorted(json.loads((data / "flufl_bounce_expected.json").read_text()).items()):
        want = "failed" if case["permanent"] else "delayed" if case["temporary"] else "nothing"
        reading = read((data / "flufl_bounce" / name).read_bytes(), bounce_address=ADDRESS)
        table[want, words.get(reading.kind, "nothing")] += 1
        if reading.kind in {Kind.HARD, Kind.COMPLAINT} and want != "failed":
            wrong.append(name)
    total = sum(table.values())
    return {
        "mails": total,
        "agreement": round(sum(n for (want, got), n in table.items() if want == got) / total, 3),
        "expected_and_heard": {f"{want} as {got}": number for (want, got), number in sorted(table.items())},
        "wrong_suppressions": len(wrong),
        "wrong": wrong,
    }


def not_bounces(data: Path) -> dict:
    """Mails that are no bounces: none may do anything to a reader."""
    heard_as = Counter(
        read(path.read_bytes(), bounce_address=ADDRESS).kind.value
        for path in sorted((data / "sisimai/maildir/not").iterdir())
    )
    return dict(heard_as)


def speed(data: Path) -> float:
    mails = [
        path.read_bytes() for folder in ("sisimai/maildir/bsd", "flufl_bounce") for path in (data / folder).iterdir()
    ]
    start = time.perf_counter()
    for raw in mails:
        read(raw, bounce_address=ADDRESS)
    return len(mails) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    data = parser.parse_args().data
    of_sisimai, of_flufl = sisimai(data), flufl(data)
    print(json.dumps({"sisimai": of_sisimai, "flufl": of_flufl}, indent=2))
    print(
        json.dumps(
            {
                "agreement": of_sisimai["agreement"],
                "agreement_flufl": of_flufl["agreement"],
                "wrong_suppressions": of_sisimai["wrong_suppressions"] + of_flufl["wrong_suppressions"],
                "suppressed_though_called_filtered": of_sisimai["suppressed_though_called_filtered"],
                "of_mails": of_sisimai["mails"] + of_flufl["mails"],
                "per_class": of_sisimai["expected_and_heard"],
                "not_bounces": not_bounces(data),
                "mails_per_second": round(speed(data)),
            }
        )
    )


if __name__ == "__main__":
    main()
