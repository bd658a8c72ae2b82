import gc
import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from served import Response, Start, request

COLUMNS = {"Year": ["2004", "2005"], "Film": ["Dawn", "Dusk"]}


def asking(query: Any = "Which film?", **more: Any) -> dict[str, Any]:
    return {"inputs": {"query": query, "table": COLUMNS}, **more}


def test_an_answer_has_the_hubs_fields_and_more(start: Start) -> None:
    address, _ = start()
    response = request(f"{address}/api/answer", asking())
    assert response.status == 200
    content = response.content
    assert content.pop("seconds") >= 0
    assert content == {
        "answer": "It says 2004 and Dawn here.",
        "coordinates": [[0, 1]],
        "cells": ["Dawn"],
        "value": "Dawn",
        "probability": 0.75,
        "named": {
            "coordinates": [[0, 0], [0, 1]],
            "cells": ["2004", "Dawn"],
            "spans": [[8, 12], [17, 21]],
        },
        "cut": False,
        "rows": None,
        "columns": None,
        "model": "echo",
    }


def test_the_hubs_own_client_is_served(start: Start) -> None:
    hub = pytest.importorskip("huggingface_hub")
    address, _ = start()
    client = hub.InferenceClient(model=f"{address}/api/answer")
    found = client.table_question_answering(table=COLUMNS, query="Which film?")
    assert found.answer == "It says 2004 and Dawn here."
    assert found.coordinates == [[0, 1]]
    assert found.cells == ["Dawn"]


def test_what_a_model_did_not_read_is_told(start: Start) -> None:
    address, _ = start()
    content = request(f"{address}/api/answer", asking("cut")).content
    assert (content["cut"], content["rows"], content["columns"]) == (True, [0], [0, 1])


def test_several_questions_are_answered_in_order_and_together(start: Start) -> None:
    address, model = start(batch=8)
    queries = [f"Which film {n}?" for n in range(5)]
    content = request(f"{address}/api/answer", asking(queries)).content
    assert [one["answer"] for one in content] == ["It says 2004 and Dawn here."] * 5
    assert model.batches == [queries]
    inputs = [{"query": "a", "table": COLUMNS}, {"query": "b", "table": {"x": ["1"]}}]
    content = request(f"{address}/api/answer", {"inputs": inputs}).content
    assert [one["answer"] for one in content] == ["It says 2004 and Dawn here.", "It says 1 here."]


def test_the_model_is_chosen_by_name(start: Start) -> None:
    address, _ = start()
    assert request(f"{address}/api/models").content["models"] == ["echo", "other"]
    response = request(f"{address}/api/answer", asking(parameters={"model": "other"}))
    assert response.content["model"] == "other"


def test_requests_that_wait_are_answered_together(start: Start) -> None:
    address, model = start(batch=16)
    with ThreadPoolExecutor(9) as people:
        first = people.submit(request, f"{address}/api/answer", asking("wait"))
        assert model.begun.wait(60)
        others = [
            people.submit(request, f"{address}/api/answer", asking(f"Which {n}?")) for n in range(8)
        ]
        time.sleep(1)  # they come in meanwhile
        model.go.set()
        assert {one.result(60).status for one in [first, *others]} == {200}
    assert model.batches[0] == ["wait"]
    assert len(model.batches) <= 4


def test_a_client_that_goes_away_frees_its_place(start: Start) -> None:
    address, model = start(waiting=1)

    def ask(query: str) -> Response:
        return request(f"{address}/api/answer", asking(query))

    with ThreadPoolExecutor(2) as people:
        first = people.submit(ask, "wait")
        assert model.begun.wait(60)
        client = HTTPConnection(urlsplit(address).netloc)
        client.request("POST", "/api/answer", json.dumps(asking("gone")))
        time.sleep(1)  # it comes in meanwhile
        assert ask("full").status == 503
        client.close()
        for _ in range(30):
            late = people.submit(ask, "late")
            time.sleep(1)
            if not late.done():
                break  # it has a place, and waits
            assert late.result().status == 503
        model.go.set()
        assert [first.result(60).status, late.result(60).status] == [200, 200]
    assert model.batches == [["wait"], ["late"]]


