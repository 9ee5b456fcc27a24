"""Every failure this program knows, in one tree.

    BenchError
    ├── Unusable            the user's input: named thing, place, next step; exit status 2
    │   ├── BadOption           a flag, a model or a name that does not exist
    │   ├── BadCredential       a live run was asked for and a key is missing
    │   ├── BadRun              a run folder that cannot be written, read or continued
    │   ├── BadAnswer           what a person at a seat wrote cannot be taken; told to them, who write it again
    │   └── Diverged            a tape met a prompt it has not recorded, or recorded otherwise
    └── CallError           one call to a model did not give an answer; recorded, counted, never scored
        ├── Overdue             the conversation's time with its providers is used up
        ├── Transient           worth trying again
        │   ├── Throttled           429: the provider named, or implied, a pause
        │   ├── Overloaded          5xx and overload
        │   └── Dropped             timeout, reset, truncated stream
        ├── Final               trying again buys the same answer
        │   ├── Denied              bad key, no permission, no credit
        │   ├── Unknown             no such model
        │   └── Rejected            the request itself is refused
        └── Recalled            what no answer came to when it was recorded

Input errors of the floors below (`personas.errors.Unreadable`, `rubrics.errors.Unusable`) are raised there and
told to the user by run.py in the same manner. Everything else that is raised is a bug in our code and stops
the run loudly.
"""

from __future__ import annotations

from engine.rates import Rates


class BenchError(Exception):
    """Whatever this program raises on purpose."""


class Unusable(BenchError):
    """The user's input cannot be used; the message names the thing, the place and the next step."""


class BadOption(Unusable):
    """A flag, a model or a name that does not exist."""


class BadCredential(Unusable):
    """A live run was asked for and a key is missing."""


class BadRun(Unusable):
    """A run folder that cannot be written, read or continued."""


class BadAnswer(Unusable):
    """What a person at a seat wrote cannot be taken; the message is told to them."""


class Diverged(Unusable):
    """A tape met a prompt it has not recorded, or recorded otherwise."""


class CallError(BenchError):
    """One call to a model did not give an answer."""

    cause = "call_error"
    """Short machine-readable name of what went wrong, as it stands in the journal."""
    begun = False
    """Whether an answer may have begun, which a provider may bill though nobody heard its end."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        rates: Rates | None = None,
        begun: bool | None = None,
    ) -> None:
        super().__init__(message)
        if begun is not None:
            self.begun = begun
        self.retry_after = retry_after
        """Pause the provider asked for, in seconds; None when it named none."""
        self.rates = rates
        """The limits its headers told; None when they told none."""


class Overdue(CallError):
    """The time that a conversation has for its providers is used up."""

    cause = "deadline"


class Transient(CallError):
    """Worth trying again."""

    cause = "transient"


class Throttled(Transient):
    """The provider refused for the sake of a rate limit."""

    cause = "throttled"


class Overloaded(Transient):
    """The provider is in trouble (5xx, overload)."""

    cause = "overloaded"


class Dropped(Transient):
    """The answer did not arrive whole: timeout, reset, or a stream that ended without a stop reason."""

    cause = "dropped"
    begun = True


class Final(CallError):
    """Trying again buys the same answer."""

    cause = "final"


class Denied(Final):
    """The key, the permission or the credit is missing."""

    cause = "denied"


class Unknown(Final):
    """The provider does not serve this model."""

    cause = "unknown_model"


class Rejected(Final):
    """The request itself is refused."""

    cause = "rejected"


class Recalled(CallError):
    """A call that is made again from a record, in which no answer came to it."""

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause
