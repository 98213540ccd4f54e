"""wsinspect/codebooks/own.py: the user's codebooks, hints and `--codebook FILE`, and trouble with them."""

import json
from pathlib import Path

import pytest

from tests.transport.segments import ROOT
from wsinspect.cli.main import main
from wsinspect.codebooks.names import Namer
from wsinspect.codebooks.own import read_codebook, user_library
from wsinspect.codebooks.recognise import Clues
from wsinspect.errors import WsinspectError
from wsinspect.settings.model import Codebook, Settings

BOOK = """
name = "acme"
source = "our wiki"
host = ["*.acme.example"]
[codes]
4401 = "session expired"
"""
ACME = Clues("ws://api.acme.example:8080/", "graphql-transport-ws")


def shown(settings: Settings, clues: Clues, code: int) -> str:
    return Namer(lambda: clues, user_library(settings))(code).shown


def test_a_codebook_of_the_settings() -> None:
    acme = Codebook(codes={4401: "session expired"}, host=("*.acme.example",))
    settings = Settings(codebooks={"acme": acme})
    assert shown(settings, ACME, 4401) == "4401 session expired (acme, because host=api.acme.example)"
    assert shown(settings, Clues("ws://h/", None), 4401).startswith("4401 private; 3 codebooks know it")


def test_a_first_message_of_either_side_is_enough() -> None:
    settings = Settings(codebooks={"acme": Codebook(codes={4001: "mine"}, first_message=('"hello": "acme"',))})
    for clues in (Clues(None, None, (), b'{"hello":"acme"}'), Clues(None, None, (), b"", b'{ "hello" :"acme"}')):
        assert "4001 mine (acme, because first " in shown(settings, clues, 4001)


def test_one_with_the_name_of_a_built_in_one_takes_its_place() -> None:
    settings = Settings(codebooks={"pusher": Codebook(codes={4001: "mine"}, host=("h",))})
    names = [book.name for book in user_library(settings).books()]
    assert "Pusher" not in names
    assert names[0] == "pusher"


@pytest.mark.parametrize("name", ["Pusher", "pusher", "Pusher Channels"])
def test_a_hint_names_a_book(name: str) -> None:
    settings = Settings(hints={"ws://push.*": name})
    told = shown(settings, Clues("ws://push.example.com/", None), 4004)
    assert told == "4004 over connection quota (Pusher, because set by the user)"


def test_a_hint_for_a_book_that_there_is_not() -> None:
    with pytest.raises(WsinspectError, match="there is no codebook 'Pushr'") as trouble:
        user_library(Settings(hints={"*": "Pushr"}))
    assert trouble.value.hint == "did you mean Pusher?"


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(BOOK)
    assert read_codebook(str(tmp_path / "a.toml")) == (
        "acme", Codebook(codes={4401: "session expired"}, host=("*.acme.example",), source="our wiki"),
    )  # fmt: skip
    (tmp_path / "short.toml").write_text('[codes]\n4001 = "x"\n')
    assert read_codebook(str(tmp_path / "short.toml")) == ("short", Codebook(codes={4001: "x"}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff", "is no UTF-8 text"),
        (b"codes = ", "is no TOML"),
        (b'host = ["x"]', "lacks codes"),
        (b'[codes]\n99 = "x"', "99"),
        (b'[codes]\n4001 = "x"\n[cods]\n', "there is no setting cods"),
        (b'name = 3\n[codes]\n4001 = "x"', "name is no text"),
        (b"#" * (1024 * 1024 + 1), "is no codebook"),
    ],
)
def test_trouble_with_a_file(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.toml").write_bytes(data)
    with pytest.raises(WsinspectError, match=message) as trouble:
        read_codebook(str(tmp_path / "a.toml"))
    assert "a.toml" in trouble.value.message


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(WsinspectError, match="cannot read the codebook"):
        read_codebook(str(tmp_path / "none.toml"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main([*arguments])
    assert not end.value.code
    return capsys.readouterr().out


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[codes]\n4001 = "not today"\n4002 = "nor tomorrow"\n')
    codebook = f"--codebook={file}"
    assert "mine: not today" in run(capsys, "explain", "4001", codebook)
    assert "4001 not today" in run(capsys, "explain", "mine", codebook)
    capture = str(ROOT / "captures" / "hostile.pcap")
    for arguments in (("report", capture, "--format", "json"), ("export", capture, "--format", "json")):
        frames = [one["close"]["client_frame"] for one in json.loads(run(capsys, *arguments, codebook))["connections"]]
        names = {frame["code"]: (frame["name"], frame["codebook"], frame["because"]) for frame in frames if frame}
        assert names[4002] == ("nor tomorrow", "mine", "set by the user")
        assert names[4003] == ("Private Use", "mine", "set by the user")
    assert "4002 nor tomorrow (mine)" in run(capsys, "report", capture, codebook)
