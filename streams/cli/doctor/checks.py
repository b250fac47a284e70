"""What the doctor found: one line for each thing looked at."""

from enum import StrEnum
from typing import NamedTuple, Self


class State(StrEnum):
    """How a thing is: as it should be, worth a look, or wrong."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes
    ----------
    name
        What was looked at.
    state
        How it is.
    told
        What was seen.
    mend
        What to do about it, empty where nothing is to be done.

    """

    name: str
    state: State
    told: str
    mend: str = ""

    @classmethod
    def ok(cls, name: str, told: str) -> Self:
        """Return that a thing is as it should be."""
        return cls(name, State.OK, told)

    @classmethod
    def warn(cls, name: str, told: str, mend: str) -> Self:
        """Return that a thing is worth a look."""
        return cls(name, State.WARN, told, mend)

    @classmethod
    def fail(cls, name: str, told: str, mend: str) -> Self:
        """Return that a thing is wrong."""
        return cls(name, State.FAIL, told, mend)


def divided(sentence: str, mark: str = "; to mend, ") -> tuple[str, str]:
    """Return what is wrong and what mends it, of a sentence that says both.

    >>> divided("orders: is missing; to mend, run `nyxter topics create`")
    ('orders: is missing', 'run `nyxter topics create`')
    """
    told, _, mend = sentence.partition(mark)
    return told, mend


def skew(name: str, ahead_s: float, whose: str) -> Check:
    """Return what a clock that is ahead of ours by so many seconds means (behind: negative).

    >>> skew("clocks", 90.0, "Redis").state, skew("clocks", -7.0, "Redis").state
    (<State.FAIL: 'fail'>, <State.WARN: 'warn'>)
    """
    seconds = abs(ahead_s)
    if seconds <= _BEARABLE_S:
        return Check.ok(name, f"{whose} and this machine agree to {seconds:.1f} s")
    told = f"{whose} is {seconds:.0f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine"
    state = State.FAIL if seconds > _WRONG_S else State.WARN
    return Check(name, state, told, "set both clocks by NTP")


_BEARABLE_S = 5.0
_WRONG_S = 60.0
