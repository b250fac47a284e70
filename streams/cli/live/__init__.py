"""What a terminal shows of a system at work: one view for `nyxter demo` and `nyxter top`.

`transitions.py` reads what happens, `meter.py` counts it, `view.py` lays it out. What is said of
the machinery is English, what is said of customers Portuguese.
"""
