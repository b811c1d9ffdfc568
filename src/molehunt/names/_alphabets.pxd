cdef int alphabet_of(int *counts, long long total, double spelling_bits, double words_bits, double strange_ratio) noexcept nogil
