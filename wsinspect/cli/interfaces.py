"""`wsinspect interfaces`: what can be captured on, and where something passes now."""

from typing import Final

import click

from wsinspect.capture.live.interfaces import Interface, Rate, interfaces, rates
from wsinspect.escape import terminal
from wsinspect.report.text import size

MEASURED_SECONDS: Final = 0.5


def print_interfaces() -> None:
    """A line per interface, the busiest first."""
    found = interfaces()
    measured = rates(MEASURED_SECONDS)
    found.sort(key=lambda each: (-_busy(measured.get(each.name)), not each.up))
    rows = [("interface", "state", "now", "addresses"), *(_row(each, measured.get(each.name)) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        click.echo("  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]).rstrip())


def _busy(rate: Rate | None) -> float:
    return rate.packets if rate else 0.0


def _row(interface: Interface, rate: Rate | None) -> tuple[str, str, str, str]:
    now = (
        "?"
        if rate is None
        else "-"
        if not rate.packets
        else f"{rate.packets:,.0f} packets/s, {size(int(rate.bytes))}/s"
    )
    about = ", ".join(interface.addresses) or terminal(interface.description)
    return terminal(interface.name), "up" if interface.up else "down", now, about
