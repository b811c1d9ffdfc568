# C functions only: their types stand in _packet.pxd.
