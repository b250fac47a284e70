"""What a process says of itself: metrics, whether it is healthy, whether it is ready.

Read `monitor.py` first: it serves what `worker.py` and `cache.py` know.
"""
