"""./run in trouble: one clear line, and nothing left running."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import install, servers
from embedded.children import Children
from embedded.words import Stop

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def only_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr.strip()


def test_a_taken_port_is_told_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = only_line(run("demo", PORT=str(port)))
    assert said == (f"Port {port} is taken. Choose another one: PORT={port + 1} ./run demo")


@pytest.mark.parametrize("port", ["eight", "0", "70000", "-1"])
def test_an_impossible_port_is_told(port: str) -> None:
    assert only_line(run("demo", PORT=port)) == (
        f"PORT={port} is not a port: use a number from 1 to 65535."
    )


def test_help_is_what_an_unknown_command_gets() -> None:
    assert run("nonsense").returncode == 2
    assert "./run demo" in run("help").stdout


def test_a_missing_venv_module_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "ensurepip" else find(name)
    )
    with pytest.raises(Stop, match="apt install python3-venv"):
        install._make_venv()


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("ERROR: Could not find a version", "no package index was reached"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "differs from its pinned hash"),
    ],
)
def test_a_failed_installation_is_told(log: str, said: str) -> None:
    with pytest.raises(Stop, match=said):
        install._explain(log, "The Python packages could not be installed")


def test_a_full_disk_is_told_before_anything_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(install, "_stamp", lambda: "")
    usage = shutil.disk_usage(ROOT)._replace(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    with pytest.raises(Stop, match="The disk is full"):
        install.ensure_installed("requirements.txt")


def test_a_refused_user_namespace_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refusing = tmp_path / "unshare"
    refusing.write_text(
        "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted'\nexit 1\n"
    )
    refusing.chmod(0o755)
    monkeypatch.setattr(servers, "as_somebody_else", lambda: [str(refusing)])
    children = Children(tmp_path / "logs", os.environ)
    with pytest.raises(Stop, match="run as an ordinary user, or set DATABASE_URL"):
        servers.start_postgres(children, tmp_path)
    assert not (tmp_path / "postgres").exists()


def test_when_one_child_ends_its_last_lines_are_shown(tmp_path: Path) -> None:
    children = Children(tmp_path, os.environ)
    quiet = children.start("quiet", ["sleep", "100"])
    children.start("loud", ["sh", "-c", "echo the reason why; exit 3"])
    with pytest.raises(Stop, match=r"loud ended by itself \(status 3\)(.|\n)*the reason why"):
        children.watch()
    children.stop()
    assert quiet.process.poll() is not None


def test_children_that_do_not_listen_are_killed_and_only_ours(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "100"])
    children = Children(tmp_path, os.environ)
    deaf = children.start("deaf", ["sh", "-c", "trap '' TERM; echo up; sleep 100 & wait; wait"])
    children.wait_until(lambda: "up" in deaf.log.read_text(), "The child")
    children.stop()
    assert deaf.process.poll() is not None
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_an_embedded_server_keeps_its_data_and_its_password(tmp_path: Path) -> None:
    addresses = []
    for _start in range(2):
        children = Children(tmp_path / "logs", os.environ)
        addresses.append(servers.start_postgres(children, tmp_path))
        assert (tmp_path / "postgres.password").stat().st_mode & 0o077 == 0
        children.stop()
    passwords = {address.split(":")[2].split("@")[0] for address in addresses}
    assert len(passwords) == 1


def test_a_broker_asks_for_its_password(tmp_path: Path) -> None:
    children = Children(tmp_path / "logs", os.environ)
    address = servers.start_valkey(children, tmp_path)
    port = int(address.split(":")[-1].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")
    children.stop()


@pytest.mark.parametrize("words", [["--people"], ["--people", "many"], ["--people", "0"]])
def test_a_demo_with_people_says_how_to_say_how_many(words: list[str]) -> None:
    told = only_line(run("demo", *words))
    assert told == "Say how many people: ./run demo --people 60"
