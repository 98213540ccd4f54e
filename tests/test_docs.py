"""The documentation is true: its commands run, its links lead somewhere, its numbers and names are the code's."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from wsinspect.filter.fields import FIELDS, Needs
from wsinspect.report import model

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]

RUNNABLE = re.compile(r"(cat captures/\S+ \| )?wsinspect (report|config|explain|completion|--help|--version)\b")
A_FILE = re.compile(r"[\w./*-]+\.(?:pcapng|pcap|gz)\b")
FACTORS = {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "s": 10**9}


def commands(page: Path) -> list[str]:
    """The command lines of a page's `sh` blocks that need nothing but the captures of the repository."""
    found = []
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for command in _joined(block.splitlines()):
            if RUNNABLE.match(command) and all(name.startswith("captures/") for name in A_FILE.findall(command)):
                found.append(command.split(" > ")[0])  # where completion is to be written is the reader's affair
    return found


def _joined(lines: list[str]) -> list[str]:
    """Whole commands: a line goes on in the next one while a quote is open or if it ends with a backslash."""
    whole: list[str] = []
    pending = ""
    for line in lines:
        pending = f"{pending}\n{line.strip()}" if pending else line.strip()
        if pending.endswith("\\") or pending.count("'") % 2:
            continue
        whole.append(pending)
        pending = ""
    return whole


QUOTED = [
    (page.name, command)
    for page in (ROOT / "README.md", DOCS / "usage.md", DOCS / "filters.md", DOCS / "settings.md")
    for command in commands(page)
]


@pytest.fixture(scope="module")
def shell_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH whose `wsinspect` is the one under test."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "wsinspect"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wsinspect "$@"\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_there_are_commands_to_run() -> None:
    assert len(QUOTED) >= 15


@pytest.mark.parametrize(("page", "command"), QUOTED, ids=[f"{page}: {text[:60]}" for page, text in QUOTED])
def test_quoted_command_runs(page: str, command: str, shell_path: str) -> None:
    bash = shutil.which("bash")
    if bash is None or ("jq " in command and shutil.which("jq") is None):
        pytest.skip("bash or jq is not here")
    done = subprocess.run(
        [bash, "-o", "pipefail", "-c", command],
        cwd=ROOT,
        env={**os.environ, "PATH": shell_path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{page}: {command}\n{done.stderr}"
    assert done.stdout, f"{page}: {command} prints nothing"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    """The names that headings get, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def documented_limits() -> dict[str, str]:
    """Limit: value, of the table in architecture.md."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8").partition("\n## Limits\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([\w.]+)` \| ([^|]+) \|", text, re.MULTILINE))


@pytest.mark.parametrize(("limit", "value"), documented_limits().items())
def test_limit_has_the_documented_value(limit: str, value: str) -> None:
    module, _, name = limit.rpartition(".")
    number, _, unit = value.partition(" ")
    assert getattr(importlib.import_module(f"wsinspect.{module}"), name) == float(number) * FACTORS[unit]


def example() -> dict[str, Any]:
    """The JSON document in report.md."""
    page = (DOCS / "report.md").read_text(encoding="utf-8")
    block = re.search(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert block is not None
    document: dict[str, Any] = json.loads(block[1])
    return document


def test_example_has_the_fields_of_the_model() -> None:
    _compare(example(), model.Report, "report")
    assert example()["schema"] == model.SCHEMA


def _compare(value: Any, kind: Any, where: str) -> None:
    """That every object in `value` has exactly the fields of its type, in their order."""
    if get_origin(kind) in (Union, UnionType):
        if value is None:
            return
        kind = next(option for option in get_args(kind) if option is not type(None))
    if get_origin(kind) is list:
        for number, item in enumerate(value):
            _compare(item, get_args(kind)[0], f"{where}[{number}]")
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        assert list(value) == list(kind.__struct_fields__), where
        for name, inner in get_type_hints(kind).items():
            _compare(value[name], inner, f"{where}.{name}")


@pytest.mark.parametrize(
    "struct",
    [model.Capture, model.Connection, model.Close, model.Violation, model.Summary],
    ids=lambda struct: struct.__name__,
)
def test_every_field_is_described(struct: type[msgspec.Struct]) -> None:
    rows = re.findall(r"^\| (`.+?`) \|", (DOCS / "report.md").read_text(encoding="utf-8"), re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(struct.__struct_fields__) - described == set()


def test_filters_page_has_every_field() -> None:
    text = (DOCS / "filters.md").read_text(encoding="utf-8").partition("\n## Fields\n")[2]
    rows = re.findall(r"^\| `([\w.]+)` \| ([\w ]+) \| (.+) \|$", text, re.MULTILINE)
    assert [name for name, _, _ in rows] == [field.name for field in FIELDS]
    for (_, kind, means), field in zip(rows, FIELDS, strict=True):
        assert kind == field.kind.title and means.startswith(field.about)
        assert ("reads packets again" in means) == (field.needs is Needs.PACKETS)


def test_rules_page_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "make_rules.py"), "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_pictures_are_taken_by_the_script_and_shown() -> None:
    """Whether each is up to date `make_pictures.py --check` tells: every change of a screen would fail here."""
    script = (DOCS / "make_pictures.py").read_text("utf-8")
    taken = set(re.findall(r'^    "(\w+)": \(\d', script, re.MULTILINE))
    pictures = {path.stem for path in (DOCS / "pictures").iterdir()}
    shown = set(re.findall(r"\]\((?:docs/)?pictures/(\w+)\.svg\)", "".join(page.read_text("utf-8") for page in PAGES)))
    assert pictures == shown == taken


def test_pictures_come_out_alike_each_time() -> None:
    code = (
        "import asyncio, make_pictures as made;"
        "first, second = (asyncio.run(made.picture(*made.SCREENS['frames'])) for _ in range(2));"
        "assert first == second and 'subscribed' in first"
    )
    paths = os.pathsep.join((str(ROOT), str(DOCS)))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths, "TZ": "UTC"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
