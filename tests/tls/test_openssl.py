"""wsinspect/tls/ beside OpenSSL's own programs: every cipher suite, and what a connection can do besides."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tls.talking import CLIENT, SERVER, Relay, certificate, pieces, read, s_client, s_server
from wsinspect.tls.suites import supported_suite

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

LINES = [b"the first line", b"and another one"]
ASKED = b"".join(line + b"\n" for line in LINES)
ECHOED = b"".join(line[::-1] + b"\n" for line in LINES)
TLS13 = (
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
)


def suites() -> list[str]:
    """What this OpenSSL has for TLS 1.2 and can use with the certificates that we give it."""
    if shutil.which("openssl") is None:
        return []
    asked = "ALL:COMPLEMENTOFALL:!PSK:!SRP:!aDSS:@SECLEVEL=0"
    listed = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", asked], capture_output=True, text=True).stdout
    return [name for name in listed.strip().split(":") if not name.startswith("TLS_")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    directory = tmp_path_factory.mktemp("server")
    ecdsa, rsa = certificate(directory, "ecdsa"), certificate(directory, "rsa")
    everything = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
    with s_server(
        "-cert", str(rsa), "-dcert", str(ecdsa), "-dkey", str(ecdsa), "-key", str(rsa), "-cipher", everything,
        "-ciphersuites", ":".join(TLS13), "-client_renegotiation",
    ) as relay:  # fmt: skip
        yield relay


@pytest.mark.parametrize("name", TLS13)
def test_each_suite_of_tls_1_3(name: str, server: Relay, tmp_path: Path) -> None:
    flights = s_client(server, tmp_path / "keys", [*LINES, b"Q"], "-tls1_3", "-ciphersuites", name)
    found = read(pieces(flights), (tmp_path / "keys").read_bytes())
    facts = found.session.facts
    assert (facts.version, facts.suite, facts.decrypted, facts.established) == ("TLS 1.3", name, True, True)
    assert (found.text(CLIENT), found.text(SERVER)) == (ASKED, ECHOED)
    assert not found.missing and facts.close_notify[CLIENT]


@pytest.mark.parametrize("etm", ["encrypt-then-mac", "mac-then-encrypt"])
@pytest.mark.parametrize("name", suites())
def test_each_suite_of_tls_1_2(name: str, etm: str, server: Relay, tmp_path: Path) -> None:
    if etm == "mac-then-encrypt" and any(mark in name for mark in ("GCM", "CCM", "POLY1305", "NULL", "ARIA")):
        pytest.skip("a choice of CBC alone")
    options = ["-no_etm"] if etm == "mac-then-encrypt" else []
    flights = s_client(
        server, tmp_path / "keys", [*LINES, b"Q"], "-tls1_2", "-cipher", f"{name}:@SECLEVEL=0", *options
    )  # fmt: skip
    found = read(pieces(flights), (tmp_path / "keys").read_bytes())
    facts = found.session.facts
    assert facts.server_hello is not None
    if supported_suite(facts.server_hello.suite) is None:
        assert "CAMELLIA" in facts.suite or "ARIA" in facts.suite
        assert facts.locked == f"cipher suite {facts.suite} is not supported" and not facts.decrypted
        return
    assert (found.text(CLIENT), found.text(SERVER)) == (ASKED, ECHOED)
    assert not found.missing and facts.close_notify[CLIENT] and facts.established


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_versions_before(version: str, server: Relay, tmp_path: Path) -> None:
    flights = s_client(
        server, tmp_path / "keys", [*LINES, b"Q"], version, "-cipher", "AES128-SHA:@SECLEVEL=0"
    )  # fmt: skip
    found = read(pieces(flights), (tmp_path / "keys").read_bytes())
    assert found.session.facts.version == ("TLS 1.0" if version == "-tls1" else "TLS 1.1")
    assert (found.text(CLIENT), found.text(SERVER)) == (ASKED, ECHOED)


def test_key_update(server: Relay, tmp_path: Path) -> None:
    script = [LINES[0], b"K", LINES[1], b"k", b"behind both", b"Q"]
    flights = s_client(server, tmp_path / "keys", script, "-tls1_3")
    found = read(pieces(flights), (tmp_path / "keys").read_bytes())
    assert found.text(CLIENT) == ASKED + b"behind both\n"
    assert found.text(SERVER) == ECHOED + b"htob dniheb\n"
    assert found.remarks.count("KeyUpdate") == 3  # K asks the server for one of its own


def test_renegotiation(server: Relay, tmp_path: Path) -> None:
    script = [LINES[0], b"R", LINES[1], b"Q"]
    flights = s_client(server, tmp_path / "keys", script, "-tls1_2")
    found = read(pieces(flights), (tmp_path / "keys").read_bytes())
    assert (found.text(CLIENT), found.text(SERVER)) == (ASKED, ECHOED)
    assert any(text.startswith("ClientHello again") for text in found.remarks)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_resumption(version: str, server: Relay, tmp_path: Path) -> None:
    ticket = str(tmp_path / "session")
    s_client(server, tmp_path / "keys", [*LINES, b"Q"], version, "-sess_out", ticket)
    flights = s_client(server, tmp_path / "keys", [*LINES, b"Q"], version, "-sess_in", ticket)
    found = read(pieces(flights), (tmp_path / "keys").read_bytes())
    facts = found.session.facts
    assert facts.client_hello is not None and facts.client_hello.resumes
    assert (found.text(CLIENT), found.text(SERVER)) == (ASKED, ECHOED)


def test_hello_retry_request(tmp_path: Path) -> None:
    with s_server("-cert", str(certificate(tmp_path, "rsa")), "-groups", "P-384") as server:
        flights = s_client(server, tmp_path / "keys", [*LINES, b"Q"], "-tls1_3", "-groups", "X25519:P-384")
    found = read(pieces(flights), (tmp_path / "keys").read_bytes())
    assert "HelloRetryRequest" in found.remarks
    assert (found.text(CLIENT), found.text(SERVER)) == (ASKED, ECHOED)


@pytest.mark.parametrize("secret_known", [True, False])
def test_early_data(secret_known: bool, tmp_path: Path) -> None:
    """0-RTT: what the client says before the server has answered at all."""
    early = tmp_path / "early"
    early.write_bytes(b"early bird\n")
    ticket = str(tmp_path / "session")
    with s_server("-cert", str(certificate(tmp_path, "rsa")), "-early_data", echo=False) as server:
        s_client(server, tmp_path / "keys", [*LINES, b"Q"], "-tls1_3", "-sess_out", ticket, echo=False)
        again = ("-tls1_3", "-sess_in", ticket, "-early_data", str(early))
        flights = s_client(server, tmp_path / "keys", [*LINES, b"Q"], *again, echo=False)
    keys = (tmp_path / "keys").read_bytes()
    if not secret_known:
        keys = b"\n".join(line for line in keys.split(b"\n") if not line.startswith(b"CLIENT_EARLY"))
    found = read(pieces(flights), keys)
    facts = found.session.facts
    assert facts.client_hello is not None and facts.client_hello.early_data
    assert found.text(CLIENT) == (b"early bird\n" if secret_known else b"") + ASKED
    assert bool(facts.early_data) is not secret_known
