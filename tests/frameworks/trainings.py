"""A tiny training of each framework, alike from outside: what every integration promises is tested over all of them.

In each, code of the user's runs (``within``): a callback, an objective, a step of a pipeline.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_diabetes

from frameworks.deepmodels import VOCABULARY, tokenizer

X, Y = load_diabetes(return_X_y=True, as_frame=True)
X, Y = X[:120], Y[:120]
HIGH = (Y > 140).astype(int)
TENSORS = np.random.default_rng(0).random((32, 4), dtype="float32")

Train = Callable[[], list[Any]]
"""Trains, and gives the numbers that came of it."""


class Training(NamedTuple):
    """A training.

    flavor: of the options. package: whose version counts.
    ready: makes all that has to be there before; (folder of its own, number that tells trainings apart, within).
    owners: what is patched, as ``module:name`` or ``module``.
    models, datasets: whether it leaves them.
    """

    flavor: str
    package: str
    ready: Callable[[Path, int, Callable[[], object]], Train]
    owners: tuple[str, ...]
    models: bool = True
    datasets: bool = True


def _sklearn(folder: Path, number: int, within: Callable[[], object]) -> Train:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(_step(within), RandomForestClassifier(3 + number, max_depth=2))

    def train() -> list[Any]:
        np.random.seed(3)
        return [model.fit(X, HIGH).predict_proba(X), model[-1].feature_importances_]

    return train


def _sklearn_search(folder: Path, number: int, within: Callable[[], object]) -> Train:
    from sklearn.model_selection import RandomizedSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeRegressor

    steps = make_pipeline(_step(within), DecisionTreeRegressor(max_features=3))
    choices = {"decisiontreeregressor__max_depth": [1, 2, 3, 4, 5 + number]}
    search = RandomizedSearchCV(steps, choices, n_iter=3, cv=2, error_score="raise")

    def train() -> list[Any]:
        np.random.seed(3)
        search.fit(X, Y)
        return [search.cv_results_["mean_test_score"], search.predict(X)]

    return train


def _step(within: Callable[[], object]) -> Any:
    from sklearn.preprocessing import FunctionTransformer

    def same(data: Any) -> Any:
        within()
        return data

    return FunctionTransformer(same)


def _xgboost(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import xgboost

    train, valid = xgboost.DMatrix(X[:90], Y[:90]), xgboost.DMatrix(X[90:], Y[90:])
    params = {"max_depth": 2, "nthread": 1, "subsample": 0.7, "seed": 3}
    options = {"evals": [(valid, "valid")], "verbose_eval": False, "callbacks": [_xgboost_callback(within)]}
    return lambda: [xgboost.train(params, train, 3 + number, **options).predict(valid)]


def _xgboost_fit(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import xgboost

    options = {"max_depth": 2, "n_jobs": 1, "subsample": 0.7, "random_state": 3}
    model = xgboost.XGBClassifier(n_estimators=3 + number, callbacks=[_xgboost_callback(within)], **options)
    return lambda: [model.fit(X, HIGH, eval_set=[(X[90:], HIGH[90:])], verbose=False).predict_proba(X)]


def _xgboost_callback(within: Callable[[], object]) -> Any:
    import xgboost

    class Callback(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            within()
            return False

    return Callback()


def _lightgbm(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import lightgbm

    params = {"num_leaves": 4, "num_threads": 1, "verbose": -1, "bagging_fraction": 0.7, "bagging_freq": 1, "seed": 3}

    def train() -> list[Any]:
        data, valid = lightgbm.Dataset(X[:90], Y[:90]), lightgbm.Dataset(X[90:], Y[90:])
        model = lightgbm.train(params, data, 3 + number, valid_sets=[valid], callbacks=[lambda _: within()])
        return [model.predict(X)]

    return train


def _lightgbm_fit(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import lightgbm

    model = lightgbm.LGBMRegressor(n_estimators=3 + number, num_leaves=4, n_jobs=1, verbose=-1, random_state=3)
    return lambda: [model.fit(X, Y, eval_X=X[90:], eval_y=Y[90:], callbacks=[lambda _: within()]).predict(X)]


def _catboost(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import catboost

    class Callback:
        def after_iteration(self, info: Any) -> bool:
            within()
            return True

    quiet = {"allow_writing_files": False, "verbose": 0, "thread_count": 1, "random_seed": 1}
    model = catboost.CatBoostRegressor(iterations=3 + number, depth=2, **quiet)
    return lambda: [model.fit(X, Y, eval_set=(X[90:], Y[90:]), callbacks=[Callback()]).predict(X)]


def _statsmodels(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import statsmodels.api as sm

    model = sm.Logit(HIGH, X)
    options = {"method": "newton", "disp": 0, "maxiter": 20 + number, "callback": lambda _: within()}
    return lambda: [model.fit(**options).params.to_numpy()]


def _prophet(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import pandas
    from prophet import Prophet

    class History(pandas.DataFrame):  # type: ignore[misc]
        def __contains__(self, key: Any) -> bool:
            within()
            return bool(super().__contains__(key))

    days = np.arange(60 + number)
    history = History({"ds": pandas.Timestamp("2026-01-01") + pandas.to_timedelta(days, unit="D"), "y": np.sin(days)})
    model = Prophet(n_changepoints=3, uncertainty_samples=20)

    def train() -> list[Any]:
        np.random.seed(3)
        model.fit(history)
        return [model.params["beta"], model.params["delta"], model.predict()["yhat_upper"].to_numpy()]

    return train


def _lightning(name: str) -> Callable[[Path, int, Callable[[], object]], Train]:
    def ready(folder: Path, number: int, within: Callable[[], object]) -> Train:
        import torch
        from torch.utils.data import DataLoader, TensorDataset

        pl = importlib.import_module(name)

        class Net(pl.LightningModule):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.layers = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout(0.2), torch.nn.Linear(3, 1))

            def forward(self, x: Any) -> Any:
                return self.layers(x)

            def training_step(self, batch: Any, number: int) -> Any:
                within()
                loss = torch.nn.functional.mse_loss(self(batch[0]), batch[1])
                self.log("loss", loss, on_step=False, on_epoch=True)
                return loss

            def validation_step(self, batch: Any, number: int) -> None:
                self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

            def configure_optimizers(self) -> Any:
                return torch.optim.SGD(self.parameters(), lr=0.01)

        torch.manual_seed(3)
        net = Net()
        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False, "accelerator": "cpu"}
        trainer = pl.Trainer(max_epochs=2 + number, default_root_dir=str(folder), num_sanity_val_steps=0, **quiet)
        data = TensorDataset(torch.from_numpy(TENSORS), torch.from_numpy(TENSORS.sum(1, keepdims=True)))

        def train() -> list[Any]:
            torch.manual_seed(4)
            trainer.fit(net, DataLoader(data, batch_size=16, shuffle=True), DataLoader(data, batch_size=16))
            return [part.detach().numpy().copy() for part in net.parameters()]

        return train

    return ready


def _keras(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import keras

    class Callback(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            within()

    keras.utils.set_random_seed(3)
    layers = [keras.layers.Input((4,)), keras.layers.Dense(3), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer="adam", loss="mse")
    options = {"epochs": 2 + number, "batch_size": 16, "verbose": 0, "callbacks": [Callback()]}

    def train() -> list[Any]:
        keras.utils.set_random_seed(4)
        model.fit(TENSORS, TENSORS.sum(1), validation_data=(TENSORS[:8], TENSORS[:8].sum(1)), **options)
        found: list[Any] = model.get_weights()
        return found

    return train


def _transformers(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import transformers

    class Callback(transformers.TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            within()

    folder.mkdir(exist_ok=True)
    words = tokenizer(folder)
    texts = ["hello good world", "bad world", "good", "hello bad bad"]
    coded = words(texts, padding="max_length", max_length=8)
    rows = [
        {"input_ids": ids, "attention_mask": mask, "labels": int("bad" in text)}
        for ids, mask, text in zip(coded["input_ids"], coded["attention_mask"], texts, strict=True)
    ]
    transformers.set_seed(3)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = transformers.BertConfig(vocab_size=len(VOCABULARY), max_position_embeddings=16, **sizes)
    quiet = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "save_strategy": "no", "logging_steps": 1}
    arguments = transformers.TrainingArguments(
        str(folder), num_train_epochs=2 + number, per_device_train_batch_size=2, **quiet
    )
    trainer = transformers.Trainer(
        transformers.BertForSequenceClassification(config),
        arguments,
        train_dataset=rows,
        processing_class=words,
        callbacks=[Callback()],
    )

    def train() -> list[Any]:
        trainer.train()
        return [part.detach().numpy().copy() for part in trainer.model.parameters()]

    return train


def _optuna(folder: Path, number: int, within: Callable[[], object]) -> Train:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))

    def objective(trial: Any) -> float:
        within()
        x = trial.suggest_float("x", -1, 1 + number)
        for step in range(2):
            trial.report(x + step, step)
        return float(x * x)

    def train() -> list[Any]:
        study.optimize(objective, n_trials=3)
        told = [[*trial.params.values(), trial.value, *trial.intermediate_values.values()] for trial in study.trials]
        return [np.array(told)]

    return train


def _hyperopt(folder: Path, number: int, within: Callable[[], object]) -> Train:
    from hyperopt import Trials, fmin, hp, rand

    def objective(x: float) -> float:
        within()
        return x * x

    def train() -> list[Any]:
        trials = Trials()
        fmin(
            objective,
            hp.uniform("x", -1, 1 + number),
            algo=rand.suggest,
            max_evals=3,
            trials=trials,
            rstate=np.random.default_rng(3),
            show_progressbar=False,
        )
        return [np.array(trials.losses()), np.array(trials.vals["x"])]

    return train


TRAININGS = {
    "sklearn": Training("sklearn", "sklearn", _sklearn, ("sklearn.pipeline:Pipeline", "sklearn.metrics")),
    "sklearn search": Training(
        "sklearn", "sklearn", _sklearn_search, ("sklearn.model_selection._search:BaseSearchCV", "sklearn.metrics")
    ),
    "xgboost train": Training("xgboost", "xgboost", _xgboost, ("xgboost", "xgboost.training", "xgboost.sklearn")),
    "xgboost fit": Training("xgboost", "xgboost", _xgboost_fit, ("xgboost:XGBModel", "xgboost:XGBClassifier")),
    "lightgbm train": Training("lightgbm", "lightgbm", _lightgbm, ("lightgbm", "lightgbm.engine", "lightgbm.sklearn")),
    "lightgbm fit": Training("lightgbm", "lightgbm", _lightgbm_fit, ("lightgbm:LGBMModel", "lightgbm:LGBMRegressor")),
    "catboost": Training(
        "catboost",
        "catboost",
        _catboost,
        ("catboost", "catboost.core", "catboost:CatBoost", "catboost:CatBoostRegressor"),
    ),
    "statsmodels": Training(
        "statsmodels",
        "statsmodels",
        _statsmodels,
        ("statsmodels.base.model:LikelihoodModel", "statsmodels.discrete.discrete_model:Logit"),
    ),
    "prophet": Training("prophet", "prophet", _prophet, ("prophet:Prophet",)),
    "lightning": Training("pytorch", "lightning", _lightning("lightning.pytorch"), ("lightning.pytorch:Trainer",)),
    "pytorch_lightning": Training(
        "pytorch", "pytorch_lightning", _lightning("pytorch_lightning"), ("pytorch_lightning:Trainer",)
    ),
    "keras": Training("keras", "keras", _keras, ("keras.src.backend.torch.trainer:TorchTrainer",)),
    "transformers": Training("transformers", "transformers", _transformers, ("transformers:Trainer",)),
    "optuna": Training("optuna", "optuna", _optuna, ("optuna:Study", "optuna:Trial"), models=False, datasets=False),
    "hyperopt": Training(
        "hyperopt",
        "hyperopt",
        _hyperopt,
        ("hyperopt.fmin:FMinIter", "hyperopt.base:Domain"),
        models=False,
        datasets=False,
    ),
}


def owners_of(training: Training) -> list[Any]:
    """The modules and classes that are patched."""
    found = []
    for name in training.owners:
        module, _, attribute = name.partition(":")
        owner = importlib.import_module(module)
        found.append(getattr(owner, attribute) if attribute else owner)
    return found
