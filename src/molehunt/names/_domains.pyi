# Types of the compiled module; the code and its documentation stand in _domains.py.
import numpy as np
import numpy.typing as npt
import pyarrow as pa

KINDS: tuple[str, ...]
RULE: int
WILD: int
EXCEPT: int
REVERSE4: int
REVERSE6: int
INTERNAL: int

class Suffixes:
    def __init__(self, flags: dict[bytes, int]) -> None: ...
    def registered_domain(self, names: pa.Array) -> pa.StringArray: ...
    def subdomain(self, names: pa.Array, lower: bool) -> pa.StringArray: ...
    def normal_form(self, names: pa.Array) -> pa.StringArray: ...
    def kinds(self, names: pa.Array) -> npt.NDArray[np.int8]: ...
    def facts(self, names: pa.Array, mark_chars: int, mark_text: bytes) -> pa.Buffer: ...
