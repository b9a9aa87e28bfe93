"""The example of an organisation: each team owns its file, and none can weaken what is enforced."""

import os
import pathlib
import shutil
import subprocess

import pytest

from harness.gateway import BINARY, Gateway
from harness.waiting import free_port, until

EXAMPLE = pathlib.Path(__file__).parents[2] / "docs/examples/organisation"


def sluice(folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [BINARY, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        env=os.environ | {"NO_COLOR": "1"},
    )


def golden(path: pathlib.Path, text: str) -> None:
    """Compares with the file; SLUICE_REGENERATE=1 writes it."""
    if os.environ.get("SLUICE_REGENERATE") == "1":
        path.write_text(text)
    assert text == path.read_text()


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(EXAMPLE, tmp_path / "organisation")


def weaken(folder: pathlib.Path) -> None:
    teams = folder / "teams"
    (teams / "billing-weaker.conf").rename(teams / "billing.conf")


def test_the_example_is_whole(folder):
    done = sluice(folder, "check", "--strict", "--now", "2027-01-01")
    assert done.returncode == 0
    assert done.stdout == "routes.conf: 5 routes on 1 listener, no problems\n"


def test_a_team_that_weakens_policy_is_told_with_both_places(folder):
    weaken(folder)
    done = sluice(folder, "check", "--now", "2027-01-01")
    assert done.returncode == 1
    golden(EXAMPLE / "teams/billing-weaker.txt", done.stdout)


@pytest.mark.parametrize("route", ["orders.list", "orders.events", "billing.upload"])
def test_each_value_of_a_route_says_which_file_and_line_it_comes_from(folder, route):
    done = sluice(folder, "explain", "route", route)
    assert done.returncode == 0
    golden(EXAMPLE / f"explained/{route}.txt", done.stdout)


def test_a_team_may_not_excuse_itself(folder):
    path = folder / "teams/billing.conf"
    path.write_text(
        path.read_text()
        + 'waive body.max route=billing.upload reason="x" owner=billing until=2030-01-01\n'
    )
    done = sluice(folder, "check")
    assert done.returncode == 1
    assert "'waive' may not stand in this included file" in done.stdout


def test_a_team_may_not_take_what_another_team_serves(folder):
    path = folder / "teams/billing.conf"
    path.write_text(
        path.read_text()
        + "group foreign {\n  match host=orders.example.com\n  auth none\n  to billing\n"
        + "  route all {\n    match path=/v1/orders/**\n  }\n}\n"
    )
    done = sluice(folder, "check")
    assert done.returncode == 1
    assert "this match meets none of the scope around it" in done.stdout
    assert "routes.conf:10:1" in done.stdout


def test_an_exception_past_its_day_fails_the_check(folder):
    assert sluice(folder, "check", "--now", "2030-03-31").returncode == 0
    done = sluice(folder, "check", "--now", "2030-04-01")
    assert done.returncode == 1
    assert "P0124" in done.stdout and "billing owns it" in done.stdout
    soon = sluice(folder, "check", "--now", "2030-03-17")
    assert soon.returncode == 0
    assert "W0122" in soon.stdout and "ends in 14 days" in soon.stdout
    assert "W0122" not in sluice(folder, "check", "--now", "2030-03-16").stdout


CONFIG = """sluice 1
listener edge {{
  bind 127.0.0.1:{edge}
}}
enforce {{
  timeout total<=30s
}}
route slow {{
  match path=/**
  auth none
  timeout total=5m
  respond 200
}}
admin {{
  bind 127.0.0.1:{admin}
}}
waive timeout.total route=slow reason="x" owner=sec until={day}
"""


def config(day: str, admin: int) -> str:
    return CONFIG.format(edge=free_port(), admin=admin, day=day)


def test_a_date_never_stops_what_serves_but_is_said_loudly(tmp_path):
    admin = free_port()
    with Gateway(config("2020-01-01", admin), tmp_path, admin) as gateway:
        line = gateway.said("an exception from policy is over")
        assert "waive timeout.total route=[slow]" in line and "2020-01-01" in line
        assert gateway.metric("sluice_policy_exceptions_expired") == 1
        gateway.reload(config("2999-01-01", admin))
        until(
            lambda: gateway.metric("sluice_policy_exceptions_expired") == 0, 5, "the gauge to fall"
        )


def test_a_reload_that_would_weaken_policy_changes_nothing(tmp_path):
    admin = free_port()
    good = config("2999-01-01", admin)
    with Gateway(good, tmp_path, admin) as gateway:
        gateway.reload(good.replace("waive", "# waive"), good=False)
        assert "P0121" in gateway.said("P0121")
