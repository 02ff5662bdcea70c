"""Which features a model leans on, as JSON and, where matplotlib is installed, as a picture."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Mapping
from typing import Final

from clew.integrations.recorder import Recorder

_SHOWN: Final = 30
"""The picture shows so many features, the heaviest; the JSON file holds all."""


def log_importances(recorder: Recorder, kind: str, values: Mapping[str, float]) -> None:
    """Store ``feature_importance_<kind>.json`` and ``.png`` among the run's artifacts, the heaviest feature first."""
    ordered = dict(sorted(((str(name), float(value)) for name, value in values.items()), key=lambda pair: -pair[1]))
    recorder.artifact(f"feature_importance_{kind}.json", json.dumps(ordered, indent=2).encode())
    if importlib.util.find_spec("matplotlib") is not None:
        recorder.artifact(f"feature_importance_{kind}.png", _picture(kind, ordered))


def _picture(kind: str, ordered: Mapping[str, float]) -> bytes:
    # Without pyplot: it would take over the user's figures and backend.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(ordered)[:_SHOWN][::-1]
    figure = Figure(figsize=(8, max(2.0, 0.28 * len(names) + 1)), dpi=80)
    axes = figure.add_subplot()
    axes.barh(range(len(names)), [ordered[name] for name in names], height=0.7)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel(kind)
    axes.set_title(f"Feature importance ({kind})")
    figure.subplots_adjust(left=0.3, right=0.97)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
