"""How a request fails: gRPC's codes by name, the server's message, and the HTTP status of each code."""

# As in TF Serving's REST API (model_servers/http_server.cc).
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
        code: Name of a gRPC status code, such as `"INVALID_ARGUMENT"`; the same over REST.
        message: The server's message, or why the server could not be reached.
    """

    def __init__(self, code: str, message: str):
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def code_of(http_status: int) -> str:
    """The first code to which TF Serving gives this HTTP status; `"UNKNOWN"` for other statuses."""
    return next((code for code, status in HTTP_STATUS.items() if status == http_status), "UNKNOWN")
