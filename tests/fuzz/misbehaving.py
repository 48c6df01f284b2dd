"""A command that does what no command may do, to show that the sandbox notices it."""

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


def main() -> None:
    """Do what the first argument says."""
    match sys.argv[1]:
        case "behave":
            Path("run/file").write_text("x", encoding="utf-8")
            print("fine")
        case "complain":
            print("seq2seq: x: wrong", file=sys.stderr)
            sys.exit(2)
        case "raise":
            raise ValueError("x")
        case "wait":
            time.sleep(1000)
        case "die":
            os.abort()
        case "status":
            sys.exit(3)
        case "two lines":
            print("seq2seq: x\nand more", file=sys.stderr)
            sys.exit(2)
        case "control":
            print("a\x1b[2J")
        case "reorder":
            print("a\u202e", file=sys.stderr)
        case "write":
            Path("outside/canary").write_text("x", encoding="utf-8")
        case "follow a link":
            Path("run/link").symlink_to("../outside/canary")
            Path("run/link").write_text("x", encoding="utf-8")
        case "remove":
            os.remove("outside/secret.txt")
        case "system":
            os.system("true")
        case "program":
            subprocess.run(["true"], check=True)
        case "network":
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", 1), timeout=1)
        case "report":
            Path("run/report.md").write_bytes(Path("outside/secret.txt").read_bytes())
        case "many":
            for _ in range(1000):
                if os.fork() == 0:
                    time.sleep(1)
                    os._exit(0)
