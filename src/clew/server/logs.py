"""How a server's log looks: lines for people, or one JSON object per line for machines."""

from __future__ import annotations

import logging
import time
from typing import Any, Final, Literal

import msgspec

Format = Literal["text", "json"]
TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_encode = msgspec.json.Encoder().encode


class JsonFormatter(logging.Formatter):
    """``{time, level, logger, message, request_id?, error?}``; error is a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = getattr(record, "request_id", None)
        if request_id is not None:
            line["request_id"] = request_id
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return encode_line(line).decode()


def encode_line(line: dict[str, Any]) -> bytes:
    """A JSON object on one line, whatever odd characters it holds."""
    try:
        return _encode(line)
    except UnicodeEncodeError:  # half a surrogate pair, out of a file's name
        plain = {
            k: v.encode("utf-8", "backslashreplace").decode() if isinstance(v, str) else v for k, v in line.items()
        }
        return _encode(plain)


def timestamp(seconds: float) -> str:
    """A moment in UTC with milliseconds, as RFC 3339 writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


def configure(form: Format, level: str) -> None:
    """Send this process's log to standard error in this form, from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level == "INFO":
        logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its steps of starting and ending say nothing new
