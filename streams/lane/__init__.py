"""The batch lane: batches in, one transaction each, under Faust's agents and tables.

Read `lane.py` first: one lane works through one partition number of all source topics.
`lanes.py` holds the lanes of a worker, `transaction.py` writes, `changelog.py` reads state back,
`transport.py` and `store.py` are what is plugged into Faust.
"""
