"""A monitor as a model file, and back: which part stands in which member of the bundle."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from andon.evidence.calibration import Calibration
from andon.evidence.events import Opening
from andon.evidence.quality_view import QualityEvidence
from andon.evidence.views import Views
from andon.plant.atomic_write import write_bytes
from andon.plant.errors import At, BundleError, EvidenceError, PreparationError
from andon.plant.tag import Role, Tag
from andon.preparing import ModeModel, Preparation, moved_to
from andon.scoring.bundle import Bundle, Packed, pack_bundle, read_bundle
from andon.scoring.detector import Detector
from andon.scoring.linear_core import LinearCore
from andon.scoring.monitor import Monitor
from andon.scoring.network_core import NetworkCore
from andon.scoring.rivals import pack_rivals, unpack_rivals
from andon.scoring.safetensors_file import pack_arrays

PREPARATION, PLAIN = "preparation.json", "monitor.json"
LINEAR, VIEWS = "linear.safetensors", "views.safetensors"
CALIBRATION, TRACES = "calibration.json", "traces.safetensors"
SEQUENCE, STEP, NETWORK = "sequence.onnx", "step.onnx", "network.json"
RIVALS, RIVAL_VIEWS = "rivals.json", "rivals.safetensors"
REPORT_CARD = "report_card.json"
SISTERS = "sisters.json"


def pack(
    monitor: Monitor,
    *,
    card: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
    key: bytes | None = None,
    made_at: int | None = None,
) -> Packed:
    """Bytes and version of the model file.

    Parameters
    ----------
    card : report card, JSON values
    manifest : more about the model: training data, split, versions
    key : private key as PEM; signs the file
    made_at : ns UTC; now where not given
    """
    members = to_members(monitor)
    members[REPORT_CARD] = _json(dict(card or {}))
    own = {"assets": list(monitor.assets), "tags": list(monitor.tag_ids), "interval_ns": monitor.preparation.interval_ns}
    own |= {"budget": str(monitor.calibration.budget), **(manifest or {})}
    return pack_bundle(members, own, made_at=time.time_ns() if made_at is None else made_at, key=key)


def save(monitor: Monitor, path: str | os.PathLike[str], **more: Any) -> Path:
    """Write the model file, whole or not at all.

    Parameters
    ----------
    path : a file, or a folder: then the file is named by its version
    more : as for `pack`

    Returns
    -------
    the file

    Raises
    ------
    StoreError : the disk refuses
    """
    packed = pack(monitor, **more)
    target = Path(path)
    target = target if target.suffix == ".andon" else target / f"{packed.version}.andon"
    write_bytes(target, packed.data)
    return target


def to_members(monitor: Monitor) -> dict[str, bytes]:
    """Bytes of every member."""
    detector = monitor.detector
    members = {
        PREPARATION: _json(monitor.preparation.to_dict()),
        PLAIN: _json({
            "assets": list(monitor.assets), "warm_up": detector.warm_up, "exogenous": list(detector.exogenous),
            "linear_about": detector.linear.about,
            "tags": [asdict(tag) for tag in monitor.tags], "quality": [model.meta() for model in monitor.quality],
            "coupling": None if monitor.coupling is None else monitor.coupling.to_dict(),
        }),
        LINEAR: pack_arrays(detector.linear.to_arrays()),
        VIEWS: pack_arrays(detector.views.to_arrays()),
        CALIBRATION: _json(monitor.calibration.to_dict()),
        TRACES: pack_arrays(monitor.calibration.to_arrays()),
    }  # fmt: skip
    if detector.network is not None and detector.graphs is not None:
        members[SEQUENCE], members[STEP] = detector.graphs
        members[NETWORK] = _json(detector.network.meta)
    for index, model in enumerate(monitor.quality):
        members[f"quality_{index}.safetensors"] = pack_arrays(model.to_arrays())
    if monitor.rivals:
        plain, arrays = pack_rivals(monitor.rivals)
        members[RIVALS], members[RIVAL_VIEWS] = _json(plain), pack_arrays(arrays)
    if monitor.members:
        members[SISTERS] = _json([_sister(member) for member in monitor.members])
        for index, member in enumerate(monitor.members):
            members[f"sister_{index}.safetensors"] = pack_arrays(member.calibration.to_arrays())
            for number, model in enumerate(member.quality):
                members[f"sister_{index}_quality_{number}.safetensors"] = pack_arrays(model.to_arrays())
    return members


def _sister(member: Monitor) -> dict[str, Any]:
    """What a sister has of its own: centres, modes, calibration, soft sensors, and the rivals' thresholds."""
    return {
        "asset": member.asset, "centers": [channel.center for channel in member.preparation.channels],
        "modes": asdict(member.preparation.modes), "calibration": member.calibration.to_dict(),
        "quality": [model.meta() for model in member.quality],
        "rivals": [{"threshold": rival.threshold, "opening": asdict(rival.opening), "found": rival.found} for rival in member.rivals],
    }  # fmt: skip


