# C functions only: their types stand in _rows.pxd.
