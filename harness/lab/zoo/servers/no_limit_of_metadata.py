"""Takes metadata of any size, and parses it."""

from harness.lab.target.assembly import Assembly

FINDS = ("META-21",)


def change(target: Assembly) -> None:
    """Lift the limits."""
    target.options = (("grpc.max_metadata_size", 2**20), ("grpc.absolute_max_metadata_size", 2**20))
