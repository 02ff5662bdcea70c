"""``autolog`` of boosting, statsmodels, Prophet and Spark, one each; its options win over those of ``clew.autolog``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clew.integrations.switch import switch_own


def xgboost_autolog(
    importance_types: Sequence[str] | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    model_format: str = "ubj",
    extra_tags: Mapping[str, str] | None = None,
    *,
    every_n_iter: int = 1,
) -> None:
    """Log every training of XGBoost; these options win over those of ``clew.autolog``.

    importance_types: ``weight`` (the default), ``gain``, ``cover``, ``total_gain``, ``total_cover``.
    registered_model_name: every logged model becomes the next version of this registered model.
    model_format: of the logged model, ``ubj`` or ``json``.
    every_n_iter: log the metrics of every n-th round, and of the last.
    The rest is as for ``clew.autolog``.

    Raises:
        InvalidValue: ``every_n_iter`` is not positive.
    """
    switch_own("xgboost", locals())


def lightgbm_autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
    *,
    serialization_format: str | None = None,
    every_n_iter: int = 1,
) -> None:
    """Log every training of LightGBM; options as for ``clew.xgboost.autolog``.

    serialization_format: of logged estimators; None takes skops, and cloudpickle where skops cannot hold one.

    Raises:
        InvalidValue: ``every_n_iter`` is not positive.
    """
    switch_own("lightgbm", locals())


def catboost_autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
    *,
    every_n_iter: int = 1,
) -> None:
    """Log every training of CatBoost, which MLflow has no autologging for; options as for ``clew.xgboost.autolog``.

    Raises:
        InvalidValue: ``every_n_iter`` is not positive.
    """
    switch_own("catboost", locals())


def statsmodels_autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
    *,
    log_model_signatures: bool = True,
    log_input_examples: bool = False,
) -> None:
    """Log every ``fit`` and ``fit_regularized`` of statsmodels; options as for ``clew.autolog``.

    registered_model_name: every logged model becomes the next version of this registered model.
    """
    switch_own("statsmodels", locals())


def prophet_autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log every ``fit`` of Prophet, which MLflow has no autologging for; options as for ``clew.autolog``.

    registered_model_name: every logged model becomes the next version of this registered model.
    """
    switch_own("prophet", locals())


def pyspark_ml_autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    log_post_training_metrics: bool = True,
    registered_model_name: str | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_model_allowlist: Sequence[str] | None = None,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log every training of Spark MLlib; these options win over those of ``clew.autolog``.

    log_post_training_metrics: log what evaluators say of the model's predictions later.
    registered_model_name: the registered model of which each logged model becomes the next version.
    log_model_allowlist: full names of the classes whose models are logged, ``*`` at the end for whole modules; None
        takes all of Spark's but those that are as large as their data (ALS, LDA, FPGrowth, Word2Vec).
    disable_for_unsupported_versions: leave Spark alone where it is older than 3.5.
    """
    switch_own("pyspark.ml", locals())


def spark_autolog(disable: bool = False, silent: bool = False) -> None:
    """Log the files and tables that Spark reads as inputs of the run in which it reads them.

    They stand in the tag ``sparkDatasourceInfo`` too, as in MLflow. These options win over those of ``clew.autolog``.
    """
    switch_own("spark", locals())
