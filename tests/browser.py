"""A page in headless Chromium."""

import json
import shutil
import subprocess
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def opened(path: Path, tmp_path: Path) -> tuple[list[str], list[str]]:
    """What a page writes on Chromium's console, and what addresses it asks for."""
    assert CHROMIUM
    log = tmp_path / "net.json"
    quiet = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
    switches = ("--headless", "--no-sandbox", "--disable-gpu", *quiet, "--enable-logging=stderr", "--dump-dom")
    own = (f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", path.as_uri())
    done = subprocess.run([CHROMIUM, *switches, *own], capture_output=True, text=True, check=True, timeout=100)
    assert "</html>" in done.stdout
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = (event.get("params", {}) for event in events)
    # What the browser itself asks for is not from the page's origin.
    addresses = [each["url"] for each in asked if "url" in each and "file://" in str(each.get("network_isolation_key"))]
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line], addresses
