"""TensorBoard's ``SummaryWriter`` of PyTorch: what is written there goes to the active run, too."""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakKeyDictionary

from clew.client.session import session
from clew.client.summary import SummaryWriter
from clew.integrations import guard, options
from clew.integrations.patch import Patch

_MIRRORED = (
    "add_scalar",
    "add_scalars",
    "add_hparams",
    "add_image",
    "add_images",
    "add_figure",
    "add_histogram",
    "add_text",
)
_mirrors: WeakKeyDictionary[Any, tuple[str, SummaryWriter]] = WeakKeyDictionary()


def patch_writer(patch: Patch, writer_class: type) -> None:
    """Wrap what the writer writes; its event files stay as they are."""
    patch.on_undo(_mirrors.clear)
    for name in _MIRRORED:
        patch.replace(writer_class, name, functools.partial(_mirrored, patch, name))


def _mirrored(patch: Patch, name: str, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if (
            guard.inside()
            or not patch.live
            or options.wanted("pytorch", "torch") is None
            or session.innermost() is None
        ):
            return original(self, *args, **kwargs)
        # Before the original, which closes figures; inside it, a writer of its own may write the same again.
        with patch.quiet():
            guard.guarded(f"SummaryWriter.{name}", _write, self, name, args, kwargs)
        with guard.silent():
            return original(self, *args, **kwargs)

    return wrapper


def _write(writer: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    active = session.innermost()
    if active is None:
        return
    run_id, mirror = _mirrors.get(writer, ("", None))
    if mirror is None or run_id != active.log.run_id:
        mirror = SummaryWriter()
        _mirrors[writer] = active.log.run_id, mirror
    if name == "add_figure":
        kwargs = {**kwargs, "close": False}
        args = args[:3]
    getattr(mirror, name)(*args, **kwargs)
