"""What the scripts share: a call is refused."""

from collections.abc import Callable

from mlflow.exceptions import MlflowException
from requests import HTTPError


def refused(code: str, call: Callable[..., object], *args: object, **kwargs: object) -> str:
    """The text with which ``call`` is refused under the error code ``code``."""
    fault = _fault(call, *args, **kwargs)
    got = getattr(fault, "error_code", None)
    assert got == code, f"{got}: {fault}"
    return str(fault)


def fails(call: Callable[..., object], *args: object, **kwargs: object) -> str:
    """The text with which ``call`` fails; artifact calls carry no error code."""
    return str(_fault(call, *args, **kwargs))


def _fault(call: Callable[..., object], *args: object, **kwargs: object) -> Exception:
    try:
        call(*args, **kwargs)
    except (MlflowException, HTTPError) as error:
        return error
    raise AssertionError(f"not refused: {args} {kwargs}")
