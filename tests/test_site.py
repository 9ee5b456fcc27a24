"""Whatever is served is served by the same rules."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from engine.errors import BadOption
from engine.site import Address, make_site, serve_site
from engine.site.feed import send_feed
from engine.site.guard import WHO
from engine.site.photos import photo_path, photo_route
from engine.site.seats import fingerprint, make_seats
from engine.stage import open_stage
from personas.photos.album import Album


async def hello(request: web.Request) -> web.Response:
    return web.Response(text=f"hello {request[WHO]}")


ROUTES = (web.get("/", hello), web.post("/", hello))


@asynccontextmanager
async def opened(routes=ROUTES, *, seats=None, address=Address(), assets=None):  # noqa: B008 - a value
    """Serve while the block lasts; gives a client and the address that pages begin with."""
    site = make_site(routes, address=address, seats=seats, assets=assets)
    ports = asyncio.Queue()
    async with open_stage() as stage, aiohttp.ClientSession() as client:
        stage.enter(serve_site, site, address, ports.put_nowait, name="site")
        yield client, f"http://127.0.0.1:{await ports.get()}"
        stage.clear()


async def test_a_page_says_under_which_policy_it_stands():
    async with opened() as (client, base), client.get(f"{base}/") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers


async def test_a_refusal_stands_under_the_same_policy():
    async with opened() as (client, base), client.get(f"{base}/nowhere") as answer:
        assert answer.status == 404
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "[", "", "a@evil.example"]
)
async def test_a_name_that_is_none_of_ours_is_refused(host):
    async with opened() as (client, base), client.get(f"{base}/", headers={"Host": host}) as answer:
        assert answer.status in (400, 403)
        assert "hello" not in await answer.text()


@pytest.mark.parametrize(
    "host", ["localhost:abc", "localhost:99999", "127.0.0.1:-1", "[::1]:x", "localhost:8\t0"]
)
async def test_a_port_that_is_none_is_refused_and_troubles_nobody(host, caplog):
    seats, tokens = make_seats(["anna"])
    for path in ("/", f"/?key={tokens['anna']}"):
        async with opened(seats=seats) as (_, base):
            said = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            assert (await answered(base, said.encode())).startswith("HTTP/1.1 403 ")
    assert not caplog.records


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost:8420", "[::1]:8420", "192.168.0.7:8420"])
async def test_our_own_names_are_heard_with_any_port(host):
    async with opened() as (client, base), client.get(f"{base}/", headers={"Host": host}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "OURS", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "OURS", "Sec-Fetch-Site": "same-site"},
    ],
)
async def test_only_a_page_of_ours_changes_something(headers):
    async with opened() as (client, base):
        sent = {name: value.replace("OURS", base) for name, value in headers.items()}
        async with client.post(f"{base}/", headers=sent) as answer:
            assert answer.status == 403
        async with client.post(f"{base}/", headers={"Origin": base}) as answer:
            assert answer.status == 200


POSTED = b"POST / HTTP/1.1\r\nHost: HERE\r\nOrigin: http://HERE\r\n"


async def taken(request: web.Request) -> web.Response:
    return web.Response(text=f"{len(await request.read())} bytes")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /?\xd9\xa3 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        b"\x16\x03\x01 hello",
        POSTED + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        POSTED + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nx\r\n",
    ],
)
async def test_what_is_no_request_is_refused_and_fills_nobodys_screen(sent, caplog):
    async with opened([web.post("/", taken)]) as (client, base):
        here = base.removeprefix("http://").encode()
        heard = await answered(base, sent.replace(b"HERE", here))
        assert heard[8:13] == " 400 "
        async with client.post(f"{base}/", data=b"four", headers={"Origin": base}) as answer:
            assert await answer.text() == "4 bytes"
    assert not caplog.records


async def test_a_fault_of_ours_is_still_told(caplog):
    async def broken(request: web.Request) -> web.Response:
        raise ZeroDivisionError

    async with opened([web.get("/", broken)]) as (client, base), client.get(f"{base}/") as answer:
        assert answer.status == 500
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


async def test_a_token_opens_the_door_once_and_leaves_the_address():
    seats, tokens = make_seats(["anna", "ben"])
    async with opened(seats=seats) as (client, base):
        async with client.get(f"{base}/") as answer:
            assert answer.status == 403
        async with client.get(f"{base}/?key={tokens['ben']}") as answer:
            assert 'url=/"' in await answer.text()
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
        sent = {"Cookie": cookie.partition(";")[0]}
        async with client.get(f"{base}/", headers=sent) as answer:
            assert await answer.text() == "hello ben"


@pytest.mark.parametrize("token", ["", "x", "\udcff", "a" * 5_000])
async def test_any_other_token_opens_nothing(token):
    seats, _ = make_seats(["anna"])
    assert seats.who(token) == ""
    sent = {"key": token.encode(errors="replace").decode()}
    async with opened(seats=seats) as (client, base), client.get(f"{base}/", params=sent) as answer:
        assert answer.status == 403


async def answered(base: str, sent: bytes) -> str:
    """Say these very bytes, and hear what comes back."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    heard = await reader.read()
    writer.close()
    return heard.decode()


