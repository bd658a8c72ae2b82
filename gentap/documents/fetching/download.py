"""A file over HTTP: what broke off goes on where it stopped, and is checked before it counts.

A file is written beside its name, as ``NAME.part``, and renamed when it is whole. Which version of
the file that is stands in ``NAME.part.json`` (ETag, else date), so that the parts of two versions
are never put together. Redirects are followed; only http and https are spoken.
"""

import hashlib
import http.client
import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from gentap.errors import InputError
from gentap.runs.counting import counted
from gentap.runs.files.output_files import write_json, writing

_CHUNK = 2**20
_TIMEOUT = 60.0
_ATTEMPTS = 5
_BROKEN_OFF = (http.client.HTTPException, OSError)
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

Received = Callable[[int, int], None]
"""Takes the bytes that are there and those that there will be, 0 where that is not known."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str = "",
    progress: Received = lambda done, size: None,
    pause: float = 2.0,
) -> None:
    """Fetch a file unless it is there.

    Gives up after some attempts, ``pause`` seconds apart and more each time, that brought nothing
    new. Raises InputError with the reason (NoSuchFileError where the server has none such); what
    there is of the file is kept for the next time.
    """
    if target.exists():
        return
    part = target.with_name(f"{target.name}.part")
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    failed, most = 0, _size(part)
    while True:
        try:
            _fetch_rest(url, part, progress)
            break
        except HTTPError as error:
            reason = _status_told(error)
            if error.code in _GONE:
                raise NoSuchFileError(f"{url}: {reason}.") from None
            if error.code not in _AGAIN:
                raise InputError(f"{url}: {reason}.") from None
        except _BROKEN_OFF as error:
            cause = getattr(error, "reason", error)
            reason = _failure_told(cause, url)
            if isinstance(cause, _HOPELESS):
                raise InputError(f"{url}: {reason}.") from None
        failed = failed + 1 if _size(part) <= most else 1
        most = max(most, _size(part))
        if failed >= _ATTEMPTS:
            kept = f" {counted(_size(part), 'byte')} of it are kept." if _size(part) else ""
            raise InputError(f"{url}: can't be fetched: {reason}.{kept}")
        time.sleep(pause * failed)
    _check(url, part, sha256)
    _version(part).unlink(missing_ok=True)
    part.replace(target)


class NoSuchFileError(InputError):
    """The server has no file of that name, or none any more."""


_GONE = (404, 410)
_HOPELESS = (socket.gaierror, ssl.SSLCertVerificationError)
"""What is no better a few seconds later."""


def _status_told(error: HTTPError) -> str:
    """What a server's status means; 3xx are redirects that lead nowhere."""
    if error.code in _GONE:
        return f"the server has no such file (it says {error.code})"
    if 300 <= error.code < 400:
        return f"the server sends it on without end (it says {error.code})"
    if error.code in (401, 403, 407):
        return f"the server does not give it out from here (it says {error.code})"
    return f"the server says {error.code} {error.reason}"


def _failure_told(error: object, url: str) -> str:
    """A failed connection in plain words."""
    host = urlsplit(url).hostname or url
    if isinstance(error, socket.gaierror):
        return f"there is no network, or no server {host}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {host} can't be trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection to {host} could be made"
    if isinstance(error, TimeoutError):
        return f"{host} did not answer within {_TIMEOUT:g} seconds"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses connections"
    if isinstance(error, _BrokenOffError):
        return str(error)
    if isinstance(error, ConnectionError | http.client.HTTPException):
        return f"{host} broke the connection off"
    return f"{host} can't be reached ({getattr(error, 'strerror', None) or error})"


class _BrokenOffError(ConnectionError):
    """A reply that is not what was asked for, or not all of it; the message says so."""


class _Redirects(HTTPRedirectHandler):
    """Follows a redirect to http and https alone."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        goal = urljoin(req.full_url, headers.get("Location") or headers.get("URI") or "")
        if (scheme := urlsplit(goal).scheme) not in ("http", "https"):
            raise InputError(
                f"{req.full_url}: the server sends it on to an address of the kind {scheme}:, "
                "which is not followed: only http and https are."
            )
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _fetch_rest(url: str, part: Path, progress: Received) -> None:
    """One attempt; raises where the file is not whole at its end."""
    have, known = _size(part), _known_version(part)
    headers = {"User-Agent": "gentap", "Accept-Encoding": "identity"}
    if have and known:
        headers |= {"Range": f"bytes={have}-", "If-Range": known}
    elif have:
        part.unlink()  # it can't be told whether it is of the version that is there now
        have = 0
    try:
        response: Any = build_opener(_Redirects).open(
            Request(url, headers=headers), timeout=_TIMEOUT
        )
    except HTTPError as error:
        if error.code != 416:
            raise
        part.unlink()  # the file is another now, or was whole but for its name
        raise _BrokenOffError("the file has changed while it was fetched") from None
    with response:
        found = _RANGE.match(response.headers.get("Content-Range", ""))
        goes_on = response.status == 206 and found is not None and int(found[1]) == have
        if response.status == 206 and not goes_on:
            raise _BrokenOffError("the server sent another part than was asked for")
        have = have if goes_on else 0
        length = int(response.headers.get("Content-Length") or 0)
        size = have + length if length else 0
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        write_json(_version(part), {"version": "" if version.startswith("W/") else version})
        with writing(part):
            file = part.open("ab" if goes_on else "wb", buffering=0)
        with file:
            while chunk := response.read(_CHUNK):
                with writing(part):
                    file.write(chunk)
                have += len(chunk)
                progress(have, size)
        if size and have < size:
            raise _BrokenOffError(f"the connection broke off, {counted(size - have, 'byte')} early")


def _check(url: str, part: Path, sha256: str) -> None:
    if not sha256:
        return
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        part.unlink()
        _version(part).unlink(missing_ok=True)
        raise InputError(
            f"{url}: holds something else than it should: its SHA-256 is {found}, not {sha256}. It "
            "is not kept."
        )


def _version(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _known_version(part: Path) -> str:
    with suppress(OSError, ValueError, TypeError, KeyError):
        return str(json.loads(_version(part).read_text(encoding="utf-8"))["version"])
    return ""


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
