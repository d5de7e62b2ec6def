"""How a request fails: gRPC's codes by name, the server's words, and the HTTP status of each code."""

# As TF Serving's REST API has it (its model_servers/http_server.cc).
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class ServingError(RuntimeError):
    """A request was not answered.

    Args:
        code: Name of a gRPC status code, such as `"INVALID_ARGUMENT"`; over REST too.
        words: What the server said, or why it could not be asked.
    """

    def __init__(self, code: str, words: str):
        super().__init__(code, words)
        self.code = code
        self.words = words

    def __str__(self) -> str:
        return f"{self.code}: {self.words}"


def code_of(http_status: int) -> str:
    """The first code that TF Serving gives this HTTP status; `"UNKNOWN"` for others."""
    return next((code for code, status in HTTP_STATUS.items() if status == http_status), "UNKNOWN")
