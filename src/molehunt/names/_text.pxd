# What the compiled modules of this folder share; the code and its documentation stand in _text.py.

cdef unsigned char LOWER[256]

cdef size_t escaped(unsigned char *source, size_t size, unsigned char *octet) noexcept nogil
cdef size_t canonical(unsigned char *source, size_t size, unsigned char *octets, unsigned char *target) noexcept nogil
cdef size_t unescape(unsigned char *source, size_t size, unsigned char *target) noexcept nogil
cdef bint separates(unsigned char *text, Py_ssize_t at) noexcept nogil

cdef class Texts:
    cdef object array
    cdef unsigned char *data
    cdef int *narrow
    cdef long long *wide
    cdef unsigned char *valid
    cdef Py_ssize_t start
    cdef readonly Py_ssize_t rows
    cdef unsigned char *octets
    cdef unsigned char *scratch
    cdef size_t capacity
    cdef unsigned char *text
    cdef size_t size
    cdef bint seek(self, Py_ssize_t row) noexcept nogil
    cdef bint normal(self, Py_ssize_t row) noexcept nogil

cdef class Column:
    cdef unsigned char *data
    cdef int *offsets
    cdef size_t used
    cdef size_t capacity
    cdef Py_ssize_t rows
    cdef Py_ssize_t row
    cdef bint failed
    cdef void add(self, unsigned char *text, size_t size, bint lower) noexcept nogil
