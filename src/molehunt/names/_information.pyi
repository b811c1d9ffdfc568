# Types of the compiled module; the code and its documentation stand in _information.py.
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

DEPTHS: int

class Coder:
    def __init__(self) -> None: ...
    def code(
        self, names: pa.Array, offsets: npt.NDArray[np.int64], words_bits: float, strange_ratio: float
    ) -> dict[str, npt.NDArray[Any]]: ...
