"""The exception tree: every error that Clew raises on purpose.

::

    ClewError
    ├── NotFound (LookupError)          no such experiment, run, key, file
    ├── AlreadyExists                   a name or id is taken
    ├── Conflict                        the state forbids it: changed param, deleted run
    │   ├── SequenceGap                 journal slots that do not follow the stored ones
    │   └── EditConflict                somebody else changed it meanwhile
    ├── InvalidValue (ValueError)       the caller's value breaks a rule
    │   └── InvalidFilter               a filter or order text that cannot be read, with the place
    ├── Denied (PermissionError)        Host, Origin, token or path rules
    │   └── Unauthenticated             no token, or one that the server does not know
    ├── Unavailable (ConnectionError)   server away, store busy: trying again may help
    ├── TooManyRequests                 back-pressure: try again after a pause
    ├── TooLarge                        a request is larger than the server, or a proxy before it, takes
    ├── SpoolFull                       the journal has no room, and the user asked for an error then
    ├── DeadlineExceeded                a query took longer than the server allows
    ├── MissingPackage (ImportError)    an optional dependency is not installed
    ├── ForeignStore                    the database given as a store is not Clew's
    ├── NotSupported                    a peer or store cannot do this
    └── Corrupt                         stored bytes fail their check
        └── CorruptUpload               bytes just sent do

``code`` is the error code on the wire; ``wire.codec`` maps it to an HTTP status.
"""

from __future__ import annotations


class ClewError(Exception):
    """Base of every deliberate error; ``str()`` names the cause and the way out."""

    code = "INTERNAL_ERROR"

    @property
    def message(self) -> str:
        """The text shown to the user."""
        return str(self.args[0]) if self.args else ""

    @property
    def error_code(self) -> str:
        """``code`` under MLflow's name."""
        return self.code

    def __str__(self) -> str:
        return self.message


class NotFound(ClewError, LookupError):
    """Nothing is stored under the given id or name."""

    code = "RESOURCE_DOES_NOT_EXIST"


class AlreadyExists(ClewError):
    """The name or id is taken."""

    code = "RESOURCE_ALREADY_EXISTS"


class Conflict(ClewError):
    """The stored state forbids the change.

    Answered as 400 with MLflow's code for a bad argument, because its clients expect that
    for a changed param and for a deleted run (rest_api facts, section 5).
    """

    code = "INVALID_PARAMETER_VALUE"


class SequenceGap(Conflict):
    """The slots sent begin after the next one that the store expects.

    seq: the sequence number to send from.
    """

    code = "RESOURCE_CONFLICT"

    def __init__(self, message: str, seq: int) -> None:
        super().__init__(message)
        self.seq = seq


class EditConflict(Conflict):
    """What was to be changed is not any more what the caller saw.

    stored: its state now. offered: what the caller wanted; both as JSON fields.
    """

    code = "RESOURCE_CONFLICT"

    def __init__(self, message: str, *, stored: dict[str, object], offered: dict[str, object]) -> None:
        super().__init__(message)
        self.stored = stored
        self.offered = offered


class InvalidValue(ClewError, ValueError):
    """A value breaks a rule that the message names."""

    code = "INVALID_PARAMETER_VALUE"


class InvalidFilter(InvalidValue):
    """A filter or ordering text cannot be read.

    position: index of the first offending character in ``text``, 0-based.
    expected: what would have been right there, in words.
    what: what the text is, ``filter string`` or ``order_by clause``.
    """

    def __init__(
        self, text: str, position: int, problem: str, expected: str = "", *, what: str = "filter string"
    ) -> None:
        self.text = text
        self.position = position
        self.problem = problem
        self.expected = expected
        hint = f"; expected {expected}" if expected else ""
        label = "Filter" if what == "filter string" else "Text"
        super().__init__(f"Invalid {what} at position {position}: {problem}{hint}. {label}: {text}")


class Denied(ClewError, PermissionError):
    """The caller may not do this."""

    code = "PERMISSION_DENIED"


class Unauthenticated(Denied):
    """The caller has not shown who it is, or not in a way that the server accepts."""

    code = "UNAUTHENTICATED"


class Unavailable(ClewError, ConnectionError):
    """The server or store is away or busy; the only error worth repeating unchanged.

    retry_after_s: seconds after which the server asks to come back; 0 where it does not say.
    """

    code = "TEMPORARILY_UNAVAILABLE"

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyRequests(ClewError):
    """The store asks for a pause.

    retry_after_s: seconds to wait before the next attempt.
    """

    code = "REQUEST_LIMIT_EXCEEDED"

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLarge(ClewError):
    """A request is larger than the server, or a proxy before it, takes."""

    code = "BAD_REQUEST"


class SpoolFull(ClewError):
    """The journal has no room for what was logged; raised only where ``CLEW_SPOOL_FULL=raise`` asks for it."""

    code = "RESOURCE_EXHAUSTED"


class DeadlineExceeded(ClewError):
    """A query took longer than the server allows."""

    code = "DEADLINE_EXCEEDED"


class MissingPackage(ClewError, ImportError):
    """An optional package is needed; the message carries the pip line."""

    code = "BAD_REQUEST"


class ForeignStore(ClewError):
    """The database or folder given as a store belongs to another program."""

    code = "BAD_REQUEST"


class NotSupported(ClewError):
    """The store or peer has no such ability."""

    code = "NOT_IMPLEMENTED"


class Corrupt(ClewError):
    """Stored bytes fail their own check."""

    code = "DATA_LOSS"


class CorruptUpload(Corrupt):
    """Bytes that a client sent fail their check; sending the original again may help.

    position: index of the first faulty slot among those sent.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def shown(url: str) -> str:
    """The address of a store or server as messages and tables show it: without its password."""
    import re  # here, since log calls need no regular expressions

    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1@", url)
