"""Bearer tokens on the wire: signed by the openssl command, judged at the edge."""

import time

import pytest

from harness.answers import problem
from harness.gateway import run
from harness.site import block
from harness.tokens import KINDS, Issuer, encode, key_set
from harness.waiting import until


def identity(algorithms: str, keys: str, more: str = "") -> str:
    return (
        f'identity staff jwt issuer="ci" audience=[api] algorithms=[{algorithms}] {keys} '
        f"claim-header.x-user=sub {more}\n"
    )


ROUTES = (
    block("route closed", "match path=/closed", "auth any=[staff]", "to origin")
    + block("route writers", "match path=/write", "auth any=[staff] require=[scope:w]", "to origin")
    + block("route open", "match path=/open", "auth none", "to origin")
)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_token_of_each_algorithm_opens(start, tmp_path, origin, algorithm):
    issuer = Issuer(tmp_path, algorithm)
    site = start(
        top=identity(algorithm, 'jwks=file("keys.json")'),
        routes=ROUTES,
        contents={"keys.json": key_set(issuer)},
    )
    with site.connect() as client:
        for _ in range(3):
            assert client.ask("/closed", fields=bearer(issuer.token())).status == 200
        head, body, signature = issuer.token().split(".")
        unsigned = encode(b'{"alg":"none"}')
        forged = [
            f"{head}.{body}.{encode(bytes(len(signature) * 3 // 4))}",
            f"{head}.{encode(b'{}')}.{signature}",
            f"{head}.{body}.",
            f"{unsigned}.{body}.",
        ]
        for token in forged:
            answer = client.ask("/closed", fields=bearer(token))
            assert problem(answer, 401)["reason"] == "credential_invalid"
            assert answer.value("www-authenticate") == 'Bearer error="invalid_token"'
    assert [seen.value("x-user") for seen in origin.requests] == ["ann"] * 3
    assert all(seen.value("authorization") is None for seen in origin.requests)
    assert issuer.token().split(".")[2] not in "".join(site.gateway.output)


@pytest.fixture
def guarded(start, tmp_path):
    issuer = Issuer(tmp_path, "ES256")
    site = start(
        top=identity("ES256", 'key="issuer.public"'),
        routes=ROUTES,
        contents={"issuer.public": issuer.public_pem},
    )
    site.issuer = issuer
    return site


@pytest.mark.parametrize(
    "claims, deny",
    [
        ({"iss": "other"}, "credential_of_no_identity"),
        ({"aud": "web"}, "token_audience_wrong"),
        ({"exp": 1}, "token_expired"),
        ({"exp": "later"}, "token_time_malformed"),
        ({"nbf": int(time.time()) + 3600}, "token_not_yet_valid"),
        ({"header": {"alg": "HS256"}}, "token_algorithm_not_allowed"),
        ({"header": {"crit": ["x"]}}, "token_critical_extension"),
        ({"header": {"jku": "http://127.0.0.1/"}}, "token_brings_key"),
        ({"header": {"typ": "logout+jwt"}}, "token_type_wrong"),
        ({"pad": "x" * 8000}, "token_too_long"),
    ],
)
def test_the_log_tells_what_the_client_is_not_told(guarded, claims, deny):
    token = guarded.issuer.token(**claims)
    with guarded.connect() as client:
        fields = bearer(token)
        if len(token) > 8000:
            # Longer than a line of a head may be: refused before any policy.
            assert client.ask("/closed", fields=fields).status == 431
            return
        answer = client.ask("/closed", fields=fields)
    document = problem(answer, 401)
    assert deny not in str(document)
    line = guarded.gateway.log_line(status=401)
    assert line["deny"] == deny and line["rule"].startswith("auth routes.conf:")


def test_a_missing_scope_names_the_scope(guarded, origin):
    with guarded.connect() as client:
        answer = client.ask("/write", fields=bearer(guarded.issuer.token(scope="r")))
        assert problem(answer, 403)["reason"] == "insufficient_scope"
        assert (
            answer.value("www-authenticate") == 'Bearer error="insufficient_scope", scope="w"'
        )
        assert client.ask("/write", fields=bearer(guarded.issuer.token(scope="r w"))).status == 200
        assert client.ask("/closed").value("www-authenticate") == "Bearer"
    assert origin.only_request.target == "/write"


def test_what_the_token_says_cannot_be_said_without_it(guarded, origin):
    with guarded.connect() as client:
        assert client.ask("/open", fields={"X-User": "root", "x_user": "root"}).status == 200
    assert origin.only_request.value("x-user") is None


