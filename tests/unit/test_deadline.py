import pytest
import time_machine

from chalicelib import aws, deadline
from chalicelib.deadline import OutOfTimeError
from chalicelib.tencent import exchange
from chalicelib.tencent.interface import NotSentError


def test_without_a_deadline_there_is_no_end() -> None:
    assert deadline.left() is None
    assert deadline.check() is False
    assert exchange.timeouts("x") == (5, 15)


def test_the_time_runs_out_and_then_nothing_else_is_begun() -> None:
    with time_machine.travel(0, tick=False) as clock, deadline.within(10):
        assert deadline.left() == pytest.approx(10)
        assert deadline.check() is True
        clock.shift(10)
        with pytest.raises(OutOfTimeError):
            deadline.check()
        for client in (aws.dynamodb, aws.dynamodb_once, aws.sqs):
            with pytest.raises(OutOfTimeError):
                client()


def test_an_inner_deadline_ends_with_its_block() -> None:
    with deadline.within(100):
        with deadline.within(1):
            assert deadline.left() == pytest.approx(1, abs=0.1)
        assert deadline.left() == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("passed", [0, 1, 5, 10, 15, 18.9])
def test_a_call_to_tencent_never_outlasts_the_deadline(passed: float) -> None:
    with time_machine.travel(0, tick=False) as clock, deadline.within(21):
        clock.shift(passed)
        connect, read = exchange.timeouts("x")
        assert 0 < connect <= 5
        assert 0 < read <= 15
        assert passed + connect + read <= 21.001


def test_no_call_to_tencent_begins_shortly_before_the_deadline() -> None:
    with time_machine.travel(0, tick=False) as clock, deadline.within(21):
        clock.shift(19.5)
        with pytest.raises(NotSentError, match="used up"):
            exchange.timeouts("add_template")


def test_what_begins_at_the_last_moment_ends_before_api_gateway_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = aws._client.__wrapped__("dynamodb", 5, hurried=True)
    config = client.meta.config
    attempts = config.retries["total_max_attempts"]
    # In botocore's standard mode the first pause is a second at most.
    slowest = attempts * (config.connect_timeout + config.read_timeout) + (attempts - 1)
    assert deadline.SECONDS_TO_ANSWER + slowest <= 28
