"""Thin wrappers around reading the mailboxes and sending notices, and how a run of the inbox ends."""

from collections.abc import Sequence

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from prefect.tasks import exponential_backoff

from flows import mailroom, wiring
from flows.tasks import can_heal, say
from newsletter.errors import MailerUnavailable, RestoredBackup
from newsletter.reports import masked_in
from subscribers import inbox
from subscribers.inbox import InboxReport


@task(
    task_run_name="read",
    retries=2,
    retry_delay_seconds=exponential_backoff(5),
    retry_jitter_factor=0.5,
    retry_condition_fn=can_heal,
    cache_policy=NO_CACHE,
)
def read() -> tuple[InboxReport, ...]:
    """Read each mailbox of the settings once."""
    with wiring.shop() as shop:
        desk = mailroom.desk(shop)
        boxes = mailroom.mailboxes(shop.settings)
        told = tuple(inbox.read(desk, box, clock=wiring.now) for box in boxes)
    for one in told:
        say("inbox.read", sentence(one), read=one.read, answered=one.answered, waiting=one.waiting)
    if any(one.read or one.trouble for one in told):
        create_markdown_artifact(page(told), key="inbox", description="What became of the mail that came in")
    return told


@task(task_run_name="send", cache_policy=NO_CACHE)
def send() -> str:
    """Send the short mails that wait; a sentence where the mailer is down, and the next run goes on."""
    try:
        with wiring.shop() as shop:
            sent = shop.send_notices()
    except (MailerUnavailable, RestoredBackup) as error:
        return masked_in(str(error))
    say("inbox.sent", f"{sent} short mails sent", sent=sent)
    return ""


def final_state(read: Sequence[InboxReport], mailer: str) -> State[str]:
    """Completed, with remarks where a mail needs the operator; Failed where a mailbox or the mailer is down."""
    said = " ".join(f"{sentence(one)}." for one in read) or "No mailbox is configured."
    trouble = [*(masked_in(one.trouble) for one in read if one.trouble), *([mailer] if mailer else [])]
    if trouble:
        return Failed(message=" ".join([*trouble, said]))
    if any(one.left or one.alarms for one in read):
        return Completed(name="CompletedWithRemarks", message=said, data=said)
    return Completed(message=said, data=said)


def cancelled(error: Exception) -> State[str]:
    """Somebody else reads."""
    return Cancelled(message=str(error))


# ---- pages, pure -----------------------------------------------------------------------------------------------------


def sentence(told: InboxReport) -> str:
    """One mailbox in one line."""
    done = "".join(f", {number} {deed}" for deed, number in told.deeds.items())
    waiting = f", {told.waiting} wait" if told.waiting else ""
    return f"{told.where}: {told.read} read{done}; {told.answered} answered{waiting}"


def page(read: Sequence[InboxReport]) -> str:
    """What became of the mail, as markdown; nobody's address is on it."""
    lines: list[str] = []
    for told in read:
        lines += [f"# {_plain(told.where)}", ""]
        lines += [f"> {_plain(told.trouble)}", ""] if told.trouble else []
        lines += [f"{told.read} read, {told.answered} answered, {told.waiting} for the next time.", ""]
        lines += _table("what became of them", told.deeds)
        lines += _table("left to you, because", told.left)
        lines += _table("refused by servers for policy, yours to mend", told.alarms)
    return "\n".join(lines)


def _table(title: str, counted: dict[str, int]) -> list[str]:
    if not counted:
        return []
    rows = [f"| {_plain(what)} | {number} |" for what, number in counted.items()]
    return [f"| {title} | |", "|---|---:|", *rows, ""]


def _plain(text: str) -> str:
    """A stranger's words on one line, without markup."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|!" else sign for sign in " ".join(masked_in(text).split()))
