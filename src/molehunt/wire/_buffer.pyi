# C functions only: their types stand in _buffer.pxd.
