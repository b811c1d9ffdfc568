# Everything in _text.py is for the compiled modules only; see _text.pxd.
