# What the compiled modules of this folder share; the code and its documentation stand in _experts.py.

# What is known of one depth of the group at hand. last[n] is 1 + arena offset of the last new label of n octets, latest that
# of the last new label of any length. Only the first `longest` rows of copy are in use.
cdef struct Depth:
    int counts[256]
    long long total
    int lengths[64]
    long long length_total
    long long spelt_count
    long long next_count
    long long seen_count
    long long chars
    size_t last[64]
    size_t latest
    int latest_size
    int longest
    double weights[8]
    double spelling_bits
    double bits
    double copy[64][4]

cdef double counted(long long count, long long total, double kinds, double strength) noexcept nogil
cdef void begin(Depth *here) noexcept nogil
cdef void forget(Depth *here) noexcept nogil
cdef bint follows(Depth *here, unsigned char *label, int size, unsigned char *arena) noexcept nogil
cdef double spelt_bits(Depth *here, unsigned char *label, int size, unsigned char *arena) noexcept nogil
