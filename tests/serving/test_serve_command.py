import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from served import request
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import SettingError
from gentap.serving.answer_service import model_names

pytest.importorskip("gradio", reason="gentap[serve] is not installed")
pytestmark = pytest.mark.usefixtures("own_folder")


def complaint(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["serve", "--port", "0", *arguments])
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"--port {port}: can't be listened on: " in complaint("model", "--port", port)
    assert "can't be listened on" in complaint("model", "--host", "no-such-host.invalid")
    assert "can't be listened on" in complaint("model", "--host", "a..b")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "none: "),
        (["model", "--data", "none.jsonl"], "none.jsonl: no such file"),
        (["model", "--feedback", "none/feedback.jsonl"], "--feedback: none: no such folder"),
        (["model", "--feedback", "notes.txt"], "notes.txt: holds something else than verdicts"),
        (["model", "model"], "A model is given twice"),
    ],
    ids=" ".join,
)
def test_what_can_not_be_served_is_told_before_anything_is(
    arguments: list[str], message: str
) -> None:
    Path("notes.txt").write_text("mine\n")
    told = complaint(*arguments)
    assert f"gentap: {message}" in told or f"gentap: --feedback: {message}" in told
    assert "serving" not in told
    assert Path("notes.txt").read_text() == "mine\n"


@pytest.mark.parametrize("token", ["short", "with a \t and letters", "schlüssel-und-schloss"])
def test_a_bad_token_is_refused(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("GENTAP_TOKEN", token)
    assert "GENTAP_TOKEN: give at least 16" in complaint("model", "--host", "0.0.0.0")


def test_without_gradio_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert "pip install 'gentap[serve]'" in complaint("model")


def test_models_have_short_names_unless_two_end_alike() -> None:
    assert model_names(["runs/a", "runs/b/", "t5-base"]) == ["a", "b", "t5-base"]
    assert model_names(["one/model", "two/model", "c"]) == ["one/model", "two/model", "c"]
    with pytest.raises(SettingError, match="twice"):
        model_names(["a", "a"])


@pytest.mark.slow
def test_a_model_is_served_to_those_with_the_token_and_ends_in_order(
    tiny_model: Callable[[], Path],
) -> None:
    command = ["serve", str(tiny_model()), "--port", "0", "--host", "0.0.0.0", "--beams", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gentap", *command], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        found = next(found for line in lines if (found := re.search(r":(\d+)/\?token=(\S+)", line)))
        address = f"http://127.0.0.1:{found[1]}"
        asked = {"inputs": {"query": "Which?", "table": {"Year": ["2004"], "Film": ["Dawn"]}}}
        assert request(f"{address}/api/answer", asked).status == 401
        headers = {"Authorization": f"Bearer {found[2]}"}
        response = request(f"{address}/api/answer", asked, headers)
        assert response.status == 200
        assert 0 <= response.content["probability"] <= 1
        assert request(f"{address}/", headers=headers).status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        rest = process.stderr.read()
        assert "the server has ended" in rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.wait()
