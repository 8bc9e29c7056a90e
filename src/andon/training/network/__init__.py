"""The network of the reference picture, block by block, in PyTorch.

`convolution` sees fast shapes, `pooling` slow ones, `fusion` mixes them with context, `memory` carries them on,
`heads` say what is expected; `model` joins them. Training and export are in the room above. Import the modules
themselves: PyTorch is loaded with them, so nothing is imported here.
"""

from __future__ import annotations

__all__: list[str] = []