def test_new_keys_in_the_file_are_taken_and_bad_ones_are_not(start, tmp_path):
    first, second = Issuer(tmp_path, "ES256", "a"), Issuer(tmp_path, "ES256", "b")
    site = start(
        top=identity("ES256", 'jwks=file("keys.json")'),
        routes=ROUTES,
        contents={"keys.json": key_set(first)},
    )
    file = site.gateway.folder / "keys.json"
    ask = lambda token: site.connect().ask("/closed", fields=bearer(token)).status
    old = first.token()
    assert (ask(old), ask(second.token())) == (200, 401)
    file.write_text(key_set(first, second))
    until(lambda: ask(second.token()) == 200, 5, "the second key")
    assert ask(old) == 200
    for bad in ["{", '{"keys":[]}', key_set(first, first)]:
        file.write_text(bad)
        site.gateway.said("the new keys are refused")
        site.gateway.errors.clear()
        assert ask(second.token()) == 200
    file.write_text(key_set(second))
    # A token that was good a moment ago is not good because it was.
    until(lambda: ask(old) == 401, 5, "the end of the first key")
    assert ask(second.token()) == 200


@pytest.mark.parametrize(
    "keys, contents, words",
    [
        ('jwks=file("keys.json")', {}, "keys.json"),
        ('jwks=file("keys.json")', {"keys.json": "{}"}, "no list 'keys'"),
        ('jwks=file("keys.json")', {"keys.json": '{"keys":[]}'}, "no key for ES256"),
        ('key="issuer.public"', {"issuer.public": "nonsense"}, "cannot be used"),
    ],
)
def test_without_usable_keys_a_config_is_not_served(tmp_path, keys, contents, words):
    text = f"sluice 1\n{identity('ES256', keys)}" + block(
        "listener edge", "bind 127.0.0.1:1"
    ) + block("route r", "match path=/**", "auth any=[staff]", "respond 200")
    (tmp_path / "routes.conf").write_text(text)
    for name, lines in contents.items():
        (tmp_path / name).write_text(lines)
    assert run("check", folder=tmp_path).returncode == 0
    ended = run("run", folder=tmp_path)
    assert ended.returncode == (78 if contents else 66), ended.stderr
    assert words in ended.stderr


def test_a_shared_secret_signs_both_ways(start, tmp_path):
    import hashlib
    import hmac
    import json

    secret = b"a secret of thirty-two bytes, OK!"
    site = start(
        top=identity("HS256", 'secret=secret("file:shared.secret")'),
        routes=ROUTES,
        contents={"shared.secret": secret.decode()},
    )
    body = {"iss": "ci", "aud": ["api"], "sub": "ann", "exp": int(time.time()) + 60}
    text = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256"}, body))
    good = hmac.digest(secret, text.encode(), hashlib.sha256)
    with site.connect() as client:
        assert client.ask("/closed", fields=bearer(f"{text}.{encode(good)}")).status == 200
        bad = hmac.digest(secret + b"x", text.encode(), hashlib.sha256)
        assert client.ask("/closed", fields=bearer(f"{text}.{encode(bad)}")).status == 401
    assert secret.decode() not in "".join(site.gateway.output + site.gateway.errors)


def test_a_token_can_be_judged_offline(tmp_path):
    issuer = Issuer(tmp_path, "ES256")
    (tmp_path / "keys.json").write_text(key_set(issuer))
    text = "sluice 1\n" + identity("ES256", 'jwks=file("keys.json")') + block(
        "listener edge", "bind 127.0.0.1:1"
    ) + block("route r", "match path=/**", "auth any=[staff]", "respond 200")
    (tmp_path / "routes.conf").write_text(text)
    verify = lambda token: run("token", "verify", "staff", folder=tmp_path, text=token)
    good = verify(issuer.token(scope="a b") + "\n")
    assert good.returncode == 0 and "subject ann" in good.stdout and "a b" in good.stdout
    late = verify(issuer.token(exp=1))
    assert late.returncode == 1
    assert "token_expired" in late.stderr and "routes.conf:2:1" in late.stderr
    assert "another issuer" in verify(issuer.token(iss="x")).stderr
    assert run("token", "verify", "nobody", folder=tmp_path).returncode == 64
    assert run("check", "--resolve", folder=tmp_path).returncode == 0
    (tmp_path / "keys.json").write_text("{}")
    checked = run("check", "--resolve", folder=tmp_path)
    assert checked.returncode == 1 and "E0140" in checked.stdout and "keys.json" in checked.stdout
