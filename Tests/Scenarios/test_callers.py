"""What callers may do and how often: roles, limits that count callers, tiers."""

from harness.answers import problem
from harness.gateway import run
from harness.site import block

TOP = """identity partner key keys="keys.conf"
role editor [orders:read orders:write]
role viewer [orders:read]
bucket per-ip rate=1/d burst=100 key=[client.ip]
bucket per-user rate=1/d burst=2 key=[identity.subject] tier=identity.claims.tier \
rate.pro=1/d burst.pro=4
"""
ROUTES = block(
    "route write",
    "match path=/write",
    "auth any=[partner] require=[scope:orders:write]",
    "to origin",
) + block(
    "route list",
    "match path=/list",
    "auth any=[partner] require=[role:viewer]",
    "limit per-ip",
    "limit per-user",
    "to origin",
)


def key(folder, subject: str, *arguments: str) -> str:
    made = run("key", "add", "--subject", subject, *arguments, folder=folder)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def serve(start, folder):
    keys = (folder / "keys.conf").read_text()
    return start(top=TOP, routes=ROUTES, contents={"keys.conf": keys}, workers=2)


def statuses(site, path: str, secret: str, count: int = 1) -> list[int]:
    with site.connect() as client:
        return [client.ask(path, fields={"X-Api-Key": secret}).status for _ in range(count)]


def test_a_role_gives_scopes(start, tmp_path, origin):
    editor = key(tmp_path, "ed", "--role", "editor")
    viewer = key(tmp_path, "vi", "--role", "viewer")
    writer = key(tmp_path, "wr", "--scope", "orders:write")
    site = serve(start, tmp_path)
    assert statuses(site, "/write", editor) == [200]
    assert statuses(site, "/write", writer) == [200]
    with site.connect() as client:
        answer = client.ask("/write", fields={"X-Api-Key": viewer})
    assert problem(answer, 403)["reason"] == "insufficient_scope"
    assert len(origin.requests) == 2
    line = site.gateway.log_line(status=403)
    # The log says which rule it was, and where it is written.
    text = site.text.splitlines()
    _, _, place = line["rule"].partition("routes.conf:")
    assert text[int(place.split(":")[0]) - 1].strip().startswith("auth any=[partner] require=")
    assert (line["deny"], line["identity"]) == ("scope_missing", "partner")


def test_a_role_that_nobody_listed_is_a_mistake(start, tmp_path):
    key(tmp_path, "x")
    try:
        start(top=TOP.replace("role viewer", "role reader"), routes=ROUTES)
    except AssertionError as error:
        assert "there is no role 'viewer'" in str(error)
    else:
        raise AssertionError("it started")


def test_callers_are_counted_over_all_workers_by_their_tier(start, tmp_path):
    plain = key(tmp_path, "acme", "--role", "viewer")
    second = key(tmp_path, "acme", "--role", "viewer")
    other = key(tmp_path, "other", "--role", "viewer")
    pro = key(tmp_path, "paying", "--role", "viewer", "--tier", "pro")
    site = serve(start, tmp_path)
    # Two keys of one subject are one caller.
    assert statuses(site, "/list", plain) + statuses(site, "/list", second, 3) == [
        200, 200, 429, 429,
    ]  # fmt: skip
    assert statuses(site, "/list", other, 3) == [200, 200, 429]
    assert statuses(site, "/list", pro, 6) == [200] * 4 + [429] * 2
    with site.connect() as client:
        refused = client.ask("/list", fields={"X-Api-Key": pro})
        told = client.ask("/list", fields={"X-Api-Key": "slk_none"})
    assert problem(refused, 429)["violated-policies"] == ["per-user"]
    assert refused.value("ratelimit").startswith('"per-ip";r=')
    assert '"per-user";r=0' in refused.value("ratelimit")
    assert '"per-user";q=4' in ", ".join(refused.values("ratelimit-policy"))
    assert told.status == 401 and '"per-user"' not in told.value("ratelimit")
