"""The source of the screens while packets are being captured."""

from wsinspect.capture.live.capture import LiveCapture
from wsinspect.codebooks.recognise import NO_BOOKS, Library
from wsinspect.diagnosis.timers import Timers
from wsinspect.keys import NO_OPTIONS, TlsOptions
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.tui.source import CaptureSource


class LiveSource(CaptureSource):
    """Live traffic. Everything is in a file already, so a slow screen loses nothing."""

    def __init__(
        self, capture: LiveCapture, timers: Timers | None = None, tls: TlsOptions = NO_OPTIONS,
        thresholds: Thresholds = DEFAULTS, codebooks: Library = NO_BOOKS,
    ) -> None:  # fmt: skip
        name = f'{capture.name}  "{capture.filter}"' if capture.filter else capture.name
        super().__init__(name, capture.reader, timers, tls, thresholds, codebooks, endless=True)
        self._capture = capture

    @property
    def live(self) -> bool:
        return self._capture.running

    @property
    def size(self) -> int | None:
        return None

    @property
    def dropped(self) -> int | None:
        return self._capture.dropped

    @property
    def behind(self) -> int:
        return self._capture.behind

    def stop(self) -> None:
        self._capture.request_stop()

    def close(self) -> None:
        """The capture is closed by whoever began it."""
