# Types of the compiled module; the code and its documentation stand in _alphabets.py.
ALPHABETS: tuple[str, ...]
MEMBERS_OF: dict[str, str]
