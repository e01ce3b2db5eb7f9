"""Turns metadata away above 7,200 bytes: a proxy's limit, or a build's new default, below gRPC's 8 KiB."""

from harness.lab.target.assembly import Assembly

FINDS = ("CLM-05", "CLM-07", "HEAD-05", "HEAD-12", "META-22", "OK-06", "TIME-09")


def change(target: Assembly) -> None:
    """Lower both limits, so that chance has no part in it."""
    target.options = (("grpc.max_metadata_size", 7_200), ("grpc.absolute_max_metadata_size", 7_200))
