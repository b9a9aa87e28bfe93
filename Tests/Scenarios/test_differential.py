"""What the policies saw is what the origin received: 20,000 generated requests over sockets."""

import random
import re
import threading

import pytest

from harness import responses
from harness.client import request
from harness.waiting import until

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "REPORT"]
SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,=:@"
ENCODED = ["%20", "%41", "%7e", "%C3%A9", "%3B", "%3F", "%23", "%25", "%2E", "%2e%2e", "%2F", "%5C"]
TRICKS = ["..", ".", "", ";a", "\\", "#f", "%00", "%zz", "%"]
IDENTITY = [
    "X-Forwarded-For",
    "X_Forwarded_For",
    "Forwarded",
    "X-Real-IP",
    "X-User",
    "X-Request-Id",
    "X.Request.Id",
    "x-forwarded-HOST",
    "X-Forwarded-Proto",
    "Client-Cert",
]
HOSTS = [
    "localhost",
    "LOCALHOST",
    "a.example",
    "a.example:8080",
    "A.Example.",
    "[::1]",
    "127.0.0.1",
]


def generated(random_source: random.Random, number: int) -> bytes:
    """One request, often odd, always well framed, with its number in a field."""
    segments = []
    for _ in range(random_source.randrange(1, 5)):
        kind = random_source.random()
        if kind < 0.85:
            segments.append("".join(random_source.choices(SAFE, k=random_source.randrange(1, 9))))
        elif kind < 0.97:
            segments.append("a" + random_source.choice(ENCODED) + "b")
        else:
            segments.append(random_source.choice(TRICKS))
    target = "/" + "/".join(segments)
    if random_source.random() < 0.4:
        target += "?" + "".join(random_source.choices(SAFE + "/?", k=random_source.randrange(12)))
    fields = {"X-Number": str(number)}
    for name in random_source.sample(IDENTITY, random_source.randrange(4)):
        fields[name] = "forged"
    if random_source.random() < 0.1:
        fields["Connection"] = random_source.choice(IDENTITY + ["Host", "close"])
    method = random_source.choice(METHODS)
    body = b"x" * random_source.randrange(20) if method in ("POST", "PUT", "PATCH") else b""
    return request(target, method, fields, body, random_source.choice(HOSTS))


def run_batch(site, seed: int, count: int, outcomes: dict[int, tuple[str, int]]) -> None:
    """Sends its share on connections of its own and notes id and status of every answer."""
    source = random.Random(seed)
    client = site.connect()
    for number in range(seed * count, (seed + 1) * count):
        raw = generated(source, number)
        answer = client.send(raw).response(raw.split(b" ", 1)[0].decode())
        outcomes[number] = (answer.value("x-request-id"), answer.status)
        if answer.value("connection") == "close":
            client.socket.close()
            client = site.connect()
    client.socket.close()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("total", [20_000])
def test_policies_and_origin_see_the_same_request(start, origin, total):
    origin.respond = responses.fixed()
    site = start(workers=2, listener="limits requests=1000000")
    outcomes: dict[int, tuple[str, int]] = {}
    threads = [
        threading.Thread(target=run_batch, args=(site, seed, total // 4, outcomes))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == total
    until(lambda: len(site.gateway.output) >= total, 20, "a log line for each request")
    lines = {line["request_id"]: line for line in site.gateway.log()}
    # By id and not by number: a request may say that its number ends at this hop.
    received = {seen.value("x-request-id"): seen for seen in origin.requests}
    assert len(received) == len(origin.requests) > total // 2, "most should have been forwarded"
    statuses = dict(outcomes.values())
    differences = [
        difference
        for request_id, seen in received.items()
        if (difference := compare(seen, request_id, statuses[request_id], lines))
    ]
    assert differences == [], differences[:5]
    for request_id, status in statuses.items():
        assert (request_id in received) == (status == 200), (request_id, status)


def compare(seen, request_id: str, status: int, lines: dict[str, dict]) -> str | None:
    """How the log line, which is what the policies saw, differs from what the origin received."""
    line = lines.get(request_id)
    if line is None:
        return f"no line for {request_id}"
    checks = {
        "method": (seen.method, line["method"]),
        "path": (seen.target.partition("?")[0], line["path"].partition("?")[0]),
        "host": (re.sub(r":\d+$", "", seen.value("host")), line["host"]),
        "id": (seen.value("x-request-id"), request_id),
        "client": (seen.value("x-forwarded-for"), line["client_ip"]),
        "status": (status, 200),
    }
    wrong = [f"{name}: {got!r} and {said!r}" for name, (got, said) in checks.items() if got != said]
    names = [name for name, value in seen.fields if value == "forged" and name.lower() != "x-user"]
    if any(
        segment in (".", "..", "") for segment in seen.target.partition("?")[0][1:].split("/")[:-1]
    ):
        wrong.append(f"a path that is not canonical: {seen.target}")
    return "; ".join(wrong + [f"forged {name}" for name in names]) or None
