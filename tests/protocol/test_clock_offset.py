from hypothesis import given
from hypothesis import strategies as st

from harness.protocol.clock_offset import PINGS, ClockOffset, Pings
from harness.protocol.messages import Pong
from harness.results.run import CLOCK_LIMIT_S, clock_doubt

way_ns = st.integers(0, 500_000_000)
offsets = st.integers(-(10**18), 10**18)


class Hosts:
    """Two clocks, and ways between them that take as long as a test says."""

    def __init__(self, offset_ns: int) -> None:
        self.now_ns = 1_000_000
        self.offset_ns = offset_ns
        self.sent: list[int] = []
        self.pings = Pings(self.sent.append, lambda: self.now_ns)

    def answer(self, there_ns: int, back_ns: int) -> None:
        self.now_ns += there_ns
        at_ns = self.now_ns + self.offset_ns
        self.now_ns += back_ns
        self.pings.hear(Pong(self.sent[-1], at_ns))


@given(offsets, st.lists(st.tuples(way_ns, way_ns), min_size=1, max_size=PINGS))
def test_the_true_offset_is_within_the_bound_however_uneven_the_ways(
    offset_ns: int, ways: list[tuple[int, int]]
) -> None:
    hosts = Hosts(offset_ns)
    hosts.pings.measure()
    for there_ns, back_ns in ways:
        hosts.answer(there_ns, back_ns)
    found = hosts.pings.offset
    assert found is not None
    assert found.low_ns <= offset_ns <= found.high_ns
    assert found.bound_s == min(there_ns + back_ns for there_ns, back_ns in ways) / 2e9


@given(st.integers(1, 10**18), way_ns)
def test_a_worker_that_is_ahead_has_a_positive_offset(ahead_ns: int, one_way_ns: int) -> None:
    hosts = Hosts(ahead_ns)
    hosts.pings.measure()
    hosts.answer(one_way_ns, one_way_ns)
    assert hosts.pings.offset is not None
    assert hosts.pings.offset.ns == ahead_ns


@given(offsets, st.integers(-(10**8), 10**8), way_ns, way_ns)
def test_a_second_measurement_widens_the_bound_by_what_the_clocks_drifted(
    offset_ns: int, drift_ns: int, first_ns: int, second_ns: int
) -> None:
    hosts = Hosts(offset_ns)
    hosts.pings.measure()
    hosts.answer(first_ns, first_ns)
    hosts.offset_ns += drift_ns
    hosts.pings.measure()
    hosts.answer(second_ns, second_ns)
    found = hosts.pings.offset
    assert found is not None
    assert found.low_ns <= min(offset_ns, offset_ns + drift_ns)
    assert max(offset_ns, offset_ns + drift_ns) <= found.high_ns


def test_a_measurement_is_a_bounded_number_of_pings() -> None:
    hosts = Hosts(0)
    hosts.pings.measure()
    while not hosts.pings.done:
        hosts.answer(1, 1)
    assert len(hosts.sent) == PINGS
    hosts.pings.hear(Pong(hosts.sent[-1], 10**15))
    assert hosts.pings.offset == ClockOffset(-1, 1)


def test_a_second_measurement_without_an_answer_keeps_the_first() -> None:
    hosts = Hosts(7)
    hosts.pings.measure()
    hosts.answer(0, 0)
    hosts.pings.measure()
    assert hosts.pings.offset == ClockOffset(7, 7)
    assert not hosts.pings.done


def test_a_late_pong_tells_nothing() -> None:
    hosts = Hosts(0)
    hosts.pings.measure()
    hosts.pings.hear(Pong(0, 5))
    assert hosts.pings.offset is None
    assert hosts.sent == [1]


def test_doubt_names_the_worker_and_the_way_out_above_10_ms_only() -> None:
    assert clock_doubt(3, CLOCK_LIMIT_S) is None
    text = clock_doubt(3, 0.012)
    assert text is not None
    assert text.startswith("worker 3's clock is known to ±12 ms only")
    assert "NTP" in text
