"""The project's own rules: what imports what, how long files are and what they are called, what is documented."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from wsinspect.rules.catalogue import RULES

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 500
"""Lines of a file."""
TRIVIAL = 12
"""Lines of code up to which a module needs no test file."""
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "models"}

MODULES = sorted((ROOT / "wsinspect").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ELSEWHERE = {
    "websocket/closing": "test_verdict",
    "websocket/roundtrips": "test_ping_times",
    "websocket/message_facts": "test_messages",
    "__main__": "test_command",
    "acknowledgements": "test_captures",
    "capture/formats": "test_source",
    "capture/pcapng_blocks": "test_pcapng_slice",
    "capture/records": "test_pcap",
    "spool": "test_source",
    "cli/export": "test_export_command",
    "cli/interfaces": "test_endpoints",
    "cli/live": "test_endpoints",
    "cli/main": "test_command",
    "cli/options": "test_endpoints",
    "cli/printer": "test_endpoints",
    "cli/report": "test_command",
    "cli/signals": "test_watch",
    "cli/tls": "test_keys",
    "connection": "test_captures",
    "conversation": "test_captures",
    "dialogue": "test_captures",
    "export/facts": "test_markdown",
    "export/formats": "test_export_command",
    "export/selection": "test_pcapng_slice",
    "filter/error": "test_parser",
    "filter/expression": "test_parser",
    "filter/filter": "test_evaluate",
    "filter/frame_fields": "test_fields",
    "filter/kinds": "test_parser",
    "filter/pattern": "test_evaluate",
    "filter/particulars": "test_evaluate",
    "filter/subject": "test_evaluate",
    "filter/tokens": "test_parser",
    "heartbeat": "test_captures",
    "http2/codes": "test_http2_session",
    "http2/facts": "test_http2_session",
    "http2/likeness": "test_http2_frames",
    "inspector": "test_stream",
    "layers/beginning": "test_layers_tls",
    "layers/http1": "test_captures",
    "neighbours": "test_captures",
    "replay": "test_invariants",
    "report/brief": "test_fields",
    "report/close": "test_names",
    "report/build": "test_captures",
    "report/http2_sentence": "test_layers_http2",
    "report/model": "test_encode",
    "report/tls_sentence": "test_layers_tls",
    "rules/close_etiquette": "test_captures",
    "rules/content": "test_captures",
    "rules/deflate_habits": "test_captures",
    "rules/diagnosed": "test_explain",
    "rules/handshake_failed": "test_captures",
    "rules/explain_code": "test_explain",
    "rules/http2": "test_captures",
    "rules/judge": "test_captures",
    "rules/masking_keys": "test_captures",
    "rules/neighbours": "test_captures",
    "rules/pong": "test_captures",
    "rules/reactions": "test_captures",
    "rules/rule": "test_catalogue",
    "rules/subprotocol": "test_captures",
    "rules/teardown": "test_captures",
    "rules/thresholds": "test_thresholds",
    "rules/unfinished": "test_captures",
    "rules/violation": "test_catalogue",
    "transport/carried": "test_layers_http2",
    "rules/wording": "test_framing",
    "settings/model": "test_settings_show",
    "settings/thresholds": "test_thresholds",
    "settings/validate": "test_settings_read",
    "timeline": "test_invariants",
    "transport/encapsulation": "test_exotic",
    "transport/tcp": "test_ip",
    "transport/tunnels": "test_exotic",
    "websocket/pings": "test_half",
    "websocket/plain": "test_invariants",
    "websocket/sample": "test_captures",
    "websocket/stray": "test_captures",
    "websocket/side": "test_half",
}
"""Modules that are tested under another name, and where."""
STILL_WITHOUT = {"_compile", "cli/progress"}
"""Modules that need a test file of their own; this list only ever gets shorter."""
AS_A_WHOLE = ("tui/", "tls/", "payload/", "capture/live/", "diagnosis/")
"""Folders whose parts are seen only together: their tests are named after what they do."""


def code_lines(path: Path) -> int:
    """Lines of statements; the documentation does not count."""
    tree = ast.parse(path.read_text())
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            lines.add(node.lineno)
    return len(lines)


@pytest.mark.parametrize("path", MODULES + TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_size_and_name(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST
    assert path.stem not in VAGUE_NAMES


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name == "__init__.py"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_packages_hold_no_logic(path: Path) -> None:
    logic = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.With, ast.Try)
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, logic)]


def untested() -> list[str]:
    """Modules without a test file that has their name."""
    stems = {path.stem for path in TESTS}
    missing = []
    for path in MODULES:
        module = path.relative_to(ROOT / "wsinspect").with_suffix("")
        if path.name == "__init__.py" or code_lines(path) <= TRIVIAL or str(module).startswith(AS_A_WHOLE):
            continue
        names = (f"test_{path.stem}", f"test_{path.parent.name}_{path.stem}", f"test_{path.stem}_{path.parent.name}")
        if not stems & {*names, ELSEWHERE.get(str(module), "")}:
            missing.append(str(module))
    return missing


def test_every_module_has_a_test_file() -> None:
    assert set(untested()) <= STILL_WITHOUT


def test_no_two_test_files_share_a_name() -> None:
    """pytest imports them by name alone."""
    names = [path.name for path in TESTS if path.name.startswith("test_")]
    assert sorted(set(names)) == sorted(names)


def test_import_contracts() -> None:
    pytest.importorskip("importlinter")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["report", "captures/situations/fragments.pcap"], {"textual", "scapy", "scapy.all", "rich"}),
        (["report", "captures/situations/tunnel-vxlan.pcap"], {"textual", "scapy.all"}),
        (["explain", "1006"], {"textual", "scapy", "rich", "wsinspect.inspector"}),
        (["--version"], {"textual", "scapy", "rich"}),
        (["--help"], {"textual", "scapy", "rich", "wsinspect.inspector"}),
    ],
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], unwanted: set[str]) -> None:
    """Scapy's whole collection and Textual take a second to load; nobody should wait for what is not used."""
    program = (
        "import sys\n"
        "from wsinspect.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "wsinspect.cli.main" in loaded
    assert loaded & unwanted == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_explained(rule: object) -> None:
    for name in ("means", "look_at", "section"):
        text = getattr(rule, name)
        assert text.strip() and "  " not in text, name
    assert rule.means.endswith(".") and rule.look_at.endswith(".")  # type: ignore[attr-defined]
