from dataclasses import fields

from harness.analysis.measures import MEASURES
from harness.results.auth_summary import Measures


def test_every_field_of_the_measures_is_filled_by_one_measure() -> None:
    assert sorted(MEASURES) == sorted(field.name for field in fields(Measures))


def test_a_measure_says_what_it_counts() -> None:
    assert [kind for kind in MEASURES.values() if not kind.__doc__] == []
