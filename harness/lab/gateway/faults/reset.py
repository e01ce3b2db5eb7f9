"""Reset: a call is cut by RST_STREAM."""

from dataclasses import dataclass

from harness.lab.gateway.faults import MOST_CODE, GatewayFault, Opening, within
from harness.lab.gateway.frames import ErrorCode
from harness.lab.gateway.treatment import StreamReset, Treatment, TreatmentMoment


@dataclass(frozen=True, kw_only=True)
class Reset(GatewayFault, kind="reset"):
    """Cut a call before the upstream hears of it (``open``), at its answer's ``headers``, or at its ``end``.

    ``code`` is one of HTTP/2's; 7 (REFUSED_STREAM) promises that nothing was done, which is a lie at the end.
    """

    code: int = ErrorCode.REFUSED_STREAM
    moment: str = "open"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        moments = [one.value for one in TreatmentMoment]
        wrong = [] if self.moment in moments else [f"moment={self.moment!r} is not one of {', '.join(moments)}"]
        return [*wrong, *within("code", self.code, 0, MOST_CODE)]

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Cut, unless another fault does."""
        treatment.reset = treatment.reset or StreamReset(self.code, TreatmentMoment(self.moment))
