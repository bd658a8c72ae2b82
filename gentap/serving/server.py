"""`gentap serve`: models loaded once, and a page and an HTTP API for them."""

import os
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from gentap.errors import SettingError
from gentap.runs.console import say
from gentap.serving.guard import LOOPBACK, AccessGuard
from gentap.serving.limits import Limits

if TYPE_CHECKING:
    from gentap.model.answerer import Answerer
    from gentap.serving.page_app import Page

TOKEN_VARIABLE = "GENTAP_TOKEN"
"""The environment variable that a token is read from; without it one is made."""

_LAST_SECONDS = 3
"""So long is waited for open pages and the batch at hand once the server is to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What is served and to whom; ``port`` 0 is any free one."""

    models: Sequence[str]
    data: Sequence[Path] = ()
    host: str = "127.0.0.1"
    port: int = 7860
    feedback: Path = Path("feedback.jsonl")
    beams: int = 4
    max_tokens: int = 64
    constrain: bool = False
    limits: Limits = field(default_factory=Limits)


def serve(options: ServeOptions) -> None:
    """Serve until interrupted.

    Raises SettingError and InputError before anything is served: gradio is missing, the address is
    taken, a model, data set or feedback file can't be read.
    """
    require_gradio()
    import uvicorn

    from gentap.serving.answer_service import AnswerService
    from gentap.serving.feedback import FeedbackFile
    from gentap.serving.page_app import Page
    from gentap.serving.table_uploads import asked_tables, sample_tables

    token = _token(options.host)
    listening = _listen(options.host, options.port)
    feedback, data = FeedbackFile(options.feedback), asked_tables(options.data)
    service = AnswerService(_load(options), options.limits)
    page = Page(service=service, feedback=feedback, samples=sample_tables(), data=data)
    port = listening.getsockname()[1]
    app = build_app(page, token=token, host=options.host, port=port)
    shown = f"[{options.host}]" if ":" in options.host else options.host
    address = f"http://{shown}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")
    say(f"serving {', '.join(service.models)} on {address} (Ctrl-C ends it)")
    say(f"verdicts are kept in {options.feedback}")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    try:
        with suppress(KeyboardInterrupt):  # which is how it is ended
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        service.close(_LAST_SECONDS)
    say("the server has ended")


def build_app(page: "Page", *, token: str, host: str, port: int) -> AccessGuard:
    """The page and the API of its models, behind their guard."""
    require_gradio()
    import gradio as gr

    from gentap.serving.http_api import api_app
    from gentap.serving.page_app import mount_options, page_blocks

    limits = page.service.limits
    app = gr.mount_gradio_app(
        api_app(page.service),
        page_blocks(page),
        path="/",
        server_name=host,
        server_port=port,
        max_file_size=limits.body_bytes,
        **mount_options(),
    )
    return AccessGuard(app, token=token, body_bytes=limits.body_bytes)


def require_gradio() -> None:
    """Import it so that neither it nor what it brings tells anybody of use.

    Raises SettingError where it is not installed.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        import gradio  # noqa: F401
    except ImportError:
        raise SettingError("gentap serve needs gradio: pip install 'gentap[serve]'.") from None


def _load(options: ServeOptions) -> "dict[str, Answerer]":
    from gentap.model.answerer import Answerer
    from gentap.model.loading.model_folder import find_model
    from gentap.serving.answer_service import model_names

    names = model_names(options.models)
    for folder in options.models:
        find_model(folder)  # a wrong name is told before the first is loaded
    answerers = {}
    for name, folder in zip(names, options.models, strict=True):
        say(f"loading {folder}")
        answerers[name] = Answerer(
            folder,
            beams=options.beams,
            max_tokens=options.max_tokens,
            batch_size=options.limits.batch,
            constrain=options.constrain,
        )
        answerers[name].load()
    return answerers


def _token(host: str) -> str:
    """Empty where only this machine can ask."""
    if host in LOOPBACK:
        return ""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token and (len(token) < 16 or not token.isascii() or not token.isprintable()):
        raise SettingError(f"{TOKEN_VARIABLE}: give at least 16 letters, digits or signs.")
    return token or secrets.token_urlsafe(24)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens, bound before the models are loaded."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingError(
            f"--host {host} --port {port}: can't be listened on: {reason}. Give "
            "another --port, or 0 for any that is free."
        ) from None
    return listening