async def test_the_door_leads_nowhere_but_in():
    seats, tokens = make_seats(["anna"])
    async with opened(seats=seats) as (_, base):
        line = f"GET //evil.example/%22%3E?key={tokens['anna']} HTTP/1.1"
        page = await answered(base, f"{line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert "url=//" not in page
    assert 'content="0; url=/' in page
    assert "<script" not in page


def test_what_is_kept_of_a_token_is_its_hash():
    seats, tokens = make_seats(["anna"])
    assert seats.kept == {fingerprint(tokens["anna"]): "anna"}
    assert tokens["anna"] not in str(seats.kept)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "::"])
def test_nothing_is_served_to_others_without_seats(host):
    with pytest.raises(BadOption, match=r"--host .* token"):
        make_site(ROUTES, address=Address(host=host))
    assert make_site(ROUTES, address=Address(host=host), seats=make_seats(["anna"])[0])


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (Address(port=70_000), "--port 70000 is not a port"),
        (Address(port=-1), "--port -1 is not a port"),
        (Address(host="example.org"), "--host 'example.org' is not an address"),
    ],
)
def test_what_is_no_address_is_told(address, told):
    with pytest.raises(BadOption, match=told):
        address.check()


async def test_a_port_in_use_is_told_in_a_sentence():
    async with opened() as (_, base):
        port = int(base.rpartition(":")[2])
        with pytest.raises(BadOption, match=rf"port {port} cannot be listened on: .* --port"):
            await serve_site(make_site(ROUTES, address=Address()), Address(port=port), print)


def drawn_photo(album: Album):
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(data, "PNG")
    return album.put(data.getvalue(), drawn=True)


async def test_photographs_are_had_by_their_hash_and_no_other_way():
    album = Album()
    shown, other = drawn_photo(album), "0" * 64
    async with opened([photo_route(album, [shown])]) as (client, base):
        async with client.get(f"{base}{photo_path(shown.sha256)}") as answer:
            assert answer.content_type == "image/png"
            assert await answer.read() == album.data(shown)
        for path in (
            other,
            "../../etc/passwd",
            "%2e%2e%2f%2e%2e",
            shown.sha256.upper(),
            f"{shown.sha256}.png",
        ):
            async with client.get(f"{base}/photographs/{path}") as answer:
                assert answer.status == 404


async def test_a_photograph_that_is_not_what_it_is_said_to_be_is_not_served():
    kept = {}
    album = Album(kept)
    shown = drawn_photo(album)
    strange = Album({shown.sha256: b"<svg onload='alert(1)'>"})
    for other in (strange, Album({})):
        routes, path = [photo_route(other, [shown])], photo_path(shown.sha256)
        async with opened(routes) as (client, base), client.get(f"{base}{path}") as answer:
            assert answer.status == 404


async def test_a_feed_tells_each_event_on_a_line_of_its_own():
    async def events():
        yield "told", {"text": "one\ntwo"}
        yield "told", {"text": "<b>"}

    async def feed(request):
        return await send_feed(request, events())

    async with opened([web.get("/feed", feed)]) as (client, base), client.get(f"{base}/feed") as answer:
        assert answer.content_type == "text/event-stream"
        body = (await answer.read()).decode()
    assert body.count("event: told\ndata: {") == 2
    assert 'data: {"text":"one\\ntwo"}\n\n' in body


async def test_assets_are_ours_by_name():
    async with opened(assets={"viewer.js": "let a"}) as (client, base):
        async with client.get(f"{base}/assets/viewer.js") as answer:
            assert (await answer.text(), answer.content_type) == ("let a", "text/javascript")
        for name in ("nothing.css", "..%2fguard.py", "%00"):
            async with client.get(f"{base}/assets/{name}") as answer:
                assert answer.status in (400, 404)
