"""What the graphics processors do now: NVIDIA's by ``nvidia-ml-py`` or ``nvidia-smi``, AMD's by the driver's files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any, Final

_MB: Final = 1e6
_MIB: Final = 1 << 20
_ASK_S: Final = 10.0
_FIELDS: Final = "utilization.gpu,memory.used,memory.total,power.draw,power.limit"

Reader = Callable[[], dict[str, float]]


def gpu_readers(drm: str = "/sys/class/drm") -> list[Reader]:
    """What reads this machine's graphics processors; none where there are none."""
    readers: list[Reader] = []
    nvidia = _nvml() or _nvidia_smi()
    if nvidia is not None:
        readers.append(nvidia)
    cards = amd_cards(drm)
    if cards:
        readers.append(lambda: read_amd(cards))
    return readers


def _nvml() -> Reader | None:
    """A reader by NVIDIA's library, where package and driver are there."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return None
    return (lambda: _read_nvml(pynvml, handles)) if handles else None


def _read_nvml(nvml: Any, handles: list[Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for number, handle in enumerate(handles):
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        load = nvml.nvmlDeviceGetUtilizationRates(handle).gpu
        try:
            power = nvml.nvmlDeviceGetPowerUsage(handle) / 1000
            limit = nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000
        except nvml.NVMLError:  # not every card measures it
            power = limit = None
        found |= _named(number, load, memory.used / _MB, memory.total / _MB, power, limit)
    return found


def _nvidia_smi() -> Reader | None:
    """A reader by NVIDIA's command, where it is there."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return None
    return lambda: parse_nvidia_smi(_output([command, f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]))


def _output(command: list[str]) -> str:
    import subprocess

    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=True).stdout
    except subprocess.SubprocessError as error:
        raise OSError(f"{command[0]} failed: {error}") from error


def parse_nvidia_smi(text: str) -> dict[str, float]:
    """The readings in the command's answer: a line per card, memory in MiB, power in watts."""
    found: dict[str, float] = {}
    for number, line in enumerate(text.strip().splitlines()):
        load, used, total, power, limit = (_number(field) for field in line.split(","))
        if used is not None and total:
            found |= _named(number, load, used * _MIB / _MB, total * _MIB / _MB, power, limit)
    return found


def _named(
    number: int, load: float | None, used_mb: float, total_mb: float, power_w: float | None, limit_w: float | None
) -> dict[str, float]:
    stem = f"gpu_{number}"
    found = {
        f"{stem}_memory_usage_percentage": 100 * used_mb / total_mb if total_mb else 0.0,
        f"{stem}_memory_usage_megabytes": used_mb,
    }
    if load is not None:
        found[f"{stem}_utilization_percentage"] = float(load)
    if power_w is not None:
        found[f"{stem}_power_usage_watts"] = power_w
        if limit_w:
            found[f"{stem}_power_usage_percentage"] = 100 * power_w / limit_w
    return found


def amd_cards(drm: str) -> list[str]:
    """The folders in which AMD's driver tells of its cards."""
    try:
        names = sorted(n for n in os.listdir(drm) if n.startswith("card") and n[4:].isdigit())
    except OSError:
        return []
    folders = [os.path.join(drm, name, "device") for name in names]
    return [folder for folder in folders if os.path.exists(os.path.join(folder, "gpu_busy_percent"))]


def read_amd(cards: list[str]) -> dict[str, float]:
    """The readings of AMD's cards; memory in bytes and power in microwatts, as the driver has them."""
    found: dict[str, float] = {}
    for number, card in enumerate(cards):
        used, total = _file(card, "mem_info_vram_used"), _file(card, "mem_info_vram_total")
        power, limit = _power(card)
        named = _named(number, _file(card, "gpu_busy_percent"), (used or 0) / _MB, (total or 0) / _MB, power, limit)
        megabytes = named.pop(f"gpu_{number}_memory_usage_megabytes")
        # MLflow has the memory of AMD's cards in gigabytes.
        found |= named | {f"gpu_{number}_memory_usage_gigabytes": megabytes / 1000}
    return found


def _power(card: str) -> tuple[float | None, float | None]:
    """(drawn, allowed) in watts."""
    try:
        sensors = sorted(os.listdir(os.path.join(card, "hwmon")))
    except OSError:
        return None, None
    for sensor in sensors:
        folder = os.path.join(card, "hwmon", sensor)
        drawn = _file(folder, "power1_average")
        drawn = _file(folder, "power1_input") if drawn is None else drawn
        if drawn is not None:
            limit = _file(folder, "power1_cap")
            return drawn / 1e6, None if limit is None else limit / 1e6
    return None, None


def _file(folder: str, name: str) -> float | None:
    try:
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return _number(file.read())
    except OSError:
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # [N/A], [Not Supported]
        return None