def test_none_of_many_requests_at_once_is_lost(start: Start) -> None:
    address, model = start()

    def ask(number: int) -> Any:
        body = {"inputs": {"query": f"q{number}", "table": {"n": [str(number)]}}}
        return request(f"{address}/api/answer", body)

    with ThreadPoolExecutor(16) as people:
        responses = list(people.map(ask, range(200)))
    assert [one.content["answer"] for one in responses] == [
        f"It says {n} here." for n in range(200)
    ]
    assert sorted(one for batch in model.batches for one in batch) == sorted(
        f"q{n}" for n in range(200)
    )


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "no JSON object"),
        (b"{", 400, "no JSON object"),
        (b"[1]", 400, "no JSON object"),
        (b"\xff\xfe", 400, "no JSON object"),
        (b"[" * 100_000, 400, "no JSON object"),
        (json.dumps({"inputs": 3}).encode(), 422, "inputs: is no object"),
        (json.dumps(asking("x" * 3_000)).encode(), 422, "3,000 characters; at most 2,000"),
        (json.dumps(asking(["?"] * 65)).encode(), 422, "65 questions; at most 64"),
        (json.dumps(asking(parameters={"model": "tiny"})).encode(), 422, "no model 'tiny'"),
        (json.dumps(asking("fail")).encode(), 500, "internal error: ZeroDivisionError"),
    ],
)
def test_what_is_wrong_is_told_as_json(
    start: Start, body: bytes, status: int, message: str
) -> None:
    address, _ = start()
    response = request(f"{address}/api/answer", body)
    assert response.status == status
    assert message in response.content["error"]
    assert "Traceback" not in response.body.decode()


def test_a_table_with_too_many_cells_and_a_body_too_large_are_refused(start: Start) -> None:
    address, model = start(cells=3, body_bytes=1_000)
    response = request(f"{address}/api/answer", asking())
    assert response.status == 422
    assert "4 cells; at most 3 are taken" in response.content["error"]
    response = request(f"{address}/api/answer", asking("?" * 2_000))
    assert response.status == 413
    assert model.batches == []


def test_what_is_not_there_is_an_error_of_the_same_form(start: Start) -> None:
    address, _ = start()
    for path, body, status in (("answer", None, 405), ("models", {}, 405), ("ask", None, 404)):
        response = request(f"{address}/api/{path}", body)
        assert response.status == status
        assert response.headers.get("allow") == {"answer": "POST", "models": "GET"}.get(path)
        assert "POST /api/answer and GET /api/models" in response.content["error"]


def test_who_waits_too_long_is_told_and_not_answered_later(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    address, model = start(seconds=0.5)
    with ThreadPoolExecutor(2) as people:
        first = people.submit(request, f"{address}/api/answer", asking("wait"))
        assert model.begun.wait(60)
        late = people.submit(request, f"{address}/api/answer", asking("late")).result(60)
        assert late.status == first.result(60).status == 504
        assert "no answer within 0.5 seconds" in late.content["error"]
        model.go.set()
    assert request(f"{address}/api/answer", asking("now")).status == 200
    assert model.batches == [["wait"], ["now"]]
    gc.collect()
    assert "never retrieved" not in caplog.text


def test_when_too_many_wait_others_are_asked_to_come_back(start: Start) -> None:
    address, model = start(waiting=2)
    with ThreadPoolExecutor(1) as people:
        first = people.submit(request, f"{address}/api/answer", asking("wait"))
        assert model.begun.wait(60)
        response = request(f"{address}/api/answer", asking(["a", "b", "c"]))
        assert response.status == 503
        assert response.headers["retry-after"] == "5"
        assert "Ask again a little later" in response.content["error"]
        model.go.set()
        assert first.result(60).status == 200


def test_a_failing_question_does_not_fail_those_beside_it(start: Start) -> None:
    address, model = start()
    with ThreadPoolExecutor(3) as people:
        first = people.submit(request, f"{address}/api/answer", asking("wait"))
        assert model.begun.wait(60)
        bad = people.submit(request, f"{address}/api/answer", asking("fail"))
        good = people.submit(request, f"{address}/api/answer", asking("good"))
        model.go.set()
        assert [one.result(60).status for one in (first, bad, good)] == [200, 500, 200]
