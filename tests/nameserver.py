"""A name server on 127.0.0.1, over UDP and TCP, that knows a few records and can misbehave.

    with NameServer({("example.org", "TXT"): ['"v=spf1 -all"']}) as server:
        ...                                     # server.address is "127.0.0.1:40053", server.asked what it was asked

Values are written as in a zone file. A name that has no records at all does not exist (NXDOMAIN). `faults` says for a
name what happens instead: "servfail", "refused", "silence", or "garbage".
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SMALL = 512  # bytes of an answer over UDP; what is longer is cut, and asked again over TCP


def _both() -> tuple[socket.socket, socket.socket]:
    """Sockets for UDP and TCP at the same port, which may be free for one of them alone."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()


class NameServer:
    """Listens while it is open."""

    def __init__(
        self, records: Mapping[tuple[str, str], Sequence[str]], faults: Mapping[str, str] | None = None
    ) -> None:
        self.records, self.faults = dict(records), dict(faults or {})
        self.asked: list[tuple[str, str, str]] = []  # name, kind, udp or tcp

    def __enter__(self) -> Self:
        self._udp, self._tcp = _both()
        self.address = "{}:{}".format(*self._udp.getsockname())
        self._threads = [threading.Thread(target=work) for work in (self._over_udp, self._over_tcp)]
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_error: object) -> None:
        host, port = self.address.split(":")
        self._ending = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", (host, int(port)))
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port))).close()
        for each in self._threads:
            each.join()
        self._udp.close()
        self._tcp.close()

    _ending = False

    def _over_udp(self) -> None:
        while True:
            wire, client = self._udp.recvfrom(4_096)
            if self._ending:
                return
            answer = self._answer(wire, "udp")
            if answer is not None:
                self._udp.sendto(answer, client)

    def _over_tcp(self) -> None:
        while True:
            line, _ = self._tcp.accept()
            with line:
                if self._ending:
                    return
                head = line.recv(2, socket.MSG_WAITALL)
                if len(head) == 2:
                    answer = self._answer(line.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL), "tcp")
                    if answer is not None:
                        line.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, wire: bytes, way: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind, way))
        fault = self.faults.get(name)
        if fault == "silence":
            return None
        if fault == "garbage":
            return wire[:2] + b"\xff" * 7
        answer = dns.message.make_response(query)
        if fault is not None:
            answer.set_rcode(dns.rcode.from_text(fault))
            return answer.to_wire()
        found = self.records.get((name, kind))
        if found:
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, list(found)))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        whole = answer.to_wire()
        if way == "udp" and len(whole) > SMALL:
            cut = dns.message.make_response(query)
            cut.flags |= dns.flags.TC
            return cut.to_wire()
        return whole
