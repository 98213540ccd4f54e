"""Pauses and what is repeated: Pings, heartbeats."""

from wsinspect.websocket.rhythm import MAX_HEARTBEATS, MAX_SILENCES, Cadence, Rhythm, Silences

SECOND = 1_000_000_000


def cadence(*times: float) -> Cadence:
    made = Cadence(round(times[0] * SECOND))
    for time in times[1:]:
        made.beat(round(time * SECOND))
    return made


def text(payload: bytes, key: bytes = b"") -> bytes:
    if not key:
        return bytes([0x81, len(payload)]) + payload
    masked = bytes(byte ^ key[place & 3] for place, byte in enumerate(payload))
    return bytes([0x81, 0x80 | len(payload)]) + key + masked


def test_a_steady_pace() -> None:
    assert cadence(0, 25, 50.5).is_steady
    assert cadence(0, 25, 50.5).period_ns == 25_250_000_000
    assert not cadence(0, 25).is_steady
    assert not cadence(0, 25, 47).is_steady
    assert not cadence(0, 0, 0).is_steady
    assert cadence(3).period_ns == 0


def test_heartbeats_are_alike_but_for_their_numbers() -> None:
    rhythm = Rhythm()
    for n in range(3):
        rhythm.after_pause(text(b'{"ping":%d}' % n), n * SECOND)
        rhythm.after_pause(text(b"2", b"abcd"), n * SECOND)
    assert [(shape, beats.count) for shape, beats in rhythm.heartbeats.items()] == [(b'{"ping":0}', 3), (b"0", 3)]


def test_what_is_no_heartbeat() -> None:
    rhythm = Rhythm()
    for data in (b"", b"\x81", text(b""), b"\x82\x01a", text(b"a") + text(b"b"), text(b"a", b"abcd")[:-1]):
        rhythm.after_pause(data, SECOND)
    rhythm.after_pause(b"\x81\x7e\x00\x80" + bytes(128), SECOND)
    assert rhythm.heartbeats == {}


def test_few_kinds_are_remembered() -> None:
    rhythm = Rhythm()
    for n in range(2):
        rhythm.after_pause(text(b"beat"), n * SECOND)
    for letter in b"abcdefghij":
        rhythm.after_pause(text(bytes([letter])), SECOND)
    assert len(rhythm.heartbeats) == MAX_HEARTBEATS and b"beat" in rhythm.heartbeats


def test_silences() -> None:
    silences = Silences()
    silences.add(1 * SECOND, SECOND // 4)
    silences.add(9 * SECOND, 7 * SECOND)
    for n in range(20, 20 + MAX_SILENCES):
        silences.add(n * SECOND, SECOND)
    assert [silence.length_ns for silence in silences.latest] == [SECOND] * MAX_SILENCES
