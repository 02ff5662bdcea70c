"""What an object store's failure means to whoever asked, in words that hold no secret.

The library's own texts quote whole requests and answers, so nothing of them is passed on but the
store's error code and the HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    UnauthenticatedError,
)

from clew.artifacts.uri import BUCKETS
from clew.errors import ClewError, Denied, InvalidValue, NotFound, Unavailable

_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,80})</Code>")
# Where the libraries look for credentials of the machine when nobody gave any.
_NO_CREDENTIALS = ("169.254.", "metadata.google", "MissingCredentials", "TokenRequest", "Account must be")
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gcs": "GOOGLE_APPLICATION_CREDENTIALS",
    "azure": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_NO_BUCKET = frozenset(("NoSuchBucket", "ContainerNotFound", "InvalidBucketName"))
_REFUSED = frozenset(
    "AccessDenied SignatureDoesNotMatch InvalidAccessKeyId ExpiredToken InvalidToken AuthenticationFailed "
    "AuthorizationFailure AuthorizationPermissionMismatch".split()
)


@contextmanager
def translated(shown: str, path: str) -> Iterator[None]:
    """Turn the errors of an object store into ours.

    shown: the store. path: what was asked for.

    Raises:
        NotFound: the bucket does not exist. Denied: the credentials are refused. InvalidValue: no such name.
        Unavailable: there are no credentials, or the store does not answer.
    """
    try:
        yield
    except ClewError:
        raise
    except (InvalidPathError, ValueError):
        raise InvalidValue(f"Invalid path: {path[:200]!r} cannot be the name of an object in {shown}.") from None
    except (BaseError, OSError) as error:
        raise explain(shown, error) from None


def explain(shown: str, error: Exception) -> ClewError:
    """Our error for one of the library's."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    return explain_answer(
        shown,
        int(status[1]) if status else 0,
        code[1] if code else "",
        denied=isinstance(error, (PermissionDeniedError, UnauthenticatedError)),
        lost=any(word in text for word in _NO_CREDENTIALS),
    )


def explain_answer(shown: str, status: int, code: str, *, denied: bool = False, lost: bool = False) -> ClewError:
    """Our error for a store's answer.

    status: of HTTP, 0 if there was no answer. code: the store's own. lost: no credentials were found.
    """
    said = f" ({code or 'HTTP status ' + str(status)})" if code or status else ""
    if lost:
        names = _CREDENTIALS.get(BUCKETS.get(shown.partition(":")[0].lower(), "s3"))
        return Unavailable(
            f"There are no credentials for {shown}; set {names} in the server's environment and start it again."
        )
    if code in _NO_BUCKET:
        return NotFound(f"The bucket of {shown} does not exist{said}; create it, or correct the address.")
    if denied or code in _REFUSED or status in (401, 403):
        return Denied(f"{shown} refuses the server's credentials{said}; check them and what they may do there.")
    return Unavailable(
        f"{shown} does not do what it was asked{said}; check the network, the endpoint and the store's own health."
    )
