"""HUP swaps the whole config, a bad one changes nothing, requests in flight end as they began."""

import threading

from harness import responses
from harness.client import request
from harness.origin import Origin
from harness.site import block
from harness.waiting import until


def said(text: str) -> str:
    return block("route every", "match path=/**", "auth none", f'respond 200 body="{text}"')


def with_routes(site, routes: str) -> str:
    before, _, rest = site.text.partition("route every {")
    return before + routes + rest.partition("}\n")[2]


def test_a_reload_takes_the_new_routes(start):
    site = start(routes=said("old"))
    with site.connect() as client:
        assert client.ask().body == b"old"
        site.gateway.reload(with_routes(site, said("new")))
        until(lambda: client.ask().body == b"new", 5, "the new route on an open connection")
    with site.connect() as client:
        assert client.ask().body == b"new"


def test_a_bad_config_changes_nothing_and_says_why(start):
    site = start(routes=said("old"))
    site.gateway.reload(with_routes(site, said("new")) + "limt per-user\n", good=False)
    assert "limt" in site.gateway.said("limt")
    with site.connect() as client:
        assert client.ask().body == b"old"
    assert site.gateway.admin("/readyz")[0] == 200
    site.gateway.reload(with_routes(site, said("new")))
    with site.connect() as client:
        assert client.ask().body == b"new"


def test_an_unreadable_config_changes_nothing(start):
    site = start(routes=said("old"))
    site.gateway.reload("", good=False)
    with site.connect() as client:
        assert client.ask().body == b"old"


def test_a_missing_certificate_changes_nothing(start):
    site = start(routes=said("old"))
    text = with_routes(site, said("new")).replace(
        "listener edge {",
        'certificate c names=[a.example] cert="no.pem" key="no.key"\n'
        "listener edge {\n  tls min=1.2 certificates=[c]",
    )
    site.gateway.reload(text, good=False)
    site.gateway.said("no.pem")
    with site.connect() as client:
        assert client.ask().body == b"old"


def test_a_request_in_flight_ends_on_the_old_config(start, origin):
    origin.respond = held = responses.Held()
    site = start()
    with site.connect() as client:
        client.send(request("/held"))
        assert held.arrived.wait(5)
        site.gateway.reload(with_routes(site, said("new")))
        held.release.set()
        assert client.response().json()["target"] == "/held"
        until(lambda: client.ask().body == b"new", 5, "the new route")


def test_a_reload_moves_traffic_to_another_upstream(start, origin):
    second = Origin()
    site = start()
    with site.connect() as client:
        client.ask()
        moved = site.text.replace(
            f"server 127.0.0.1:{origin.port}", f"server 127.0.0.1:{second.port}"
        )
        site.gateway.reload(moved)
        until(lambda: client.ask() and second.requests, 5, "the second upstream")
    until(lambda: not origin.open, 5, "connections of the old upstream to close")
    second.close()


def test_a_listener_can_be_added_and_removed(start):
    from harness.client import Client
    from harness.gateway import is_free
    from harness.waiting import free_port

    site, port = start(), free_port()
    site.gateway.reload(site.text + block("listener more", f"bind 127.0.0.1:{port}"))
    with Client(("127.0.0.1", port)) as client:
        assert client.ask().status == 200
    site.gateway.reload(site.text)
    until(lambda: is_free(port), 5, "the port to be free again")


def test_nothing_fails_while_configs_are_swapped(start):
    site = start(routes=said("0"), workers=2)
    failures, done = [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                with site.connect() as client:
                    for _ in range(20):
                        answer = client.ask()
                        assert answer.status == 200 and answer.body.isdigit()
                        if answer.value("connection") == "close":
                            break
            except Exception as error:  # any failure counts
                failures.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, 21):
            site.gateway.reload(with_routes(site, said(str(number))))
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_reloads_leak_nothing(start):
    site = start(routes=said("0"))
    site.gateway.reload(with_routes(site, said("1")))
    descriptors = site.gateway.descriptors
    for number in range(30):
        site.gateway.reload(with_routes(site, said(str(number))))
    assert site.gateway.descriptors <= descriptors + 2
