"""How the pages are built into a site by ``make docs``; the reference is written from the docstrings."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import clew

HERE = Path(__file__).resolve().parent
PACKAGE = Path(clew.__file__).resolve().parent

project = "Clew"
author = "the Clew authors"
version = release = clew.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"Clew {version}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
# Furo asks another host for nothing; MathJax would.
html_math_renderer = "mathjax"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100
python_use_unqualified_type_names = True
nitpicky = False
suppress_warnings = ["myst.xref_missing"]  # tests/docs follows every link


def setup(app: object) -> None:
    """Write the reference's pages before they are read, and its docstrings as lists of arguments."""
    app.connect("builder-inited", lambda _: write_reference(HERE / "reference"))  # type: ignore[attr-defined]
    app.connect("autodoc-process-docstring", list_arguments, priority=400)  # type: ignore[attr-defined]
    app.connect("source-read", show_pictures)  # type: ignore[attr-defined]


def show_pictures(_: object, name: str, source: list[str]) -> None:
    """Puts the pictures that ``make docs`` takes in the place of the comments ``picture: NAME: what it shows``."""
    up = "../" * name.count("/")

    def image(found: re.Match[str]) -> str:
        there = (HERE / "pictures" / f"{found[1]}.png").exists()
        return f"![{found[2]}]({up}pictures/{found[1]}.png)" if there else ""

    source[0] = re.sub(r"<!-- picture: ([\w-]+): (.+?) -->", image, source[0])


ARGUMENT = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*): (\S.*)")


def list_arguments(*event: object) -> None:
    """Makes a list of the lines ``name: what it is`` that stand before a docstring's sections of Google's style."""
    lines: list[str] = event[-1]  # type: ignore[assignment]
    written: list[str] = []
    in_list = False
    for at, line in enumerate(lines):
        if line.endswith(":") and re.fullmatch(r"(Raises|Returns|Yields|Attributes|Args|Example|Examples|Note):", line):
            written += ["", *lines[at:]]
            break
        argument = ARGUMENT.fullmatch(line)
        if argument is not None and (in_list or (written and not written[-1])):
            names = ", ".join(f"``{one}``" for one in argument[1].split(", "))
            written.append(f"* {names}: {argument[2]}")
            in_list = True
        elif in_list and line.strip():
            written.append(f"  {line.strip()}")
        else:
            in_list = False
            written.append(line)
    lines[:] = [*written, ""]


def write_reference(folder: Path) -> None:
    """A page per public module, in a folder that is not kept, with every name of its ``__all__``."""
    folder.mkdir(exist_ok=True)
    modules = ["clew", *(f"clew.{name}" for name in public_modules())]
    described: set[object] = set()
    for name in modules:
        (folder / f"{name}.rst").write_text(page_of(name, described), encoding="utf-8")
    lines = [
        "Reference",
        "=========",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {name}" for name in modules),
        "",
    ]
    (folder / "index.rst").write_text("\n".join(lines), encoding="utf-8")


def public_modules() -> list[str]:
    """Names of the modules at the package's root that say what they export."""
    found = []
    for path in sorted([*PACKAGE.glob("*.py"), *PACKAGE.glob("*/__init__.py")]):
        name = path.stem if path.stem != "__init__" else path.parent.name
        if not name.startswith("_") and name != "clew" and exports(path):
            found.append(name)
    return found


def exports(path: Path) -> bool:
    """Whether a module has an ``__all__``; the module is not run for that."""
    targets = [
        target
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def page_of(name: str, described: set[object]) -> str:
    """The reference of one module, as reStructuredText; what another page describes already gets no second target."""
    module = importlib.import_module(name)
    lines = [name, "=" * len(name), "", f".. automodule:: {name}", f".. currentmodule:: {name}", ""]
    for public in sorted(module.__all__, key=str.lower):
        value = getattr(module, public)
        if inspect.ismodule(value) or public.startswith("__"):
            continue
        kind = "autoclass" if inspect.isclass(value) else "autofunction" if callable(value) else "autodata"
        lines.append(f".. {kind}:: {public}")
        if kind == "autoclass":
            lines.append("   :members:")
        if kind != "autodata":
            lines += ["   :no-index:"] if value in described else []
            described.add(value)
        lines.append("")
    return "\n".join(lines)
