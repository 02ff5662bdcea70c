"""Every estimator of scikit-learn that fits with its defaults is recorded whole and comes back as it was."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.utils import all_estimators

import clew
from clew.entities.run import Run, RunStatus

X, Y = make_classification(60, 6, random_state=0)
X = abs(X)


def estimators() -> list[Any]:
    made = []
    for _, kind in all_estimators():
        try:
            made.append(kind())
        except TypeError:
            pass  # meta-estimators need an argument; test_sklearn has those
    return made


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_estimator_with_defaults(runs: Callable[[], list[Run]], caplog: pytest.LogCaptureFixture) -> None:
    clew.autolog()
    fitted = []
    for estimator in estimators():
        before = clew.client.session.session.last_run_id  # type: ignore[attr-defined]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                estimator.fit(X, Y)
        except (ValueError, AttributeError, TypeError):
            continue  # it wants other data than these
        after = clew.client.session.session.last_run_id  # type: ignore[attr-defined]
        if after != before:
            fitted.append((after, estimator))
    assert len(fitted) > 90
    found = {run.info.run_id: run for run in runs()}
    assert not [record for record in caplog.records if record.name == "clew.autolog"]
    for run_id, estimator in fitted:
        run = found[run_id]
        assert run.info.status == RunStatus.FINISHED
        assert run.data.tags["estimator_name"] == type(estimator).__name__
        assert "autolog.error" not in run.data.tags
        assert len(run.data.params) == len(estimator.get_params())
        (model,) = run.outputs.model_outputs
        if hasattr(estimator, "predict"):
            loaded = clew.pyfunc.load_model(f"models:/{model.model_id}")
            # Loaded arrays may lie otherwise in memory, which moves the last bit of a sum.
            assert np.allclose(loaded.predict(X), estimator.predict(X), rtol=1e-9), estimator
    assert logging.getLogger("clew.autolog").level == logging.NOTSET
