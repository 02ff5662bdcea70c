"""Sandboxes for scripts: kernels that refuse calls, and small disks of their own."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

FILTER = '''
import ctypes, errno, os, struct
NUMBERS = {"x86_64": {"execve": 59, "mmap": 9}, "aarch64": {"execve": 221, "mmap": 222}}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

def forbid(call, error, argument=None, bits=0):
    """Have the kernel refuse a system call in this process and its children.

    argument, bits: only where one of these bits is set in the argument of this number.
    """
    machine = os.uname().machine
    code = lambda c, t, f, k: struct.pack("HBBI", c, t, f, k)
    look = [code(0x20, 0, 0, 16 + 8 * argument), code(0x45, 0, 1, bits)] if argument is not None else []
    program = b"".join([
        code(0x20, 0, 0, 4), code(0x15, 0, 3 + len(look), AUDIT[machine]),
        code(0x20, 0, 0, 0), code(0x15, 0, 1 + len(look), NUMBERS[machine][call]),
        *look,
        code(0x06, 0, 0, 0x00050000 | error),
        code(0x06, 0, 0, 0x7FFF0000),
    ])
    held = ctypes.create_string_buffer(program)
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
    libc = ctypes.CDLL(None, use_errno=True)
    given = Program(len(program) // 8, ctypes.cast(held, ctypes.c_void_p))
    assert libc.prctl(38, 1, 0, 0, 0) == 0, ctypes.get_errno()
    if libc.prctl(22, 2, ctypes.byref(given), 0, 0) != 0:
        raise SystemExit(77)
'''
"""Python code that defines ``forbid``; a kernel that knows no filters ends the script with status 77."""


def run_script(code: str, *, small_disk: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """A Python script in a process of its own.

    small_disk: options of a file system in memory that lies at ``CLEW_SPOOL`` for this script only: ``size=8m``.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | environ
    command = [sys.executable, "-c", code]
    if small_disk is not None:
        if not _can_mount():
            pytest.skip("this machine lets nobody mount a file system in a namespace of its own")
        os.makedirs(kept["CLEW_SPOOL"], exist_ok=True)
        mount = f'mount -t tmpfs -o {small_disk} none "$CLEW_SPOOL" && exec "$@"'
        command = ["unshare", "-rm", "sh", "-c", mount, "sh", *command]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode == 77:
        pytest.skip("this kernel has no filters for system calls")
    return done


@cache
def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"]
    return Path("/mnt").is_dir() and subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_filters = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="seccomp filters of Linux"
)
