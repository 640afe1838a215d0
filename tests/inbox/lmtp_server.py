"""Our LMTP door in a thread of its own, and a client that speaks to it line by line."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subscribers import lmtp


@contextmanager
def receiving(counter: lmtp.Counter, where: str = "127.0.0.1:0") -> Iterator[str]:
    """Receive for the block; where that is."""
    said: list[str] = []
    ready, stop = threading.Event(), threading.Event()

    def tell(line: str) -> None:
        said.append(line)
        ready.set()

    thread = threading.Thread(
        target=lmtp.serve, args=(where, counter), kwargs={"hostname": "papers.example", "echo": tell, "stop": stop}
    )
    thread.start()
    try:
        assert ready.wait(20)
        yield said[0].split(" at ")[1].partition(";")[0]
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def client(where: str) -> smtplib.LMTP:
    """A mail server's side of the conversation."""
    if where.startswith("/"):
        return smtplib.LMTP(where)
    host, _, port = where.rpartition(":")
    return smtplib.LMTP(host.strip("[]"), int(port))


def raw(where: str, *lines: bytes) -> bytes:
    """What the server says to lines that are written all at once, until it closes."""
    with connected(where) as line:
        line.sendall(b"".join(each + b"\r\n" for each in lines))
        found = b""
        while piece := line.recv(65_536):
            found += piece
    return found


@contextmanager
def connected(where: str) -> Iterator[socket.socket]:
    """A plain socket to it."""
    if where.startswith("/"):
        line = socket.socket(socket.AF_UNIX)
        line.connect(str(Path(where)))
    else:
        host, _, port = where.rpartition(":")
        line = socket.create_connection((host.strip("[]"), int(port)))
    with line:
        line.settimeout(30)
        yield line
