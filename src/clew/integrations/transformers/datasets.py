"""Examples that a ``Trainer`` trains on, in words; none of the user's code runs for it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from clew.entities.dataset import Dataset
from clew.integrations.dataset import HASHED_ROWS, describe, source_tags
from clew.integrations.pytorch.tensors import arrays_of_dataset


def describe_examples(examples: Any) -> Dataset | None:
    """The dataset that a ``datasets.Dataset``, a list of examples or a ``TensorDataset`` is; None for any other."""
    arrays = arrays_of_dataset(examples)
    if arrays is not None:
        return describe(*arrays, source_tags())
    fingerprint = getattr(examples, "_fingerprint", None)
    if isinstance(fingerprint, str):
        columns = {key: str(kind) for key, kind in (getattr(examples, "features", None) or {}).items()}
        return _dataset(fingerprint[:16], len(examples), json.dumps(columns))
    if not isinstance(examples, list) or not examples or not isinstance(examples[0], dict):
        return None
    digest = hashlib.sha256(f"list({len(examples)})".encode())
    for one in examples[:HASHED_ROWS]:
        for key, value in one.items():
            digest.update(f"{key}={value.tolist() if hasattr(value, 'tolist') else value!r}\0".encode())
    columns = {key: type(value).__name__ for key, value in examples[0].items()}
    return _dataset(digest.hexdigest()[:16], len(examples), json.dumps(columns))


def texts_of(examples: Any, tokenizer: Any, count: int) -> list[str]:
    """The first examples of a list or a ``datasets.Dataset`` as texts again, out of their tokens; [] for any other."""
    if not isinstance(examples, list) and not isinstance(getattr(examples, "_fingerprint", None), str):
        return []
    rows = [examples[place] for place in range(min(count, len(examples)))]
    return [tokenizer.decode(row["input_ids"], skip_special_tokens=True) for row in rows if "input_ids" in row]


def _dataset(digest: str, rows: int, schema: str) -> Dataset:
    return Dataset(
        name="dataset",
        digest=digest,
        source_type="code",
        source=json.dumps({"tags": source_tags()}),
        schema=schema,
        profile=json.dumps({"num_rows": rows}),
    )
