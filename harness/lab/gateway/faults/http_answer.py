"""HTTP answer: what something in between that does not know gRPC says in the server's place."""

from dataclasses import dataclass

from harness.lab.gateway.faults import LONGEST_S, GatewayFault, Opening, within
from harness.lab.gateway.header_codec import Field, Indexing
from harness.lab.gateway.treatment import GatewayAnswer, Treatment

_TITLES = {
    200: "Welcome",
    302: "Found",
    401: "Authorization Required",
    403: "Forbidden",
    404: "Not Found",
    431: "Request Header Fields Too Large",
    503: "Service Temporarily Unavailable",
}
_EXTRA = {302: (b"location", b"https://login.invalid/"), 401: (b"www-authenticate", b'Bearer realm="proxy"')}


@dataclass(frozen=True, kw_only=True)
class HttpAnswer(GatewayFault, kind="http_answer"):
    """Answer with an HTTP status and a page of HTML, without any gRPC status.

    302 leads to a login page, 401 names a realm; 200 is the page of a captive portal. ``retry_after_s`` goes along as
    ``Retry-After``.
    """

    status: int = 503
    retry_after_s: int | None = None

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return [*within("status", self.status, 200, 599), *within("retry_after_s", self.retry_after_s, 0, LONGEST_S)]

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Answer, unless another fault does."""
        treatment.answer = treatment.answer or self.answer()

    def answer(self) -> GatewayAnswer:
        """Return the page."""
        title = _TITLES.get(self.status, "Error")
        body = f"<html><head><title>{self.status} {title}</title></head><body><h1>{title}</h1></body></html>\n".encode()
        plain = [
            (b":status", str(self.status).encode()),
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        if extra := _EXTRA.get(self.status):
            plain.append(extra)
        if self.retry_after_s is not None:
            plain.append((b"retry-after", str(self.retry_after_s).encode()))
        return GatewayAnswer(tuple(Field(name, value, Indexing.WITHOUT) for name, value in plain), body)
