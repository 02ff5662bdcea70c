"""Tiny models of deep learning, made from nothing, the same in this Python and in MLflow's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "good", "bad"]


def dense(seed: int = 1) -> Any:
    """A module of three layers, 4 to 2, with dropout."""
    import torch

    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(3, 2)
    ).eval()


def keras_model() -> Any:
    """A Keras model, 4 to 2."""
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(2)])


def onnx_model(rows: Any) -> tuple[Any, Any]:
    """A classifier as ONNX with the output ``label``, and what it answers for ``rows``."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    targets = (np.asarray(rows)[:, 0] > 0.5).astype(int)
    model = LogisticRegression().fit(rows, targets)
    return to_onnx(model, rows, options={"zipmap": False}), model.predict(rows)


def tokenizer(folder: Path) -> Any:
    """A tokenizer of nine words."""
    from transformers import BertTokenizerFast

    (folder / "vocabulary.txt").write_text("\n".join(VOCABULARY))
    return BertTokenizerFast(str(folder / "vocabulary.txt"))


def _config() -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )


def classifier(folder: Path) -> Any:
    """A pipeline for text classification."""
    import torch
    from transformers import BertForSequenceClassification, pipeline

    torch.manual_seed(1)
    model = BertForSequenceClassification(_config()).eval()
    return pipeline("text-classification", model=model, tokenizer=tokenizer(folder))


def embedder(folder: Path) -> Any:
    """A pipeline for feature extraction."""
    import torch
    from transformers import BertModel, pipeline

    torch.manual_seed(1)
    return pipeline("feature-extraction", model=BertModel(_config()).eval(), tokenizer=tokenizer(folder))


def generator(folder: Path) -> Any:
    """A pipeline for text generation."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, pipeline

    torch.manual_seed(1)
    config = GPT2Config(
        vocab_size=len(VOCABULARY), n_embd=8, n_layer=1, n_head=2, n_positions=32, bos_token_id=2, eos_token_id=3
    )
    return pipeline("text-generation", model=GPT2LMHeadModel(config).eval(), tokenizer=tokenizer(folder))
