"""gRPC end to end: real grpcio clients and servers with the gateway between them, over TLS and in
clear text."""

import threading
import time
from concurrent import futures

import grpc
import pytest

from harness.http2_origin import H2Origin
from harness.waiting import free_port, until

SERVICE = "test.Echo"


class Service:
    """Every kind of call, on plain bytes."""

    def __init__(self):
        self.cancelled = threading.Event()
        self.remaining: list[float] = []

    def unary(self, message, context):
        if message == b"silent":
            self.cancelled.wait(2)
        self.remaining.append(context.time_remaining())
        context.send_initial_metadata([("x-initial", "1")])
        context.set_trailing_metadata([("x-trailing", "2"), ("x-bin-bin", b"\x00\xff")])
        if message == b"fail":
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not now: 100 % no\n")
        if message == b"slow":
            context.add_callback(self.cancelled.set)
            self.cancelled.wait(10)
        return message

    def gather(self, messages, context):
        return b"".join(messages)

    def scatter(self, message, context):
        for _ in range(int(message)):
            yield message

    def chat(self, messages, context):
        context.add_callback(self.cancelled.set)
        for message in messages:
            yield message.upper()

    @property
    def handler(self):
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
                "Gather": grpc.stream_unary_rpc_method_handler(self.gather),
                "Scatter": grpc.unary_stream_rpc_method_handler(self.scatter),
                "Chat": grpc.stream_stream_rpc_method_handler(self.chat),
            },
        )


class Calls:
    """The client's side."""

    def __init__(self, channel):
        self.channel = channel
        self.unary = channel.unary_unary(f"/{SERVICE}/Unary")
        self.gather = channel.stream_unary(f"/{SERVICE}/Gather")
        self.scatter = channel.unary_stream(f"/{SERVICE}/Scatter")
        self.chat = channel.stream_stream(f"/{SERVICE}/Chat")


def spoken() -> dict:
    """A port that HTTP/2 is spoken on, as parts of a site."""
    port = free_port()
    return {"edge": port, "bind": f"bind 127.0.0.1:{port} protocols=[h2 http/1.1]"}


LARGE = [
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.max_send_message_length", 64 << 20),
]


@pytest.fixture(params=["clear text", "TLS"])
def stage(request, start, authority):
    """A server, the gateway, and a client, each hop in the same way."""
    service = Service()
    server = grpc.server(futures.ThreadPoolExecutor(16), options=LARGE)
    server.add_generic_rpc_handlers([service.handler])
    route = "timeout total=off\nbody max=64MiB"
    if request.param == "TLS":
        pair = authority.leaf("grpc", "localhost", "127.0.0.1")
        key, certificate = pair[1].read_bytes(), pair[0].read_bytes()
        port = server.add_secure_port(
            "127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)])
        )
        server.start()
        site = start(
            **spoken(),
            origin=f"127.0.0.1:{port}",
            top=f'certificate edge names=[localhost] cert="{pair[0]}" key="{pair[1]}"\n',
            listener="tls certificates=[edge]",
            upstream=f'tls server-name=localhost ca="{authority.certificate}"\nprotocol h2',
            route=route,
        )
        credentials = grpc.ssl_channel_credentials(authority.certificate.read_bytes())
        channel = grpc.secure_channel(f"localhost:{site.edge}", credentials, options=LARGE)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        site = start(
            **spoken(), origin=f"127.0.0.1:{port}", upstream="protocol h2c", route=route
        )
        channel = grpc.insecure_channel(f"localhost:{site.edge}", options=LARGE)
    with channel:
        site.service, site.calls = service, Calls(channel)
        yield site
    server.stop(0)


def test_every_kind_of_call(stage):
    calls = stage.calls
    assert calls.unary(b"hello") == b"hello"
    assert calls.gather(iter([b"a", b"b", b"c"])) == b"abc"
    assert list(calls.scatter(b"5")) == [b"5"] * 5
    assert list(calls.chat(iter([b"a", b"b"]))) == [b"A", b"B"]


def test_metadata_and_status_are_kept(stage):
    answer, call = stage.calls.unary.with_call(b"x", metadata=[("x-asked", "0")])
    assert ("x-initial", "1") in [(name, value) for name, value in call.initial_metadata()]
    trailing = {name: value for name, value in call.trailing_metadata()}
    assert trailing["x-trailing"] == "2" and trailing["x-bin-bin"] == b"\x00\xff"
    with pytest.raises(grpc.RpcError) as failed:
        stage.calls.unary(b"fail")
    assert failed.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert failed.value.details() == "not now: 100 % no\n"


def test_messages_flow_while_both_sides_are_open(stage):
    said = threading.Semaphore(0)

    def speak():
        for word in (b"one", b"two", b"three"):
            said.acquire()
            yield word

    answers = stage.calls.chat(speak())
    for word in (b"ONE", b"TWO", b"THREE"):
        said.release()
        assert next(answers) == word
    assert list(answers) == []


