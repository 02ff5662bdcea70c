"""TensorBoard's ``SummaryWriter``, writing to the active run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from clew.client.api import ClewClient
from clew.client.notice import warn_once
from clew.client.recordings import array_of
from clew.client.runs import active_or_begun, end_run
from clew.client.session import session
from clew.errors import InvalidValue

_ODD: Final = re.compile(r"[^/\w.\- ]+")
_ORDERS: Final = {"CHW": (1, 2, 0), "HWC": (0, 1, 2), "HW": (0, 1), "NCHW": (0, 2, 3, 1), "NHWC": (0, 1, 2, 3)}


class SummaryWriter:
    """Scalars, images, histograms, texts, sounds, films and hyperparameters of the active run, begun if there is none.

    log_dir, comment and the rest: accepted; the run has its own place.
    A writer that began its run ends it when it is closed.

    Names are cut to what metrics may be called: other signs than letters, digits and ``_ - . /`` become ``_``.
    """

    def __init__(self, log_dir: str | None = None, comment: str = "", *args: Any, **options: Any) -> None:
        del comment, args, options
        self._owns = session.innermost() is None
        active = active_or_begun()
        self._log = active.log
        self._run_id = active.log.run_id
        self._client = ClewClient(active.link.uri)
        self._steps: dict[str, int] = {}
        self.log_dir = log_dir or self._run_id

    def get_logdir(self) -> str:
        """The folder that was asked for, else the run's id; nothing is written there."""
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Log a point of the metric ``tag``.

        global_step: default one more than the tag's last. walltime: seconds since 1970, default now.
        """
        del args, options
        name = _name(tag)
        self._log.log_points({name: scalar_value}, self._step(tag, global_step), _ms(walltime))

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Log a point of each metric ``main_tag/<name>``."""
        step = self._step(main_tag, global_step)
        points = {_name(f"{main_tag}/{key}"): value for key, value in tag_scalar_dict.items()}
        self._log.log_points(points, step, _ms(walltime))

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Store an image at a step; floats are 0 to 1 and are clipped.

        dataformats: order of the axes, ``CHW``, ``HWC`` or ``HW``.

        Raises:
            InvalidValue: another order, or no image.
        """
        pixels = _pixels(img_tensor, dataformats, 3)
        self._client.log_image(self._run_id, pixels, None, _name(tag), self._step(tag, global_step), _ms(walltime))

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Store each image of a batch as ``tag/<number>``; see ``add_image``."""
        step = self._step(tag, global_step)
        for number, pixels in enumerate(_pixels(img_tensor, dataformats, 4)):
            self._client.log_image(self._run_id, pixels, None, _name(f"{tag}/{number}"), step, _ms(walltime))

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """Store a Matplotlib figure, or a list of them, as image at a step.

        close: the figure is closed afterwards.
        """
        import io

        from clew.client.images import Image

        step = self._step(tag, global_step)
        figures = figure if isinstance(figure, list) else [figure]
        for number, each in enumerate(figures):
            name = _name(tag if len(figures) == 1 else f"{tag}/{number}")
            buffer = io.BytesIO()
            each.savefig(buffer, format="png")
            self._client.log_image(self._run_id, Image(buffer), None, name, step, _ms(walltime))
            if close:
                import matplotlib.pyplot as plt

                plt.close(each)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = 64,
        walltime: float | None = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Store the distribution of ``values`` at a step; TensorBoard's words for bins mean 64 here."""
        del args, options
        count = bins if isinstance(bins, int) else 64
        step = self._step(tag, global_step)
        self._client.log_histogram(self._run_id, _name(tag), values, step, bins=count, timestamp=_ms(walltime))

    def add_text(
        self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Store a text as ``clew/text/<tag>+step+<n>.md``."""
        del walltime
        name = _name(tag).replace("/", "~")
        self._client.log_text(self._run_id, text_string, f"clew/text/{name}+step+{self._step(tag, global_step)}.md")

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44_100,
        walltime: float | None = None,
    ) -> None:
        """Store a sound at a step: samples, or channels × samples."""
        samples = array_of(snd_tensor)
        samples = samples.T if samples.ndim == 2 else samples
        step = self._step(tag, global_step)
        self._client.log_audio(self._run_id, _name(tag), samples, sample_rate, step, timestamp=_ms(walltime))

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: int | None = None,
        fps: float = 4,
        walltime: float | None = None,
    ) -> None:
        """Store films, films × frames × channels × height × width, at a step; several as ``tag/<number>``."""
        films = _in_range(array_of(vid_tensor))
        if films.ndim != 5:
            raise InvalidValue(f"A video tensor has the shape (n, frames, channels, h, w), not {films.shape}.")
        step = self._step(tag, global_step)
        for number, film in enumerate(films.transpose(0, 1, 3, 4, 2)):
            name = _name(tag if len(films) == 1 else f"{tag}/{number}")
            self._client.log_video(self._run_id, name, film, fps, step, timestamp=_ms(walltime))

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        hparam_domain_discrete: Any = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Log hyperparameters as params, and metrics."""
        del hparam_domain_discrete, run_name
        self._log.log_params({_name(key): value for key, value in hparam_dict.items()})
        points = {_name(key): value for key, value in metric_dict.items()}
        self._log.log_points(points, global_step or 0)

    def __getattr__(self, name: str) -> Any:
        if name in ("add_graph", "add_embedding", "add_pr_curve", "add_mesh", "add_custom_scalars"):
            return partial(_unrecorded, name)
        raise AttributeError(f"SummaryWriter has no {name!r}")

    def flush(self) -> None:
        """Wait until the server has what was written."""
        self._client.flush()

    def close(self) -> None:
        """End the run if this writer began it."""
        stack = session.stack()
        if self._owns and stack and stack[-1].log.run_id == self._run_id:
            end_run()
        self._owns = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _step(self, tag: str, given: int | None) -> int:
        step = self._steps.get(tag, -1) + 1 if given is None else int(given)
        self._steps[tag] = step
        return step


def _unrecorded(name: str, *_: Any, **__: Any) -> None:
    warn_once(f"summary-{name}", f"SummaryWriter.{name} is not recorded.")


def _name(tag: str) -> str:
    return _ODD.sub("_", str(tag)).strip("/") or "_"


def _ms(walltime: float | None) -> int | None:
    return None if walltime is None else int(walltime * 1000)


def _pixels(image: Any, order: str, axes: int) -> Any:
    axis_order = _ORDERS.get(order.upper())
    if axis_order is None or (axes == 4) != (len(axis_order) == 4):
        raise InvalidValue(f"The axes {order!r} are not understood; expected one of {', '.join(_ORDERS)}.")
    pixels = array_of(image)
    if pixels.ndim != len(axis_order):
        raise InvalidValue(f"An image of the axes {order} has {len(axis_order)} of them, not {pixels.ndim}.")
    return _in_range(pixels.transpose(axis_order))


def _in_range(pixels: Any) -> Any:
    import numpy as np

    return np.nan_to_num(np.clip(pixels, 0, 1)) if pixels.dtype.kind == "f" else pixels
