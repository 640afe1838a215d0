"""From the bytes a server sends to its replies, whatever it sends."""

LONGEST_LINE = 8_192  # bytes; RFC 5321 allows 512
LONGEST_REPLY = 32_768  # bytes of all the lines of one reply

Reply = tuple[int | None, str]
"""Code and words; no code where the line is no reply, and then nothing after it can be understood either."""


class Replies:
    """Cuts a stream into replies of one or more lines; holds at most one unfinished reply."""

    def __init__(self) -> None:
        self._rest = b""  # of a line
        self._earlier: list[bytes] = []  # the lines of an unfinished reply, its code left off
        self._code = b""
        self._size = 0

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are whole now; one without a code is the last there will be."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found: list[Reply] = []
        for line in lines:
            reply = self._line(line)
            if reply is not None:
                found.append(reply)
                if reply[0] is None:
                    return found
        if len(self._rest) > LONGEST_LINE:
            found.append((None, "a reply without an end"))
        return found

    def _line(self, line: bytes) -> Reply | None:
        code, more = line[:3], line[3:4]
        whole = len(code) == 3 and code.isdigit() and b"2" <= code[:1] <= b"5" and more in _AFTER_THE_CODE
        self._size += len(line)
        if not whole or len(line) > LONGEST_LINE or self._size > LONGEST_REPLY or self._code not in {b"", code}:
            return None, "not a reply: " + line[:200].decode("utf-8", "replace")
        words = line[4:].rstrip()
        if more == b"-":
            self._code = code
            self._earlier.append(words)
            return None
        if self._earlier:
            words = b"\n".join((*self._earlier, words))
            self._earlier.clear()
        self._code, self._size = b"", 0
        return int(code), words.decode("utf-8", "replace")


_AFTER_THE_CODE = frozenset({b" ", b"-", b"", b"\r"})
