"""Prints connections as they end, in the report's formats, and what there is to say when all of them have."""

import sys
from collections import Counter, deque
from collections.abc import Iterable

import msgspec

from wsinspect.capture.source import CaptureReader
from wsinspect.cli.choice import Choice
from wsinspect.codebooks.recognise import Library
from wsinspect.connection import Connection
from wsinspect.diagnosis.diagnose import diagnose_one
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.gather import gather
from wsinspect.diagnosis.timers import Timers
from wsinspect.inspector import Inspector
from wsinspect.report import model
from wsinspect.report.build import add_diagnoses, connection_report, summarise, whole_report
from wsinspect.report.encode import connection_line, json_document, rest_lines
from wsinspect.report.text import closing_text, connection_text
from wsinspect.rules.rule import Severity


class Printer:
    """Prints connections as they end, and keeps as many as it may for the rest of the report."""

    def __init__(
        self, format_: str, max_connections: int, timers: Timers, codebooks: Library, choice: Choice,
        reader: CaptureReader,
    ) -> None:  # fmt: skip
        self._format = format_
        self._timers = timers
        self._codebooks = codebooks
        self._max = max_connections
        self._output = sys.stdout.buffer
        self._choice = choice
        self._reader = reader
        self._kept: deque[model.Connection] = deque()
        self._facts: deque[Facts] = deque(maxlen=max_connections)
        """Of the latest connections, those that were not chosen included: causes that many share need all."""
        self._evicted = 0
        self._sums = summarise(())
        """Of the evicted ones."""

    def print(self, ended: Iterable[Connection], inspector: Inspector) -> None:
        """These are over."""
        for connection in ended:
            inspector.connections.remove(connection)
            self._add(connection, inspector)

    def flush(self) -> None:
        """Let the reader at the other end of the pipe have it now."""
        self._output.flush()

    def finish(self, capture: model.Capture, inspector: Inspector) -> model.Report:
        """What comes after the last connection; those that are still open are printed, too."""
        for connection in inspector.connections:
            self._add(connection, inspector)
        if self._evicted:
            capture.problems.append(f"{self._evicted} ended connections are in the sums only (--max-connections)")
        # Some causes show only in all of them together; what was printed already said what each shows by itself.
        add_diagnoses(self._kept, self._facts, self._timers)
        kept = sorted(self._kept, key=lambda connection: connection.id)
        report = whole_report(capture, kept, self._choice.told())
        if self._evicted:
            report.summary = _add(self._sums, report.summary)
        if self._format == "json":
            self._output.write(json_document(report, for_people=sys.stdout.isatty()))
        elif self._format == "ndjson":
            self._output.writelines(rest_lines(report))
        else:
            self._output.write(closing_text(report).encode())
        self.flush()
        return report

    def _add(self, connection: Connection, inspector: Inspector) -> None:
        facts = gather(connection)
        self._facts.append(facts)
        diagnosis = diagnose_one(facts, self._timers)
        report = connection_report(connection, diagnosis, facts=facts, codebooks=self._codebooks)
        if not self._choice.takes(connection, report, inspector, self._reader):
            return
        if self._format == "ndjson":
            self._output.write(connection_line(report))
        elif self._format == "text":
            self._output.write(connection_text(report).encode())
        self._kept.append(report)
        if len(self._kept) > self._max:
            self._sums = _add(self._sums, summarise([self._kept.popleft()]))
            self._evicted += 1


def _add(first: model.Summary, second: model.Summary) -> model.Summary:
    """Two sums in one; the overview is of the second alone, and says so."""
    closes: Counter[tuple[int, str | None, str | None]] = Counter()
    causes: Counter[str] = Counter()
    hit: Counter[tuple[str, str]] = Counter()
    violations: Counter[tuple[str, str]] = Counter()
    for summary in (first, second):
        for close in summary.closes:
            closes[close.code, close.name, close.initiator] += close.connections
        causes.update({cause.id: cause.connections for cause in summary.diagnoses})
        for violation in summary.violations:
            hit[violation.rule, violation.severity] += violation.connections
            violations[violation.rule, violation.severity] += violation.count
    order = sorted(violations, key=lambda key: (-Severity(key[1]).rank, -violations[key], key[0]))
    overview = [f"Of the {second.connections:,} connections that were kept:", *second.overview]
    return msgspec.structs.replace(
        second,
        overview=overview if second.overview else [],
        connections=first.connections + second.connections,
        open=first.open + second.open,
        failed_handshakes=first.failed_handshakes + second.failed_handshakes,
        closes=[model.CloseCount(code, name, by, count) for (code, name, by), count in closes.most_common()],
        violations=[model.ViolationCount(*key, hit[key], violations[key]) for key in order],
        diagnoses=[model.DiagnosisCount(id, count) for id, count in causes.most_common()],
    )
