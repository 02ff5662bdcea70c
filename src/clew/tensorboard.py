"""``clew.tensorboard``: ``SummaryWriter`` for scripts that were written for TensorBoard."""

from clew.client.summary import SummaryWriter

__all__ = ["SummaryWriter"]
