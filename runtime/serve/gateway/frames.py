"""The frames of HTTP/2 (RFC 9113): taken from bytes, and written as such."""

from __future__ import annotations

from enum import IntEnum

from sess.runtime.serve.gateway import limits

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = 9  # bytes before the payload: its length, the kind, the flags and the stream
MOST_PAYLOAD = 16_384  # bytes: what both sides may send as long as nobody allows more
MOST_WINDOW = 2**31 - 1
FIRST_WINDOW = 65_535

Frame = tuple[int, int, int, bytes]  # kind, flags, stream, payload


class Kind(IntEnum):
    """What a frame is; receivers pass over kinds that they don't know."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Flag:
    """Bits of a frame's flags."""

    END_STREAM = ACK = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITY = 0x20


class Setting(IntEnum):
    """The settings that matter here."""

    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_HEADER_LIST_SIZE = 6


class Code(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


class Broken(Exception):
    """A rule of the protocol that the other side broke: its connection ends."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


def frame(kind: Kind, flags: int, stream: int, payload: bytes | memoryview = b"") -> bytes:
    """Return a frame; stream 0 is the connection."""
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return b"".join((head, payload))


def take_preface(read: bytearray) -> bool:
    """Remove what a client says first, and return whether all of it has come; Broken if something else has."""
    if not PREFACE.startswith(read[: len(PREFACE)]):
        raise Broken(Code.PROTOCOL_ERROR)
    if len(read) < len(PREFACE):
        return False
    del read[: len(PREFACE)]
    return True


def take_frames(read: bytearray) -> list[Frame]:
    """Remove the whole frames from what was read and return them; Broken for one that is too long."""
    found: list[Frame] = []
    at = 0
    while len(read) - at >= HEAD:
        size = int.from_bytes(read[at : at + 3], "big")
        if size > MOST_PAYLOAD:
            raise Broken(Code.FRAME_SIZE_ERROR)
        ends = at + HEAD + size
        if ends > len(read):
            break
        stream = int.from_bytes(read[at + 5 : at + HEAD], "big") & MOST_WINDOW
        found.append((read[at + 3], read[at + 4], stream, bytes(read[at + HEAD : ends])))
        at = ends
    del read[:at]
    return found


def content_of(flags: int, payload: bytes) -> bytes:
    """Return the payload of DATA or HEADERS without its padding; Broken if that is longer than the frame."""
    if not flags & Flag.PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise Broken(Code.PROTOCOL_ERROR)
    return payload[1 : len(payload) - payload[0]]


def settings_of(payload: bytes) -> list[tuple[int, int]]:
    """Return the settings of a frame; Broken where it ends within one, or a window is wider than any."""
    if len(payload) % 6:
        raise Broken(Code.FRAME_SIZE_ERROR)
    starts = range(0, len(payload), 6)
    found = [(int.from_bytes(payload[i : i + 2], "big"), int.from_bytes(payload[i + 2 : i + 6], "big")) for i in starts]
    if any(key == Setting.INITIAL_WINDOW_SIZE and value > MOST_WINDOW for key, value in found):
        raise Broken(Code.FLOW_CONTROL_ERROR)
    return found


def settings(values: dict[Setting, int]) -> bytes:
    """Return the frame that tells settings."""
    payload = b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in values.items())
    return frame(Kind.SETTINGS, 0, 0, payload)


def greeting(most: int, room: int) -> bytes:
    """Return what a server says first: a request may have `most` bytes, and all of a connection `room`."""
    told = {
        Setting.MAX_CONCURRENT_STREAMS: limits.MOST_STREAMS,
        Setting.INITIAL_WINDOW_SIZE: min(most, MOST_WINDOW),
        Setting.MAX_HEADER_LIST_SIZE: limits.MOST_HEADERS,
    }
    return settings(told) + frame(Kind.WINDOW_UPDATE, 0, 0, (room - FIRST_WINDOW).to_bytes(4, "big"))


def number(payload: bytes) -> int:
    """Return the four bytes of a RST_STREAM or WINDOW_UPDATE; Broken if there are more or fewer."""
    if len(payload) != 4:
        raise Broken(Code.FRAME_SIZE_ERROR)
    return int.from_bytes(payload, "big") & MOST_WINDOW


def literal(name: bytes, value: bytes) -> bytes:
    """Return a header as a literal that is not indexed (RFC 7541, 6.2.2): no side keeps a table for it."""
    return b"\0" + _sized(name) + _sized(value)


def _sized(text: bytes) -> bytes:
    """Return a text with its length before it, as an integer with a prefix of 7 bits (RFC 7541, 5.1)."""
    size = len(text)
    if size < 127:
        return bytes((size,)) + text
    size -= 127
    said = bytearray((127,))
    while size >= 128:
        said.append(size % 128 + 128)
        size //= 128
    said.append(size)
    return bytes(said) + text