def load(path: str | os.PathLike[str], *, trusted: Collection[str] | None = None, threads: int | None = None) -> Monitor:
    """Open a model file.

    Parameters
    ----------
    trusted : public keys of which one must have signed it; None: any
    threads : cores for long history; None: all

    Raises
    ------
    BundleError : damaged, tampered with, or its parts do not fit each other
    """
    return from_bundle(read_bundle(path, trusted=trusted), threads=threads)


def from_bundle(bundle: Bundle, *, threads: int | None = None) -> Monitor:
    """The monitor in a checked bundle."""
    try:
        return _from_bundle(bundle, threads or os.cpu_count() or 1)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, MemoryError) as error:
        raise BundleError(f"a part of the model is incomplete: {error!r}", at=At(file=bundle.file), do="train the model again") from error
    except (EvidenceError, PreparationError) as error:
        raise BundleError(error.what, at=At(file=bundle.file), do=error.do) from error


def _from_bundle(bundle: Bundle, threads: int) -> Monitor:
    plain = bundle.json(PLAIN)
    linear = LinearCore.from_arrays(bundle.arrays(LINEAR), plain["linear_about"])
    views = Views.from_arrays(bundle.arrays(VIEWS))
    network, graphs = None, None
    if SEQUENCE in bundle.members:
        graphs = (bundle.member(SEQUENCE), bundle.member(STEP))
        network = NetworkCore.from_bytes(*graphs, bundle.json(NETWORK), threads=threads)
    detector = Detector(linear, network, views, int(plain["warm_up"]), graphs, tuple(plain["exogenous"]))
    calibration = Calibration.from_parts(bundle.json(CALIBRATION), bundle.arrays(TRACES))
    preparation = Preparation.from_dict(bundle.json(PREPARATION))
    if not linear.channels == views.channels == len(preparation.channels):
        raise BundleError(
            f"{len(preparation.channels)} channels are prepared, the core has {linear.channels}, the views {views.channels}",
            at=At(file=bundle.file),
            do="train the model again",
        )
    rivals = unpack_rivals(bundle.json(RIVALS), bundle.arrays(RIVAL_VIEWS)) if RIVALS in bundle.members else ()
    monitor = Monitor(
        assets=tuple(plain["assets"]), preparation=preparation, detector=detector, calibration=calibration,
        quality=_soft_sensors(bundle, plain["quality"], "quality"), tags=tuple(_tag(item) for item in plain["tags"]),
        version=bundle.version,
        manifest=bundle.manifest, rivals=rivals, coupling=QualityEvidence.from_dict(plain["coupling"]) if plain.get("coupling") else None,
    )  # fmt: skip
    if SISTERS not in bundle.members:
        return monitor
    found = tuple(_member(bundle, monitor, index, item) for index, item in enumerate(bundle.json(SISTERS)))
    if tuple(member.asset for member in found) != monitor.assets:
        raise BundleError(
            f"the model is for {', '.join(monitor.assets)}, its parts are of {', '.join(member.asset for member in found)}",
            at=At(file=bundle.file),
            do="train the model again",
        )
    return replace(monitor, members=found)


def _member(bundle: Bundle, shared: Monitor, index: int, plain: Mapping[str, Any]) -> Monitor:
    """The monitor of one sister."""
    modes = {name: _tuples(value) for name, value in plain["modes"].items()}
    preparation = replace(moved_to(shared.preparation, plain["asset"], plain["centers"]), modes=ModeModel(**modes))
    rivals = tuple(
        replace(rival, threshold=float(own["threshold"]), opening=Opening(**own["opening"]), found=float(own["found"]))
        for rival, own in zip(shared.rivals, plain["rivals"], strict=True)
    )
    return replace(
        shared, assets=(plain["asset"],), preparation=preparation, rivals=rivals,
        calibration=Calibration.from_parts(plain["calibration"], bundle.arrays(f"sister_{index}.safetensors")),
        quality=_soft_sensors(bundle, plain["quality"], f"sister_{index}_quality"),
    )  # fmt: skip


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _soft_sensors(bundle: Bundle, plain: list[dict[str, Any]], name: str) -> tuple[Any, ...]:
    if not plain:
        return ()
    from andon.scoring.quality import QualityModel

    return tuple(QualityModel.from_arrays(item, bundle.arrays(f"{name}_{index}.safetensors")) for index, item in enumerate(plain))


def _tag(item: Mapping[str, Any]) -> Tag:
    return replace(Tag(**item), role=Role(item["role"]))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, default=_plain).encode("utf-8")


def _plain(value: object) -> object:
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
