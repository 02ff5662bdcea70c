"""What the environment says counts at once, however often it is asked."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from clew import settings
from clew.errors import InvalidValue

VALUES = {
    "CLEW_SPOOL_FULL": ["drop", "block", "raise"],
    "CLEW_LOG_LEVEL": ["debug", "ERROR"],
    "CLEW_SHIPPER": ["thread", "process"],
}
LAUNCHERS = (
    "RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "SLURM_PROCID",
    "SLURM_NTASKS",
    "PMI_RANK",
    "PMI_SIZE",
)
NAMES = (
    *sorted(set(re.findall(r"(?:CLEW|MLFLOW|AWS|AZURE)_[A-Z0-9_]+", Path(settings.__file__).read_text()))),
    *("HOME", "XDG_STATE_HOME", "LOGNAME", "USER", *LAUNCHERS),
)


def told(found: settings.Settings) -> dict[str, object]:
    fields = {name: getattr(found, name) for name in settings.Settings.__slots__}
    launch = found.launch
    return fields | {"launch": launch and (launch.rank, launch.size, launch.name, launch.local)}


def test_every_change_of_any_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    choose = random.Random(7)
    assert len(NAMES) > 50
    for _ in range(2000):
        name = choose.choice(NAMES)
        if choose.random() < 0.4:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, choose.choice(VALUES.get(name, ["1", "2", "0", ""])))
        assert told(settings.read()) == told(settings.Settings(os.environ)), name


def test_what_did_not_change_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings.read()
    monkeypatch.setenv("SOMETHING_ELSE", "1")
    assert settings.read() is first
    monkeypatch.setenv("CLEW_CONSOLE", "1")
    assert settings.read().console


def test_another_environment_in_its_place_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_RUN_NAME", "one")
    assert settings.read().run_name == "one"
    with monkeypatch.context() as inner:
        inner.setattr(os, "environ", {"CLEW_RUN_NAME": "two"})
        assert settings.read().run_name == "two"
        os.environ["CLEW_RUN_NAME"] = "three"
        assert settings.read().run_name == "three"
    assert settings.read().run_name == "one"


def test_a_value_that_cannot_be_is_refused_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.read()
    monkeypatch.setenv("CLEW_HEARTBEAT_S", "soon")
    for _ in range(2):
        with pytest.raises(InvalidValue, match="CLEW_HEARTBEAT_S"):
            settings.read()
    monkeypatch.setenv("CLEW_HEARTBEAT_S", "3")
    assert settings.read().heartbeat_s == 3
