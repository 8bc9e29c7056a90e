"""From shares of channels to shares of tags: a tag may have several channels (an angle has two), and their shares add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from andon.plant.arrays import Float32Array, Int64Array


def tags_of_channels(channel_tags: Sequence[str], tags: Sequence[str]) -> Int64Array:
    """(C,) place of each channel's tag in `tags`."""
    at = {tag: index for index, tag in enumerate(tags)}
    return np.array([at[tag] for tag in channel_tags], dtype=np.int64)


def of_tags(shares: Float32Array, tag_of_channel: Int64Array, count: int) -> Float32Array:
    """(N, count) shares of the tags.

    Parameters
    ----------
    shares : (N, C) of the channels
    tag_of_channel : (C,) from `tags_of_channels`
    count : how many tags there are
    """
    out = np.zeros((len(shares), count), dtype=np.float32)
    np.add.at(out.T, tag_of_channel, shares.T)
    return out


def largest(by_tag: Float32Array, count: int) -> tuple[Int64Array, Float32Array]:
    """(N, count) places and shares of the tags with the largest shares, the largest first; -1 and 0 where there are fewer tags."""
    kept = min(count, by_tag.shape[1])
    tags = np.full((len(by_tag), count), -1, dtype=np.int64)
    shares = np.zeros((len(by_tag), count), dtype=np.float32)
    order = np.argsort(-by_tag, axis=1, kind="stable")[:, :kept]
    tags[:, :kept] = order
    shares[:, :kept] = np.take_along_axis(by_tag, order, axis=1)
    return tags, shares
