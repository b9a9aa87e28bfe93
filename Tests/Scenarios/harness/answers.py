"""What every answer of the gateway must carry, whoever made it."""

import re

from .message import Response

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

API_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "deny",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
}


def assert_dressed(answer: Response) -> str:
    """A request id and the security headers, each once; returns the id."""
    for name, value in API_HEADERS.items():
        assert (answer.value(name) or "").lower() == value, f"{name} of {answer.raw_head!r}"
    request_id = answer.value("x-request-id")
    assert request_id and UUID7.fullmatch(request_id), answer.raw_head
    return request_id


def problem(answer: Response, status: int) -> dict:
    """The RFC 9457 document of an answer that the gateway made itself."""
    assert answer.status == status, answer.raw_head
    assert (answer.value("content-type") or "").startswith("application/problem+json")
    document = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert re.fullmatch(r"[a-z][a-z0-9_]+", document["reason"]), document
    return document


def proxy_status(answer: Response) -> str:
    """The error token of RFC 9209."""
    found = re.search(r"\berror=([a-z_]+)", answer.value("proxy-status") or "")
    assert found, answer.raw_head
    return found[1]
