"""Write every capture and README.md beside this file, or with --check compare them with what would be written."""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # So that `python captures/make.py` finds its own package.

from captures.scenarios.book import SCENARIOS  # noqa: E402
from captures.table import readme  # noqa: E402


def contents() -> dict[str, bytes]:
    """Every generated file by its path below this folder."""
    files = {scenario.path: scenario.encode() for scenario in SCENARIOS}
    return files | {"README.md": readme().encode()}


def committed() -> set[str]:
    """The captures that are there."""
    return {path.relative_to(HERE).as_posix() for path in HERE.rglob("*.pcap*")} | {"README.md"}


def differing(files: dict[str, bytes]) -> list[str]:
    """Paths that are missing, hold something else, or are no longer made."""
    wrong = [
        path for path, content in files.items() if not (HERE / path).is_file() or (HERE / path).read_bytes() != content
    ]
    return sorted(wrong) + sorted(committed() - files.keys())


def write(files: dict[str, bytes]) -> None:
    for path in committed() - files.keys():
        (HERE / path).unlink()
    for path, content in files.items():
        (HERE / path).parent.mkdir(exist_ok=True)
        (HERE / path).write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    arguments = parser.parse_args()
    files = contents()
    if arguments.check:
        wrong = differing(files)
        print("\n".join(f"differs: {path}" for path in wrong) or f"{len(files)} files are as they should be")
        return 1 if wrong else 0
    write(files)
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
