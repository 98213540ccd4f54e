"""Rules of masking (RFC 6455 §5.1, §5.3, §10.3). A frame without payload is judged like any other."""

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import frame_title, hex_bytes
from wsinspect.websocket.frames import FrameHeader
from wsinspect.websocket.half import Half
from wsinspect.websocket.side import Side


@rule(
    "unmasked-client-frame",
    Severity.ERROR,
    "RFC 6455 §5.1",
    by=By.CLIENT,
    needs={Need.SYNCED, Need.ROLES},
    means="A client masks every frame it sends, so that no script can make its bytes look like a request to a proxy "
    "on the way. The server must close the connection at the first frame that is not masked.",
    look_at="The client's library; home-made clients that reuse a server's framing code. Behind a proxy: whether the "
    "proxy unmasks and forwards.",
    aka=(
        "`WS_ERR_EXPECTED_MASK`",
        'ws "MASK must be set"',
        'wsproto "server received unexpected unmasked frame"',
        'websockets "incorrect masking"',
    ),
)
def unmasked_client_frame(frame: FrameHeader, half: Half) -> Finding | None:
    if half.side is not Side.CLIENT or frame.masked:
        return None
    return Finding(f"{frame_title(frame)} from the client has MASK = 0")


@rule(
    "masked-server-frame",
    Severity.ERROR,
    "RFC 6455 §5.1",
    by=By.SERVER,
    needs={Need.SYNCED, Need.ROLES},
    means="A server sends its frames unmasked. Clients must close the connection at a masked one; browsers do so at "
    "once.",
    look_at="Server code that builds frames with a client's functions, and proxies that pass a client's frames back.",
    aka=(
        'Chromium "A server must not mask any frames that it sends to the client."',
        'Chromium close reason "Masked frame from server"',
        "`WS_ERR_UNEXPECTED_MASK`",
        'ws "MASK must be clear"',
        'wsproto "client received unexpected masked frame"',
        'websockets "incorrect masking"',
    ),
)
def masked_server_frame(frame: FrameHeader, half: Half) -> Finding | None:
    if half.side is not Side.SERVER or not frame.masked:
        return None
    return Finding(f"{frame_title(frame)} from the server has MASK = 1, key {hex_bytes(frame.masking_key)}")


@rule(
    "repeated-masking-key",
    Severity.ERROR,
    "RFC 6455 §5.3, §10.3",
    by=By.CLIENT,
    needs={Need.SYNCED},
    means="Each frame needs a fresh, unpredictable masking key. Two frames in a row share one here (by chance once in "
    "four thousand million), so the mask protects nothing. The connection works all the same.",
    look_at="The client's library: a fixed key (often 00 00 00 00, to save time) or one key for each connection.",
)
def repeated_masking_key(frame: FrameHeader, half: Half) -> Finding | None:
    if half.side is not Side.CLIENT or not frame.masked or frame.masking_key != half.last_masking_key:
        return None
    return Finding(f"{frame_title(frame)} has the masking key {hex_bytes(frame.masking_key)}, as the frame before it")


RULES: tuple[Rule[[FrameHeader, Half]], ...] = (unmasked_client_frame, masked_server_frame, repeated_masking_key)
