"""The client's calls on what MLflow has no place for: histograms, sounds, films, alerts.

They are artifacts under ``clew/``, one file for each point, in the layout that docs/logging.md describes.
"""

from __future__ import annotations

import os
import re
from typing import Any, Final

from clew.client import recordings
from clew.client.mediacalls import MediaCalls
from clew.client.notice import warn
from clew.client.numeric import whole_of
from clew.errors import InvalidValue
from clew.ids import new_id, now_ms

ALERT_TAG: Final = "clew.alert"
"""The newest alert of a run, ``LEVEL: title``."""
LEVELS: Final = ("INFO", "WARN", "ERROR")

_KEY = re.compile(r"[/\w.\- :]{1,120}")


class SeriesCalls(MediaCalls):
    """Series and alerts; mixed into ``ClewClient``."""

    def log_histogram(
        self,
        run_id: str,
        key: str,
        values: Any = None,
        step: int | None = None,
        *,
        counts: Any = None,
        edges: Any = None,
        bins: int = 64,
        timestamp: int | None = None,
    ) -> None:
        """Store the distribution of numbers at a step.

        values: an array or tensor of any shape, counted here in ``bins`` equal bins.
        counts, edges: a histogram that was counted elsewhere, instead of values.

        Raises:
            InvalidValue: neither or both of values and counts, or what they hold is no histogram.
        """
        if (values is None) == (counts is None):
            raise InvalidValue("Give log_histogram either values, or counts with edges.")
        found = recordings.histogram_of(values, bins) if counts is None else recordings.counted(counts, edges)
        path = _path("histograms", key, step, timestamp, ".json")
        self._log_made(run_id, path, lambda file: recordings.write_json(file, found), later=True)

    def log_audio(
        self,
        run_id: str,
        key: str,
        audio: Any,
        sample_rate: int | None = None,
        step: int | None = None,
        *,
        timestamp: int | None = None,
    ) -> None:
        """Store a sound at a step.

        audio: an array of samples (× channels), floats between -1 and 1 or 16-bit integers; or the path of a file.
        sample_rate: samples a second, for an array.

        Raises:
            InvalidValue: no sound, or no rate.
        """
        path = _path("audio", key, step, timestamp, recordings.audio_suffix(audio))
        self._log_made(run_id, path, lambda file: recordings.write_audio(file, audio, sample_rate), later=True)

    def log_video(
        self,
        run_id: str,
        key: str,
        video: Any,
        fps: float = 12.0,
        step: int | None = None,
        *,
        timestamp: int | None = None,
    ) -> None:
        """Store a film at a step.

        video: frames × height × width (× 1, 3 or 4), or a list of images; or the path of a file.
        fps: frames a second, for frames.

        Raises:
            InvalidValue: no film. MissingPackage: Pillow is not installed.
        """
        path = _path("video", key, step, timestamp, recordings.video_suffix(video))
        self._log_made(run_id, path, lambda file: recordings.write_video(file, video, fps), later=True)

    def alert(self, run_id: str, title: str, text: str = "", level: str = "INFO") -> None:
        """Say that something about a run wants to be seen: kept with it, shown on it, and sent to who listens.

        level: INFO, WARN or ERROR; the latter two are printed, too.

        Raises:
            InvalidValue: no title, or another level.
        """
        degree = "WARN" if str(level).upper() == "WARNING" else str(level).upper()
        if degree not in LEVELS:
            raise InvalidValue(f"Invalid alert level {level!r}; expected one of {', '.join(LEVELS)}.")
        if not title:
            raise InvalidValue("An alert needs a title.")
        moment = now_ms()
        note = {"level": degree, "title": str(title), "text": str(text), "timestamp": moment}
        path = f"clew/alerts/{degree}+timestamp+{moment}+{new_id()}.json"
        self._log_made(run_id, path, lambda file: recordings.write_json(file, note), later=True)
        self._link.run(run_id).set_tags({ALERT_TAG: f"{degree}: {title}"})
        if degree != "INFO":
            warn(f"run {run_id}: {title}{f': {text}' if text else ''}")


def _path(kind: str, key: str, step: int | None, timestamp: int | None, suffix: str) -> str:
    """The artifact of one point, named as MLflow names its images."""
    if not isinstance(key, str) or not _KEY.fullmatch(key) or os.path.normpath(key) in (".", ".."):
        raise InvalidValue(
            f"The key {key!r} may hold 1 to 120 letters, digits, underscores, dashes, periods, colons, spaces and "
            "slashes."
        )
    moment = whole_of(now_ms() if timestamp is None else timestamp)
    name = key.replace("/", "~").replace(":", "~")
    return f"clew/{kind}/{name}+step+{whole_of(step or 0)}+timestamp+{moment}+{new_id()}{suffix}"
