# Types of the compiled module; the code and its documentation stand in _shape.py.
from typing import Any

import numpy.typing as npt
import pyarrow as pa

CLASSES: tuple[str, ...]

def shapes(names: pa.Array) -> dict[str, npt.NDArray[Any]]: ...
