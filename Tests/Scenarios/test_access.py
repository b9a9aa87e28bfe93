"""`access` and `allow` on the wire: who is refused, what the log tells, rules on trial."""

import pytest

from harness.answers import problem
from harness.site import block

TRUSTED = "client-ip trust=[127.0.0.0/8] from=x-forwarded-for\n"


@pytest.mark.parametrize(
    "client, status",
    [("203.0.113.9", 200), ("203.0.113.200", 403), ("192.0.2.1", 403), ("2001:db8::1", 200),
     ("::ffff:203.0.113.9", 200), ("::ffff:203.0.113.200", 403)],
)  # fmt: skip
def test_clients_pass_by_the_address_that_client_ip_decided(start, origin, client, status):
    site = start(
        top=TRUSTED,
        defaults="access allow=[203.0.113.0/24 2001:db8::/32]",
        route="access deny=[203.0.113.128/25]",
    )
    with site.connect() as connection:
        answer = connection.ask(fields={"X-Forwarded-For": client})
        assert answer.status == status
    line = site.gateway.log_line(status=status)
    if status == 403:
        assert (line["reason"], line["deny"]) == ("address_not_allowed", "address_not_allowed")
        assert line["rule"].startswith("access routes.conf:")
        assert origin.requests == []


def test_a_stranger_cannot_choose_its_address(start, origin):
    site = start(route="access allow=[203.0.113.0/24]")
    with site.connect() as client:
        problem(client.ask(fields={"X-Forwarded-For": "203.0.113.9"}), 403)
    assert origin.requests == []


def test_a_rule_on_trial_lets_pass_and_says_what_it_would_do(start, origin):
    site = start(route="access deny=[127.0.0.0/8] shadow=on")
    with site.connect() as client:
        assert client.ask().status == 200
    line = site.gateway.log_line(would_deny="address_not_allowed")
    assert line["rule"].startswith("access routes.conf:")
    assert "deny" not in line


def test_requests_without_a_route_meet_the_rules_of_their_scope(start):
    routes = block("route a", "match path=/a", "auth none", "respond 200")
    with start(defaults="access deny=[127.0.0.0/8]", routes=routes).connect() as client:
        problem(client.ask("/none"), 403)


def test_conditions_hold_together_from_scope_to_scope(start, origin):
    routes = block(
        "group api",
        "auth none",
        "match path=/api/**",
        "allow when=\"header.x-team in ['orders' 'billing']\"",
        block(
            "route item",
            "match path=/api/{team}/{id}",
            'allow when="path.team == header.x-team and not query.raw == \'1\'"',
            "to origin",
        ),
    )
    site = start(routes=routes)
    asked = [
        ("/api/orders/1?raw=0", "orders", 200),
        ("/api/orders/1?raw=1", "orders", 403),
        ("/api/orders/1?raw=0", "billing", 403),
        ("/api/other/1?raw=0", "other", 403),
        # What is not said is not equal, and not unequal either.
        ("/api/orders/1", "orders", 403),
        ("/api/orders/1?raw=0&raw=0", "orders", 403),
        ("/api/orders/1?r%61w=%30", "orders", 200),
    ]
    with site.connect() as client:
        for target, team, status in asked:
            assert client.ask(target, fields={"X-Team": team}).status == status, target
    assert site.gateway.log_line(deny="condition_not_met")["reason"] == "not_allowed"
    assert site.gateway.log_line(deny="condition_unknown")["rule"].startswith("allow routes.conf:")
    assert len(origin.requests) == 2


def test_a_refused_page_may_read_why(start):
    site = start(
        route="cors origins=[https://app.example.com]\nallow when=\"header.x-a == '1'\"",
    )
    with site.connect() as client:
        answer = client.ask(fields={"Origin": "https://app.example.com"})
    problem(answer, 403)
    assert answer.value("access-control-allow-origin") == "https://app.example.com"


def test_a_wrong_condition_is_refused_at_its_column(start, tmp_path):
    with pytest.raises(AssertionError, match=r"routes\.conf:\d+:\d+"):
        start(route="allow when=\"method == 'get'\"")
