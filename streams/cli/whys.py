"""Changes of segment and triggers in words, and why: what a terminal shows, in Portuguese."""

from typing import Final

from streams.telling.whys import Whys

_PORTUGUESE: Final = Whys("pt")

change = _PORTUGUESE.change
told = _PORTUGUESE.told
trigger = _PORTUGUESE.trigger
reason = _PORTUGUESE.reason
