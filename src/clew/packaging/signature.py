"""Signatures: what a model takes, gives and can be told per call."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from clew.errors import InvalidValue
from clew.packaging import inference
from clew.packaging.schema import ParamSchema, Schema


class ModelSignature(msgspec.Struct, frozen=True):
    """Schemas of a model's inputs, outputs and params; any may be None.

    Raises:
        InvalidValue: all three are None.
    """

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: ParamSchema | None = None

    def __post_init__(self) -> None:
        if self.inputs is None and self.outputs is None and self.params is None:
            raise InvalidValue("A signature needs at least one of inputs, outputs and params.")

    def to_dict(self) -> dict[str, str | None]:
        """The three schemas as JSON texts, as an MLmodel file holds them."""
        parts = (("inputs", self.inputs), ("outputs", self.outputs), ("params", self.params))
        return {name: None if part is None else part.to_json() for name, part in parts}

    @classmethod
    def from_dict(cls, entry: Mapping[str, object]) -> ModelSignature | None:
        """The signature of an MLmodel file's ``signature`` field, or None where it is empty.

        Raises:
            InvalidValue: a part is no schema.
        """
        inputs, outputs, params = (entry.get(name) for name in ("inputs", "outputs", "params"))
        if not (inputs or outputs or params):
            return None
        return cls(
            Schema.from_json(str(inputs)) if inputs else None,
            Schema.from_json(str(outputs)) if outputs else None,
            ParamSchema.from_json(str(params)) if params else None,
        )


def infer_signature(
    model_input: object = None, model_output: object = None, params: Mapping[str, object] | None = None
) -> ModelSignature:
    """The signature that example data have.

    model_input, model_output: pandas frame or series, numpy array, scipy sparse matrix, list, dict or scalar.
    params: inference parameters with their defaults.

    Raises:
        InvalidValue: nothing was given, or a param has no type that a signature can hold.
    """
    return ModelSignature(
        None if model_input is None else inference.infer_schema(model_input),
        None if model_output is None else inference.infer_schema(model_output),
        inference.infer_params(params) if params else None,
    )
