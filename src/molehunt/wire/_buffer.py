# cython: cdivision=True
"""Growable octets in C memory (compiled).

A buffer that cannot grow drops what is put into it and says so through :func:`ran_out`; the decoder then raises
MemoryError. So no function on the way has to look.
"""

import cython
from cython.cimports.libc.stdlib import free, realloc

SMALLEST = cython.declare(cython.size_t, 1024)
failed = cython.declare(cython.bint, False)


def grow(buffer, extra):
    """Make room for ``extra`` more octets; tell whether it worked."""
    global failed  # noqa: PLW0603 - one flag for the process: memory has run out
    room: cython.size_t = buffer.room * 2 if buffer.room else SMALLEST
    if room < buffer.size + extra:
        room = buffer.size + extra
    data = cython.cast(cython.pointer[uint8_t], realloc(buffer.data, room))
    if data == cython.NULL:
        failed = True
        return False
    buffer.data = data
    buffer.room = room
    return True


def release(buffer):
    """Give the memory back."""
    free(buffer.data)
    buffer.data = cython.NULL
    buffer.size = 0
    buffer.room = 0


def ran_out():
    """Tell whether a buffer could ever not grow, and forget it."""
    global failed  # noqa: PLW0603
    answer: cython.bint = failed
    failed = False
    return answer
