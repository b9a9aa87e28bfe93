"""Certificates are read again when their files change: as a pair, without a failed handshake."""

import os
import shutil
import ssl
import threading

import pytest

from harness.client import Client
from harness.waiting import until


@pytest.fixture
def swapped(start, authority, tmp_path):
    """A site whose certificate lies in a folder of its own, and a function that installs a pair."""
    folder = tmp_path / "live"
    folder.mkdir()

    def install(pair) -> None:
        """Each file is replaced whole, one after the other, as deployment tools do."""
        for source, name in zip(pair, ("edge.pem", "edge.key")):
            shutil.copy(source, folder / f"{name}.new")
            os.replace(folder / f"{name}.new", folder / name)

    first = authority.leaf("first", "localhost", "127.0.0.1")
    install(first)
    top = f'certificate edge names=[localhost] cert="{folder}/edge.pem" key="{folder}/edge.key"\n'
    site = start(top=top, listener="tls min=1.2 certificates=[edge]", workers=2)
    site.install, site.first, site.folder = install, first, folder
    return site


def serial(site, authority) -> str:
    with Client(site.address, tls=authority.client_context()) as client:
        return client.socket.getpeercert()["serialNumber"]


def test_a_new_pair_is_served_within_seconds(swapped, authority):
    before = serial(swapped, authority)
    swapped.install(authority.leaf("second", "localhost"))
    until(lambda: serial(swapped, authority) != before, 10, "the new certificate")


def test_a_symlink_that_turns_is_noticed(start, authority, tmp_path):
    """The way of Kubernetes: a link to a folder is replaced in one step."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for source, file in zip(authority.leaf(name, "localhost"), ("edge.pem", "edge.key")):
            shutil.copy(source, tmp_path / name / file)
    link = tmp_path / "current"
    link.symlink_to("one")
    top = f'certificate edge names=[localhost] cert="{link}/edge.pem" key="{link}/edge.key"\n'
    site = start(top=top, listener="tls min=1.2 certificates=[edge]")
    before = serial(site, authority)
    (tmp_path / "next").symlink_to("two")
    os.replace(tmp_path / "next", link)
    until(lambda: serial(site, authority) != before, 10, "the new certificate")


def test_a_pair_that_does_not_fit_leaves_the_old_one(swapped, authority):
    before = serial(swapped, authority)
    other = authority.leaf("third", "localhost")
    shutil.copy(other[0], swapped.folder / "edge.pem")
    swapped.gateway.said("edge", 10)
    assert serial(swapped, authority) == before


@pytest.mark.parametrize("content", ["", "junk\n"], ids=["empty", "junk"])
def test_a_file_without_certificate_leaves_the_old_one(swapped, authority, content):
    before = serial(swapped, authority)
    (swapped.folder / "edge.pem").write_text(content)
    swapped.gateway.said("edge", 10)
    assert serial(swapped, authority) == before
    swapped.install(authority.leaf("fourth", "localhost"))
    until(lambda: serial(swapped, authority) != before, 10, "the repaired certificate")


def test_no_handshake_fails_while_certificates_are_swapped(swapped, authority):
    pairs = [authority.leaf(f"swap-{number}", "localhost") for number in range(4)]
    failures, done = [], threading.Event()
    serials: set[str] = set()
    context = authority.client_context()

    def shake():
        while not done.is_set():
            try:
                with Client(swapped.address, tls=context) as client:
                    serials.add(client.socket.getpeercert()["serialNumber"])
                    assert client.ask().status == 200
            except (OSError, ssl.SSLError, AssertionError) as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=shake) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: serials, 10, "the first certificate")
        for pair in pairs:
            swapped.install(pair)
            wanted = len(serials)
            until(lambda wanted=wanted: len(serials) > wanted, 10, "the new certificate")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(serials) == 5
