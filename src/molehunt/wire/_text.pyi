# C functions only: their types stand in _text.pxd.
