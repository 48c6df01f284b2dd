"""Other sites are kept out: by the host that they name, and by the origin that they come from."""

import pytest
from explorer.conftest import Site
from starlette.datastructures import Headers

from seq2seq.explorer.guard import Guard, host_name, is_loopback


async def nothing(*_: object) -> None:
    """An application that does nothing."""


def problem(address: str = "127.0.0.1", path: str = "/api/runs", names: tuple[str, ...] = (), **headers: str) -> int:
    """Return the status with which a request is refused; 200 if it may pass."""
    given = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    refused = Guard(nothing, address, names).problem(path, given)
    return 200 if refused is None else refused[0]


@pytest.mark.parametrize(
    ("address", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8765", 200),
        ("127.0.0.1", "localhost:8765", 200),
        ("127.0.0.1", "LOCALHOST", 200),
        ("127.0.0.1", "[::1]:8765", 200),
        ("127.0.0.1", "127.0.0.2:9", 200),
        ("127.0.0.1", "evil.example", 421),
        ("127.0.0.1", "evil.example:8765", 421),  # DNS rebinding: its name points to this machine
        ("127.0.0.1", "localhost.evil.example:8765", 421),
        ("127.0.0.1", "127.0.0.1.evil.example", 421),
        ("127.0.0.1", "localhost:8765@evil.example", 421),
        ("127.0.0.1", "evil.example#localhost", 421),
        ("127.0.0.1", "192.168.0.7:8765", 421),
        ("127.0.0.1", "", 421),
        ("127.0.0.1", ":8765", 421),
        ("127.0.0.1", "localhost:", 421),
        ("127.0.0.1", "proxy.example", 200),
        ("127.0.0.1", "Proxy.Example:443", 200),
        ("0.0.0.0", "192.168.0.7:8765", 200),
        ("0.0.0.0", "[fe80::1]:8765", 200),
        ("0.0.0.0", "evil.example:8765", 421),
        ("lab.example", "lab.example:8765", 200),
        ("lab.example", "evil.example:8765", 421),
    ],
)
def test_a_request_must_name_this_server(address: str, host: str, status: int) -> None:
    assert problem(address, names=("proxy.example",), host=host) == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8765", 200),
        ("HTTP://LOCALHOST:8765", 200),
        ("https://proxy.example", 200),
        ("http://localhost:3000", 403),  # another program of this machine
        ("http://localhost", 403),
        ("http://127.0.0.1:8765", 403),
        ("https://evil.example", 403),
        ("https://evil.example:8765", 403),
        ("https://proxy.example.evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://[", 403),
        ("ftp://localhost:8765", 403),
        ("file://", 403),
    ],
)
def test_a_request_must_come_from_the_servers_own_page(origin: str, status: int) -> None:
    assert problem(names=("proxy.example",), host="localhost:8765", origin=origin) == status


@pytest.mark.parametrize(
    ("path", "site", "status"),
    [
        ("/api/runs", "same-origin", 200),
        ("/api/runs", "none", 200),  # typed into the browser
        ("/api/runs", "same-site", 403),
        ("/api/runs", "cross-site", 403),
        ("/", "cross-site", 200),  # a link to the page, which somebody has sent
    ],
)
def test_browsers_say_where_a_request_comes_from(path: str, site: str, status: int) -> None:
    assert problem(path=path, host="localhost:8765", sec_fetch_site=site) == status


def test_hosts_and_addresses_are_read() -> None:
    assert [host_name(host) for host in ("A:1", "[::1]:1", "[::1]", "::1", "a:b", "a")] == [
        "a", "[::1]", "[::1]", ":", "a:b", "a",
    ]  # fmt: skip
    assert [is_loopback(each) for each in ("127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "a.example")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip


def test_the_server_refuses_them(site: Site) -> None:
    rebound = site.post("/api/translate", {"run": "untrained", "text": "a"}, host=f"evil.example:{site.port}")
    assert (rebound.status, "--allow-host" in rebound.error) == (421, True)
    assert site.get("/", host="evil.example").status == 421
    foreign = site.post("/api/translate", {"run": "untrained", "text": "a"}, origin="https://evil.example")
    assert (foreign.status, "another site" in foreign.error) == (403, True)
    own = site.post("/api/translate", {"run": "untrained", "text": "a"}, origin=f"http://127.0.0.1:{site.port}")
    assert own.status == 200
    assert site.get("/", host="proxy.example").status == 200
    preflight = site.ask("OPTIONS", "/api/translate", headers={"origin": "https://evil.example"})
    assert preflight.status == 403
