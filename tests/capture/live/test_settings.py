"""wsinspect/capture/live: settings.py, privileges.py, interfaces.py and process.py as far as they need no right."""

import os
import pwd
import sys

import pytest

from wsinspect.capture.live.interfaces import interfaces, rates
from wsinspect.capture.live.privileges import User, invoking_user
from wsinspect.capture.live.process import CaptureProcess, no_permission
from wsinspect.capture.live.settings import Method, Settings
from wsinspect.cli.live import parse_duration
from wsinspect.errors import WsinspectError


def test_settings_survive_the_way_to_the_child() -> None:
    settings = Settings(("eth0", "lo"), 'tcp port 80 and host "a"', False, Method.RAW, "/tmp/x", 5, 1.5, 1000, 1, 2)
    assert Settings.decode(settings.encode()) == settings
    assert Settings.decode(Settings(("lo",)).encode()) == Settings(("lo",))


def test_who_called_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", "1000")
    monkeypatch.setenv("SUDO_GID", "1001")
    assert invoking_user() == User(1000, 1001)
    nobody = pwd.getpwnam("nobody")
    assert invoking_user("nobody") == User(nobody.pw_uid, nobody.pw_gid)
    assert invoking_user(str(nobody.pw_uid)) == User(nobody.pw_uid, nobody.pw_gid)
    monkeypatch.setenv("SUDO_UID", "0")
    assert invoking_user() is None
    monkeypatch.setenv("SUDO_UID", "not a number")
    assert invoking_user() is None
    monkeypatch.delenv("SUDO_UID")
    assert invoking_user() is None


def test_only_root_becomes_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("SUDO_UID", "1001")
    monkeypatch.setenv("SUDO_GID", "1001")
    assert invoking_user() is None
    with pytest.raises(WsinspectError, match="only root"):
        invoking_user("nobody")
    with pytest.raises(WsinspectError, match="no user"):
        invoking_user("nosuchuser")


def test_the_loopback_interface_is_found() -> None:
    (loopback,) = [interface for interface in interfaces() if interface.loopback]
    assert loopback.up
    assert "127.0.0.1" in loopback.addresses
    if sys.platform == "linux":
        assert rates(0.05)[loopback.name].packets >= 0


@pytest.mark.parametrize("usable", [False, True])
def test_without_the_right_there_are_two_lines(usable: bool) -> None:
    error = no_permission(Settings(("eth0", "lo")), dumpcap_usable=usable)
    first, second = str(error).split("\n")
    assert first.startswith("you may not capture on eth0, lo: use sudo")
    assert ("--capture-with dumpcap" in first) == usable
    assert ("setcap" in first) == (not usable and sys.platform == "linux")
    assert second == "or let tcpdump capture: sudo tcpdump -i eth0 -i lo -U -w - | wsinspect report -"


def test_windows_is_told_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(WsinspectError, match="Linux and macOS only"):
        CaptureProcess(Settings(("lo",))).start()


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1.5h", 5400), ("90", 90), ("500 ms", 0.5), ("2min", 120)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1d", "1m30s"])
def test_no_lengths_of_time(text: str) -> None:
    with pytest.raises(WsinspectError, match="no length of time"):
        parse_duration(text)
