"""A request keeps its body whatever its client offers beside it: by bytes, by curl and by Java's HttpClient."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from harness.lab.listener import Listener

pytestmark = pytest.mark.e2e

BOUND_S = 60.0
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
JAVA = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

class Post {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int nth = 0; nth < 2; nth++) {
            HttpRequest.Builder ask = HttpRequest.newBuilder(URI.create(arguments[0]));
            HttpRequest post = ask.POST(BodyPublishers.ofString("a=b")).build();
            System.out.print(client.send(post, BodyHandlers.ofString()).body() + "\\n");
        }
    }
}
"""


async def _echo(request: Request) -> PlainTextResponse:
    upgrade = "upgrade" in request.headers
    return PlainTextResponse(f"{request.method} {(await request.body()).decode()}{' upgrade' * upgrade}")


def serve(ask: Callable[[Listener], Awaitable[str]]) -> str:
    """Return what a client got of a listener that tells the body of each request."""

    async def both() -> str:
        listener = Listener(Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])]))
        await listener.open()
        try:
            return await asyncio.wait_for(ask(listener), BOUND_S)
        finally:
            await listener.release()

    return asyncio.run(both())


async def sent(listener: Listener, *pieces: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer.decode("latin-1")


async def command(*words: str) -> str:
    child = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    output, _ = await child.communicate()
    return output.decode()


def post(*heads: bytes, body: bytes = b"a=b") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s" % (b"".join(heads), len(body), body)


@pytest.mark.parametrize(
    "offer",
    [b"", OFFER, b"connection: upgrade\r\nupgrade: websocket\r\n", b"Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n"],
    ids=["none", "h2c", "websocket", "tls"],
)
def test_a_request_keeps_its_body_beside_an_offer(offer: bytes) -> None:
    assert serve(lambda at: sent(at, post(offer))).endswith("POST a=b")


def test_an_offer_is_declined_however_its_head_comes_in_pieces() -> None:
    request = post(OFFER)
    assert serve(lambda at: sent(at, *(request[place : place + 1] for place in range(len(request))))).endswith(
        "POST a=b"
    )


def test_a_body_that_looks_like_an_offer_stays_as_it_is() -> None:
    assert serve(lambda at: sent(at, post(body=b"x\r\nUpgrade: h2c\r\n\r\ny"))).endswith(
        "POST x\r\nUpgrade: h2c\r\n\r\ny"
    )


def test_what_is_no_http_is_refused_at_once() -> None:
    assert "400 Bad Request" in serve(lambda at: sent(at, b"\x16\x03\x01\x02\x00"))


def test_http_2_without_an_offer_is_told_to_speak_1_1() -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    assert serve(lambda at: sent(at, preface)).endswith("this port speaks HTTP/1.1")


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_that_offers_h2c_keeps_its_form() -> None:
    def ask(listener: Listener) -> Awaitable[str]:
        again = ("-s", "--http2", "-d", "a=b", listener.url)
        return command("curl", *again, "--next", *again)

    assert serve(ask) == "POST a=bPOST a=b"


@pytest.mark.skipif(not shutil.which("java"), reason="no java")
def test_javas_client_keeps_its_form(tmp_path: Path) -> None:
    (tmp_path / "Post.java").write_text(JAVA)
    told = serve(lambda listener: command("java", str(tmp_path / "Post.java"), f"{listener.url}/"))
    assert told == "POST a=b\nPOST a=b\n"
