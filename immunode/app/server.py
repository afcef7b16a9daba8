"""A server for this machine alone that answers with one page and nothing else."""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from immunode.errors import ImmunodeError

LOOPBACK = "127.0.0.1"
LONGEST_PATH = 8192
SECONDS = 30
"""A client that says nothing for this long is dropped."""


class ServerError(ImmunodeError):
    """The page can't be served."""


class PageServer(ThreadingHTTPServer):
    """Serves `html` at `/` on 127.0.0.1; every other path is 404, every other method 405. It reads no file.

    port : 0 takes a free one.

    Raises
    ------
    ServerError : the port is in use, or no port.
    """

    daemon_threads = True

    def __init__(self, html: str, port: int = 0) -> None:
        self.body = html.encode("utf-8")
        try:
            super().__init__((LOOPBACK, port), _Answer)
        except (OSError, OverflowError) as error:
            raise ServerError(f"port {port} on {LOOPBACK} can't be used ({error}); give another one, or 0") from None

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that closes its connection early is no error."""


class _Answer(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "immunode", ""
    timeout = SECONDS

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        port = self.server.server_address[1]
        # a name that another site has pointed at this machine is not ours
        if self.headers.get("Host", "") not in (f"{LOOPBACK}:{port}", f"localhost:{port}"):
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        elif len(self.path) > LONGEST_PATH:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif self.path.partition("?")[0] != "/":
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", self.server.body if with_body else b"")

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(self.server.body if status == HTTPStatus.OK else body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal quiet."""
