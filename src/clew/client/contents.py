"""Files made of texts, mappings and figures, under the name that they will have as artifacts."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from clew.entities.names import legible
from clew.errors import InvalidValue


@contextmanager
def draft(path: str) -> Iterator[str]:
    """A file to write that is gone afterwards, with the base name of the artifact ``path``."""
    folder = tempfile.mkdtemp(prefix="clew-")
    try:
        yield os.path.join(folder, os.path.basename(path) or "file")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_text(file: str, text: str) -> None:
    """Write ``text`` as UTF-8, its line ends as they are.

    Raises:
        InvalidValue: it is no text.
    """
    if not isinstance(text, str):
        raise InvalidValue(f"log_text takes a text, not {type(text).__name__}.")
    with open(file, "w", encoding="utf-8", newline="") as out:
        out.write(legible(text))


def write_dict(file: str, data: Any) -> None:
    """Write a mapping or list: YAML for ``.yml`` and ``.yaml``, JSON for every other suffix.

    Raises:
        InvalidValue: something in it has no form in that format.
    """
    with open(file, "w", encoding="utf-8", errors="backslashreplace") as out:
        if file.lower().endswith((".yml", ".yaml")):
            import yaml

            try:
                yaml.safe_dump(data, out, default_flow_style=False, allow_unicode=True, sort_keys=False)
            except yaml.YAMLError as error:
                raise InvalidValue(f"The dictionary cannot be written as YAML: {error}") from None
            return
        import json

        try:
            json.dump(data, out, indent=2, ensure_ascii=False, default=_plain)
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"The dictionary cannot be written as JSON: {error}") from None


def read_dict(text: str, path: str) -> Any:
    """What ``write_dict`` wrote."""
    if path.lower().endswith((".yml", ".yaml")):
        import yaml

        return yaml.safe_load(text)
    import json

    return json.loads(text)


def write_figure(file: str, figure: Any, save_kwargs: Mapping[str, Any] | None) -> None:
    """Write a Matplotlib figure (any format it knows) or a Plotly figure (``.html``, ``.json`` or an image).

    Raises:
        InvalidValue: it is neither, or the suffix is none that Plotly writes.
    """
    options = dict(save_kwargs or {})
    if hasattr(figure, "savefig"):
        figure.savefig(file, **options)
        return
    suffix = os.path.splitext(file)[1].lower()
    if hasattr(figure, "write_html"):
        if suffix == ".html":
            figure.write_html(file, **{"include_plotlyjs": "cdn", "auto_open": False, **options})
        elif suffix == ".json":
            figure.write_json(file, **options)
        elif suffix in (".png", ".jpeg", ".jpg", ".webp", ".svg", ".pdf"):
            figure.write_image(file, **options)
        else:
            raise InvalidValue(f"A Plotly figure cannot be written as {suffix or 'a file without suffix'}; use .html")
        return
    raise InvalidValue(f"log_figure takes a Matplotlib or Plotly figure, not {type(figure).__name__}.")


def _plain(value: Any) -> Any:
    """NumPy scalars and arrays, sets and times as JSON knows them."""
    for method in ("tolist", "item", "isoformat"):
        convert = getattr(value, method, None)
        if callable(convert):
            return convert()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
