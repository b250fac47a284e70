"""Whether all workers of the group run the same rules."""

from typing import Final

from streams.kafka.group import GroupUnknown, Member, group_members, rules_in_use
from streams.lane.standstills import EVERY, Reason, Standstill, Standstills
from streams.monitoring.periodic import Periodic
from streams.settings import Settings

_EVERY_S: Final = 5.0
_ANSWER_S: Final = 3.0
SAME_RULES: Final = "start all workers with the same rules: until then no snapshot is made"


class RulesWatch:
    """Asks who is in the group, and reports members that run other rules.

    A broker that does not answer, or does not know the question, changes nothing.

    Parameters
    ----------
    settings
        The broker, and the group: that of the application.
    rules
        The version that this worker runs.
    standstills
        Where to report.

    """

    def __init__(self, settings: Settings, rules: str, standstills: Standstills) -> None:
        self._settings = settings
        self._rules = rules
        self._standstills = standstills
        self._thread = Periodic("rules watch", _EVERY_S, self.look)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._thread.stop()

    def look(self) -> None:
        """Ask once."""
        try:
            members = group_members(self._settings, self._settings.app_id, _ANSWER_S)
        except GroupUnknown:
            return
        found = other_rules(members, self._rules)
        self._standstills.report(Reason.OTHER_RULES, EVERY, found)


def other_rules(members: list[Member], rules: str) -> Standstill | None:
    """Return that members of the group run other rules than this worker, where some do.

    >>> same, other = Member("nyxter-rules-a", ""), Member("nyxter-rules-b", "")
    >>> other_rules([same, same], "a")
    >>> other_rules([same, other], "a").detail
    'this worker runs rules a, and others of the group run b'
    """
    others = [version for version in rules_in_use(members) if version != rules]
    if not others:
        return None
    detail = f"this worker runs rules {rules}, and others of the group run {', '.join(others)}"
    return Standstill(Reason.OTHER_RULES, EVERY, detail, SAME_RULES)
