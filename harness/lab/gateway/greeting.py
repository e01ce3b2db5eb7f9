"""What a client says first: the preface of HTTP/2, or something that gets an answer by name."""

from harness.lab.gateway.frames import PREFACE

_TLS_HANDSHAKE = b"\x16\x03"
_WORDS = (
    "This is a jwtstorm gateway: it speaks HTTP/2, as gRPC does, and you sent HTTP/1.\n"
    "Use a gRPC client; with curl, --http2-prior-knowledge.\n"
)
HTTP1_ANSWER = (
    "HTTP/1.1 505 HTTP Version Not Supported\r\n"
    f"content-type: text/plain\r\ncontent-length: {len(_WORDS)}\r\nconnection: close\r\n\r\n{_WORDS}"
).encode()


class NotHttp2(Exception):  # noqa: N818 - a peer's fault, not an error of ours
    """A peer that does not speak HTTP/2; ``answer`` is what to tell it before its connection is closed."""

    def __init__(self, text: str, answer: bytes = b"") -> None:
        super().__init__(text)
        self.answer = answer


class Greeting:
    """Take the preface off what a client sends; ``whole`` once it is there."""

    def __init__(self) -> None:
        self.whole = False
        self._said = b""

    def feed(self, data: bytes) -> bytes:
        """Return what comes behind the preface.

        Raises `NotHttp2` as soon as the bytes can be no preface.
        """
        if self.whole:
            return data
        self._said += data
        if not PREFACE.startswith(self._said[: len(PREFACE)]):
            raise _stranger(self._said)
        self.whole = len(self._said) >= len(PREFACE)
        rest, self._said = self._said[len(PREFACE) :], self._said[: len(PREFACE)]
        return rest


def _stranger(said: bytes) -> NotHttp2:
    if said.startswith(_TLS_HANDSHAKE):
        return NotHttp2("a client began TLS on a plaintext port; open the port with TLS, or use plaintext credentials")
    if said[:3].isalpha():
        return NotHttp2("a client speaks HTTP/1 where gRPC needs HTTP/2", HTTP1_ANSWER)
    return NotHttp2("a client's first bytes are neither HTTP/2 nor HTTP/1", HTTP1_ANSWER)


def check_server(first: bytes) -> None:
    """Look at an upstream's first bytes; raises `NotHttp2` where it answers in HTTP/1."""
    if first.startswith(b"HTTP/"):
        raise NotHttp2(
            "the upstream answers in HTTP/1: it is no gRPC server, or it stands behind something that is not"
        )
