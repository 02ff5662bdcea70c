"""System metrics: what is read, what is logged, and that training never notices."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import clew
from clew.client import gpus, monitor
from clew.client.gpus import amd_cards, gpu_readers, parse_nvidia_smi, read_amd
from clew.client.machine import Machine
from clew.errors import InvalidValue

NAMES = {
    "cpu_utilization_percentage",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
    "disk_usage_percentage",
    "disk_usage_megabytes",
    "disk_available_megabytes",
    "network_receive_megabytes",
    "network_transmit_megabytes",
}


@pytest.fixture(autouse=True)
def own_choice() -> Iterator[None]:
    """What one test chose does not count in the next."""
    kept = dict(vars(monitor.choice))
    yield
    vars(monitor.choice).clear()
    vars(monitor.choice).update(kept)


def test_the_machine_reads_as_psutil_does_and_without_proc_by_it() -> None:
    for machine in (Machine(), Machine(proc="/none")):
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass  # the processor's load is over what it did meanwhile
        found = machine.read()
        assert set(found) == NAMES
        assert 0 < found["cpu_utilization_percentage"] <= 100
        disk = psutil.disk_usage("/")
        assert found["disk_usage_percentage"] == pytest.approx(disk.percent, abs=1)
        assert found["disk_available_megabytes"] == pytest.approx(disk.free / 1e6, rel=0.05)
        memory = psutil.virtual_memory()
        assert found["system_memory_usage_percentage"] == pytest.approx(memory.percent, abs=10)


def test_a_run_s_metrics_have_mlflow_s_names_and_go_on_after_a_resume(store: str) -> None:
    clew.set_system_metrics_sampling_interval(0.1)
    clew.set_system_metrics_samples_before_logging(2)
    clew.set_system_metrics_node_id("n1")
    with clew.start_run(log_system_metrics=True) as run:
        time.sleep(0.5)
    first = clew.get_metric_history(run.info.run_id, "system/n1/cpu_utilization_percentage")
    logged = clew.get_run(run.info.run_id).data.metrics
    assert {k for k in logged if "gpu" not in k} == {f"system/n1/{n}" for n in NAMES}
    assert len(first) >= 2
    clew.enable_system_metrics_logging()
    with clew.start_run(run_id=run.info.run_id):
        pass
    again = clew.get_metric_history(run.info.run_id, "system/n1/disk_usage_percentage")
    assert sorted(m.step for m in again) == list(range(len(again)))
    assert len(again) > len(first)


def test_nothing_is_logged_unless_asked_for(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with clew.start_run() as run:
        pass
    assert clew.get_run(run.info.run_id).data.metrics == {}
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    clew.disable_system_metrics_logging()
    with clew.start_run() as run:
        pass
    assert clew.get_run(run.info.run_id).data.metrics == {}


def test_a_reader_that_fails_is_left_out_and_the_others_go_on(
    store: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, float]:
        raise RuntimeError("driver gone")

    monkeypatch.setattr(gpus, "gpu_readers", lambda: [broken])
    with clew.start_run(log_system_metrics=True) as run:
        pass
    assert "system/disk_usage_percentage" in clew.get_run(run.info.run_id).data.metrics
    assert [r.getMessage() for r in caplog.records] == ["Some system metrics are not logged any more: driver gone"]


def test_what_nvidia_s_command_says_is_understood() -> None:
    found = parse_nvidia_smi("0, 4, 81559, 69.75, 700.00\n55, 81000, 81559, [N/A], [N/A]\n[N/A], [N/A], [N/A], 1, 2\n")
    assert found["gpu_0_power_usage_percentage"] == pytest.approx(9.96, abs=0.01)
    assert found["gpu_0_memory_usage_megabytes"] == pytest.approx(4.19, abs=0.01)
    assert found["gpu_1_utilization_percentage"] == 55
    assert found["gpu_1_memory_usage_percentage"] == pytest.approx(99.3, abs=0.1)
    assert not any(name.startswith(("gpu_2", "gpu_1_power")) for name in found)
    assert parse_nvidia_smi("") == {}


def test_what_amd_s_driver_says_is_understood(tmp_path: Path) -> None:
    card = tmp_path / "card1" / "device"
    (card / "hwmon" / "hwmon3").mkdir(parents=True)
    (tmp_path / "card1-DP-1").mkdir()
    files = {
        "gpu_busy_percent": "42\n",
        "mem_info_vram_used": "4000000000\n",
        "mem_info_vram_total": "16000000000\n",
        "hwmon/hwmon3/power1_average": "150000000\n",
        "hwmon/hwmon3/power1_cap": "300000000\n",
    }
    for name, text in files.items():
        (card / name).write_text(text)
    assert read_amd(amd_cards(str(tmp_path))) == {
        "gpu_0_memory_usage_percentage": 25,
        "gpu_0_memory_usage_gigabytes": 4,
        "gpu_0_utilization_percentage": 42,
        "gpu_0_power_usage_watts": 150,
        "gpu_0_power_usage_percentage": 50,
    }
    assert amd_cards(str(tmp_path / "none")) == []
    assert all(callable(reader) for reader in gpu_readers(str(tmp_path)))


@pytest.mark.parametrize("wrong", [0, -1, "1"])
def test_wrong_settings_raise(wrong: object) -> None:
    with pytest.raises(InvalidValue):
        clew.set_system_metrics_sampling_interval(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        clew.set_system_metrics_samples_before_logging(wrong)  # type: ignore[arg-type]
