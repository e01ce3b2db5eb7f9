from harness.protocol.task_errors import MAX_KINDS, TaskErrors, sentences


def failing(text: str) -> None:
    raise ValueError(text)


def caught(text: str) -> ValueError:
    try:
        failing(text)
    except ValueError as error:
        return error
    raise AssertionError


def test_the_first_of_a_kind_is_told_and_all_are_counted() -> None:
    mishaps = TaskErrors()
    told = [mishaps.note("pay", caught("no money"), called=True) for _ in range(3)]
    assert told[0] is not None
    assert told[1:] == [None, None]
    assert mishaps.note("pay", caught("no account"), called=True) is not None
    assert [mishap.count for mishap in mishaps.counted()] == [3, 1]


def test_a_sentence_names_task_exception_line_count_and_way_out() -> None:
    mishaps = TaskErrors()
    for _ in range(1200):
        mishaps.note("pay", caught("no money"), called=True)
    (sentence,) = sentences(mishaps.counted())
    assert sentence.startswith("task pay raised ValueError: no money (test_task_errors.py, line ")
    assert "1,200 times, after its call had begun; mend the task" in sentence


def test_what_is_raised_before_the_call_is_told_apart() -> None:
    mishaps = TaskErrors()
    mishaps.note("pay", caught(""), called=False)
    (sentence,) = sentences(mishaps.counted())
    assert "once, before its call, which was never made" in sentence


def test_kinds_of_several_workers_are_added_up_the_most_frequent_first() -> None:
    one, other = TaskErrors(), TaskErrors()
    one.note("pay", caught("rare"), called=True)
    for mishaps in (one, other, other):
        mishaps.note("pay", caught("often"), called=True)
    shipped = [*one.counted(), *other.counted()]
    assert [("often" in text, "3 times" in text) for text in sentences(shipped)] == [(True, True), (False, False)]


def test_a_text_that_is_never_the_same_fills_no_memory() -> None:
    mishaps = TaskErrors()
    for number in range(500):
        mishaps.note("pay", caught(f"no account {number}"), called=True)
    counted = mishaps.counted()
    assert len(counted) == MAX_KINDS + 1
    assert sum(mishap.count for mishap in counted) == 500


def test_a_token_in_a_text_is_left_out() -> None:
    mishaps = TaskErrors()
    token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzdG9ybSJ9.c2lnbmF0dXJl"
    mishaps.note("pay", caught(f"bad token {token}"), called=True)
    assert token not in str(mishaps.counted())
