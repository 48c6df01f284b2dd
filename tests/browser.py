"""Open a page in headless Chromium."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def require_chromium() -> str:
    """Return Chromium's path. Without it, the test is skipped; with CI=true, it fails."""
    if CHROMIUM is None:
        reason = "Chromium is not installed"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return CHROMIUM


def open_page(path: Path, tmp_path: Path) -> tuple[list[str], list[str]]:
    """Return the lines that a page writes to Chromium's console, and the addresses that it requests."""
    assert CHROMIUM
    log = tmp_path / "net.json"
    quiet = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
    switches = ("--headless", "--no-sandbox", "--disable-gpu", *quiet, "--enable-logging=stderr", "--dump-dom")
    files = (f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", path.as_uri())
    process = subprocess.run([CHROMIUM, *switches, *files], capture_output=True, text=True, check=True, timeout=100)
    assert "</html>" in process.stdout
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    requests = (event.get("params", {}) for event in events)
    # The browser's own requests do not come from the page's origin.
    addresses = [
        request["url"]
        for request in requests
        if "url" in request and "file://" in str(request.get("network_isolation_key"))
    ]
    return [line for line in process.stderr.splitlines() if "CONSOLE" in line], addresses
