"""The one server of the suite. It runs before any test is collected: each operation that it describes becomes a test."""

import atexit
import tempfile
from pathlib import Path

from running import Server

_folder = tempfile.TemporaryDirectory()
server = Server(Path(_folder.name) / "data")


@atexit.register
def _end() -> None:
    server.kill()
    _folder.cleanup()
