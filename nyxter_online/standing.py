"""What a customer stands at: the scores last published, and the profile with what is pending.

A row (`int64`, `WIDTH` columns) begins with the columns of `prfv.py`; the ones named here follow.
"""

from typing import Final

from nyxter_online import prfv

PROFILE: Final = prfv.WIDTH  # index in PROFILES, `prfv.NULL`: none
PENDING: Final = PROFILE + 1  # the profile that leads at present, `prfv.NULL`: none but the own
SINCE: Final = PENDING + 1  # the checkpoint at which it first led, `prfv.NULL`: none
WIDTH: Final = SINCE + 1

LABELS: Final = [prfv.TIER, prfv.CAMPAIGNS, prfv.SEGMENT, PROFILE]
