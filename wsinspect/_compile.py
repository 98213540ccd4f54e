"""Build hook: a wheel gets the hot modules compiled by mypyc, from the same source that runs uncompiled.

Not part of the installed package. Editable installs stay pure Python. Where compiling is not possible (no C compiler,
no Python headers), the wheel is pure Python too, which does the same and takes two to three times as long.
`WSINSPECT_PURE=1 pip install .` asks for that.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODULES: Final = (
    "capture/packet.py",
    "capture/records.py",
    "capture/pcap.py",
    "capture/pcapng.py",
    "transport/tunnels.py",
    "transport/link.py",
    "transport/ip.py",
    "transport/tcp.py",
    "transport/reassembly.py",
    "transport/packet_places.py",
    "transport/stream.py",
    "websocket/frames.py",
    "websocket/messages.py",
    "websocket/sample.py",
    "websocket/half.py",
    "websocket/plain.py",
    "heartbeat.py",
    "dialogue.py",
    "connection.py",
    "conversation.py",
    "inspector.py",
)
"""What a packet of an open WebSocket passes through; they call each other without Python's calling conventions."""

_LENIENT: Final = (
    "--ignore-missing-imports", "--follow-imports=silent", "--no-warn-return-any", "--no-warn-unused-ignores",
    "--allow-subclassing-any", "--allow-untyped-decorators",
)  # fmt: skip
"""The dependencies are not there while a wheel is built, so their types are Any; mypy's strict run is CI's."""

_SETUP: Final = """
import sys
from mypyc.build import mypycify
from setuptools import setup

extensions = mypycify(sys.argv[1:], opt_level="3", debug_level="0", group_name="wsinspect")
setup(name="wsinspect", packages=[], ext_modules=extensions, script_args=["-q", "build_ext", "--inplace"])
"""


class CompileHook(BuildHookInterface[Any]):
    """Adds the compiled modules to a wheel."""

    _directory: str | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is put together."""
        if self.target_name != "wheel" or version == "editable" or os.environ.get("WSINSPECT_PURE") == "1":
            return
        # Compiled in a copy: a shared library beside its source would be imported from the source tree as well.
        self._directory = tempfile.mkdtemp(prefix="wsinspect-build-")
        copy = Path(self._directory)
        shutil.copytree(Path(self.root, "wsinspect"), copy / "wsinspect")
        sources = [str(Path("wsinspect", module)) for module in MODULES]
        config = f"--config-file={Path(self.root, 'pyproject.toml')}"
        command = [sys.executable, "-c", _SETUP, config, *_LENIENT, *sources]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            reason = (done.stderr or done.stdout).strip().rpartition("\n")[2]
            self.app.display_warning(f"wsinspect is not compiled, so it runs slower: {reason}")
            return
        libraries = [path for path in copy.rglob("*") if path.suffix in (".so", ".pyd") and "build" not in path.parts]
        build_data["force_include"].update({str(path): str(path.relative_to(copy)) for path in libraries})
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the wheel is complete."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
