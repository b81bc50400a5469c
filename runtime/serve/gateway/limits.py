"""What a client may take at most, so that none takes what is there for all."""

from __future__ import annotations

MOST_STREAMS = 128  # of one connection at a time; clients keep the next ones back
MOST_HEADERS = 16 * 1024  # bytes of a request's headers; one that has more is refused
READS_HEADERS, MOST_PARTS = 64 * 1024, 8  # bytes, and frames that they come in; behind more a connection can't be read
MOST_RESETS = 1000  # streams that a client gives up, beyond those that it lets be answered
ROOM = 64 << 20  # bytes that are held for all requests of a connection
CREDIT = 1 << 20  # bytes that are held no longer before a client is told that it may send as many again
WITHIN = 30.0  # seconds for a client to begin, to end a request, or to take what it is sent
HEARS_WITHIN = 1.0  # seconds, for a client to say that it heard of the end, and then to close
MOST_CHUNKS = 16_384  # that a body over HTTP comes in
