"""Small fitted models that the packaging tests save and load."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return load_diabetes(as_frame=True).data.head(60)


@pytest.fixture(scope="session")
def forest(frame: pd.DataFrame) -> RandomForestRegressor:
    targets = load_diabetes(as_frame=True).target.head(60)
    return RandomForestRegressor(n_estimators=3, max_depth=2, random_state=0).fit(frame, targets)


@pytest.fixture(scope="session")
def peer_python() -> str:
    """The interpreter that has MLflow."""
    path = REPOSITORY / ".venv-mlflow" / "bin" / "python"
    if not path.exists():
        pytest.skip("no .venv-mlflow beside the repository: `make peer` builds it")
    return str(path)
