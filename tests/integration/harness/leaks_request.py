"""Asks the memwatch that records a process for a leak check of it, over its socket (shared/rendezvous.h), as `memwatch leaks`
does, without the time that the names in its report take.
"""

import re
import socket
import struct
from pathlib import Path

from .case import TIMEOUT_S

REQUEST, WELCOME = struct.Struct("=QIIQQQQQ"), struct.Struct("=QIIQ128s")
MAGIC = 0x454B41454C54574D
DONE, DECLINED = 1, 2
PROTOCOL_VERSION = int(
    re.search(r"kProtocolVersion = (\d+)", (Path(__file__).parents[3] / "shared" / "version.h").read_text())[1]
)


def start_ticks(pid):
    text = Path(f"/proc/{pid}/stat").read_text()
    return int(text[text.rindex(")") + 2 :].split()[19])


def ask_for_leaks(workspace, pid, start):
    """DONE or DECLINED, and the path of the session with the verdicts, which is the asker's to remove, or the reason."""
    (path,) = [path for path in workspace.runtime.rglob("run-*") if path.is_socket()]  # not a daemon's for commands
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asker:
        asker.settimeout(TIMEOUT_S)
        asker.connect(str(path))
        asker.send(REQUEST.pack(MAGIC, PROTOCOL_VERSION, pid, 0, 0, 0, start, 0))
        _, _, said, _, text = WELCOME.unpack(asker.recv(WELCOME.size))
    return said, text.rstrip(b"\0").decode()
