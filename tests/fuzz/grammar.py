"""Makes bytes from a seed: lines that nearly follow the protocol, and what a paste or an attacker makes of them."""

from random import Random

from chatserver.protocol.verbs import VERBS

FIELDS = (
    *("anna", "ben", "ANNA", "nobody", "#den", "#attic", "EchoBot", "1", "2", "3", "0", "99", "999999999999999999"),
    *("", " ", "hi", "a b", "x" * 33, "x" * 4000, "x" * 8200, "|", "a|b|c", "-1", "+1", "٣", "1e3", "0x1"),
    *(
        "日本",
        "ａｎｎａ",
        "e\u0301" * 20,
        "\u0300" * 300,
        "İ",
        "ß",
        "👍",
        "👩‍👩‍👧",
        "\u200b",
        "\ufeff",
        "\u202e",
        "\x00",
        "\t",
    ),
    *("public", "private", "online", "invisible", "correct horse", "wrong password", "SENDMESSAGE|anna|ben|hi"),
)
TAGS = ("", "", "", "#t1", "#" + "t" * 32, "#" + "t" * 33, "#", "#é", "##", "#x.1", "#x.2", "#x.²", "#x.٣", "#x.01")
ENDS = (b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b"\r\r\n", b"")
RAW = (
    b"\xff",
    b"\xc3",
    b"\xe2\x80",
    b"\xed\xa0\x80",
    b"\x00",
    b"|",
    b"#",
    b"\r",
    b"\x7f",
    b"\xc2\x85",
    b"GET / HTTP/1.1\r\n",
)
SELDOM = ("QUIT", "DELETEACCOUNT", "SETPASSWORD", "LOGIN", "RESUME", "LOGOUT", "SIGNUP")
"""Verbs that end or change the session: if they were as frequent, the rest would be said into the void."""
OFTEN = tuple(name for name in VERBS if name not in SELDOM)


class Grammar:
    """One stream of bytes a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def stream(self, lines: int, *, is_text: bool = False) -> bytes:
        """So many lines or what they have become; text alone where UTF-8 must hold."""
        data = b"".join(self._line(is_text=is_text) for _ in range(lines))
        return data if is_text or self._random.random() < 0.5 else self._mutated(data)

    def cuts(self, data: bytes) -> list[bytes]:
        """The same bytes in pieces: byte by byte, in halves, or anyhow."""
        size = self._random.choice((1, 2, 7, 100, 5000))
        pieces = []
        at = 0
        while at < len(data):
            end = at + (size if size < 3 else self._random.randint(1, size))
            pieces.append(data[at:end])
            at = end
        return pieces

    def web_socket(self, messages: int) -> bytes:
        """Frames as a browser sends them, and some that none would."""
        return b"".join(self._frame() for _ in range(messages))

    def request(self) -> bytes:
        """A request for a page, or nearly."""
        pick = self._random.choice
        head = f"{pick(('GET', 'HEAD', 'POST', 'GE T', ''))} {pick(('/', '/x?y', '*', 'http://a/b', '', '/%00'))} "
        head += pick(("HTTP/1.1", "HTTP/1.0", "HTTP/2", "", "http/1.1"))
        names = ("Host", "Connection", "Content-Length", "Transfer-Encoding", "X", " X", "", "Upgrade", "Host ")
        values = ("a", "chat:5001", "close", "5", "-1", "chunked", "x" * 9000, "websocket", "a, b", "\x00")
        lines = [f"{pick(names)}: {pick(values)}" for _ in range(self._random.randrange(6))]
        end = pick(("\r\n", "\r\n", "\n", "\r"))
        data = end.join([head, *lines, "", ""]).encode()
        return data if self._random.random() < 0.7 else self._mutated(data)

    def _line(self, *, is_text: bool) -> bytes:
        pick, chance = self._random.choice, self._random.random()
        if chance < 0.04 and not is_text:
            return self._random.randbytes(self._random.randrange(60)) + pick(ENDS)
        if chance > 0.9 and not is_text:
            return self._burst()
        verb = pick(SELDOM if chance > 0.885 else OFTEN)
        verb = verb if self._random.random() < 0.9 else pick((verb.lower(), verb[:-1], verb + "X", "", "é"))
        fields = [pick(FIELDS) for _ in range(self._random.randrange(5))]
        if self._random.random() < 0.7:
            fields[:1] = ["anna"]
        line = "|".join([verb + pick(TAGS), *fields])
        return line.encode() + (b"\n" if is_text else pick(ENDS))

    def _burst(self) -> bytes:
        """Messages one behind the other, as a client that is ahead sends them, and nearly so."""
        pick = self._random.choice
        tag, first, to = pick(("#x.{}", "#x.{}", "#{}", "", "#x.{}²")), pick((0, 1, 2, 9, 10**15 - 2)), pick(FIELDS)
        lines = [f"SENDMESSAGE{tag.format(first + at)}|anna|{to}|{pick(FIELDS)}" for at in range(pick((2, 3, 5)))]
        if self._random.random() < 0.3:
            lines[pick((0, -1))] = f"SENDMESSAGE{pick(TAGS)}|{pick(('anna', 'ben'))}|{pick(FIELDS)}|{pick(FIELDS)}"
        return "".join(f"{line}\n" for line in lines).encode()

    def _mutated(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(1 + self._random.randrange(8)):
            at = self._random.randrange(len(changed) + 1)
            how = self._random.randrange(4)
            if how == 0:
                changed[at:at] = self._random.choice(RAW)
            elif how == 1:
                del changed[at : at + self._random.randrange(1, 40)]
            elif how == 2 and at < len(changed):
                changed[at] ^= 1 << self._random.randrange(8)
            else:
                changed[at:at] = changed[at // 2 : at // 2 + self._random.randrange(200)]
        return bytes(changed)

    def _frame(self) -> bytes:
        pick = self._random.choice
        payload = self._line(is_text=self._random.random() < 0.9)[: pick((10, 125, 300, 70_000))]
        first = pick((0x81, 0x81, 0x81, 0x81, 0x01, 0x80, 0x00, 0x89, 0x8A, 0x88, 0x82, 0xC1, 0x83))
        size = len(payload)
        if size < 126:
            length = bytes((0x80 | size,))
        else:
            length = bytes((0x80 | 126,)) + size.to_bytes(2) if size < 65_536 else bytes((0xFF,)) + size.to_bytes(8)
        mask = self._random.randbytes(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        frame = bytes((first,)) + length + mask + masked
        return frame if self._random.random() < 0.95 else self._mutated(frame)
