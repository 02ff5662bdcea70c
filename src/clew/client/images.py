"""Images as users hand them in: PIL images, arrays, tensors, files; and the form in which they are kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from clew.errors import InvalidValue, MissingPackage

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

THUMBNAIL_PX: Final = 256
"""Longer side of the small copy that pages show first."""
_PNG_MODES: Final = ("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA")


class Image:
    """An image for ``log_image`` and for the cells of ``log_table``.

    image: a PIL image, an array or nested list of height × width (× 1, 3 or 4), or the path of an image file.

    Raises:
        InvalidValue: it is none of these. MissingPackage: Pillow is not installed.
    """

    def __init__(self, image: Any) -> None:
        self.image: PILImage = pil_of(image)

    def to_pil(self) -> PILImage:
        """The image for Pillow."""
        return self.image

    def to_array(self) -> Any:
        """The pixels as a NumPy array of height × width (× channels)."""
        import numpy as np

        return np.array(self.image)

    def to_list(self) -> Any:
        """The pixels as nested lists."""
        return self.to_array().tolist()

    def resize(self, size: tuple[int, int]) -> Image:
        """A copy of the given (width, height) in pixels."""
        return Image(self.image.resize(size))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an image file; the suffix says in which format."""
        self.image.save(path)


def is_image(value: object) -> bool:
    """Whether a table cell is an image: one of ours or of Pillow's."""
    return isinstance(value, Image) or (type(value).__module__ or "").startswith("PIL.")


def pil_of(image: Any) -> PILImage:
    """The image for Pillow. Integers are 0 to 255, floats and booleans 0 to 1.

    Raises:
        InvalidValue: it is no image, has another shape, or its values lie outside their range.
        MissingPackage: Pillow is not installed.
    """
    if isinstance(image, Image):
        return image.image
    try:
        import PIL.Image
    except ImportError:
        raise MissingPackage("Images need Pillow: pip install pillow") from None
    if isinstance(image, PIL.Image.Image):
        return image
    if isinstance(image, str | os.PathLike) or hasattr(image, "read"):
        try:
            with PIL.Image.open(image) as found:
                found.load()
                return found
        except OSError as error:
            raise InvalidValue(f"{image!r} cannot be read as an image: {error}") from None
    return PIL.Image.fromarray(_pixels(image))


def _pixels(image: Any) -> Any:
    import numpy as np

    pixels = np.asarray(image.numpy() if hasattr(image, "numpy") else image)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype.kind not in "biuf":
        raise InvalidValue(f"{type(image).__name__} is no image: give a PIL image, an array of numbers or a path.")
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        raise InvalidValue(f"An image has the shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), not {pixels.shape}.")
    if pixels.dtype.kind in "fb":
        if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):
            raise InvalidValue("Floats of an image lie between 0 and 1; divide by 255, or use integers.")
        pixels = pixels * 255
    elif pixels.size and not (pixels.min() >= 0 and pixels.max() <= 255):
        raise InvalidValue("Integers of an image lie between 0 and 255.")
    return pixels.astype(np.uint8)


def write_image(image: PILImage, file: str) -> None:
    """Write an image file; the suffix says in which format.

    Raises:
        InvalidValue: no format has that suffix, or it cannot hold the image.
    """
    if file.endswith(".png") and image.mode not in _PNG_MODES:
        image = image.convert("RGB")
    try:
        image.save(file)
    except (ValueError, OSError) as error:
        raise InvalidValue(f"The image cannot be written as {os.path.basename(file)!r}: {error}") from None


def thumbnail(image: PILImage) -> PILImage:
    """A copy whose longer side is 256 pixels, in colours that WebP knows."""
    scale = THUMBNAIL_PX / max(image.size)
    small = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    return small if small.mode in ("RGB", "RGBA") else small.convert("RGBA" if "A" in small.mode else "RGB")
