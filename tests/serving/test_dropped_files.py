from pathlib import Path

import pytest
from served import EchoModel, request, running

from gentap.serving.answer_service import AnswerService
from gentap.serving.feedback import FeedbackFile
from gentap.serving.limits import Limits
from gentap.serving.server import build_app


def test_what_was_dropped_on_the_page_is_deleted_at_the_end(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="gentap[serve] is not installed")
    from gentap.serving.page_app import Page

    service = AnswerService({"echo": EchoModel()}, Limits())
    page = Page(service=service, feedback=FeedbackFile(tmp_path / "feedback.jsonl"), samples=())
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="own.csv"\r\n\r\n'
        b"Year,Film\r\n2004,Dawn\r\n--x--\r\n"
    )
    with running(build_app(page, token="", host="127.0.0.1", port=0)) as address:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        (kept,) = request(f"{address}/gradio_api/upload", body, headers).content
        assert Path(kept).read_bytes() == b"Year,Film\r\n2004,Dawn"
    assert not Path(kept).exists()
    service.close()
