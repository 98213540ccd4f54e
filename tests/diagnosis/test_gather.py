"""What the pipeline hands over, from captures."""

from pathlib import Path

import pytest

from wsinspect.report.build import report_file

SITUATIONS = Path(__file__).parents[2] / "captures" / "situations"


@pytest.mark.parametrize(
    ("name", "diagnoses"),
    [
        ("close-repeated-behind-fin", ["keepalive-timeout"]),  # the Close comes first, though its packet came last
        ("one-direction", []),
        ("close-by-server", []),
    ],
)
def test_diagnoses_of_captures(name: str, diagnoses: list[str]) -> None:
    (connection,) = report_file(str(SITUATIONS / f"{name}.pcap")).connections
    assert [one.id for one in connection.close.diagnosis] == diagnoses
