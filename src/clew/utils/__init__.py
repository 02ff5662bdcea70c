"""Where MLflow keeps helpers that notebooks import though they are private; Clew's own code has no such drawer.

With the word mlflow replaced by clew, ``from mlflow.utils.environment import _mlflow_conda_env`` must still lead to
something. Nothing else belongs here.
"""
