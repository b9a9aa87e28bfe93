"""API keys on the wire: made by the command line, judged at the edge, gone after it."""

import pathlib

import pytest

from harness.answers import assert_dressed, problem
from harness.gateway import run
from harness.site import block
from harness.waiting import until

TOP = 'identity partner key keys="keys.conf" claim-header.x-partner=subject\n'
ROUTES = (
    block("route open", "match path=/open", "auth none", "to origin")
    + block("route closed", "match path=/closed", "auth any=[partner]", "to origin")
    + block(
        "route writers",
        "match path=/write",
        "auth any=[partner] require=[scope:orders:write]",
        "to origin",
    )
    + block("route perhaps", "match path=/perhaps", "auth optional=[partner]", "to origin")
    + block("route tried", "match path=/tried", "auth any=[partner] shadow=on", "to origin")
)


def add(folder: pathlib.Path, *arguments: str) -> str:
    made = run("key", "add", "--subject", "acme", *arguments, folder=folder)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture
def guarded(start, tmp_path):
    """A site with one good key, `site.key`; its log and errors never hold the key."""
    key = add(tmp_path, "--scope", "orders:read")
    keys = (tmp_path / "keys.conf").read_text()
    assert key[21:] not in keys
    site = start(top=TOP, routes=ROUTES, contents={"keys.conf": keys})
    site.key = key
    yield site
    said = "\n".join(site.gateway.output + site.gateway.errors)
    assert key[21:] not in said
    assert key[21:] not in site.gateway.admin("/metrics")[1]


def test_a_route_with_auth_refuses_who_has_no_key(guarded, origin):
    with guarded.connect() as client:
        answer = client.ask("/closed")
    assert problem(answer, 401)["reason"] == "credential_missing"
    assert answer.value("www-authenticate") == 'ApiKey header="x-api-key"'
    assert answer.value("cache-control") == "no-store"
    assert_dressed(answer)
    assert not origin.requests
    line = guarded.gateway.log_line(status=401)
    assert line["deny"] == "credential_missing"
    assert line["rule"].startswith("auth routes.conf:")


def test_a_key_opens_and_is_not_passed_on(guarded, origin):
    with guarded.connect() as client:
        assert client.ask("/closed", fields={"X-API-Key": guarded.key}).status == 200
    seen = origin.only_request
    assert seen.value("x-api-key") is None
    assert seen.value("x-partner") == "acme"
    line = guarded.gateway.log_line(status=200)
    assert (line["identity"], line["subject"]) == ("partner", "acme")
    assert guarded.gateway.metric(
        "sluice_auth_decisions_total", identity="partner", outcome="proved"
    )


@pytest.mark.parametrize("path", ["/closed", "/write", "/perhaps"])
def test_a_wrong_key_is_refused_also_where_none_is_needed(guarded, path, origin):
    wrong = guarded.key[:-1] + ("a" if guarded.key[-1] != "a" else "b")
    with guarded.connect() as client:
        for key in [wrong, "slk_x", "x", guarded.key + "0", guarded.key.upper()]:
            answer = client.ask(path, fields={"X-API-Key": key})
            assert problem(answer, 401)["reason"] == "credential_invalid"
    assert not origin.requests
    assert guarded.gateway.log_line(deny="key_wrong")["identity"] == "partner"


def test_a_missing_scope_is_403(guarded):
    with guarded.connect() as client:
        answer = client.ask("/write", fields={"X-API-Key": guarded.key})
    assert problem(answer, 403)["reason"] == "insufficient_scope"
    assert guarded.gateway.log_line(status=403)["deny"] == "scope_missing"


def test_a_rule_in_shadow_lets_pass_and_says_what_it_would_have_done(guarded):
    with guarded.connect() as client:
        assert client.ask("/tried").status == 200
    line = guarded.gateway.log_line(route="tried")
    assert line["would_deny"] == "credential_missing" and "deny" not in line


