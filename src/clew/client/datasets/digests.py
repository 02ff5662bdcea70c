"""Digests of data that equal MLflow's, so that one dataset has one name wherever it was logged.

The facts: MD5, the first 8 hex digits, over the hashes that pandas gives to the first 10,000 rows (elements of an
array), and the full sizes. The digest names data; it protects nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from clew.errors import MissingPackage

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

HASHED: Final = 10_000
"""Rows of a frame, or elements of an array, that are hashed."""


def md5_digest(parts: Iterable[Any]) -> str:
    """8 hex digits over bytes-like parts."""
    digest = hashlib.md5(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:8]


def frame_digest(frame: pd.DataFrame) -> str:
    """The digest of a pandas frame: of its columns of numbers and texts, in order of name.

    Cost: looks at each value of each column that is not of a number's type, and hashes at most 10,000 rows.
    """
    import numpy as np
    import pandas as pd

    numeric = [dtype.kind in "iufcm" for dtype in frame.dtypes]  # pandas counts time spans among the numbers
    texts = [not n and all(type(v) is str for v in frame.iloc[:, i]) for i, n in enumerate(numeric)]
    chosen = frame.columns[texts].union(frame.columns[numeric])
    rows = frame.head(HASHED)[chosen]
    hashed = pd.util.hash_pandas_object(rows).to_numpy()
    return md5_digest([hashed, np.int64(len(frame)), *(str(name).encode() for name in frame.columns)])


def arrays_digest(*groups: Any) -> str:
    """The digest of arrays, or of mappings of arrays by name; None is left out.

    Raises:
        MissingPackage: pandas is not installed.
    """
    parts: list[Any] = []
    for group in groups:
        arrays = [group[name] for name in sorted(group)] if isinstance(group, Mapping) else [group]
        for array in arrays:
            if array is not None:
                parts += _array_parts(array)
    return md5_digest(parts)


def _array_parts(array: np.ndarray[Any, Any]) -> list[Any]:
    import numpy as np

    return [array_hash(array.flatten()[:HASHED]), *(np.int64(size) for size in array.shape)]


def array_hash(flat: np.ndarray[Any, Any]) -> Any:
    """The hashes of an array's elements; objects that cannot be hashed count by number only.

    Raises:
        MissingPackage: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingPackage("Digests of datasets need pandas: pip install pandas, or give digest=…") from None
    import numpy as np

    try:
        return pd.util.hash_array(flat)
    except TypeError:
        return np.int64(flat.size)
