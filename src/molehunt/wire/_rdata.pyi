# C functions only: their types stand in _rdata.pxd.
