"""Evaluation: how well a model does on data, as metrics, figures and tables of a run."""
