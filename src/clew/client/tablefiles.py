"""Tables as artifacts: JSON or Parquet files that grow by every call, readable by MLflow.

A JSON table is ``{"columns": […], "data": [[…], …]}``. A cell may be an image; the file then holds
``{"type": "image", "filepath": …, "compressed_filepath": …}`` and the pixels are artifacts of their own.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clew.client.images import is_image, pil_of, thumbnail
from clew.errors import InvalidValue, MissingPackage, NotFound

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image as PILImage


def frame_of(data: Any) -> pd.DataFrame:
    """``data`` as a frame: a frame, or a mapping of columns (or of single values, which make one row).

    Raises:
        InvalidValue: it is neither. MissingPackage: pandas is not installed.
    """
    _need_pandas()
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if not isinstance(data, Mapping):
        raise InvalidValue(f"log_table takes a pandas frame or a dictionary of columns, not {type(data).__name__}.")
    try:
        return pd.DataFrame(data)
    except ValueError:  # single values, or lists of different lengths: one row, as MLflow takes it
        return pd.DataFrame([dict(data)])


def check_suffix(path: str) -> None:
    """Refuse a table file that is neither JSON nor Parquet.

    Raises:
        InvalidValue: another suffix.
    """
    if not path.endswith((".json", ".parquet")):
        raise InvalidValue(
            f"Invalid artifact file path {path!r}: a table is a file with the extension '.json' or '.parquet'."
        )


def write_frame(file: str, frame: pd.DataFrame) -> None:
    """Write a table file.

    Raises:
        MissingPackage: Parquet without pyarrow. InvalidValue: a cell has no form in that format.
    """
    try:
        if file.endswith(".parquet"):
            frame.to_parquet(file, index=False)
        else:
            frame.to_json(file, orient="split", index=False, date_format="iso")
    except ImportError:
        raise MissingPackage("Parquet tables need pyarrow: pip install pyarrow") from None
    except (ValueError, OverflowError, TypeError) as error:
        raise InvalidValue(f"The table cannot be written as {os.path.splitext(file)[1]}: {error}") from None


def read_frame(file: str) -> pd.DataFrame:
    """What ``write_frame`` wrote; texts stay texts, whatever they look like.

    Raises:
        InvalidValue: it is no table file.
    """
    _need_pandas()
    import pandas as pd

    try:
        if file.endswith(".parquet"):
            return pd.read_parquet(file)
        with open(file, encoding="utf-8") as text:
            table = json.load(text)
        return pd.DataFrame(table["data"], columns=table["columns"])
    except ImportError:
        raise MissingPackage("Parquet tables need pyarrow: pip install pyarrow") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValue(f"{os.path.basename(file)!r} is no table as log_table writes it: {error}") from None


def joined(old: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """The rows of both, with all columns of both."""
    if old is None:
        return new
    import pandas as pd

    return pd.concat([part for part in (old, new) if len(part)] or [new], ignore_index=True)


def with_images_apart(frame: pd.DataFrame, path: str, keep: Callable[[PILImage, str], None]) -> pd.DataFrame:
    """The frame with every image cell replaced by where its files lie.

    path: of the table. keep: stores a picture as the artifact of the given path.

    Raises:
        InvalidValue: two columns have the same name.
    """
    if not frame.columns.is_unique:
        raise InvalidValue("The table has two columns of the same name.")
    columns = [c for c in frame.columns if frame[c].dtype == object and any(is_image(v) for v in frame[c])]
    if not columns:
        return frame
    folder = f"table_images/{os.path.splitext(path)[0]}"

    def moved(value: Any) -> Any:
        if not is_image(value):
            return value
        stem = f"{folder}/{uuid.uuid4()}"
        picture = pil_of(value)
        keep(picture, f"{stem}.png")
        keep(thumbnail(picture), f"{stem}.webp")
        return {"type": "image", "filepath": f"{stem}.png", "compressed_filepath": f"{stem}.webp"}

    return frame.assign(**{c: [moved(value) for value in frame[c]] for c in columns})


def with_columns_of_run(frame: pd.DataFrame, runs: pd.DataFrame, place: int, columns: Sequence[str]) -> pd.DataFrame:
    """The frame with values of its run added as columns.

    runs: as ``search_runs`` gives them. place: which of them is the frame's.

    Raises:
        NotFound: runs have no such column.
    """
    import pandas as pd

    for name in columns:
        if name not in runs.columns:
            raise NotFound(f"Runs have no column {name!r}; there are {', '.join(map(str, runs.columns))}.")
        value, dtype = runs[name].iloc[place], runs[name].dtype
        frame = frame.assign(**{name: pd.Series([value] * len(frame), dtype=dtype)})
    return frame


def _need_pandas() -> None:
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise MissingPackage("Tables need pandas: pip install pandas") from None
