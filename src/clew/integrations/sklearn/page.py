"""A fitted estimator as a page: scikit-learn's own diagram of its steps and params."""

from __future__ import annotations

from typing import Any, Final

FILE: Final = "estimator.html"


def page_of(estimator: Any) -> str:
    """The page."""
    from sklearn.utils import estimator_html_repr

    diagram = estimator_html_repr(estimator)
    # The character set is said, since the diagram has arrows.
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="UTF-8"></head>\n<body>\n{diagram}\n</body>\n</html>\n'
    )
