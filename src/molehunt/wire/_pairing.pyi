# C functions only: their types stand in _pairing.pxd.
