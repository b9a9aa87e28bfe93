"""Private keys that stand in no file of the config: from the environment, or a credential."""

import pytest

from harness.tls import handshake


def top(pair, key: str) -> str:
    return f'certificate ec names=[localhost] cert="{pair[0]}" key={key}\n'


LISTENER = "tls min=1.2 certificates=[ec]"


def test_a_key_comes_from_the_environment(start, authority, leaves):
    key = leaves["ec"][1].read_text()
    site = start(
        top=top(leaves["ec"], 'secret("env:EDGE_KEY")'),
        listener=LISTENER,
        environment={"EDGE_KEY": key},
    )
    with handshake(site, authority.client_context()) as client:
        assert client.ask().status == 200
    site.gateway.reload(site.text)
    with handshake(site, authority.client_context()) as client:
        assert client.ask().status == 200
    secret = "".join(key.splitlines()[1:-1])[:40]
    assert secret not in site.gateway.last_words()


def test_a_key_is_a_credential_of_the_service_manager(start, authority, leaves, tmp_path):
    (tmp_path / "edge-key").write_text(leaves["ec"][1].read_text())
    site = start(
        top=top(leaves["ec"], 'secret("cred:edge-key")'),
        listener=LISTENER,
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path)},
    )
    with handshake(site, authority.client_context()) as client:
        assert client.ask().status == 200


@pytest.mark.parametrize("value", [None, "no key at all"])
def test_a_key_that_is_not_there_refuses_the_config(start, leaves, value):
    with pytest.raises(AssertionError) as refused:
        start(
            top=top(leaves["ec"], 'secret("env:EDGE_KEY")'),
            listener=LISTENER,
            environment={} if value is None else {"EDGE_KEY": value},
        )
    assert "no key at all" not in str(refused.value)
