"""The fluent functions on histograms, sounds, films and alerts of the active run."""

from __future__ import annotations

from typing import Any

from clew.client.files import files_of


def log_histogram(
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
    it, run = files_of(None)
    it.log_histogram(run, key, values, step, counts=counts, edges=edges, bins=bins, timestamp=timestamp)


def log_audio(
    key: str, audio: Any, sample_rate: int | None = None, step: int | None = None, *, timestamp: int | None = None
) -> None:
    """Store a sound at a step: an array of samples (× channels), or the path of a file.

    sample_rate: samples a second, for an array.

    Raises:
        InvalidValue: no sound, or no rate.
    """
    it, run = files_of(None)
    it.log_audio(run, key, audio, sample_rate, step, timestamp=timestamp)


def log_video(
    key: str, video: Any, fps: float = 12.0, step: int | None = None, *, timestamp: int | None = None
) -> None:
    """Store a film at a step: frames × height × width (× 1, 3 or 4), a list of images, or the path of a file.

    fps: frames a second, for frames.

    Raises:
        InvalidValue: no film. MissingPackage: Pillow is not installed.
    """
    it, run = files_of(None)
    it.log_video(run, key, video, fps, step, timestamp=timestamp)


def alert(title: str, text: str = "", level: str = "INFO") -> None:
    """Say that something about the active run wants to be seen; see ``ClewClient.alert``.

    level: INFO, WARN or ERROR.

    Raises:
        InvalidValue: no title, or another level.
    """
    it, run = files_of(None)
    it.alert(run, title, text, level)
