"""Generate the stubs from ``ledger.proto``, with the protoc of the locked grpcio-tools."""

import sys
from pathlib import Path

PACKAGE = Path(__file__).parent
GENERATED = ("ledger_pb2.py", "ledger_pb2.pyi", "ledger_pb2_grpc.py")


def generate(into: Path) -> list[Path]:
    """Write the generated files under ``into`` and return their paths.

    The definition is named by its path from the package's root, so that the stubs import as
    ``harness.lab.proto``. Raises `RuntimeError` where protoc refuses it.
    """
    from grpc_tools import protoc

    root = PACKAGE.parents[2]
    into.mkdir(parents=True, exist_ok=True)
    outputs = [f"--{kind}_out={into}" for kind in ("python", "pyi", "grpc_python")]
    code = protoc.main(["protoc", f"-I{root}", *outputs, str(PACKAGE / "ledger.proto")])
    if code:
        raise RuntimeError(f"protoc refused ledger.proto with code {code}; its messages stand above")
    return [into / "harness" / "lab" / "proto" / name for name in GENERATED]


if __name__ == "__main__":
    for path in generate(PACKAGE.parents[2]):
        sys.stdout.write(f"{path.relative_to(PACKAGE.parents[2])}\n")
