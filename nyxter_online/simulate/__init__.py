"""A made-up customer base shaped like the published one, and what happens on it afterwards.

Pure and seeded: the same arguments give the same CloudEvents, byte for byte. Nobody in it exists.
"""

from nyxter_online.simulate.cloudevent import CloudEvent
from nyxter_online.simulate.history import TODAY, base
from nyxter_online.simulate.stream import live

__all__ = ["TODAY", "CloudEvent", "base", "live"]
