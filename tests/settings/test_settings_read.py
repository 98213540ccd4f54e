"""wsinspect/settings/read.py and validate.py: where the file is, and how a broken one is told."""

from pathlib import Path

import pytest

from wsinspect.errors import WsinspectError
from wsinspect.settings.model import Settings
from wsinspect.settings.read import line_of, load_settings, settings_path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("WSINSPECT_CONFIG", raising=False)
    return tmp_path


def written(folder: Path, text: str | bytes) -> str:
    file = folder / "my.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def complaint(folder: Path, text: str | bytes) -> tuple[str, str]:
    """What is said about a broken file, after its name."""
    name = written(folder, text)
    with pytest.raises(WsinspectError) as error:
        load_settings(name)
    assert error.value.exit_status == 2
    assert name in error.value.message
    return error.value.message.replace(name, "FILE"), error.value.hint


# Where


def test_without_a_file_everything_is_the_default(home: Path) -> None:
    loaded = load_settings()
    assert (loaded.settings, loaded.exists) == (Settings(), False)
    assert loaded.path == home / ".config" / "wsinspect" / "config.toml"


def test_the_command_line_comes_before_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSINSPECT_CONFIG", "~/of-environment.toml")
    assert settings_path() == home / "of-environment.toml"
    assert settings_path("of-option.toml") == Path("of-option.toml")


@pytest.mark.parametrize("by", ["--config", "WSINSPECT_CONFIG"])
def test_a_file_that_was_named_has_to_be_there(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "WSINSPECT_CONFIG":
        monkeypatch.setenv(by, "/nowhere/my.toml")
    with pytest.raises(WsinspectError, match="there is no settings file") as error:
        load_settings("/nowhere/my.toml" if by == "--config" else None)
    assert by in error.value.hint


def test_a_folder_is_no_file(home: Path) -> None:
    with pytest.raises(WsinspectError, match="cannot read the settings"):
        load_settings(str(home))


# What


def test_everything_can_be_said(home: Path) -> None:
    settings = load_settings(written(home, """
        theme = "light"
        columns = ["id", "url"]
        colours.error = "bold red"
        keys = { sort_next = "f5" }
        [filters]
        "api 1006" = "ws.close.code == 1006"
        [timers]
        "our proxy" = 75
        [lifetimes]
        gateway = 3600.5
        [thresholds]
        pong_slow = 2
        huge_frame = 1_000
        [hints]
        "wss://push.example.com/*" = "Pusher Channels"
        [codebooks.acme]
        subprotocol = ["acme.v2"]
        codes = { 4001 = "Session expired" }
        """)).settings  # fmt: skip
    assert settings.theme == "light"
    assert settings.columns == ("id", "url")
    assert (settings.colours, settings.keys) == ({"error": "bold red"}, {"sort_next": "f5"})
    assert settings.timers == {"our proxy": 75.0}
    assert settings.lifetimes == {"gateway": 3600.5}
    assert (settings.thresholds.pong_slow, settings.thresholds.huge_frame) == (2.0, 1000)
    assert settings.thresholds.pong_timeout == Settings().thresholds.pong_timeout
    assert settings.filters == {"api 1006": "ws.close.code == 1006"}
    assert settings.hints == {"wss://push.example.com/*": "Pusher Channels"}
    assert settings.codebooks["acme"].codes == {4001: "Session expired"}
    assert settings.codebooks["acme"].subprotocol == ("acme.v2",)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('\ncolums = ["id"]', "FILE, line 2: there is no setting colums", "did you mean columns?"),
        ("[timrs]\na = 1", "FILE, line 1: there is no setting timrs", "did you mean timers?"),
        ('columns = ["id",\n "clos"]', "FILE, line 1: columns[2] cannot be 'clos'", "did you mean close?"),
        ("columns = []", "FILE, line 1: columns is empty", "expected: a list of columns"),
        ('columns = "id"', "FILE, line 1: columns is 'id'", "expected: a list of columns"),
        ('theme = "drak"', "FILE, line 1: theme cannot be 'drak'", "did you mean dark?"),
        ('theme = "q"', "FILE, line 1: theme cannot be 'q'", "there are: auto, dark, light, high-contrast, terminal"),
        ("theme = 3", "FILE, line 1: theme is 3", "expected: one of auto, dark, light, high-contrast, terminal"),
        ("[thresholds]\n\n# why\npong_slo = 3", "FILE, line 4: there is no setting thresholds.pong_slo",
         "did you mean pong_slow?"),
        ('thresholds.pong_slow = "3 s"', "FILE, line 1: thresholds.pong_slow is '3 s'",
         "expected: a number of seconds above 0, at most a year"),
        ("[thresholds]\npong_slow = nan", "FILE, line 2: thresholds.pong_slow is nan",
         "expected: a number of seconds above 0, at most a year"),
        ("[thresholds]\nhuge_frame = 1.5", "FILE, line 2: thresholds.huge_frame is 1.5",
         "expected: a whole number from 1"),
        ("[thresholds]\nhuge_frame = true", "FILE, line 2: thresholds.huge_frame is true",
         "expected: a whole number from 1"),
        ('[timers]\n"our proxy" = -1', 'FILE, line 2: timers."our proxy" is -1',
         "expected: a number of seconds above 0, at most a year"),
        ("timers = 4", "FILE, line 1: timers is 4", "expected: a table, [timers]"),
        ('[filters]\na = ""', "FILE, line 2: filters.a is ''", "expected: a text that is not empty"),
        ('[colours]\nerrr = "red"', "FILE, line 2: there is no setting colours.errr", "did you mean error?"),
        ('[codebooks.x]\nhost = ["a"]', "FILE, line 1: codebooks.x lacks codes", "expected: codebooks.x.codes"),
        ('[codebooks.x.codes]\n999 = "a"', "FILE, line 2: codebooks.x.codes.999: '999' cannot stand there",
         "expected: a close code from 1000 to 4999"),
        ('[codebooks]\nx = { codes = { 4001 = "a" }, hots = ["a"] }',
         "FILE, line 2: there is no setting codebooks.x.hots", "did you mean host?"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_place(home: Path, text: str, message: str, hint: str) -> None:
    assert complaint(home, text) == (message, hint)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a = [", "is no TOML", "at end of document"),
        ("[keys]\nx = 1\n[keys]", "is no TOML", "at line 3"),
        (b"a = 1\n# caf\xe9", "line 2: the settings are no UTF-8 text", "UTF-8"),
        ("x = " + "[" * 50_000, "is no settings file", "too deep"),
        ("#" * 2**20 + "#", "is no settings file", "larger than 1 MiB"),
    ],
    ids=["open", "twice", "latin-1", "deep", "large"],
)
def test_what_is_no_toml(home: Path, text: str | bytes, message: str, hint: str) -> None:
    told = complaint(home, text)
    assert message in told[0]
    assert hint in told[1]


def test_lines_of_keys() -> None:
    text = '# theme\n[a."b.c"]\nd = [\n  1,\n]\n  e.f = "x = 1"\n[g]\n'
    assert line_of(text, ("a",)) == 2
    assert line_of(text, ("a", "b.c", "d")) == 3
    assert line_of(text, ("a", "b.c", "e", "f")) == 6
    assert line_of(text, ("a", "b.c", "lacking")) == 2
    assert line_of(text, ("g",)) == 7
    assert line_of(text, ("theme",)) is None
