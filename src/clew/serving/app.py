"""The scoring server as an ASGI application: MLflow's addresses and answers, and more than one model."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from clew import __version__
from clew.errors import ClewError, InvalidValue
from clew.packaging.manifest import FORMAT_LEVEL
from clew.serving.answers import write_predictions
from clew.serving.description import describe, describe_page
from clew.serving.models import Served
from clew.serving.plain import PlainNumbers, plain_numbers
from clew.serving.questions import TooManyRows, UnknownType, read_question

_JSON: Final = "application/json"
_INLINE_BYTES: Final = 16 << 10  # of a body that is answered on the loop, if the model is quick
_OPEN: Final = ("/ping", "/health", "/version")
_log = logging.getLogger("clew.serving")


class Limits(NamedTuple):
    """What one request may take. body_bytes, rows: of its body. predict_s: seconds. threads: predictions at once."""

    body_bytes: int = 64 << 20
    rows: int = 1_000_000
    predict_s: float = 60.0
    threads: int = 2


DEFAULTS: Final = Limits()


class ScoringApp:
    """Answers for loaded models.

    token: what ``Authorization: Bearer`` must carry; "" for nothing.
    """

    def __init__(self, served: Sequence[Served], *, token: str = "", limits: Limits = DEFAULTS) -> None:
        self._first = served[0]
        self._by_name = {one.name: one for one in served}
        self._plain = {one.name: plain_numbers(one.model, limits.rows) for one in served}
        self._token = token.encode()
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="clew-score")
        self._answers: Counter[tuple[str, int]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._description = msgspec.json.encode(describe(served))
        self._page = describe_page(served)
        ask = ["POST"]
        self.asgi = Starlette(
            routes=[
                Route("/ping", self._ping),
                Route("/health", self._ping),
                Route("/version", self._version),
                Route("/metrics", self._guarded(self._metrics)),
                Route("/openapi.json", self._guarded(self._openapi)),
                Route("/docs", self._guarded(self._docs)),
                Route("/invocations", self._guarded(self._default), methods=ask),
                Route("/models/{name}/invocations", self._guarded(self._named), methods=ask),
                Route("/model/{name}/{version}/invocations", self._guarded(self._named), methods=ask),
            ]
        )

    def close(self) -> None:
        """End the threads, each after what it is at."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            if self._token:
                kind, _, given = request.headers.get("authorization", "").partition(" ")
                if kind.lower() != "bearer" or not hmac.compare_digest(given.encode(), self._token):
                    return _fault(401, "UNAUTHENTICATED", "Give the server's token as Authorization: Bearer <token>.")
            return await answer(request)

        return guarded

    async def _ping(self, _: Request) -> Response:
        return Response(b"\n", media_type=_JSON)

    async def _version(self, _: Request) -> Response:
        return PlainTextResponse(__version__, headers={"x-mlflow-version": FORMAT_LEVEL})

    async def _openapi(self, _: Request) -> Response:
        return Response(self._description, media_type=_JSON)

    async def _docs(self, _: Request) -> Response:
        return HTMLResponse(
            self._page, headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
        )

    async def _metrics(self, _: Request) -> Response:
        lines = ["# TYPE clew_scoring_requests_total counter"]
        for (name, status), count in sorted(self._answers.items()):
            lines.append(f'clew_scoring_requests_total{{model="{_label(name)}",status="{status}"}} {count}')
        lines.append("# TYPE clew_scoring_seconds_total counter")
        for name, seconds in sorted(self._seconds.items()):
            lines.append(f'clew_scoring_seconds_total{{model="{_label(name)}"}} {seconds:.6f}')
        return PlainTextResponse("\n".join(lines) + "\n")

    async def _default(self, request: Request) -> Response:
        return await self._score(self._first, request)

    async def _named(self, request: Request) -> Response:
        name, version = request.path_params["name"], request.path_params.get("version")
        served = self._by_name.get(name)
        if served is None:
            known = ", ".join(sorted(self._by_name))
            return _fault(404, "RESOURCE_DOES_NOT_EXIST", f"No model of this name is served here; there are: {known}.")
        if version is not None and version.lower() not in {one.lower() for one in served.versions}:
            text = f"The model {name!r} is served in version {served.versions[0] if served.versions else served.uri}."
            return _fault(404, "RESOURCE_DOES_NOT_EXIST", text)
        return await self._score(served, request)

    async def _score(self, served: Served, request: Request) -> Response:
        started = time.perf_counter()
        try:
            response = await self._answer(served, request)
        except ClientDisconnect:
            response = Response(status_code=499)
        self._answers[served.name, response.status_code] += 1
        self._seconds[served.name] += time.perf_counter() - started
        return response

    async def _answer(self, served: Served, request: Request) -> Response:
        body = await _read(request, self._limits.body_bytes)
        if body is None:
            return _fault(413, "BAD_REQUEST", f"The body is larger than {self._limits.body_bytes:,} bytes.")
        kind = request.headers.get("content-type", "")
        plain = self._plain[served.name]
        try:
            if plain is not None and plain.quick and len(body) <= _INLINE_BYTES:
                answer = plain.answer(body, kind)
                if answer is not None:
                    return Response(answer, media_type=_JSON)
            return Response(await self._in_thread(served, plain, body, kind), media_type=_JSON)
        except TimeoutError:
            text = f"The model did not answer within {self._limits.predict_s:g} s."
            return _fault(504, "DEADLINE_EXCEEDED", text)
        except UnknownType as error:
            return PlainTextResponse(error.message, status_code=415)
        except TooManyRows as error:
            return _fault(413, error.error_code, error.message)
        except InvalidValue as error:
            return _fault(400, error.error_code, error.message)
        except ClewError as error:
            return _fault(500, error.error_code, error.message)
        except ValueError as error:
            _log.exception("the model %s refused its input", served.name)
            return _fault(
                400, "BAD_REQUEST", f"The model refused the input with a {type(error).__name__}: see the log."
            )
        except Exception as error:  # noqa: BLE001 - a model's fault is its own, and the server goes on
            _log.exception("the model %s failed", served.name)
            return _fault(
                500, "INTERNAL_ERROR", f"The model failed with a {type(error).__name__}; see the server's log."
            )

    async def _in_thread(self, served: Served, plain: PlainNumbers | None, body: bytes, kind: str) -> bytes:
        """The answer of a thread.

        Raises:
            TimeoutError: it takes longer than it may; it goes on, and nobody waits for it.
        """
        work = asyncio.get_running_loop().run_in_executor(
            self._pool, _predict, served, plain, body, kind, self._limits.rows
        )
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._limits.predict_s)
        except TimeoutError:
            work.add_done_callback(lambda done: done.exception())  # its fault is told already
            raise


def _label(name: str) -> str:
    """A model's name inside the quotes of a label."""
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _predict(served: Served, plain: PlainNumbers | None, body: bytes, kind: str, rows: int) -> bytes:
    answer = plain.answer(body, kind) if plain is not None else None
    if answer is not None:
        return answer
    question = read_question(body, kind, served.model.metadata, rows)
    return write_predictions(served.model.predict(question.data, question.params), bare=question.bare)


async def _read(request: Request, most: int) -> bytes | None:
    """The body, or None where it is longer than ``most`` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        return None
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _fault(status: int, code: str, message: str) -> Response:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    body: dict[str, Any] = {"error_code": code, "message": message}
    return Response(msgspec.json.encode(body), status_code=status, media_type=_JSON, headers=headers)
