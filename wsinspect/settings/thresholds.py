"""From when on a rule speaks: the thresholds that the user can set, by the names of the rules' documentation."""

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=31_536_000, description="a number of seconds above 0, at most a year")]
Count = Annotated[int, Meta(ge=1, le=2**62, description="a whole number from 1")]


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each is reached at ≥. Times in seconds, sizes in bytes."""

    handshake_timeout: Seconds = 10.0
    """No response to a handshake for so long."""
    handshake_slow: Seconds = 1.0
    """A response that took so long."""
    reaction_time: Seconds = 2.0
    """How long the receiver of a violation has for its reaction."""
    huge_frame: Count = 64 * 2**20
    """Bytes that a frame declares."""
    tiny_frame_count: Count = 1_000
    """Frames of `tiny_frame_bytes` and less, one after another."""
    tiny_frame_bytes: Count = 4
    mask_pattern_frames: Count = 16
    """Frames whose masking keys follow a pattern."""
    mask_entropy_frames: Count = 32
    """Frames whose masking keys have too few different bytes."""
    mask_sequence_frames: Count = 4
    """Frames whose masking keys count up or down."""
    max_fragments: Count = 1_000
    """Fragments of one message."""
    empty_fragments: Count = 8
    """Empty fragments of one message."""
    fragment_stall: Seconds = 5.0
    """Time between two fragments of a message."""
    pong_slow: Seconds = 1.0
    """A Pong that took so long."""
    pong_timeout: Seconds = 20.0
    """No Pong for so long."""
    ping_flood: Count = 50
    """Pings within a second."""
    keepalive_gap: Seconds = 30.0
    """Silence on a connection that nobody keeps alive."""
    close_reply_slow: Seconds = 1.0
    """A Close answered after so long."""
    close_reply_timeout: Seconds = 10.0
    """A Close not answered for so long."""
    close_reply_frames: Count = 100
    """Data frames before the answer to a Close."""
    server_fin_slow: Seconds = 1.0
    """From both Closes to the server's FIN."""
    server_fin_timeout: Seconds = 10.0
    """No FIN of the server for so long after both Closes."""
    client_fin_grace: Seconds = 1.0
    """How much later than the client's FIN the server's may come."""
    half_open_time: Seconds = 5.0
    """How long one direction stays open after the other has ended."""
    inflate_limit: Count = 64 * 2**20
    """Bytes that a message inflates to."""
    inflate_ratio: Count = 200
    """Inflated bytes for each compressed one."""
    deflate_sample: Count = 20
    """Compressed messages of a direction before its compression is judged."""
