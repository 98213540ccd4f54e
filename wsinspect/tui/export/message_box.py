"""The box that writes one message to a file."""

from wsinspect.errors import WsinspectError
from wsinspect.export.selection import PacketFile
from wsinspect.export.target import new_file
from wsinspect.timeline import FrameEntry
from wsinspect.tui.export.save_box import SaveBox, file_stem
from wsinspect.tui.units import size
from wsinspect.websocket.frames import Opcode


class MessageBox(SaveBox):
    """A file for the message that the frame completes, or for the payload of the frame."""

    def __init__(self, capture: str, file: PacketFile, connection: int, frame: FrameEntry) -> None:
        super().__init__(f"Message of {frame.side} frame {frame.header.number}")
        self._capture = capture
        self._file = file
        self._connection = connection
        self._frame = frame
        self._payload = frame.content[0]

    def suggestion(self) -> str:
        frame = self._frame
        opcode = frame.message.opcode if frame.message is not None else frame.header.opcode
        suffix = "txt" if opcode == Opcode.TEXT else "bin"
        return f"{file_stem(self._capture)}-{self._connection + 1}-{frame.side}-{frame.header.number}.{suffix}"

    def write(self, path: str, overwrite: bool) -> None:
        try:
            with new_file(path, overwrite=overwrite, capture=self._file) as file:
                file.write(self._payload)
        except WsinspectError as error:
            self.failed(error)
        else:
            self.done(size(len(self._payload)), path)
