"""wsinspect/settings/show.py and the command `config`: the effective values, and where they come from."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from tests.transport.segments import ROOT
from wsinspect.cli.main import main
from wsinspect.settings.model import Settings
from wsinspect.settings.read import load_settings
from wsinspect.settings.show import effective

FILE = """
theme = "light"
[thresholds]
pong_slow = 2
[filters]
"api\\u202e 1006" = "ws.close.code == 1006"
[codebooks.acme]
host = ["*.acme.example"]
[codebooks.acme.codes]
4001 = "Session expired"
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "my.toml"
    path.write_text(FILE)
    return str(path)


def test_what_is_printed_is_what_is_in_force(file: str) -> None:
    loaded = load_settings(file)
    again = msgspec.convert(tomllib.loads(effective(loaded, {})), Settings, str_keys=True)
    assert again == loaded.settings != Settings()


def test_each_value_has_its_origin(file: str) -> None:
    lines = effective(load_settings(file), {}).splitlines()
    assert lines[0] == f"# {file}"
    assert 'theme = "light" # file' in lines
    assert "pong_slow = 2.0 # file" in lines
    assert "pong_timeout = 20.0 # default" in lines
    assert '4001 = "Session expired" # file' in lines
    assert "[timers] # none" in lines


def test_the_command(file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> str:
        with pytest.raises(SystemExit) as end:
            main([*arguments])
        assert not end.value.code
        return capsys.readouterr().out

    assert (
        printed("config", "--config", file)
        == printed("--config", file, "config")
        == printed(f"--config={file}", "config")
    )
    assert 'theme = "light"' in printed("config", "--config", file)
    monkeypatch.setenv("WSINSPECT_CONFIG", file)
    assert 'theme = "light"' in printed("config")
    assert printed("config", "--path") == file + "\n"


@pytest.mark.parametrize("command", [["report", "captures/tour.pcapng"], ["captures/tour.pcapng"], ["config"]])
def test_a_broken_file_is_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.toml").write_text("theme = 3")
    monkeypatch.setenv("WSINSPECT_CONFIG", str(tmp_path / "my.toml"))
    with pytest.raises(SystemExit) as end:
        main(command)
    out, err = capsys.readouterr()
    assert (end.value.code, out, err.count("\n")) == (2, "", 1)
    assert "my.toml, line 1: theme is 3: expected: one of auto, dark" in err


def test_the_documented_example_is_right(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    (tmp_path / "example.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    loaded = load_settings(str(tmp_path / "example.toml"))
    assert set(loaded.table) <= set(Settings.__struct_fields__)
    assert loaded.settings.timers["our proxy"] == 75
