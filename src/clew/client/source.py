"""Where a run comes from: user, program, git commit, as MLflow's reserved tags.

Git's own files are read; no process is started. Source of the tag names: rest_api facts, section 16.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from clew import settings
from clew.client.shells import in_kernel

USER: Final = "mlflow.user"
SOURCE_NAME: Final = "mlflow.source.name"
SOURCE_TYPE: Final = "mlflow.source.type"
ENTRY_POINT: Final = "mlflow.project.entryPoint"
COMMIT: Final = "mlflow.source.git.commit"
BRANCH: Final = "mlflow.source.git.branch"
REPO_URL: Final = "mlflow.source.git.repoURL"
NOTE: Final = "mlflow.note.content"
PARENT: Final = "mlflow.parentRunId"
RUN_NAME: Final = "mlflow.runName"

_MAX_DEPTH: Final = 8


def user_name() -> str:
    """The login name of whoever runs this process."""
    name = settings.read().user
    if name:
        return name
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError, AttributeError):
        return "unknown"


def context_tags() -> dict[str, str]:
    """The tags that say who ran what, from where."""
    name, kind = _program()
    tags = {USER: user_name(), SOURCE_NAME: name, SOURCE_TYPE: kind}
    if kind == "LOCAL":
        tags[ENTRY_POINT] = os.path.basename(name)
    tags.update(git_tags(program_folder()))
    return tags


def program_folder() -> str:
    """The folder of the script, or the working directory where there is none."""
    name, _ = _program()
    return os.path.dirname(os.path.abspath(name)) if os.path.exists(name) else os.getcwd()


def _program() -> tuple[str, str]:
    """What runs, and MLflow's word for its kind."""
    shell = sys.modules.get("IPython")
    if shell is not None and in_kernel():
        return settings.read().notebook or "notebook", "NOTEBOOK"
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if main:
        return os.path.abspath(main) if os.path.exists(main) else main, "LOCAL"
    return (sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else "python"), "LOCAL"


def git_tags(folder: str) -> dict[str, str]:
    """Commit, branch and remote address of the git checkout around ``folder``; {} outside of one."""
    git = _git_folder(folder)
    if not git:
        return {}
    tags: dict[str, str] = {}
    head = _read(os.path.join(git, "HEAD")).strip()
    shared = os.path.join(git, _read(os.path.join(git, "commondir")).strip() or ".")
    if head.startswith("ref: "):
        name = head[5:]
        tags[BRANCH] = name.removeprefix("refs/heads/")
        commit = _read(os.path.join(git, name)).strip() or _read(os.path.join(shared, name)).strip()
        commit = commit or _packed(shared, name)
    else:
        commit = head
    if len(commit) < 40:
        return {}  # a repository without a commit
    tags[COMMIT] = commit
    remote = _remote(os.path.join(shared, "config"))
    if remote:
        tags[REPO_URL] = remote
    return tags


def _git_folder(folder: str) -> str:
    """The git folder of the work tree around ``folder``; empty outside of one."""
    for _ in range(64):
        git = os.path.join(folder, ".git")
        if os.path.isdir(git):
            return git
        if os.path.isfile(git):  # a worktree or submodule: the file says where
            return os.path.normpath(os.path.join(folder, _read(git).removeprefix("gitdir:").strip()))
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    return ""


def _packed(git: str, name: str) -> str:
    for line in _read(os.path.join(git, "packed-refs")).splitlines():
        if line.endswith(" " + name):
            return line.split(" ", 1)[0]
    return ""


def _remote(config: str) -> str:
    """The address of ``origin``, without a password that stands in it."""
    section = ""
    for raw in _read(config).splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line
        elif section == '[remote "origin"]' and line.startswith("url"):
            url = line.partition("=")[2].strip()
            scheme, mark, rest = url.partition("://")
            return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else url
    return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""
