"""Addresses that open once, sessions that end, and the checks of every request."""

import pytest

from ops.console import frame
from ops.console.safety import HEADERS, Safety

PORT = 8765


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> Safety:
    return Safety(PORT, clock)


def token(guard: Safety) -> str:
    return guard.new_address().rpartition("/")[2]


def test_an_address_opens_once(guard: Safety) -> None:
    once = token(guard)
    assert guard.enter(once)
    assert guard.enter(once) is None


def test_a_fresh_address_makes_the_one_before_void(guard: Safety) -> None:
    first, second = token(guard), token(guard)
    assert first != second
    assert guard.enter(first) is None
    assert guard.enter(second)


@pytest.mark.parametrize("given", ["", "x", "é", "\ud800"])
def test_nothing_else_opens_it(guard: Safety, given: str) -> None:
    assert guard.enter(given) is None
    token(guard)
    assert guard.enter(given) is None


def test_a_session_ends_after_twelve_hours(guard: Safety, clock: Clock) -> None:
    session = guard.enter(token(guard))
    assert session
    clock.now += 12 * 3600 - 1
    assert guard.session(session.id) is session
    clock.now += 1
    assert guard.session(session.id) is None


def test_sessions_and_their_secrets_differ(guard: Safety) -> None:
    one, other = guard.enter(token(guard)), guard.enter(token(guard))
    assert one
    assert other
    assert len({one.id, other.id, one.csrf, other.csrf}) == 4
    assert one.handle("8613900001111") != other.handle("8613900001111")


def test_the_oldest_sessions_make_room(guard: Safety) -> None:
    sessions = [guard.enter(token(guard)) for _ in range(25)]
    known = [one for one in sessions if one and guard.session(one.id)]
    assert known == sessions[-20:]


@pytest.mark.parametrize(
    "host",
    [None, "", "localhost:8765", "127.0.0.1", "127.0.0.1:8766", "evil:8765", "127.0.0.1:8765.evil"],
)
def test_another_host_is_refused(guard: Safety, host: str | None) -> None:
    assert guard.refuse_host(host) == "host"


def test_its_own_host_is_accepted(guard: Safety) -> None:
    assert guard.refuse_host("127.0.0.1:8765") is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://localhost:8765"},
        {"Origin": "http://127.0.0.1:8766"},
        {"Origin": "https://127.0.0.1:8765"},
        {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_origin_is_refused(guard: Safety, headers: dict[str, str]) -> None:
    assert guard.refuse_origin(headers) == "origin"


def test_its_own_origin_is_accepted(guard: Safety) -> None:
    assert guard.refuse_origin({"Origin": "http://127.0.0.1:8765"}) is None
    assert guard.refuse_origin({"Origin": guard.origin, "Sec-Fetch-Site": "same-origin"}) is None


def test_a_handle_stands_for_its_number_and_says_nothing_of_it(guard: Safety) -> None:
    session = guard.enter(token(guard))
    assert session
    handle = session.handle("8613900001111")
    assert session.phone(handle) == "8613900001111"
    assert session.handle("8613900001111") == handle
    assert "1111" not in handle
    assert session.phone("0" * 24) is None


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    sources = {word for rule in policy.split("; ") for word in rule.split()[1:]}
    assert sources == {"'none'", "'self'"}
    assert HEADERS["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        *((stage, "production") for stage in ("prod", "production", "cn-prod", "eu_live", "PRD2")),
        *((stage, "other") for stage in ("test", "reproduction", "delivery", "dev")),
        ("local", "local"),
    ],
)
def test_a_stage_of_production_has_the_red_badge(stage: str, kind: str) -> None:
    assert frame.kind_of(stage) == kind
