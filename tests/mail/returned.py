"""Invented mail that came back: reports, complaints, robots and plain words, in the formats of the wild."""

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefghij"
BOUNCES = "bounces@papers.example"
RETURN_PATH = f"bounces+{TOKEN}@papers.example"

FULL = "smtp; 552 5.2.2 <ada@example.org>: the mailbox is full"
NOBODY = "smtp; 550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown"
POLICY = "smtp; 550 5.7.1 Message refused by our policy, see https://mail.example/why"


def recipient(status="5.1.1", words=NOBODY, *, action="failed", address="rfc822; ada@example.org", more=""):
    """The block of one recipient in a report."""
    said = f"Diagnostic-Code: {words}\n" if words else ""
    given = f"Status: {status}\n" if status else ""
    return f"Final-Recipient: {address}\nAction: {action}\n{given}{said}{more}\n"


def original(return_path=RETURN_PATH, **headers):
    """The mail that is returned."""
    rows = {"From": "Paperboy <papers@papers.example>", "To": "ada@example.org", "Subject": "Today's papers"} | headers
    lines = "".join(f"{name}: {value}\n" for name, value in rows.items())
    return f"Return-Path: <{return_path}>\n{lines}\nA policy gradient that is not spam.\n"


def report(
    *blocks, to=RETURN_PATH, human="Your mail could not be delivered.", kind="message/delivery-status", **headers
):
    """A multipart/report; with no block the usual one: there is no such user."""
    rows = {
        "From": "Mail Delivery System <MAILER-DAEMON@mx.example>",
        "To": to,
        "Subject": "Undelivered Mail Returned to Sender",
        "Auto-Submitted": "auto-replied",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/report; report-type=delivery-status; boundary="edge"',
    } | headers
    lines = "".join(f"{name}: {value}\n" for name, value in rows.items())
    status = "Reporting-MTA: dns; mx.example\n\n" + "\n".join(blocks or (recipient(),))
    return (
        f"{lines}\n--edge\nContent-Type: text/plain; charset=utf-8\n\n{human}\n"
        f"--edge\nContent-Type: {kind}\n\n{status}\n"
        f"--edge\nContent-Type: message/rfc822\n\n{original(to)}\n--edge--\n"
    ).encode()


def complaint(feedback="abuse", *, to="fbl@papers.example", rcpt="redacted@example.org", return_path=RETURN_PATH):
    """An ARF complaint; the address is blacked out, the return path of the returned mail is not."""
    return (
        f"From: <feedback@provider.example>\nTo: {to}\nSubject: FW: Today's papers\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="edge"\n\n'
        "--edge\nContent-Type: text/plain\n\nThis is an email abuse report.\n"
        f"--edge\nContent-Type: message/feedback-report\n\nFeedback-Type: {feedback}\nUser-Agent: SomeGenerator/1.0\n"
        f"Version: 1\nOriginal-Mail-From: <{return_path}>\nOriginal-Rcpt-To: <{rcpt}>\n"
        f"--edge\nContent-Type: message/rfc822\n\n{original(return_path)}\n--edge--\n"
    ).encode()


def plain(text, *, to=RETURN_PATH, **headers):
    """A mail of one part."""
    rows = {"From": "someone@example.org", "To": to, "Subject": "Hello"} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in rows.items())
    return f"{lines}\n{text}\n".encode()


def daemon(text, subject="failure notice", **headers):
    """A bounce in plain words."""
    return plain(text, **({"From": "MAILER-DAEMON@mx.example", "Subject": subject} | headers))
