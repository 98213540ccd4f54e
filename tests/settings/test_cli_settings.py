"""wsinspect/cli/settings.py: timers of the file and of the command line reach the diagnosis."""

import json
from pathlib import Path

import pytest

from tests.transport.segments import ROOT
from wsinspect.cli.main import main
from wsinspect.cli.settings import loaded_settings
from wsinspect.errors import WsinspectError

TOUR = str(ROOT / "captures" / "tour.pcapng")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "my.toml"
    path.write_text('[timers]\n"the file\'s proxy" = 60\nboth = 1\n')
    return str(path)


def test_the_command_line_comes_first(file: str) -> None:
    settings = loaded_settings(file, ("both=2", "lifetime:old age=3s")).settings
    assert list(settings.timers.items()) == [("both", 2.0), ("the file's proxy", 60.0)]
    assert settings.lifetimes == {"old age": 3.0}


@pytest.mark.parametrize("text", ["60", "=60", "a=", "a=-1", "a=inf", "a=b", "lifetime:=4"])
def test_what_is_no_timer(text: str) -> None:
    with pytest.raises(WsinspectError, match="--timer takes NAME=SECONDS"):
        loaded_settings(None, (text,))


def test_a_timer_of_the_file_is_diagnosed(file: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(SystemExit):
        main(["report", TOUR, "--format", "json", "--config", file])
    report = json.loads(capfdbinary.readouterr().out)
    told = [one["text"] for connection in report["connections"] for one in connection["close"]["diagnosis"]]
    assert any("the file's proxy" in text for text in told)
