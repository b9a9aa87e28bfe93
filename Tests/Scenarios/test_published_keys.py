"""Keys that an issuer publishes: rotated, away, unknown, unreadable. No valid token is refused."""

import contextlib
import json
import ssl

from harness.answers import problem
from harness.keys import KeyServer, Provider
from harness.site import block
from harness.tokens import Issuer, key_set
from harness.waiting import free_port, until

ROUTES = block("route closed", "match path=/closed", "auth any=[people]", "to origin") + block(
    "route open", "match path=/open", "auth none", "to origin"
)


def identity(url: str, issuer: str = "ci", algorithm: str = "ES256", more: str = "") -> str:
    return (
        f'identity people jwt issuer="{issuer}" audience=[api] algorithms=[{algorithm}] '
        f'jwks="{url}" {more}\n'
    )


def ask(site, token: str, path: str = "/closed"):
    with site.connect() as client:
        return client.ask(path, fields={"Authorization": f"Bearer {token}"})


def test_an_openid_provider_changes_its_keys_and_goes_away(start, tmp_path):
    provider = Provider(free_port())
    kept = tmp_path / "kept"
    kept.mkdir()
    with provider.running():
        site = start(
            top=f'state "{kept}"\n'
            + identity(f"{provider.issuer}/jwks", provider.issuer, "RS256"),
            routes=ROUTES,
        )
        first = provider.token("ann")
        assert ask(site, first).status == 200
    # It comes back with another key, and is used at once.
    with provider.running():
        second = provider.token("bob")
        assert ask(site, second).status == 200
        # The key of the first one is gone.
        assert ask(site, first).status in (401, 429)
    # It is away. Tokens of its last key are good, new ones and old ones.
    for _ in range(20):
        assert ask(site, second).status == 200
    refused = ask(site, first)
    assert refused.status in (429, 503) and int(refused.value("retry-after")) > 0
    assert site.gateway.metric("sluice_identity_key_fetches_total", outcome="success") == 2
    # A restart while it is away refuses nobody either.
    site.gateway.stop()
    site.gateway.start()
    assert ask(site, second).status == 200
    site.gateway.said("its keys cannot be fetched; the last ones stay in use")
    assert site.gateway.metric("sluice_identity_key_fetches_total", outcome="unreachable") >= 1
    assert ask(site, second).status == 200
    # A third key, once it is back.
    with provider.running():
        assert ask(site, provider.token("eve")).status == 200
        site.gateway.said("its keys are fetched again")


def test_a_flood_of_unknown_keys_asks_once(start, tmp_path):
    good = Issuer(tmp_path, "ES256", "good")
    with KeyServer(key_set(good)) as keys:
        site = start(top=identity(f"http://127.0.0.1:{keys.port}/k"), routes=ROUTES)
        assert ask(site, good.token()).status == 200
        assert keys.asked == 1
        forged = Issuer(tmp_path, "ES256", "forged").token()
        answers = [ask(site, forged) for _ in range(100)]
        assert answers[0].status == 401
        assert {answer.status for answer in answers[1:]} == {429}
        assert problem(answers[-1], 429)["reason"] == "key_lookups_limited"
        assert 0 < int(answers[-1].value("retry-after")) <= 30
        assert keys.asked == 2
        assert ask(site, good.token()).status == 200
        assert site.gateway.metric("sluice_auth_decisions_total", outcome="undecided") == 99
    line = site.gateway.log_line(status=429)
    assert line["deny"] == "token_key_unknown"


def test_without_any_keys_open_routes_are_served_and_tokens_are_not_judged(start, tmp_path):
    port = free_port()
    site = start(top=identity(f"http://127.0.0.1:{port}/k"), routes=ROUTES)
    issuer = Issuer(tmp_path, "ES256")
    assert ask(site, issuer.token(), "/open").status == 200
    answer = ask(site, issuer.token())
    assert problem(answer, 503)["reason"] == "identity_unavailable"
    assert int(answer.value("retry-after")) > 0
    with site.connect() as client:
        assert client.ask("/closed").status == 401


def test_answers_that_hold_no_usable_keys_change_nothing(start, tmp_path):
    good = Issuer(tmp_path, "ES256", "good")
    with KeyServer(key_set(good)) as keys:
        site = start(top=identity(f"http://127.0.0.1:{keys.port}/k"), routes=ROUTES)
        assert ask(site, good.token()).status == 200
        keys.text = json.dumps({"keys": []})
        forged = Issuer(tmp_path, "ES256", "forged").token()
        assert ask(site, forged).status == 503
        site.gateway.said("no key for ES256")
        assert ask(site, good.token()).status == 200
        assert site.gateway.metric("sluice_identity_key_fetches_total", outcome="unusable") == 1


def test_an_answer_has_a_bound(start, tmp_path):
    good = Issuer(tmp_path, "ES256", "good")
    with KeyServer(key_set(good)[:-1] + " " * (1 << 20) + "}") as keys:
        site = start(top=identity(f"http://127.0.0.1:{keys.port}/k"), routes=ROUTES)
        assert ask(site, good.token()).status == 503
        site.gateway.said("its answer is too large")


def test_the_server_of_the_keys_is_verified(start, tmp_path, authority, leaves):
    good = Issuer(tmp_path, "ES256", "good")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*leaves["ec"])
    with KeyServer(key_set(good), context=context) as keys:
        url = f"https://localhost:{keys.port}/k"
        trusting = start(top=identity(url, more=f'ca="{authority.certificate}"'), routes=ROUTES)
        assert ask(trusting, good.token()).status == 200
        # The system's authorities do not vouch for it.
        doubting = start(top=identity(url), routes=ROUTES)
        assert ask(doubting, good.token()).status == 503
        until(
            lambda: doubting.gateway.metric(
                "sluice_identity_key_fetches_total", outcome="tls"
            ) >= 1,
            5,
            "a refused certificate",
        )


def test_a_reload_keeps_the_keys_and_takes_another_place(start, tmp_path):
    first, second = Issuer(tmp_path, "ES256", "a"), Issuer(tmp_path, "ES256", "b")
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(KeyServer(key_set(first)))
        two = stack.enter_context(KeyServer(key_set(second)))
        site = start(top=identity(f"http://127.0.0.1:{one.port}/k"), routes=ROUTES)
        assert ask(site, first.token()).status == 200
        text = site.gateway.config.read_text()
        site.gateway.reload(text + "\n# the same\n")
        assert ask(site, first.token()).status == 200
        assert one.asked == 1
        site.gateway.reload(text.replace(f":{one.port}/k", f":{two.port}/k"))
        assert ask(site, second.token()).status == 200
        assert ask(site, first.token()).status in (401, 429)
