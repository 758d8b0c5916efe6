"""The real binary, on a data folder and ports of its own."""

import json
import os
import subprocess
import threading
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path

LEADS = {"web": "Freshmark is at ", "aws": "The AWS wire is at "}
PATIENCE = 60  # seconds, for a start or a command


def binary() -> str:
    """FRESHMARK, or what `make` builds."""
    target = os.environ.get("CARGO_TARGET_DIR", str(Path.home() / ".cache/freshmark/target"))
    return os.environ.get("FRESHMARK", f"{target}/release/freshmark")


@dataclass(frozen=True)
class Key:
    """What `freshmark key create --json` prints."""

    id: str | int
    api_key: str
    access_key_id: str
    secret_access_key: str


class Server:
    """`freshmark serve --demo`, from its start to its end."""

    def __init__(self, data: Path, environment: dict[str, str] | None = None, *more: str):
        self.data = data
        self.errors = data.with_suffix(".stderr")
        flags = ["--demo", "--data", str(data), "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", *more]
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(
                [binary(), "serve", *flags],
                env={"FRESHMARK_LOG": "error"} | (environment or {}),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        addresses = self._addresses()
        self.web, self.aws = addresses["web"], addresses["aws"]

    def _addresses(self) -> dict[str, str]:
        """Reads what the server prints until it has said where it listens."""
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        found: dict[str, str] = {}
        for line in islice(self.process.stdout, 200):
            found |= {name: line.removeprefix(lead).strip() for name, lead in LEADS.items() if line.startswith(lead)}
            if len(found) == len(LEADS):
                break
        watchdog.cancel()
        if len(found) < len(LEADS):
            self.kill()
            raise RuntimeError(f"the server said only {found}; its errors: {self.errors.read_text()}")
        # Somebody has to read the rest, or the server would wait for it.
        threading.Thread(target=lambda: [None for _ in self.process.stdout], daemon=True).start()
        return found

    def key(self, name: str, *flags: str) -> Key:
        """A new key, with the scopes and limits of `flags`."""
        command = [binary(), "key", "create", "--data", str(self.data), "--name", name, "--json", *flags]
        done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        printed = json.loads(done.stdout)
        return Key(*(printed[field.name] for field in fields(Key)))

    def stop(self) -> None:
        """A polite end."""
        self.process.terminate()
        self.process.wait(PATIENCE)

    def kill(self) -> None:
        """kill -9; nothing, if it has ended already."""
        self.process.kill()
        self.process.wait(PATIENCE)
