"""The web process of the tests leaves nothing of a test to the next one."""

import signal
import socket
from urllib.parse import urlsplit

import pytest

from tests.processes import Site

pytestmark = pytest.mark.django_db(transaction=True)
REQUEST = b"GET /account/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def test_what_is_on_its_way_is_answered_before_the_site_rests(site: Site) -> None:
    address = urlsplit(site.address)
    site._signal(signal.SIGSTOP)
    with socket.create_connection((address.hostname, address.port), timeout=60) as asking:
        asking.sendall(REQUEST)
        site.pause()
        assert asking.recv(12) == b"HTTP/1.1 200"
    assert not site.is_asked()
