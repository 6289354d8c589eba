"""The responses that the web server gives without asking the application: it could not read the request."""

from __future__ import annotations

from http import HTTPStatus

from gunicorn.http import errors
from gunicorn.http import wsgi as gunicorn_wsgi

from wellchat.security_headers import HEADERS, HSTS

SENTENCES = {
    400: "This is not a request that the server can read.",
    403: "This request is not allowed.",
    408: "The request came too slowly. Send it again.",
    414: "The address is too long.",
    417: "The server does not do what Expect asks for.",
    429: "Too many connections come from your address. Close some, then try again.",
    431: "The head of the request is too large. Clear the cookies of this site, then try again.",
    500: "Something went wrong. Try again later.",
    501: "The server does not know this transfer coding.",
    503: "There is no room for this request now. Try again in a few seconds.",
}
RETRY_AFTER = {429: 10, 503: 10}  # seconds
_CONSTANT = frozenset(HEADERS)
# As the name and value of one header, for gunicorn to write between a colon and the end of a line.
_BLOCK = (HEADERS[0][0], "\r\n".join([HEADERS[0][1], *(f"{name}: {value}" for name, value in HEADERS[1:])]))
_STATUSES: dict[type[Exception], int] = {
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
    errors.ForbiddenProxyRequest: 403,
    errors.ConfigurationProblem: 500,
    # What the application sends is its own fault, though gunicorn makes these kinds of what clients send.
    errors.InvalidResponseHeader: 500,
    errors.InvalidResponseHeaderName: 500,
}


def status_of(error: Exception) -> int:
    """Return the status for what kept the server from reading a request or sending a response."""
    usual = 400 if isinstance(error, errors.ParseException) else 500
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), usual)


def page(status: int) -> bytes:
    """Return a whole response (RFC 9112) with one sentence, which closes the connection.

    It repeats nothing of the request.
    """
    body = f"{SENTENCES[status]}\n".encode()
    headers = [
        ("Connection", "close"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        *HEADERS,
        # Over http, too, where browsers ignore it (RFC 6797, 8.1): the scheme is not known here.
        HSTS,
    ]
    if status in RETRY_AFTER:
        headers.append(("Retry-After", str(RETRY_AFTER[status])))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{head}\r\n".encode() + body


class Response(gunicorn_wsgi.Response):  # type: ignore[misc]
    """gunicorn's response, without naming the server: no client needs its name (RFC 9110, 10.2.4)."""

    def process_headers(self, headers: list[tuple[str, str]]) -> None:
        """Take over headers: those that never change as one text, and unchecked.

        gunicorn checks each by regular expressions, which an idle poll would pay for.
        """
        others = [each for each in headers if each not in _CONSTANT]
        super().process_headers(others)
        if len(headers) - len(others) == len(HEADERS):
            self.headers.append(_BLOCK)
        else:
            self.headers += [each for each in headers if each in _CONSTANT]

    def default_headers(self) -> list[str]:
        """Return the status line and gunicorn's own headers but Server."""
        return [line for line in super().default_headers() if not line.startswith("Server:")]


def install() -> None:
    """Let gunicorn make its responses of this class. It has no setting for that."""
    gunicorn_wsgi.Response = Response
