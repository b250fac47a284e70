"""What `make bench` measures: our lane beside plain Faust and a bare loop, and the job as a whole.

`__main__.py` is the command; `throughput.py`, `full.py`, `growth.py`, `replaying.py` and
`decoding.py` are its parts, and each gives figures for the one table of `table.py`.
"""
