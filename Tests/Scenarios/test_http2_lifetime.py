"""Flow control on HTTP/2, what cancels what, and how connections end."""

import signal
import socket
import threading
import time

import pytest
from hyperframe import frame as frames

from harness import responses
from harness.http2 import Answer, H2Client
from harness.responses import Held
from harness.waiting import until

# Flow control and cancellation.


def test_a_slow_upstream_stops_the_client(clear, origin):
    reading = threading.Event()

    def respond(request, peer):
        reading.wait(10)
        peer.read_body(request)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    origin.respond = respond
    site = clear(defaults="body max=64MiB")
    with H2Client(site.address) as client:
        head = client.headers(client.fields("/slow", "POST"), ends=False)
        client.send(head)
        sent = 0
        # The client obeys its window: it may send no more than what was given back.
        window = {0: 65535, head.stream_id: 65536}
        seen = client.seen

        def credited(frame, length):
            if isinstance(frame, frames.WindowUpdateFrame):
                window[frame.stream_id] = window.get(frame.stream_id, 0) + frame.window_increment
            seen(frame, length)

        client.seen = credited
        idle = 0
        while idle < 3 and sent < 32 << 20:
            count = min(16384, window[0], window[head.stream_id])
            if count <= 0:
                idle = 0 if client.read(0.2) else idle + 1
                continue
            client.send(client.data(head.stream_id, b"x" * count))
            window[0] -= count
            window[head.stream_id] -= count
            sent += count
        assert sent < 16 << 20, "a client may not fill the gateway's memory"
        reading.set()
        client.send(client.data(head.stream_id, b"", ends=True))
        assert client.answer(head.stream_id, 15).status == 200


def test_a_cancelled_stream_cancels_its_upstream_exchange(clear, origin):
    held = responses.Held()
    origin.respond = held
    site = clear()
    with H2Client(site.address) as client:
        stream = client.open("/gone")
        assert held.arrived.wait(5)
        client.send(frames.RstStreamFrame(stream, error_code=8))
        assert site.gateway.log_line(path="/gone")["reason"] == "client_gone"
        held.release.set()
        origin.reset_script()
        assert client.ask("/next").status == 200


def test_an_upstream_that_breaks_off_resets_the_stream_only(clear, origin):
    def respond(request, peer):
        if request.target == "/cut":
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            return False
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return True

    origin.respond = respond
    with H2Client(clear().address) as client:
        answer = client.ask("/cut")
        assert answer.status == 200 and answer.reset == 2 and not answer.ended
        assert client.ask("/whole").body == b"ok"


def test_a_client_that_gives_no_window_loses_its_stream(clear, origin):
    big = b"x" * 300_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(big)
    origin.respond = lambda request, peer: peer.send(head, big) or True
    site = clear(listener="limits write-stall=1s")
    with H2Client(site.address, credits=False) as client:
        answer = client.ask("/stalled")
        assert answer.reset == 8 and len(answer.body) == 65535
        assert client.goaways == []
    assert site.gateway.log_line(path="/stalled")["reason"] == "write_stalled"


def test_a_client_that_reads_too_slowly_loses_its_stream(clear, origin):
    """Some progress in every period is not enough: on the whole it must be the least rate."""
    big = b"x" * 300_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(big)
    origin.respond = lambda request, peer: peer.send(head, big) or True
    site = clear(listener="limits write-stall=1s min-rate=40KiB")
    with H2Client(site.address, credits=False) as client:
        stream = client.open("/slow")
        start, given = time.monotonic(), 0
        while client.answers.get(stream, Answer()).reset is None:
            assert time.monotonic() - start < 15
            client.read(0.05)
            # A tenth of the rate.
            if (due := int((time.monotonic() - start) * 4096)) > given:
                client.send(
                    frames.WindowUpdateFrame(0, due - given),
                    frames.WindowUpdateFrame(stream, due - given),
                )
                given = due
        assert client.answers[stream].reset == 8
        assert time.monotonic() - start > 4, "the grace was not kept"
    assert site.gateway.log_line(path="/slow")["reason"] == "write_stalled"


# The life of a connection.


@pytest.mark.parametrize("allowed", [True, False], ids=["half-close on", "half-close off"])
def test_a_client_that_has_said_all_gets_its_answers_where_that_is_allowed(clear, origin, allowed):
    origin.respond = held = Held()
    site = clear(listener="half-close on" if allowed else "")
    with H2Client(site.address, credits=False) as client:
        # Its own SETTINGS are acknowledged before it can say nothing more.
        until(lambda: client.read(0.1) and client.settings, 5, "SETTINGS")
        whole = client.open("/whole")
        cut = client.open(fields=client.fields("/cut", method="POST"), body=None)
        until(lambda: len(origin.requests) >= 2, 5, "the requests to arrive")
        client.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.2)
        held.release.set()
        if allowed:
            assert client.answer(whole).status == 200 and client.answer(cut).status == 200
            client.until_closed(5)
            assert client.goaways[-1][1] == 0
        else:
            client.until_closed(5)
            assert client.answers.get(whole, Answer()).status == 0
    until(lambda: site.gateway.metric("sluice_open_connections") == 0, 5, "the end")




def test_a_drain_lets_streams_end_and_names_the_last_one(clear, origin):
    held = responses.Held()
    origin.respond = held
    site = clear()
    with H2Client(site.address) as client:
        stream = client.open("/held")
        assert held.arrived.wait(5)
        site.gateway.signal(signal.SIGTERM)
        until(lambda: client.read(0.1) and client.goaways or client.goaways, 5, "a GOAWAY")
        assert client.goaways[0] == (0x7FFFFFFF, 0)
        held.release.set()
        assert client.answer(stream).status == 200
        client.until_closed(3)
        assert client.goaways[-1] == (stream, 0)
    assert site.gateway.exit_code() == 0


def test_a_connection_ends_after_its_requests(clear):
    with H2Client(clear(listener="limits requests=3").address) as client:
        for _ in range(3):
            assert client.ask().status == 200
        client.until_closed(3)
        assert client.goaways[-1] == (5, 0)


def test_an_idle_connection_is_closed_with_a_goaway(clear):
    with H2Client(clear(listener="timeout idle=1s").address) as client:
        assert client.ask().status == 200
        spent = client.until_closed(4)
        assert client.goaways[-1][1] == 0 and spent > 0.5


def test_a_head_that_never_ends_ends_the_connection(clear):
    site = clear(listener="limits head-timeout=500ms")
    with H2Client(site.address) as client:
        assert client.ask().status == 200
        frame = client.headers(client.fields())
        frame.flags.discard("END_HEADERS")
        client.send(frame)
        assert client.until_closed(3) > 0.3
    with H2Client(site.address) as client:
        assert client.ask().status == 200


def test_a_reload_holds_for_the_next_stream(clear):
    site = clear()
    with H2Client(site.address) as client:
        assert client.ask("/before").status == 200
        site.gateway.reload(site.text.replace("to origin", "respond 204", 1))
        assert client.ask("/after").status == 204
