# C functions only: their types stand in _message.pxd.
