"""The server answers this machine only, with one page, and reads no file."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from immunode.app.server import PageServer, ServerError
from immunode.cli import main
from tests.clock import PATIENCE

HTML = "<!doctype html><title>page</title>"


@pytest.fixture
def server() -> Iterator[PageServer]:
    made = PageServer(HTML)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def ask(server: PageServer, line: str, host: str | None = None, more: bytes = b"") -> bytes:
    """Return the raw answer to a raw request: no client library tidies the path."""
    port = server.server_address[1]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        head = f"{line} HTTP/1.0\r\nHost: {host or f'127.0.0.1:{port}'}\r\n\r\n".encode("latin-1", "replace")
        found = b""
        # the answer to what is too long comes before all of it is read, and closes the connection
        with suppress(ConnectionError):
            connection.sendall(head + more)
        with suppress(ConnectionError):
            while part := connection.recv(65536):
                found += part
        return found


def test_the_page_is_at_the_root_with_headers_that_keep_it_to_itself(server: PageServer) -> None:
    head, _, body = ask(server, "GET /").partition(b"\r\n\r\n")
    assert b" 200 " in head
    assert body.decode() == HTML
    assert b"nosniff" in head
    assert b"no-referrer" in head
    assert ask(server, "HEAD /").endswith(b"\r\n\r\n")
    assert b" 200 " in ask(server, "GET /?x=1")


def test_it_listens_on_loopback_only(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_address[1]}/"


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/pyproject.toml", "//etc/passwd", "/page.html", "/lab.js",
     "/.git/config", "/\\..\\..\\x", "http://example.org/", "/%00", "etc/passwd", "/index.html/..", "file:///etc/passwd"],
)  # fmt: skip
def test_every_other_path_is_not_found(server: PageServer, path: str) -> None:
    answer = ask(server, f"GET {path}")
    assert b" 404 " in answer
    assert b"root:" not in answer
    assert HTML.encode() not in answer


def test_a_name_that_another_site_points_here_is_refused(server: PageServer) -> None:
    assert b" 421 " in ask(server, "GET /", host="evil.example")
    assert b" 200 " in ask(server, "GET /", host=f"localhost:{server.server_address[1]}")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_can_be_sent_to_it(server: PageServer, method: str) -> None:
    assert b" 501 " in ask(server, f"{method} /")


def test_huge_and_broken_requests_leave_it_running(server: PageServer) -> None:
    assert b" 414 " in ask(server, "GET /?" + "a" * 20_000)
    assert b" 414 " in ask(server, "GET /" + "a" * 70_000)
    assert b" 400 " in ask(server, "NONSENSE")
    assert b" 200 " in ask(server, "GET /", more=b"x" * 100_000)
    assert b" 200 " in ask(server, "GET /")


def test_a_port_in_use_is_one_clear_line(server: PageServer, capsys: pytest.CaptureFixture[str]) -> None:
    port = server.server_address[1]
    with pytest.raises(ServerError, match=f"port {port} on 127.0.0.1 can't be used"):
        PageServer(HTML, port)
    assert main(["app", "kuznetsov1994", "--no-browser", "--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert f"--port: port {port}" in error
    assert "Traceback" not in error


def test_a_mistyped_model_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "kuznetsov1995", "--no-browser"]) == 2
    assert "did you mean 'kuznetsov1994'?" in capsys.readouterr().err
    assert main(["app", "--variant", "diseased"]) == 2
    assert "--variant goes with a model" in capsys.readouterr().err
