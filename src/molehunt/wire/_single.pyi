Question = tuple[str, str, int]
Record = tuple[int, str, str, int, int, str]

def decode(data: bytes) -> tuple[int, int, int, str, list[Question], list[Record], list[int] | None]: ...
