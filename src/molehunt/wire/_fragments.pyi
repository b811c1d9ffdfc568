# C functions only: their types stand in _fragments.pxd.
