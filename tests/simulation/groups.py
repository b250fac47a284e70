"""The coordinator of consumer groups: who is a member, and which partitions are whose."""

from simulation.kernel import Kernel

OK, REBALANCE, UNKNOWN, WAIT = "ok", "rebalance", "unknown", "wait"
_TICK_S = 0.25


class _Member:
    def __init__(self, session_s: float) -> None:
        self.session_s = session_s
        self.heard_at = 0.0
        self.has_joined = False
        self.given: list[int] = []


class Group:
    """One group, which shares out partition numbers.

    Parameters
    ----------
    kernel, partitions
        Clock and chance, and how many numbers there are.
    patience_s
        How long members have to join when the group changes.

    """

    def __init__(self, kernel: Kernel, partitions: int, patience_s: float) -> None:
        self.members: dict[str, _Member] = {}
        self.generation = 0
        self.committed: dict[tuple[str, int], int] = {}
        self._kernel = kernel
        self._partitions = partitions
        self._patience_s = patience_s
        self._deadline: float | None = None
        kernel.call_later(_TICK_S, self._tick)

    def join(self, name: str, session_s: float) -> str:
        """Be part of the next generation."""
        member = self.members.setdefault(name, _Member(session_s))
        member.heard_at, member.has_joined = self._kernel.now, True
        self.change()
        self._finish_if_all()
        return OK

    def share(self, name: str) -> tuple[str, list[int], int]:
        """Return what a member is given, once everybody has joined."""
        member = self.members.get(name)
        if member is None:
            return UNKNOWN, [], 0
        member.heard_at = self._kernel.now
        if self._deadline is not None:
            return (WAIT if member.has_joined else REBALANCE), [], 0
        return OK, member.given, self.generation

    def beat(self, name: str, generation: int) -> str:
        """Hear from a member; tell it whether its generation is over."""
        member = self.members.get(name)
        if member is None:
            return UNKNOWN
        member.heard_at = self._kernel.now
        return REBALANCE if self._deadline is not None or generation != self.generation else OK

    def leave(self, name: str) -> str:
        """Be no part of it any more."""
        if self.members.pop(name, None) is not None:
            self.change()
            self._finish_if_all()
        return OK

    def change(self) -> None:
        """Begin to form the next generation."""
        if self._deadline is None:
            self._deadline = self._kernel.now + self._patience_s

    def _finish_if_all(self) -> None:
        if self.members and all(member.has_joined for member in self.members.values()):
            self._finish()

    def _finish(self) -> None:
        self.members = {name: m for name, m in self.members.items() if m.has_joined}
        self._deadline = None
        self.generation += 1
        numbers = list(range(self._partitions))
        self._kernel.random.shuffle(numbers)
        for index, member in enumerate(self.members.values()):
            member.has_joined = False
            member.given = sorted(numbers[index :: len(self.members)])
        shares = {name: member.given for name, member in self.members.items()}
        self._kernel.trace("generation", self.generation, shares)

    def _tick(self) -> None:
        now = self._kernel.now
        gone = [n for n, m in self.members.items() if now - m.heard_at > m.session_s]
        for name in gone:
            if self._deadline is None or not self.members[name].has_joined:
                self._kernel.trace("session over", name)
                self._kernel.sometimes["session over"] += 1
                del self.members[name]
                self.change()
        if self._deadline is not None:
            self._finish_if_all()
        if self._deadline is not None and now >= self._deadline:
            self._finish()
        self._kernel.call_later(_TICK_S, self._tick)
