# C functions only: their types stand in _streams.pxd.
