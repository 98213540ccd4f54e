"""WebSockets over HTTP/2 between a real server and a real client, Node's own, captured on loopback."""

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from running import Running, wait_until

SCRIPT = Path(__file__).parent / "node" / "http2_ends.js"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_five_streams_of_one_connection(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is needed")
    port, file = free_port(), tmp_path / "lo.pcap"
    running = Running("lo", file, "--format", "json", f"tcp port {port}")
    subprocess.run(["node", str(SCRIPT), str(port)], check=True, timeout=60)
    wait_until(lambda: file.stat().st_size > 60_000, "three messages of 20 000 bytes are in the file")
    assert running.stop() == 0, running.errors
    (report,) = running.objects()
    found = {one["url"].rpartition("/")[2]: one for one in report["connections"]}
    assert sorted(one["http2_stream"] for one in found.values()) == [1, 3, 5, 7, 9]
    assert {one["tcp_stream"] for one in found.values()} == {0}
    for path in "abc":
        close = found[path]["close"]
        assert found[path]["payload_bytes"] == {"client": len("hello /a"), "server": 20_000}
        assert (close["client_frame"]["code"], close["server_frame"]["code"]) == (1000, 1000)
        assert close["event"]["client"]["was_clean"]
        assert found[path]["violations"] == []
    assert (found["refused"]["state"], found["refused"]["handshake"]["status"]) == ("failed", 403)
    reset = {violation["rule"]: violation["detail"] for violation in found["reset"]["violations"]}
    assert "INTERNAL_ERROR" in reset["h2-stream-reset"]
