"""What a link costs: parsing a gateway message of 100 assets × 50 tags in every format, and MQTT end to end with a real broker.

python -m benchmarks.links [--quick]

Times are of the process's own processor time, medians; `mqtt` is wall time of a link that reads, parses and acknowledges what a
broker holds for it. The JSON on the last line has milliseconds and values per second.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from andon.plant.clock import SystemClock
from andon.plant.endpoint import Endpoint
from andon.reading.link import Connection
from andon.reading.mapping import Mapping
from andon.reading.mqtt import MqttLink, MqttSettings
from andon.reading.mqtt.settings import BrokerSettings
from andon.reading.payload import PayloadReader
from andon.reading.payload.packed import pack
from andon.reading.sparkplug.births import Births
from andon.reading.sparkplug.parse import SparkplugReader
from andon.reading.sparkplug.settings import ANY
from andon.reading.sparkplug.wire import DOUBLE, Metric, Payload, write_payload

ASSETS = [f"pump {number}" for number in range(100)]
TAGS = [f"TIC-{number:03}.PV" for number in range(50)]
VALUES = len(ASSETS) * len(TAGS)
MOMENT = "2026-03-01T06:00:00.250Z"
NS = 1_772_344_800_250_000_000


def payloads() -> dict[str, tuple[Mapping, bytes]]:
    """The same table in every format."""
    import polars as pl

    table = np.random.default_rng(0).normal(50, 10, size=(len(ASSETS), len(TAGS))).astype(np.float32)
    rows = [[round(float(cell), 3) for cell in line] for line in table]
    packed = pack(ASSETS, TAGS, np.array([NS]), table[None])
    marked = pack(ASSETS, TAGS, np.array([NS]), table[None], np.zeros((1, *table.shape), dtype=np.uint8))
    arrays = {"time": MOMENT, "asset": ASSETS, "tag": TAGS, "value": rows}
    objects = [{"time": MOMENT, "asset": asset, **dict(zip(TAGS, line, strict=True))} for asset, line in zip(ASSETS, rows, strict=True)]
    records = [
        {"time": MOMENT, "asset": asset, "tag": tag, "value": cell, "quality": "good"}
        for asset, line in zip(ASSETS, rows, strict=True)
        for tag, cell in zip(TAGS, line, strict=True)
    ]
    head = "time,asset," + ",".join(TAGS)
    csv = "\n".join([head, *(f"{MOMENT},{asset}," + ",".join(map(str, line)) for asset, line in zip(ASSETS, rows, strict=True))])
    influx = "\n".join(
        f"line,asset={asset.replace(' ', '_')} " + ",".join(f"{tag}={cell}" for tag, cell in zip(TAGS, line, strict=True)) + f" {NS}"
        for asset, line in zip(ASSETS, rows, strict=True)
    )
    arrow = io.BytesIO()
    pl.DataFrame({"time": [MOMENT] * len(ASSETS), "asset": ASSETS, **{tag: table[:, at] for at, tag in enumerate(TAGS)}}).write_ipc_stream(
        arrow
    )
    return {
        "packed": (Mapping(payload="packed"), packed),
        "packed_status": (Mapping(payload="packed"), marked),
        "json_arrays": (Mapping(shape="arrays"), json.dumps(arrays).encode()),
        "json_objects": (Mapping(), json.dumps(objects).encode()),
        "json_records": (Mapping(shape="records"), json.dumps(records).encode()),
        "csv": (Mapping(payload="csv"), csv.encode()),
        "influx": (Mapping(payload="influx"), influx.encode()),
        "arrow": (Mapping(payload="arrow"), arrow.getvalue()),
    }


def milliseconds(call: Callable[[], Any], runs: int) -> float:
    """Median processor time of a call."""
    times = []
    for _ in range(runs):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return statistics.median(times) * 1e3


def sparkplug() -> tuple[SparkplugReader, Callable[[], bytes]]:
    """A reader that has had the birth, and data of 5,000 metrics by alias."""
    reader = SparkplugReader(ANY, Mapping(asset="{folder}", tag="{leaf}"), "link", Births())
    metrics = [
        Metric(f"{asset}/{tag}", number, None, DOUBLE, value=1.0)
        for number, (asset, tag) in enumerate((a, t) for a in ASSETS for t in TAGS)
    ]
    reader.parse("spBv1.0/g/NBIRTH/n", write_payload(Payload(NS // 1_000_000, 0, metrics)), 1)
    data = [Metric(alias=number, value=float(number)) for number in range(VALUES)]
    numbers = iter(range(1, 10_000_000))
    body = write_payload(Payload(NS // 1_000_000, None, data))
    return reader, lambda: body + bytes([3 << 3, next(numbers) % 128])


async def through_a_broker(count: int, window: int) -> float:
    """Seconds in which a link reads, parses and acknowledges `count` packed messages that a mosquitto holds for it."""
    import aiomqtt

    mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 1000000\nlog_dest none\n")
        broker = subprocess.Popen([mosquitto, "-c", str(config)])
        try:
            await asyncio.sleep(0.5)
            settings = MqttSettings(
                BrokerSettings("link", Endpoint("mqtt", "127.0.0.1", port), window=window), ("gateway/+",), Mapping(payload="packed")
            )
            link = MqttLink(settings, SystemClock())
            opened = asyncio.ensure_future(anext(link.open(), None))  # the broker keeps messages for a session that it knows
            while link.health().connection is not Connection.CONNECTED:
                await asyncio.sleep(0.01)
            await link.close()
            await opened
            table = np.ones((1, len(ASSETS), len(TAGS)), dtype=np.float32)
            async with aiomqtt.Client("127.0.0.1", port) as client:
                client.pending_calls_threshold = count + 1
                bodies = (pack(ASSETS, TAGS, np.array([NS + number]), table, sequence=number // 10 + 1) for number in range(count))
                await asyncio.gather(*(client.publish(f"gateway/{number % 10}", body, qos=1) for number, body in enumerate(bodies)))
            began, done = time.perf_counter(), 0
            async for _, receipt in link.open():
                await link.acknowledge(receipt)
                done += 1
                if done == count:
                    await link.close()
            took = time.perf_counter() - began
            assert link.health().lost == 0
            return took
        finally:
            broker.send_signal(signal.SIGTERM)
            broker.wait(10)


def main() -> None:
    """Print a table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not needed here")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    runs = 15 if options.quick else 60
    found: dict[str, dict[str, float]] = {}
    for name, (mapping, payload) in payloads().items():
        reader = PayloadReader(mapping, "link")
        parsed = reader.parse(payload, {}, 1)
        assert parsed.batch is not None, parsed.faults
        assert parsed.batch.values.size == VALUES
        ms = milliseconds(lambda reader=reader, payload=payload: reader.parse(payload, {}, 1), runs)  # type: ignore[misc]
        found[name] = {"ms": round(ms, 3), "values_per_s": round(VALUES / ms * 1e3), "bytes": len(payload)}
    reader_, body = sparkplug()
    ms = milliseconds(lambda: reader_.parse("spBv1.0/g/NDATA/n", body(), 1), runs)
    found["sparkplug"] = {"ms": round(ms, 3), "values_per_s": round(VALUES / ms * 1e3), "bytes": len(body())}
    if shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists():
        count = 500 if options.quick else 3_000
        seconds = asyncio.run(through_a_broker(count, 256))
        found["mqtt"] = {"ms": round(seconds / count * 1e3, 3), "values_per_s": round(count * VALUES / seconds), "bytes": 0}
    print(f"{'one message of 100 assets × 50 tags':38} {'ms':>8} {'values/s':>14}")
    for name, row in found.items():
        print(f"{name:38} {row['ms']:8.3f} {row['values_per_s']:14,.0f}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
