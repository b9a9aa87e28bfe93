"""TERM drains: readiness fails, requests in flight end, connections close; a second TERM stops at
once.
"""

import signal
import time

import pytest

from harness import responses
from harness.client import request
from harness.gateway import is_free
from harness.waiting import until


@pytest.fixture
def held(origin):
    origin.respond = held = responses.Held()
    yield held
    held.release.set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_request_in_flight_is_finished(start, held, number):
    site = start()
    with site.connect() as client:
        client.send(request("/held"))
        assert held.arrived.wait(5)
        site.gateway.signal(number)
        until(lambda: not_ready(site), 5, "readiness to fail")
        assert site.gateway.process.poll() is None
        held.release.set()
        answer = client.response()
        assert answer.status == 200
        assert answer.value("connection") == "close"
    assert site.gateway.exit_code() == 0


def not_ready(site) -> bool:
    try:
        return site.gateway.admin("/readyz")[0] == 503
    except OSError:
        return site.gateway.process.poll() is not None


def test_idle_connections_are_closed_and_the_process_ends(start):
    site = start()
    with site.connect() as client:
        assert client.ask().status == 200
        site.gateway.signal(signal.SIGTERM)
        assert client.is_closed()
    assert site.gateway.exit_code(4) == 0
    assert is_free(site.edge)


def test_new_connections_are_refused_while_draining(start, held):
    site = start()
    with site.connect() as client:
        client.send(request())
        assert held.arrived.wait(5)
        site.gateway.signal(signal.SIGTERM)

        def refused():
            try:
                site.connect().socket.close()
                return False
            except ConnectionRefusedError:
                return True

        until(refused, 5, "new connections to be refused")
        held.release.set()
        assert client.response().status == 200


def test_a_second_term_stops_at_once(start, held):
    site = start()
    with site.connect() as client:
        client.send(request())
        assert held.arrived.wait(5)
        site.gateway.signal(signal.SIGTERM)
        until(lambda: not_ready(site), 5, "readiness to fail")
        started = time.monotonic()
        site.gateway.signal(signal.SIGTERM)
        site.gateway.exit_code(2)
        assert time.monotonic() - started < 2


def test_grace_bounds_the_drain(start, held):
    site = start()
    text = site.text.replace("grace 5s", "grace 700ms")
    site.gateway.reload(text)
    with site.connect() as client:
        client.send(request("/never"))
        assert held.arrived.wait(5)
        started = time.monotonic()
        site.gateway.signal(signal.SIGTERM)
        site.gateway.exit_code(5)
        assert 0.5 < time.monotonic() - started < 4


def test_the_drain_delay_keeps_serving_while_readiness_fails(start):
    site = start()
    site.gateway.reload(site.text.replace("drain-delay=0s", "drain-delay=1s"))
    site.gateway.signal(signal.SIGTERM)
    until(lambda: not_ready(site), 3, "readiness to fail")
    with site.connect() as client:
        assert client.ask().status == 200
    assert site.gateway.exit_code(5) == 0


def test_every_log_line_is_written_before_the_end(start):
    site = start()
    with site.connect() as client:
        for number in range(200):
            client.ask(f"/{number}")
    site.gateway.signal(signal.SIGTERM)
    assert site.gateway.exit_code() == 0
    until(lambda: len(site.gateway.output) >= 200, 3, "200 log lines")
    assert {line["path"] for line in site.gateway.log()} == {f"/{n}" for n in range(200)}


def test_interrupt_ends_an_idle_gateway(start):
    site = start()
    site.gateway.signal(signal.SIGINT)
    assert site.gateway.exit_code(4) in (0, 130, -2)


def test_a_connection_that_was_opened_before_the_end_still_gets_its_answer(start):
    """Its request is on the way when TERM comes: a close without an answer would lose it."""
    site = start(workers=2)
    for _ in range(3):
        with site.connect() as client:
            assert client.ask().status == 200
    clients = [site.connect() for _ in range(20)]
    site.gateway.signal(signal.SIGTERM)
    time.sleep(0.1)
    answers = [client.send(request()).response() for client in clients]
    assert [answer.status for answer in answers] == [200] * 20
    assert {answer.value("connection") for answer in answers} == {"close"}
    assert site.gateway.exit_code(4) == 0
