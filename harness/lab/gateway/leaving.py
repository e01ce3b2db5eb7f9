"""What a GOAWAY of the upstream means to the client, whose streams may bear other numbers there."""

from collections.abc import Iterable

from harness.lab.gateway.stream import CLIENT, UPSTREAM, Stream

_LAST_OF_ALL = (1 << 31) - 1


def mapped_last(last_stream_id: int, streams: Iterable[Stream], last_seen: int) -> int:
    """Return the client's number of the last stream that the upstream has looked at.

    ``last_seen`` is the client's latest stream. Where all numbers are the same on both sides it is the upstream's own
    word. Else it lies above all open streams that the upstream goes on with, so that none of them is made twice, and
    below the others as far as that allows; see `refused_by`.
    """
    open_streams = list(streams)
    if last_stream_id >= _LAST_OF_ALL or all(_is_alike(stream) for stream in open_streams):
        return last_stream_id
    kept = [stream.ids[CLIENT] for stream in open_streams if _is_kept(stream, last_stream_id)]
    if kept:
        return max(kept)
    others = [stream.ids[CLIENT] for stream in open_streams]
    return min(others) - 1 if others else max(last_seen, 0)


def refused_by(last_stream_id: int, streams: Iterable[Stream]) -> list[Stream]:
    """Return the streams that the upstream never looks at.

    The client must hear of those that `mapped_last` lets it believe in; the others it gives up by itself.
    """
    if last_stream_id >= _LAST_OF_ALL:
        return []
    return [stream for stream in streams if not _is_kept(stream, last_stream_id)]


def _is_alike(stream: Stream) -> bool:
    return not stream.answered and stream.ids[UPSTREAM] == stream.ids[CLIENT]


def _is_kept(stream: Stream, last_stream_id: int) -> bool:
    """Tell whether a stream goes on; those that the gateway answers do."""
    return stream.answered or 0 < stream.ids[UPSTREAM] <= last_stream_id