@pytest.mark.parametrize("path", ["/open", "/closed", "/perhaps", "/tried"])
def test_what_the_edge_asserts_never_comes_in_from_outside(guarded, origin, path):
    forged = {"X-Partner": "root", "X_Partner": "root", "x.partner": "root"}
    with guarded.connect() as client:
        assert client.ask(path, fields=forged | {"X-API-Key": guarded.key}).status == 200
    head = {name.lower(): value for name, value in origin.only_request.fields}
    assert "root" not in head.values()
    assert guarded.key not in head.values()


def test_other_spellings_are_taken_off_where_a_listener_keeps_them(start, tmp_path, origin):
    key = add(tmp_path)
    site = start(
        top=TOP,
        listener="underscore keep",
        routes=ROUTES,
        contents={"keys.conf": (tmp_path / "keys.conf").read_text()},
    )
    forged = {
        "X_Partner": "root",
        "x.partner": "root",
        "X_API_Key": key,
        "X_Forwarded_For": "10.0.0.1",
        "X_Request_ID": "root",
        "my_own": "kept",
    }
    with site.connect() as client:
        assert client.ask("/open", fields=forged).status == 200
        assert client.ask("/closed", fields=forged | {"X-API-Key": key}).status == 200
    for seen in origin.requests:
        head = {name.lower(): value for name, value in seen.fields}
        assert head["my_own"] == "kept"
        assert not {"root", "10.0.0.1", key} & set(head.values())


def test_a_revoked_key_is_refused_without_a_reload(guarded):
    folder = guarded.gateway.folder
    fresh = add(folder)
    ask = lambda key: guarded.connect().ask("/closed", fields={"X-API-Key": key}).status
    until(lambda: ask(fresh) == 200, 5, "the new key")
    assert run("key", "revoke", guarded.key, folder=folder).returncode == 0
    until(lambda: ask(guarded.key) == 401, 5, "the revocation")
    assert ask(fresh) == 200


def test_a_file_with_errors_changes_nothing(guarded):
    (guarded.gateway.folder / "keys.conf").write_text("key nonsense\n")
    guarded.gateway.said("the new keys are refused")
    with guarded.connect() as client:
        assert client.ask("/closed", fields={"X-API-Key": guarded.key}).status == 200


@pytest.mark.parametrize("contents", [{}, {"keys.conf": "key nonsense\n"}])
def test_without_its_keys_a_config_is_not_served(tmp_path, contents):
    text = f"sluice 1\n{TOP}" + block("listener edge", "bind 127.0.0.1:1") + block(
        "route r", "match path=/**", "auth any=[partner]", "respond 200"
    )
    (tmp_path / "routes.conf").write_text(text)
    for name, lines in contents.items():
        (tmp_path / name).write_text(lines)
    assert run("check", folder=tmp_path).returncode == 0
    ended = run("run", folder=tmp_path)
    assert ended.returncode == (78 if contents else 66)
    assert "partner" in ended.stderr and "keys.conf" in ended.stderr


def test_the_key_command_lists_and_revokes(tmp_path):
    first = add(tmp_path, "--scope", "a", "--scope", "b", "--expires", "2030-01-01")
    second = add(tmp_path, "--role", "editor", "--tier", "pro")
    listed = run("key", "list", folder=tmp_path).stdout
    assert f"{first[4:20]}  acme  scopes a b  until 2030-01-01\n" in listed
    assert f"{second[4:20]}  acme  roles editor  tier pro\n" in listed
    assert (tmp_path / "keys.conf").stat().st_mode & 0o777 == 0o600
    assert run("key", "revoke", first[4:20], folder=tmp_path).returncode == 0
    assert run("key", "revoke", first[4:20], folder=tmp_path).returncode == 1
    assert first[4:20] not in run("key", "list", folder=tmp_path).stdout
    assert run("key", "add", "--subject", 'a"b', folder=tmp_path).returncode == 64
