"""One error tree: each class tells the caller what to do next.

The same object becomes problem+json over HTTP, a two-line message on the command line, the SDK's exception
and a run's failure event.
"""

from __future__ import annotations

from typing import ClassVar


class ThrulineError(Exception):
    """One sentence that quotes the offending value, and a hint that names the way out."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_problem(self) -> dict[str, str | int]:
        """The error as an RFC 9457 problem document."""
        problem: dict[str, str | int] = {
            "type": f"about:blank#{self.code}",
            "title": type(self).__name__,
            "status": self.status,
            "code": self.code,
            "detail": self.message,
        }
        return problem | ({"hint": self.hint} if self.hint else {})


class Invalid(ThrulineError):
    """What was sent cannot be right; sending it again will not help."""

    status = 422
    code = "invalid"


class Refused(Invalid):
    """A document that is not taken in; `reason` is one of facts.REASONS, for its quarantine."""

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class NotFound(ThrulineError):
    """There is no such thing, or not for this actor."""

    status = 404
    code = "not_found"


class Conflict(ThrulineError):
    """Somebody else got there first; look again and decide."""

    status = 409
    code = "conflict"


class Denied(ThrulineError):
    """This actor may not do this."""

    status = 403
    code = "denied"
    exit_code = 1


class Unsupported(ThrulineError):
    """This backend, file type or build cannot do it."""

    status = 501
    code = "unsupported"
    exit_code = 3


class Unavailable(ThrulineError):
    """Something needed is not there right now; trying later can work."""

    status = 503
    code = "unavailable"
    exit_code = 3
    retryable = True


class Corrupt(ThrulineError):
    """Stored bytes are not what was written."""

    status = 500
    code = "corrupt"
    exit_code = 1


ERRORS: tuple[type[ThrulineError], ...] = (Invalid, NotFound, Conflict, Denied, Unsupported, Unavailable, Corrupt)


def from_problem(problem: dict[str, object]) -> ThrulineError:
    """The error that `as_problem` described; an unknown code gives a plain ThrulineError."""
    kind = next((e for e in ERRORS if e.code == problem.get("code")), ThrulineError)
    return kind(str(problem.get("detail", "unknown error")), hint=str(problem.get("hint", "")))
