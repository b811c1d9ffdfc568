# Everything else in _experts.py is for the compiled modules only; see _experts.pxd.
LENGTHS: int
LONG_BITS: float
