"""Prophet: what autologging records, and its models, both ways between Clew and MLflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import prophet.diagnostics
import pytest
from prophet import Prophet

import clew
from clew.entities.experiment import Experiment
from clew.entities.run import Run, RunStatus
from clew.errors import Corrupt, InvalidValue
from clew.integrations.prophet import _Fit
from clew.packaging.manifest import read_mlmodel
from peers import ask_with_frameworks

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("ignore")]

Runs = Callable[[], list[Run]]

DAYS = np.arange(90)
HISTORY = pd.DataFrame(
    {
        "ds": pd.Timestamp("2026-01-01") + pd.to_timedelta(DAYS, unit="D"),
        "y": 5 + DAYS / 10 + np.sin(DAYS * 2 * np.pi / 7),
        "rain": (DAYS % 3).astype(float),
    }
)
LATER = pd.DataFrame({"ds": pd.date_range("2026-04-01", periods=5), "rain": [0.5, 1.0, 2.0, 0.0, 1.0]})
HOLIDAYS = pd.DataFrame({"holiday": ["feast", "fair"], "ds": pd.to_datetime(["2026-02-01", "2026-03-01"])})


def forecaster(**options: Any) -> Prophet:
    model = Prophet(n_changepoints=3, uncertainty_samples=20, holidays=HOLIDAYS, **options)
    model.add_seasonality("monthly", period=30.5, fourier_order=2, prior_scale=0.5)
    model.add_regressor("rain", prior_scale=0.1)
    return model


def test_a_fit_is_recorded_whole(runs: Runs) -> None:
    clew.autolog(log_input_examples=True)
    model = forecaster(changepoint_prior_scale=0.1).fit(HISTORY, seed=7)
    (run,) = runs()
    assert run.info.status == RunStatus.FINISHED
    assert "autolog.error" not in run.data.tags
    assert run.data.tags["mlflow.autologging"] == "prophet"
    assert run.data.tags["estimator_class"] == "prophet.forecaster.Prophet"
    assert run.data.params == {
        "changepoint_prior_scale": "0.1",
        "changepoint_range": "0.8",
        "daily_seasonality": "auto",
        "growth": "linear",
        "history_end": "2026-03-31 00:00:00",
        "history_rows": "90",
        "history_start": "2026-01-01 00:00:00",
        "holidays": "fair, feast",
        "holidays_mode": "additive",
        "holidays_prior_scale": "10.0",
        "interval_width": "0.8",
        "mcmc_samples": "0",
        "n_changepoints": "3",
        "regressor.rain.mode": "additive",
        "regressor.rain.prior_scale": "0.1",
        "regressor.rain.standardize": "auto",
        "scaling": "absmax",
        "seasonalities": "monthly, weekly",
        "seasonality.monthly.fourier_order": "2",
        "seasonality.monthly.mode": "additive",
        "seasonality.monthly.period": "30.5",
        "seasonality.monthly.prior_scale": "0.5",
        "seasonality.weekly.fourier_order": "3",
        "seasonality.weekly.mode": "additive",
        "seasonality.weekly.period": "7",
        "seasonality.weekly.prior_scale": "10.0",
        "seasonality_mode": "additive",
        "seasonality_prior_scale": "10.0",
        "seed": "7",
        "uncertainty_samples": "20",
        "weekly_seasonality": "auto",
        "yearly_seasonality": "auto",
    }
    assert run.data.metrics == {name: float(model.params[name].mean()) for name in ("k", "m", "sigma_obs")}
    table = clew.artifacts.load_dict(f"runs:/{run.info.run_id}/changepoints.json")
    assert table["columns"] == ["ds", "delta"]
    assert [row[0] for row in table["data"]] == [moment.isoformat() for moment in model.changepoints]
    assert [row[1] for row in table["data"]] == model.params["delta"][0].tolist()
    (data,) = run.inputs.dataset_inputs
    assert data.tags == {"mlflow.data.context": "train"}
    assert json.loads(data.dataset.profile or "")["num_rows"] == 90
    loaded = clew.pyfunc.load_model(f"runs:/{run.info.run_id}/model", trust="safe")
    assert loaded.metadata.signature is not None
    assert loaded.metadata.signature.inputs is not None
    assert loaded.metadata.signature.inputs.input_names() == ["ds", "rain"]
    assert loaded.input_example is not None
    assert np.array_equal(loaded.predict(LATER)["yhat"], model.predict(LATER)["yhat"])
    assert clew.get_logged_model(run.outputs.model_outputs[0].model_id).params == run.data.params


@pytest.mark.parametrize("parallel", [None, "threads"])
def test_cross_validation_makes_no_run(parallel: str | None, runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = Prophet(n_changepoints=2, uncertainty_samples=0).fit(HISTORY)
    told = prophet.diagnostics.cross_validation(
        model, horizon="7 days", initial="60 days", period="10 days", parallel=parallel, disable_tqdm=True
    )
    assert len(told) == 21
    assert len(runs()) == 1


def test_given_changepoints_and_other_growths(runs: Runs) -> None:
    clew.autolog(log_models=False)

    class Mine(Prophet):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(growth="logistic", changepoints=["2026-02-01"], uncertainty_samples=0)
            self.add_country_holidays("DE")

    Mine().fit(HISTORY.assign(cap=30.0))
    Prophet(growth="flat", uncertainty_samples=0).fit(HISTORY)
    mine, flat = runs()
    assert mine.data.params["changepoints"] == "2026-02-01T00:00:00"
    assert mine.data.params["country_holidays"] == "DE"
    assert mine.data.params["growth"] == "logistic"
    assert mine.data.tags["estimator_name"] == "Mine"
    assert flat.data.params["growth"] == "flat"
    assert all("autolog.error" not in run.data.tags for run in (mine, flat))


def test_one_fault_costs_one_part(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog(silent=True)
    monkeypatch.setattr(_Fit, "_log_changepoints", lambda _: 1 / 0)
    Prophet(uncertainty_samples=0).fit(HISTORY)
    (run,) = runs()
    assert "ZeroDivisionError" in run.data.tags["autolog.error"]
    assert set(run.data.metrics) == {"k", "m", "sigma_obs"}
    assert len(run.outputs.model_outputs) == 1


def test_a_model_comes_back_as_it_was(tmp_path: Path, experiment: Experiment) -> None:
    model = forecaster().fit(HISTORY)
    path = str(tmp_path / "model")
    clew.prophet.save_model(model, path, input_example=LATER)
    expected = model.predict(LATER)["yhat"]
    again = clew.prophet.load_model(path, trust="safe")
    assert isinstance(again, Prophet)
    assert np.array_equal(again.predict(LATER)["yhat"], expected)
    assert read_mlmodel(path).signature is not None
    lines = (tmp_path / "model" / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("prophet==") for line in lines)
    assert clew.prophet.get_default_conda_env()["dependencies"][-1] == {
        "pip": clew.prophet.get_default_pip_requirements()
    }
    with clew.start_run():
        info = clew.prophet.log_model(model, "mine", registered_model_name="forecasts")
    for uri in (info.model_uri, "models:/forecasts/1"):
        answer = clew.pyfunc.load_model(uri, trust="safe").predict(LATER, params=None)
        assert np.array_equal(answer["yhat"], expected)


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="fit"):
        clew.prophet.save_model(Prophet(), str(tmp_path / "unfitted"))
    path = tmp_path / "model"
    clew.prophet.save_model(Prophet(uncertainty_samples=0).fit(HISTORY), str(path))
    for text in ("{", "[]", '"[]"', '"{}"', '{"growth": 1}'):
        (path / "model.pr").write_text(text)
        with pytest.raises(Corrupt):
            clew.prophet.load_model(str(path))


MLFLOW = """
import json, os
import pandas as pd
import mlflow
here = sys.argv[1]
later = pd.read_json(os.path.join(here, "later.json"), convert_dates=["ds"])
ours = os.path.join(here, "ours")
model = mlflow.prophet.load_model(ours)
print(json.dumps([one.predict(later)["yhat"].tolist() for one in (model, mlflow.pyfunc.load_model(ours))]))
mlflow.prophet.save_model(model, os.path.join(here, "theirs"), input_example=later)
"""


@pytest.mark.interop
def test_mlflow_reads_ours_and_writes_what_we_read(tmp_path: Path, peer_python: str) -> None:
    model = forecaster().fit(HISTORY)
    expected = model.predict(LATER)["yhat"].tolist()
    clew.prophet.save_model(model, str(tmp_path / "ours"), input_example=LATER)
    LATER.to_json(tmp_path / "later.json", date_format="iso")
    told = json.loads(ask_with_frameworks(peer_python, MLFLOW, str(tmp_path), timeout=280).splitlines()[-1])
    assert told == [pytest.approx(expected, rel=1e-12)] * 2
    theirs = str(tmp_path / "theirs")
    assert clew.prophet.load_model(theirs).predict(LATER)["yhat"].tolist() == pytest.approx(expected, rel=1e-12)
    loaded = clew.pyfunc.load_model(theirs, trust="safe")
    assert loaded.predict(LATER)["yhat"].tolist() == pytest.approx(expected, rel=1e-12)
    assert loaded.metadata.signature is not None
