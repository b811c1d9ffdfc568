# C functions only: their types stand in _service.pxd.
