"""Histograms, sounds and films as files: JSON, WAV, animated WebP."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any, Final

from clew.client.images import pil_of
from clew.errors import InvalidValue

MAX_BINS: Final = 10_000
_FULL_SCALE: Final = 32767
_AUDIO_SUFFIXES: Final = (".wav", ".mp3", ".ogg", ".flac", ".m4a")
_VIDEO_SUFFIXES: Final = (".mp4", ".webm", ".gif", ".webp", ".mov")


def array_of(values: Any) -> Any:
    """Numbers as a NumPy array, from wherever tensors of frameworks lie.

    Raises:
        InvalidValue: they are no numbers.
    """
    import numpy as np

    for step in ("detach", "cpu", "numpy"):
        method = getattr(values, step, None)
        values = method() if callable(method) else values
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise InvalidValue(f"Expected numbers, not {type(values).__name__} of {array.dtype}.")
    return array


def histogram_of(values: Any, bins: int) -> dict[str, Any]:
    """Counts of ``values`` in ``bins`` equal bins between the smallest and the largest finite one.

    Raises:
        InvalidValue: no numbers, or a number of bins that is not between 1 and 10,000.
    """
    import numpy as np

    if not isinstance(bins, int) or not 1 <= bins <= MAX_BINS:
        raise InvalidValue(f"The number of bins is between 1 and {MAX_BINS:,}, not {bins!r}.")
    array = array_of(values).astype(np.float64).ravel()
    finite = array[np.isfinite(array)]
    counts, edges = np.histogram(finite, bins=bins) if finite.size else (np.zeros(0, np.int64), np.zeros(0))
    return {
        "counts": counts.tolist(),
        "edges": edges.tolist(),
        "count": int(array.size),
        "not_finite": int(array.size - finite.size),
        "min": float(finite.min()) if finite.size else None,
        "max": float(finite.max()) if finite.size else None,
        "mean": float(finite.mean()) if finite.size else None,
    }


def counted(counts: Any, edges: Any) -> dict[str, Any]:
    """A histogram that was counted elsewhere.

    Raises:
        InvalidValue: there is not one edge more than there are counts, or the edges do not ascend.
    """
    numbers, bounds = array_of(counts).ravel(), array_of(edges).ravel()
    if bounds.size != numbers.size + 1 or (bounds[1:] <= bounds[:-1]).any():
        raise InvalidValue("A histogram has one edge more than counts, and its edges ascend.")
    total = int(numbers.sum())
    return {
        "counts": numbers.tolist(),
        "edges": bounds.tolist(),
        "count": total,
        "not_finite": 0,
        "min": float(bounds[0]),
        "max": float(bounds[-1]),
        "mean": float((numbers * (bounds[1:] + bounds[:-1]) / 2).sum() / total) if total else None,
    }


def write_json(file: str, data: Any) -> None:
    """Write ``data`` in the shortest form."""
    with open(file, "w", encoding="utf-8") as out:
        json.dump(data, out, separators=(",", ":"), ensure_ascii=False)


def audio_suffix(audio: Any) -> str:
    """The suffix of the file for a sound.

    Raises:
        InvalidValue: a file of another kind.
    """
    return _suffix(audio, _AUDIO_SUFFIXES) or ".wav"


def video_suffix(video: Any) -> str:
    """The suffix of the file for a film.

    Raises:
        InvalidValue: a file of another kind.
    """
    return _suffix(video, _VIDEO_SUFFIXES) or ".webp"


def _suffix(given: Any, known: tuple[str, ...]) -> str:
    if not isinstance(given, str | os.PathLike):
        return ""
    path = os.fspath(given)
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in known or not os.path.isfile(path):
        raise InvalidValue(f"{path!r} is no file with one of the suffixes {', '.join(known)}.")
    return suffix


def write_audio(file: str, audio: Any, sample_rate: int | None) -> None:
    """Write a sound: a file as it is, or an array of samples (× channels) as 16-bit WAV.

    audio: floats between -1 and 1, which are clipped, or 16-bit integers.
    sample_rate: samples a second.

    Raises:
        InvalidValue: no samples, more than 8 channels, or no rate.
    """
    if isinstance(audio, str | os.PathLike):
        shutil.copyfile(audio, file)
        return
    import wave

    import numpy as np

    samples = array_of(audio)
    if samples.ndim == 1:
        samples = samples[:, None]
    if samples.ndim != 2 or not 1 <= samples.shape[1] <= 8:
        raise InvalidValue(f"A sound has the shape (samples,) or (samples, channels up to 8), not {samples.shape}.")
    if not sample_rate or int(sample_rate) != sample_rate or sample_rate < 1:
        raise InvalidValue(f"The sample rate is a positive whole number of samples a second, not {sample_rate!r}.")
    if samples.dtype.kind == "f":
        samples = np.nan_to_num(np.clip(samples, -1, 1)) * _FULL_SCALE
    elif samples.size and not -32768 <= samples.min() <= samples.max() <= _FULL_SCALE:
        raise InvalidValue("Whole samples are 16-bit integers; divide others by their full scale.")
    with wave.open(file, "wb") as out:
        out.setnchannels(samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(int(sample_rate))
        out.writeframes(samples.astype("<i2").tobytes())


def write_video(file: str, video: Any, fps: float) -> None:
    """Write a film: a file as it is, or frames (each an image) as animated WebP.

    fps: frames a second.

    Raises:
        InvalidValue: no frames, frames of different sizes, or no positive rate.
        MissingPackage: Pillow is not installed.
    """
    if isinstance(video, str | os.PathLike):
        shutil.copyfile(video, file)
        return
    if not fps > 0:
        raise InvalidValue(f"A film has a positive number of frames a second, not {fps!r}.")
    frames = [pil_of(frame).convert("RGB") for frame in (array_of(video) if hasattr(video, "shape") else video)]
    if not frames or len({frame.size for frame in frames}) > 1:
        raise InvalidValue("A film has at least one frame, and all of one size.")
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=max(1, round(1000 / fps)), loop=0)
