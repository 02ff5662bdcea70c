"""What autologging records of statsmodels."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from sklearn.datasets import load_diabetes
from statsmodels.tsa.arima.model import ARIMA

import clew
from clew.entities.run import Run, RunStatus
from clew.errors import Denied

pytestmark = pytest.mark.frameworks

Runs = Callable[[], list[Run]]

X, Y = load_diabetes(return_X_y=True, as_frame=True)
HIGH = (Y > 140).astype(int)


def only(runs: Runs) -> Run:
    (run,) = runs()
    return run


def test_a_fit_is_recorded_whole(runs: Runs) -> None:
    clew.autolog()
    data = sm.add_constant(X)
    result = sm.OLS(Y, data).fit(cov_type="HC0")
    run = only(runs)
    assert run.info.status == RunStatus.FINISHED
    assert run.data.tags["mlflow.autologging"] == "statsmodels"
    assert run.data.tags["estimator_class"] == "statsmodels.regression.linear_model.OLS"
    assert run.data.params == {"cov_kwds": "None", "cov_type": "HC0", "method": "pinv", "nobs": "442", "use_t": "None"}
    assert set(run.data.metrics) == {
        *("aic", "bic", "centered_tss", "condition_number", "df_model", "df_resid", "ess", "f_pvalue", "fvalue", "llf"),
        *("mse_model", "mse_resid", "mse_total", "rsquared", "rsquared_adj", "scale", "ssr", "uncentered_tss"),
    }
    assert run.data.metrics["aic"] == result.aic
    assert "OLS Regression Results" in clew.artifacts.load_text(f"runs:/{run.info.run_id}/model_summary.txt")
    table = clew.artifacts.load_dict(f"runs:/{run.info.run_id}/coefficients.json")
    assert table["columns"] == ["name", "coef", "std err", "t", "p"]
    assert table["data"][1] == [
        "age",
        result.params["age"],
        result.bse["age"],
        result.tvalues["age"],
        result.pvalues["age"],
    ]
    (data_input,) = run.inputs.dataset_inputs
    assert data_input.tags == {"mlflow.data.context": "train"}
    assert json.loads(data_input.dataset.profile or "")["num_rows"] == 442
    loaded = clew.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert np.allclose(loaded.predict(data), result.predict(data))
    assert loaded.metadata.signature is not None
    logged = clew.get_logged_model(run.outputs.model_outputs[0].model_id)
    assert logged.params == run.data.params
    assert "rsquared" in {metric.key for metric in logged.metrics}
    with pytest.raises(Denied):
        clew.pyfunc.load_model(logged.model_uri, trust="safe")


def test_a_formula_names_its_columns(runs: Runs) -> None:
    clew.autolog()
    result = smf.ols("y ~ bp + np.log(bmi + 1)", X.assign(y=Y)).fit()
    run = only(runs)
    assert run.data.params["formula"] == "y ~ bp + np.log(bmi + 1)"
    loaded = clew.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert np.allclose(loaded.predict(X), result.predict(X))
    assert loaded.metadata.signature.inputs.input_names() == ["bmi", "bp"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fit", "metric"),
    [
        (lambda: sm.Logit(HIGH, X).fit(disp=0), "prsquared"),
        (lambda: sm.GLM(Y, X).fit(), "deviance"),
        (lambda: sm.OLS(Y, X).fit_regularized(), None),
        (lambda: ARIMA(np.sin(np.arange(30.0)), order=(1, 0, 0)).fit(), "hqic"),
    ],
)
def test_other_models_make_one_run_each(fit: Callable[[], Any], metric: str | None, runs: Runs) -> None:
    clew.autolog(log_models=False)
    fit()
    run = only(runs)
    assert "autolog.error" not in run.data.tags
    assert metric is None or metric in run.data.metrics
    assert "coefficients.json" in {file.path for file in clew.artifacts.list_artifacts(run_id=run.info.run_id)}


def test_models_become_versions_and_examples_are_kept(runs: Runs) -> None:
    clew.statsmodels.autolog(registered_model_name="lines", log_input_examples=True)
    result = sm.OLS(Y, X).fit()
    loaded = clew.pyfunc.load_model("models:/lines/1")
    assert np.allclose(loaded.predict(loaded.input_example), result.predict(X[:5]))
