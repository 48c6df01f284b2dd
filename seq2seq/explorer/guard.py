"""Keep other web sites out: check where a request is addressed to and where it comes from, and set headers.

A page of another site cannot read from this server: its origin is refused, and no header allows it. A site whose name
is made to point to this machine (DNS rebinding) still sends its own name as the host, which is refused.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seq2seq.explorer.responses import error_response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """An application that lets only requests through that are addressed to this server and come from its own page.

    Args:
        app: the application behind it.
        address: what the server listens on: an IP address or a name.
        names: further names of this server: of a proxy before it.
    """

    def __init__(self, app: ASGIApp, address: str, names: Iterable[str] = ()) -> None:
        self.app = app
        self.is_local = is_loopback(address)
        self.names = {"localhost", address.lower(), *(name.lower() for name in names)}
        self.proxies = {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http":
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self.problem(scope["path"], Headers(scope=scope))
        answer = self.app if refused is None else error_response(*refused)
        await answer(scope, receive, send_protected)

    def problem(self, path: str, headers: Headers) -> tuple[int, str] | None:
        """Return the status and the reason why a request is refused; None if it may pass."""
        host = headers.get("host", "")
        if not self.is_ours(host_name(host)):
            return 421, "this server is not called so; allow the name with --allow-host NAME"
        origin = headers.get("origin")
        if origin is not None and not self.is_own_origin(origin, host):
            return 403, "another site may not ask this server; open its own page"
        site = headers.get("sec-fetch-site", "same-origin")
        if path.startswith("/api/") and site not in ("same-origin", "none"):
            return 403, "another site may not ask this server; open its own page"
        return None

    def is_ours(self, name: str) -> bool:
        """Return whether a host name, as a request gives it, is this server's.

        An IP address is never the name of another site. Still, only this machine's own ones reach a local server.
        """
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return address.is_loopback or not self.is_local

    def is_own_origin(self, origin: str, host: str) -> bool:
        """Return whether an origin is that of this server's page. A proxy may have changed the host of the request."""
        try:
            parts = urlsplit(origin)
            name = parts.hostname or ""
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and (parts.netloc.lower() == host.lower() or name in self.proxies)


def host_name(host: str) -> str:
    """Return the name in a Host header, in lower case and without its port. An IPv6 address keeps its brackets."""
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdigit() else host.lower()


def is_loopback(address: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"
