"""A real IMAP server: Debian's dovecot-imapd, with a configuration and users of its own on free ports of this machine."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.mail import certificates

PASSWORD = "correct horse"
BINARY = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
CONFIGURATION = """\
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Dovecot:
    """The server, running; its mail lies in Maildirs that a test may look into."""

    folder: Path
    authority: Path = field(default_factory=Path)
    tls: int = field(default_factory=free_port)
    plain: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        owner = self._owner()
        _, self.authority = certificates.make(self.folder)
        (self.folder / "dovecot.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                user=owner.pw_name,
                group=_group(owner.pw_gid),
                cert=self.authority,
                key=self.folder / "key.pem",
                plain=self.plain,
                tls=self.tls,
            )
        )
        users = {
            "papers": "",
            "old": "userdb_imap_capability=IMAP4rev1 UIDPLUS",
            "oldest": "userdb_imap_capability=IMAP4rev1",
        }
        lines = (
            f"{name}:{{PLAIN}}{PASSWORD}:{owner.pw_uid}:{owner.pw_gid}::{self.folder}/{name}::{more}"
            for name, more in users.items()
        )
        (self.folder / "users").write_text("\n".join(lines) + "\n")
        for name in users:
            (self.folder / name).mkdir()
            os.chown(self.folder / name, owner.pw_uid, owner.pw_gid)
        self.process = subprocess.Popen([str(BINARY), "-F", "-c", str(self.folder / "dovecot.conf")])
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.plain), timeout=5).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"dovecot did not start: {self.log}")
                time.sleep(0.05)
            else:
                return

    @property
    def log(self) -> str:
        """What it wrote."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def deliver(self, raw: bytes, *, user: str = "papers", name: str = "1") -> None:
        """Put a mail into somebody's inbox, as a mail server does."""
        box = self.folder / user / "Maildir"
        for part in ("tmp", "new", "cur"):
            (box / part).mkdir(parents=True, exist_ok=True)
        (box / "new" / name).write_bytes(raw)
        owner = self._owner()
        for path in (box, *box.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def clear(self) -> None:
        """Empty mailboxes."""
        for user in ("papers", "old", "oldest"):
            shutil.rmtree(self.folder / user / "Maildir", ignore_errors=True)

    @staticmethod
    def _owner() -> pwd.struct_passwd:
        """Who it runs as: we, unless that is root, whose mail it does not touch."""
        return pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")


def _group(number: int) -> str:
    return grp.getgrgid(number).gr_name
