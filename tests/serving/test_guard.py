import asyncio
import http.client
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from served import Start, request

from gentap.serving.guard import AccessGuard

TOKEN = "a-token-of-enough-letters"
ASKED = {"inputs": {"query": "?", "table": {"a": ["1"]}}}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_this_machines_names_are_answered_to(start: Start, host: str) -> None:
    address, _ = start()
    port = urlsplit(address).port
    assert request(f"{address}/api/models", headers={"Host": f"{host}:{port}"}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.7", "[::"])
def test_other_names_for_this_machine_are_refused(start: Start, host: str) -> None:
    address, _ = start()
    response = request(f"{address}/api/models", headers={"Host": host})
    assert response.status in (400, 403)


def test_pages_of_other_sites_can_not_ask(start: Start) -> None:
    address, model = start()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://["):
        response = request(f"{address}/api/answer", ASKED, {"Origin": origin})
        assert response.status == 403
    assert model.batches == []
    assert request(f"{address}/api/answer", ASKED, {"Origin": address}).status == 200


def test_with_a_token_nothing_is_shown_without_it(start: Start) -> None:
    address, model = start(token=TOKEN)
    for path in ("/", "/api/models", "/config", f"/api/models?token={TOKEN[:-1]}"):
        response = request(f"{address}{path}")
        assert response.status == 401
        assert "gentap serve" in response.content["error"]
    for given in ("Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN):
        assert request(f"{address}/api/answer", ASKED, {"Authorization": given}).status == 401
    assert request(f"{address}/api/answer?token={TOKEN}", ASKED).status == 401
    assert model.batches == []


def test_the_token_lets_in_by_header_and_by_cookie_and_leaves_the_address(start: Start) -> None:
    address, _ = start(token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "server.example"}
    assert request(f"{address}/api/answer", ASKED, headers).status == 200
    response = request(f"{address}/api/models?a=1&token={TOKEN}")
    assert response.status == 303
    assert response.headers["location"] == "/api/models?a=1"
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    sent = {"Cookie": cookie.partition(";")[0]}
    assert request(f"{address}/api/models", headers=sent).status == 200
    response = request(f"{address}//evil.example/?token={TOKEN}")
    assert response.headers["location"] == "/evil.example/"


def test_a_token_may_hold_any_sign(start: Start) -> None:
    token = 'a;b "c", d&e=f#g+h%i/j'
    address, _ = start(token=token)
    response = request(f"{address}/api/models?token={quote(token, safe='')}")
    assert response.status == 303
    sent = {"Cookie": response.headers["set-cookie"].partition(";")[0]}
    assert request(f"{address}/api/models", headers=sent).status == 200
    headers = {"Authorization": f"Bearer {token}"}
    assert request(f"{address}/api/models", headers=headers).status == 200


def test_another_token_in_an_address_takes_no_cookies_place(start: Start) -> None:
    address, _ = start(token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = request(f"{address}/api/models?token=x%0d%0aSet-Cookie:%20a=b", headers=headers)
    assert response.headers["set-cookie"].startswith(f"gentap_token={TOKEN};")


@pytest.mark.parametrize("token", ["", TOKEN])
def test_a_websocket_is_closed(token: str) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
    nothing: Any = None
    asyncio.run(AccessGuard(nothing, token=token, body_bytes=1)(scope, nothing, send))
    assert sent == [{"type": "websocket.close"}]


def test_answers_say_that_nothing_may_come_from_elsewhere(start: Start) -> None:
    address, _ = start()
    headers = request(f"{address}/api/models").headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/monitoring", "/gradio_api/proxy=https://a.hf.space/", "/none"])
def test_there_is_nothing_at_other_paths(start: Start, path: str) -> None:
    address, _ = start()
    assert request(f"{address}{path}").status == 404


def test_a_body_of_untold_length_is_counted(start: Start) -> None:
    address, model = start(body_bytes=10_000)
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    chunks = (b"x" * 1_000 for _ in range(50))
    try:
        connection.request("POST", "/api/answer", chunks, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # told while it was still being sent
    finally:
        connection.close()
    assert model.batches == []
