"""What a program prints to a terminal, as a picture: python picture.py PICTURE TITLE COMMAND..."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios

from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 104, 60


def printed(command):
    """All that the command prints to a terminal of this size, without what moves the cursor."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    process = subprocess.Popen(command, stdin=there, stdout=there, stderr=there, close_fds=True)
    os.close(there)
    chunks = []
    while True:
        try:
            chunk = os.read(here, 65536)
        except OSError:  # Linux says so that the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    if process.wait() != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    text = b"".join(chunks).decode().replace("\r\n", "\n")
    # A line that is drawn again replaces what stood there.
    lines = [re.split(r"\r|\x1b\[2K", line)[-1] for line in text.split("\n")]
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-ln-z]", "", "\n".join(lines)).strip()


def main():
    picture, title, *command = sys.argv[1:]
    shown = " ".join([os.path.basename(command[0]), *command[1:]])
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(f"[bold]$ {shown}[/bold]", highlight=False)
    console.print(Text.from_ansi(printed(command)))
    console.save_svg(picture, title=title, unique_id="demo")


main()
