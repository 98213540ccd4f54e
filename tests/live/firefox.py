"""A real Firefox that opens a page while tcpdump listens."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
TIMEOUT = 60
PREFERENCES = {
    "app.update.enabled": "false",
    "browser.aboutwelcome.enabled": "false",
    "browser.shell.checkDefaultBrowser": "false",
    "datareporting.policy.dataSubmissionEnabled": "false",
    "network.captive-portal-service.enabled": "false",
    "network.connectivity-service.enabled": "false",
    "network.websocket.delay-failed-reconnects": "false",
}
NEEDS = [
    pytest.mark.skipif(FIREFOX is None, reason="firefox-esr is not installed"),
    pytest.mark.skipif(shutil.which("tcpdump") is None or os.geteuid() != 0, reason="capturing needs root and tcpdump"),
]
"""What a test with it needs."""


@asynccontextmanager
async def browsing(
    directory: Path, url: str, capture_filter: str, authority: Path | None = None
) -> AsyncIterator[None]:
    """Opens `url`; leaves lo.pcap in `directory`, and with it the TLS secrets in `keys`.

    With `authority`, a certificate, those are trusted that it signed; that takes certutil.
    """
    profile = directory / "profile"
    profile.mkdir()
    lines = [f'user_pref("{name}", {value});\n' for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    if authority is not None:
        store = f"sql:{profile}"
        subprocess.run(["certutil", "-N", "-d", store, "--empty-password"], check=True)
        subprocess.run(["certutil", "-A", "-d", store, "-n", "test", "-t", "C,,", "-i", authority], check=True)
    capture = await asyncio.create_subprocess_exec(
        "tcpdump", "-i", "lo", "-U", "-w", str(directory / "lo.pcap"), capture_filter, stderr=subprocess.PIPE
    )
    assert capture.stderr is not None
    while b"listening" not in await asyncio.wait_for(capture.stderr.readline(), TIMEOUT):
        pass
    assert FIREFOX is not None
    browser = await asyncio.create_subprocess_exec(
        FIREFOX, "--headless", "--no-remote", "--profile", str(profile), url,
        env={**os.environ, "HOME": str(directory), "SSLKEYLOGFILE": str(directory / "keys")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
        await asyncio.sleep(1)  # the last packets
    finally:
        browser.terminate()
        await browser.wait()
        capture.terminate()
        await capture.wait()
