"""Which features a model leans on, as JSON and as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Final

from clew.integrations import drawing
from clew.integrations.recorder import Recorder

_SHOWN: Final = 30
"""The picture shows so many features, the heaviest; the JSON file holds all."""


def log_importances(recorder: Recorder, kind: str, values: Mapping[str, float]) -> None:
    """Store ``feature_importance_<kind>.json`` and ``.svg`` among the run's artifacts, the heaviest feature first."""
    ordered = dict(sorted(((str(name), float(value)) for name, value in values.items()), key=lambda pair: -pair[1]))
    recorder.text(json.dumps(ordered, indent=2), f"feature_importance_{kind}.json")
    picture = drawing.bars(f"Feature importance ({kind})", dict(islice(ordered.items(), _SHOWN)))
    recorder.text(picture, f"feature_importance_{kind}.svg")
