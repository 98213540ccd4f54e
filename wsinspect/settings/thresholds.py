"""The numbers that rules judge by where no standard sets one: defaults, each of which the user can set."""

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=31_536_000, description="a number of seconds above 0, at most a year")]
Count = Annotated[int, Meta(ge=1, le=2**62, description="a whole number from 1")]
Kept = Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")]
"""A count that says how much is kept in memory for each connection."""
Keys = Annotated[int, Meta(ge=3, le=4096, description="a whole number from 3 to 4096")]
"""The same for masking keys; of less than three nobody can say anything."""


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each is reached at its value and beyond, but where it says "more than". Times in seconds, sizes in bytes."""

    handshake_timeout: Seconds = 10.0
    """A request without a byte of a response for so long is not answered."""
    handshake_slow: Seconds = 1.0
    """A response that took so long is slow."""
    reaction_time: Seconds = 2.0
    """How long the receiver of a violation has to fail the connection for it."""
    huge_frame: Count = 64 * 2**20
    """Bytes that a frame declares."""
    tiny_frame_count: Kept = 1_000
    """Data frames of `tiny_frame_bytes` and less within a second."""
    tiny_frame_bytes: Count = 4
    mask_pattern_frames: Keys = 16
    """First frames whose masking keys are searched for a pattern."""
    mask_entropy_frames: Keys = 32
    """First frames whose masking keys have to vary in every byte."""
    mask_sequence_frames: Keys = 4
    """First masking keys of two connections that are not equal by chance; `mask_pattern_frames` at most."""
    max_fragments: Count = 1_000
    """More than that are too many frames of one message."""
    empty_fragments: Count = 8
    """Empty fragments in a row."""
    fragment_stall: Seconds = 5.0
    """More than that between two fragments of a message is long."""
    pong_slow: Seconds = 1.0
    """A Pong that took so long is late."""
    pong_timeout: Seconds = 20.0
    """On an open connection, a Ping without a Pong for so long is unanswered."""
    ping_flood: Kept = 50
    """Pings of one side within five seconds."""
    keepalive_gap: Seconds = 30.0
    """Silence on a connection that nobody keeps alive."""
    close_reply_slow: Seconds = 1.0
    """An answer to a Close that took so long is late."""
    close_reply_timeout: Seconds = 10.0
    """A Close without an answer for so long is never answered."""
    close_reply_frames: Count = 100
    """More data frames than that before the answer to a Close make it late."""
    server_fin_slow: Seconds = 1.0
    """From both Closes to the server's FIN."""
    server_fin_timeout: Seconds = 10.0
    """No FIN of the server for so long after both Closes."""
    client_fin_grace: Seconds = 1.0
    """A client that waits so long for the server's FIN may end TCP itself."""
    half_open_time: Seconds = 5.0
    """Data for more than that after the other side's FIN."""
    inflate_limit: Count = 64 * 2**20
    """Bytes that a message may inflate to; there inflating stops."""
    inflate_ratio: Count = 200
    """Inflated bytes for each compressed one, from 1 MiB inflated on."""
    deflate_sample: Count = 20
    """Messages of a direction from which on its use of compression is judged."""
