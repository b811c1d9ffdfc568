# C functions only: their types stand in _frames.pxd.
