"""What the lanes of Nyxter Online do: the step over Kafka.

`shift.py` is the work on one partition; `entry.py` the journal it keeps; `codec.py` its state as
changelog records; `summaries.py` and `snapshots.py` the shared figures; `leader.py` who merges
them and turns the day.
"""
