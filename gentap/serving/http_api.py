"""The models over HTTP: ``POST /api/answer`` and ``GET /api/models``."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from gentap.documents.jsonl import BadRecordError, json_object
from gentap.errors import GentapError, InputError
from gentap.runs.console import warn
from gentap.runs.counting import counted
from gentap.runs.net import describe
from gentap.serving.answer_service import AnswerService, Asking, ModelReply, too_late
from gentap.serving.batch_queue import QueueFullError, TooLateError
from gentap.serving.hub_schema import parse_request, reply_content

_STATUSES: tuple[tuple[type[GentapError], int], ...] = (
    (InputError, 422),
    (QueueFullError, 503),
    (TooLateError, 504),
)

_SERVED = {"answer": "POST", "models": "GET"}
_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

_LOOK_SECONDS = 0.5
"""How often it is looked whether a client is still there."""


def api_app(service: AnswerService) -> FastAPI:
    """The application with the API's two routes; a page may be mounted on it."""
    app = FastAPI(title="GenTaP", docs_url=None, redoc_url=None, openapi_url=None)

    async def answer(request: Request) -> JSONResponse:
        try:
            content = json_object((await request.body()).decode())
        except (BadRecordError, UnicodeDecodeError) as error:
            return _error(400, f"The request is no JSON object: {error}.")
        try:
            return JSONResponse(await _answer(service, content, request))
        except GentapError as error:
            known = (status for kind, status in _STATUSES if isinstance(error, kind))
            return _error(next(known, 500), str(error))
        except Exception as error:
            message = f"internal error: {describe(error)}"
            warn(f"gentap: /api/answer: {message}")
            return _error(500, f"{message}. Please report this.")

    async def models() -> JSONResponse:
        limits = service.limits
        told = {
            "cells": limits.cells,
            "question_characters": limits.question_characters,
            "questions": limits.questions,
            "seconds": limits.seconds,
            "body_bytes": limits.body_bytes,
        }
        return JSONResponse({"models": service.models, "limits": told})

    async def elsewhere(path: str) -> JSONResponse:
        method = _SERVED.get(path)
        response = _error(
            405 if method else 404,
            "There is nothing here. There are POST /api/answer and GET /api/models.",
        )
        if method:
            response.headers["Allow"] = method
        return response

    app.add_api_route("/api/answer", answer, methods=["POST"], response_model=None)
    app.add_api_route("/api/models", models, methods=["GET"], response_model=None)
    app.add_api_route("/api/{path:path}", elsewhere, methods=_METHODS, response_model=None)
    return app


async def _answer(service: AnswerService, content: dict[str, Any], client: Request) -> Any:
    """The reply's content; what is still waited for when the client goes away is given up."""
    request = await asyncio.to_thread(parse_request, content, service.models)
    if len(request.asked) > service.limits.questions:
        raise InputError(
            f"The request has {counted(len(request.asked), 'question')}; at most "
            f"{service.limits.questions} are taken at a time."
        )
    asked = [Asking(model=request.model, question=one, table=at) for one, at in request.asked]
    futures = service.submit(asked)
    waiting = [asyncio.wrap_future(future) for future in futures]
    gathered: asyncio.Future[list[ModelReply]] = asyncio.gather(*waiting)
    gathered.add_done_callback(_look_at)
    gone = asyncio.ensure_future(_until_gone(client))
    watched: list[asyncio.Future[Any]] = [gathered, gone]
    try:
        await asyncio.wait(
            watched, timeout=service.limits.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if not gathered.done():
            raise too_late(service.limits)
        replies = gathered.result()
    except asyncio.CancelledError:
        raise too_late(service.limits) from None
    finally:
        gone.cancel()
        # A wrapped future passes its cancelling on a turn of the loop later: by then the error may
        # have been sent and the question begun.
        for future in futures:
            future.cancel()
        for one in waiting:
            one.cancel()
    contents = [reply_content(reply) for reply in replies]
    return contents[0] if request.single else contents


def _look_at(gathered: "asyncio.Future[list[ModelReply]]") -> None:
    """Take note of an error that nobody waits for any more, which asyncio would print."""
    if not gathered.cancelled():
        gathered.exception()


async def _until_gone(client: Request) -> None:
    while not await client.is_disconnected():
        await asyncio.sleep(_LOOK_SECONDS)


def _error(status: int, message: str) -> JSONResponse:
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse({"error": message}, status_code=status, headers=headers)
