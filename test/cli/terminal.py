"""Runs a command on a terminal of its own, as somebody would who waits for a prompt and then types.

usage: terminal.py COMMAND [PATTERN TEXT]...

When PATTERN (a regex) shows up in what the terminal shows, TEXT is typed; @NAME as TEXT sends that signal to the
program instead, !COMMAND is run beside it, and an empty TEXT only waits. Everything that was shown goes to stdout; the exit status is the command's, 128 + n where signal n ended it, 124 where it hangs.
"""

import os
import pty
import re
import select
import signal
import sys
import termios
import time

command, steps = sys.argv[1], list(zip(sys.argv[2::2], sys.argv[3::2]))
child, terminal = pty.fork()
if child == 0:
    os.execvp("sh", ["sh", "-c", command])

shown, at, end = b"", 0, time.time() + 15
while True:
    if time.time() > end:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sys.stdout.buffer.write(shown + b"\n(hangs)\n")
        sys.exit(124)
    while steps:
        found = re.search(steps[0][0].encode(), shown[at:])
        if not found:
            break
        text = steps.pop(0)[1]
        at += found.end()
        end = time.time() + 15
        time.sleep(0.05)
        if text.startswith("@"):
            os.kill(child, getattr(signal, text[1:]))
        elif text.startswith("!"):
            os.system(text[1:])
        else:
            os.write(terminal, text.encode().decode("unicode_escape").encode())
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            break
        shown += data
        continue
    # Its end shows as a closed terminal; a terminal that it left in raw mode would go unseen then.
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
