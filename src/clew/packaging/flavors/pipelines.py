"""What Hugging Face pipelines take and answer behind pyfunc, task by task, as MLflow has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from clew.errors import InvalidValue
from clew.packaging import inference
from clew.packaging.schema import ColumnSpec, DataType, Schema, TensorSpec
from clew.packaging.signature import ModelSignature

_TEXTS: Final = Schema((ColumnSpec(type=DataType.STRING),))
_LABELS: Final = Schema(
    (ColumnSpec(type=DataType.STRING, name="label"), ColumnSpec(type=DataType.DOUBLE, name="score"))
)
_QUESTIONS: Final = Schema(
    (ColumnSpec(type=DataType.STRING, name="question"), ColumnSpec(type=DataType.STRING, name="context"))
)
_VECTORS: Final = Schema((TensorSpec(dtype="float64", shape=(-1,), name="double"),))
_SIGNATURES: Final = {
    "TextClassificationPipeline": ModelSignature(_TEXTS, _LABELS),
    "TextGenerationPipeline": ModelSignature(_TEXTS, _TEXTS),
    "FillMaskPipeline": ModelSignature(_TEXTS, _TEXTS),
    "TokenClassificationPipeline": ModelSignature(_TEXTS, _TEXTS),
    "QuestionAnsweringPipeline": ModelSignature(_QUESTIONS, _TEXTS),
    "FeatureExtractionPipeline": ModelSignature(_TEXTS, _VECTORS),
}


def asks_for_texts(pipeline: Any) -> bool:
    """Whether pyfunc knows the pipeline's task."""
    return type(pipeline).__name__ in _SIGNATURES


def default_signature(pipeline: Any) -> ModelSignature | None:
    """The signature that every pipeline of the task has, or None."""
    return _SIGNATURES.get(type(pipeline).__name__)


def answer(pipeline: Any, data: Any, settings: Mapping[str, Any]) -> Any:
    """What a pipeline says of texts.

    data: a text, several, a frame with one column of texts, or one with the columns that the task knows (``text`` and
    ``text_pair``; ``question`` and ``context``).
    settings: arguments of the pipeline's call.

    Returns: text-classification: a frame of label and score. text-generation, fill-mask, question-answering: a list
    of texts. token-classification: a list of the entities, comma between. feature-extraction: an array, tokens by
    width, for one text; a list of such arrays for several, where MLflow answers for the first only.

    Raises:
        InvalidValue: data of another kind.
    """
    kind = type(pipeline).__name__
    given = _plain(data)
    if kind == "QuestionAnsweringPipeline":
        return _questions(pipeline, given, settings)
    texts = [given] if isinstance(given, str | dict) else given
    if kind != "TextClassificationPipeline" and not all(isinstance(text, str) for text in texts):
        raise InvalidValue(f"A pipeline for {pipeline.task} takes texts.")
    found = pipeline(texts, **settings)
    if kind == "TextClassificationPipeline":
        import pandas

        return pandas.DataFrame(found)
    if kind == "TextGenerationPipeline":
        return [one["generated_text"].strip() for answers in found for one in answers]
    if kind == "FillMaskPipeline":
        return [_first(one)["token_str"].strip() for one in (found if isinstance(found[0], list) else [found])]
    if kind == "TokenClassificationPipeline":
        many = found if not found or isinstance(found[0], list) else [found]
        return [",".join(part.get("entity_group", part.get("entity", "")) for part in one) for one in many]
    arrays = [np.array(one[0]) for one in found]
    return arrays[0] if len(arrays) == 1 else arrays


def _first(found: Any) -> Any:
    return found[0][0] if isinstance(found[0], list) else found[0]


def _questions(pipeline: Any, given: Any, settings: Mapping[str, Any]) -> list[str]:
    asked = [given] if isinstance(given, dict) else given
    if not all(isinstance(one, dict) and {"question", "context"} <= set(one) for one in asked):
        raise InvalidValue("Question answering takes question and context.")
    return [pipeline(question=one["question"], context=one["context"], **settings)["answer"] for one in asked]


def _plain(data: Any) -> Any:
    """A text, a list of texts, or a list of dicts."""
    if inference.is_frame(data):
        if data.shape[1] == 1:
            return [str(text) for text in data.iloc[:, 0]]
        return [{str(key): value for key, value in row.items()} for row in data.to_dict(orient="records")]
    if inference.is_series(data) or isinstance(data, np.ndarray):
        return [str(text) for text in data.tolist()]
    if not isinstance(data, str | dict | list | tuple):
        raise InvalidValue(f"A pipeline takes texts, a list or a frame of them, not a {type(data).__name__}.")
    return list(data) if isinstance(data, tuple) else data
