# The decoder as Python sees it; the code and its documentation stand in _decoder.py.

from molehunt.wire._state cimport State

cdef class Decoder:
    cdef State *state
    cdef bint ended
