# Types of the compiled module; the code and its documentation stand in _repeats.py.
from typing import Any

import numpy as np
import numpy.typing as npt

def repeat_bits(ids: npt.NDArray[Any], offsets: npt.NDArray[Any]) -> npt.NDArray[np.float32]: ...