@pytest.mark.deep
def test_a_conversation_may_pause_for_longer_than_an_upload_may(stage):
    """Uploads are held to a pace once their grace of five seconds is over."""
    gate = threading.Event()

    def speak():
        yield b"one"
        gate.wait(20)
        yield b"two"

    answers = stage.calls.chat(speak())
    assert next(answers) == b"ONE"
    time.sleep(7)
    gate.set()
    assert list(answers) == [b"TWO"]


def test_large_messages_pass_the_windows(stage):
    large = bytes(range(256)) * (8 << 12)
    assert stage.calls.unary(large) == large
    assert stage.calls.gather(iter([large, large])) == large * 2


def test_the_deadline_reaches_the_server_and_holds(stage):
    assert stage.calls.unary(b"x", timeout=5) == b"x"
    assert 4 < stage.service.remaining[-1] <= 5
    with pytest.raises(grpc.RpcError) as late:
        stage.calls.unary(b"slow", timeout=0.3)
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert stage.service.cancelled.wait(2)


def test_a_cancelled_call_is_cancelled_at_the_server(stage):
    gate = threading.Event()

    def speak():
        yield b"a"
        gate.wait(10)

    answers = stage.calls.chat(speak())
    assert next(answers) == b"A"
    answers.cancel()
    assert stage.service.cancelled.wait(2)
    gate.set()


def test_many_calls_share_a_connection(stage):
    with futures.ThreadPoolExecutor(32) as pool:
        results = list(pool.map(stage.calls.unary, [b"%d" % n for n in range(300)]))
    assert results == [b"%d" % n for n in range(300)]


def code_of(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as failed:
        call(*arguments, **options)
    return failed.value.code()


REFUSALS = {
    "no route": ("routes", grpc.StatusCode.UNIMPLEMENTED),
    "no server": ("origin", grpc.StatusCode.UNAVAILABLE),
    "too late": ("slow", grpc.StatusCode.DEADLINE_EXCEEDED),
}


@pytest.mark.parametrize("why, code", REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals_of_the_gateway_are_grpcs_own(start, why, code):
    parts = spoken() | {"upstream": "protocol h2c", "origin": f"127.0.0.1:{free_port()}"}
    if why == "routes":
        parts["routes"] = "route other {\n  match path=/x\n  auth none\n  to origin\n}\n"
    service = Service()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([service.handler])
    if why == "slow":
        parts["origin"] = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        parts["route"] = "timeout response=200ms"
        server.start()
    site = start(**parts)
    with grpc.insecure_channel(f"localhost:{site.edge}") as channel:
        assert code_of(Calls(channel).unary, b"silent") == code
    server.stop(0)
    line = site.gateway.log_line(path=f"/{SERVICE}/Unary")
    assert line["status"] == {"routes": 404, "origin": 502, "slow": 504}[why]


@pytest.mark.parametrize("cut", ["connection", "stream"])
def test_a_call_whose_server_breaks_off_is_unavailable(start, cut):
    """Its head has been sent: by a reset alone the client would take it for a fault of its own."""

    def respond(link, stream, fields, body):
        link.head(stream, fields=[("content-type", "application/grpc")])
        link.body(stream, b"\0\0\0\0\5hello", ends=False)
        first.wait(5)
        link.close() if cut == "connection" else link.reset(stream, 2)

    first = threading.Event()
    with H2Origin() as origin:
        origin.respond = respond
        site = start(**spoken(), origin=origin.address, upstream="protocol h2c")
        with grpc.insecure_channel(f"localhost:{site.edge}") as channel:
            answers = channel.unary_stream("/a.B/C")(b"x")
            assert next(answers) == b"hello"
            first.set()
            with pytest.raises(grpc.RpcError) as broken:
                next(answers)
    assert broken.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "connection_terminated" in broken.value.details()
    line = site.gateway.log_line(path="/a.B/C")
    assert "response_cut" in line["flags"] and line["reason"] == "connection_terminated"


def test_a_call_whose_deadline_passes_behind_its_head_is_a_deadline(start):
    def respond(link, stream, fields, body):
        link.head(stream, fields=[("content-type", "application/grpc")])
        link.body(stream, b"\0\0\0\0\5hello", ends=False)

    with H2Origin() as origin:
        origin.respond = respond
        site = start(
            **spoken(), origin=origin.address, upstream="protocol h2c",
            defaults="timeout connect=1s response=1s total=700ms",
        )
        with grpc.insecure_channel(f"localhost:{site.edge}") as channel:
            answers = channel.unary_stream("/a.B/C")(b"x")
            assert next(answers) == b"hello"
            with pytest.raises(grpc.RpcError) as late:
                next(answers)
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
