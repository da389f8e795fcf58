"""Rate limits on real time, for every call that reaches the gateway."""

import time

import pytest

from emag.simulator.journal import widest
from emag.simulator.limits import RateLimits
from emag.simulator.running import RunningSimulator
from emag.simulator.store import Store
from emag.simulator.switches import SWITCHES

from .caller import Caller


@pytest.fixture
def limits():
    return RateLimits(Store())


def switch(**values):
    def get(name):
        return values.get(name.replace(".", "_"), SWITCHES[name].default)

    return get


def ask(limits, moments, bucket="orders", **switches):
    return [limits.ask("ro:main", bucket, switch(**switches), now).passed for now in moments]


def test_it_works(limits):
    assert ask(limits, [1000.0] * 13) == [True] * 12 + [False]
    assert ask(limits, [1001.0]) == [True]


def test_fixed_windows_begin_with_the_second(limits):
    """Twelve at the end of one second and twelve at the start of the next do pass."""
    assert all(ask(limits, [1000.99] * 12 + [1001.0] * 12))


def test_sliding_windows_look_back_one_second(limits):
    passed = ask(limits, [1000.99] * 12 + [1001.0] * 2 + [1001.99], rate_window="sliding")

    assert passed == [True] * 12 + [False] * 2 + [True]


def test_the_minute_counts_too(limits):
    moments = [6000 + second + 0.05 * n for second in range(60) for n in range(3)]

    assert all(ask(limits, moments, "rest"))
    assert ask(limits, [6059.9], "rest") == [False]
    assert ask(limits, [6060.0], "rest") == [True]


def test_turned_away_calls_count(limits):
    passed = ask(limits, [1000 + n / 20 for n in range(30)], "rest", rate_window="sliding")
    assert passed.count(True) == 3  # hammering never recovers

    lenient = RateLimits(Store())
    moments = [1000 + n / 20 for n in range(30)]
    passed = ask(lenient, moments, "rest", rate_window="sliding", rate_count_rejected="off")
    assert passed.count(True) == 6


def test_buckets_and_accounts_are_apart(limits):
    ask(limits, [1000.0] * 12)

    assert ask(limits, [1000.0], "rest") == [True]
    assert limits.ask("ro:other", "orders", switch(), 1000.0).passed


def test_barcodes_may_cost_twice(limits):
    assert ask(limits, [1000.0] * 5, "ean") == [True] * 5
    assert ask(limits, [1000.0], "rest") == [True]

    other = RateLimits(Store())
    assert ask(other, [1000.0] * 5, "ean", rate_ean_also_rest="on") == [True] * 3 + [False] * 2


def test_limits_can_be_scaled(limits):
    assert ask(limits, [1000.0] * 7, rate_scale=0.5) == [True] * 6 + [False]


def test_whole_hours_are_narrow(limits):
    assert ask(limits, [7200.0] * 7, rate_rush="on") == [True] * 6 + [False]
    assert ask(limits, [7300.0] * 12, rate_rush="on") == [True] * 12


def test_the_gateway_says_so(sim, main):
    sim.config(rate_limits="on", rate_scale=0.001, rate_window="sliding")
    replies = [main.read() for _ in range(3)]

    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert refused[0].json == {"message": "API rate limit exceeded"}
    assert refused[0].headers["Server"].startswith("kong/")
    assert refused[0].headers["X-RateLimit-Remaining-3second"] == "0"
    assert "Retry-After" not in refused[0].headers


@pytest.mark.parametrize(
    ("style", "names"),
    [
        ("legacy", {"X-RateLimit-Limit-3second": "36", "X-RateLimit-Remaining-3second": "35"}),
        ("modern", {"X-RateLimit-Limit-second": "12", "X-RateLimit-Remaining-minute": "719"}),
        ("ietf", {"RateLimit-Limit": "12", "RateLimit-Remaining": "11", "RateLimit-Reset": "1"}),
        ("none", {}),
    ],
)
def test_styles_of_headers(sim, main, style, names):
    sim.config(rate_headers=style)

    headers = main.read().headers

    assert {name: headers[name] for name in names} == names
    if not names:
        assert not [name for name in headers if "ratelimit" in name.lower()]


def test_retry_after_when_it_is_on(sim, main):
    sim.config(rate_limits="on", rate_scale=0.001, rate_window="sliding", rate_retry_after="on")
    replies = [main.read() for _ in range(3)]

    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 60


def test_failed_sign_ins_count(sim, main):
    sim.config(rate_limits="on", rate_window="sliding")
    for _ in range(12):
        assert main.call("order/read", {}, password="wrong").status == 403

    assert main.read().status == 429


def test_a_restart_is_no_amnesty(tmp_path):
    with RunningSimulator(
        data=tmp_path / "world.db", rate_window="sliding", rate_scale=0.001
    ) as sim:
        caller = Caller(sim, sim.add_account(username="main"))
        caller.read()  # the one call of this minute
        sim.restart()
        caller = Caller(sim, sim.world.account("main"))

        assert caller.read().status == 429


def test_attachments_may_be_in_the_other_bucket(sim, main):
    main.call("order/attachments/read", {"order_id": 1})
    sim.config(rate_attachments_bucket="rest")
    main.call("order/attachments/read", {"order_id": 1})

    assert [call["bucket"] for call in sim.journal()] == ["orders", "rest"]


def test_the_referee_measures_any_second(sim, main):
    for _ in range(5):
        main.read()

    (facts,) = sim.referee("ro:main").values()
    assert (facts["calls"], facts["second"], facts["minute"], facts["limited"]) == (5, 5, 5, 0)


def test_widest_spans():
    assert widest([0.0, 0.999, 1.0, 1.5], 1.0) == 3
    assert widest([], 1.0) == 0


def test_limits_ask_the_wall_and_not_the_virtual_clock(sim, main):
    """The world's clock stands still; the limits' does not."""
    sim.config(rate_limits="on", rate_scale=0.09)  # one a second
    assert sim.clock().second == 0
    time.sleep(1 - time.time() % 1)
    first = [main.read().status for _ in range(2)]
    time.sleep(1 - time.time() % 1)
    second = main.read().status

    assert (first, second) == ([200, 429], 200)


def test_the_virtual_clock_may_rule_for_tests(sim, main):
    sim.config(rate_limits="on", rate_clock="virtual")
    assert [main.read().status for _ in range(13)] == [200] * 12 + [429]
    sim.clock(advance="PT1S")
    assert main.read().status == 200
