"""Copies of requests for an upstream whose answers nobody gets."""

import time

import pytest

from harness.origin import Origin
from harness.site import block
from harness.waiting import until


@pytest.fixture
def other():
    made = Origin()
    yield made
    made.close()


def mirrored(start, other, share: str = "", **parts):
    return start(
        top=block("upstream other", f"server 127.0.0.1:{other.port}"),
        route=f"mirror other {share}",
        **parts,
    )


def test_a_copy_goes_to_the_other_upstream_and_its_answer_nowhere(start, origin, other):
    def refuse(request, peer) -> bool:
        peer.read_body(request)
        peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")
        return True

    other.respond = refuse
    site = mirrored(start, other)
    with site.connect() as client:
        for body in (b"", b"hello", b"x" * 50_000):
            answer = client.ask("/a?b=c", "PUT" if body else "GET", body=body)
            assert (answer.status, answer.json()["bytes"]) == (200, len(body))
    until(lambda: len(other.requests) == 3, 5, "three copies")
    assert [len(request.body) for request in other.requests] == [0, 5, 50_000]
    assert {request.target for request in other.requests} == {"/a?b=c"}
    ids = [request.value("x-request-id") for request in origin.requests]
    assert ids == [request.value("x-request-id") for request in other.requests]
    sent = "sluice_mirror_requests_total"
    until(lambda: site.gateway.metric(sent, upstream="other", result="sent") == 3, 5)
    # One line for each request of a client, none for a copy.
    until(lambda: len(site.gateway.log()) == 3, 5, "three lines")
    assert {line["upstream"]["name"] for line in site.gateway.log()} == {"origin"}


def test_a_mirror_that_hangs_slows_nobody(start, origin, other):
    def hang(request, peer) -> bool:
        time.sleep(1)
        return False

    other.respond = hang
    site = mirrored(start, other)
    with site.connect() as client:
        began = time.monotonic()
        assert [client.ask().status for _ in range(100)] == [200] * 100
        assert time.monotonic() - began < 3
    dropped = site.gateway.metric("sluice_mirror_requests_total", result="dropped")
    assert dropped >= 100 - 64
    # What the site needs for its own requests is there.
    with site.connect() as client:
        assert client.ask().status == 200


def test_a_share_of_requests_is_copied(start, origin, other):
    site = mirrored(start, other, "20%")
    with site.connect() as client:
        for _ in range(400):
            client.ask()
    until(lambda: site.gateway.metric("sluice_upstream_in_flight", upstream="other") == 0, 5)
    assert 40 <= len(other.requests) <= 130, len(other.requests)
