"""A large plant: 10,000 assets × 50 tags at 1 Hz through MQTT with QoS 1 and through HTTP; parse, journal, judge, explain, store.

    python -m benchmarks.load [--quick] [--bundle FILE] [--assets 10000] [--peers FOLDER]

One service process, one broker, and one generator of all gateways (100 assets a message, once a second) whose processor time is not
counted. Ten models of a thousand sister assets: one model is trained on one simulated asset, and ten files hold the same weights under
the names of the assets that they serve; ten trainings would change no cost. `p99_ms` is from the moment at which the gateway took the
sample that makes a tick complete to the tick's verdicts being kept. A tick is complete when the first sample of the next second comes
(`late_by` = one interval), so a verdict is one second older than that; this wait is asked for, and stated as `late_by_s`.
`service_cores` is processor time over wall time of the service; the broker's is its own. The highest load is searched with a clock that
runs faster: twice as fast is twice the ticks, messages and values a second, of the same assets.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from andon.plant.batch import Batch
from andon.plant.recording import Recording
from andon.plant.time import DAY_NS, NS
from andon.scoring.monitor import Monitor
from benchmarks.live.folder import PlantFolder, make_folder
from benchmarks.live.generator import Job, rows_of
from benchmarks.live.process import ROOT, environment
from benchmarks.speed import plant_like

A_MODEL, A_MESSAGE, TAGS = 1_000, 100, 50
NETDATA = "Netdata's published cost: 10,000 metrics at 1 Hz on 2-5 % of a core, that is 200,000 to 500,000 values per second and core"
NETDATA_PER_CORE = (200_000.0, 500_000.0)


def a_second_apart(recording: Recording) -> Recording:
    """The same rows at 1 Hz."""
    return replace(recording, time=recording.time[0] + np.arange(recording.rows, dtype=np.int64) * NS)


def names(assets: int) -> list[str]:
    """Assets of the plant, a thousand to a model."""
    return [f"line {number // A_MODEL:02d} machine {number % A_MODEL:04d}" for number in range(assets)]


def make_plant(path: Path, monitor: Monitor, assets: int) -> PlantFolder:
    """Ten models (or fewer) of a thousand sisters."""
    every = names(assets)
    models = {f"line {low // A_MODEL:02d}": (monitor, every[low : low + A_MODEL]) for low in range(0, assets, A_MODEL)}
    return make_folder(path, models, promoted=time.time_ns() - 30 * DAY_NS)


def settings(way: str, payload: str, port: int) -> str:
    """The plant file."""
    shape = 'shape = "arrays"\n' if payload == "json" else ""
    link = f'[[link]]\nname = "load"\nkind = "{"mqtt" if way == "mqtt" else "push"}"\npayload = "{payload}"\n{shape}'
    if way == "mqtt":
        link += f'address = "mqtt://127.0.0.1:{port}"\ntopics = ["load/+"]\nwindow = 2000\n'
    return f'[sampling]\nlate_by = "1s"\n\n{link}'


def processor_s(pid: int) -> float:
    """Processor time of another process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Flow:
    """One flow of messages into services of its own; each run begins with a plant that has seen nothing."""

    def __init__(self, made: PlantFolder, path: Path, way: str, payload: str, assets: int, table: Path) -> None:
        self.made, self.way, self.payload, self.assets, self.table, self.path = made, way, payload, assets, table, path
        path.mkdir(parents=True, exist_ok=True)

    def run(self, seconds: float, speed: float = 1.0) -> dict[str, Any]:
        """Feed a service, end it, and say what came of it. A service that ends too early or too late has a `failure`."""
        from tests.reading.links.broker import Broker

        path = self.path / f"{speed:g}"
        broker = Broker(path / "broker") if self.way == "mqtt" else None
        folder = self.made.copy(path / "plant", settings(self.way, self.payload, broker.port if broker else 0))
        try:
            if broker is not None:
                broker.start()
            return self._run(folder, path, broker, seconds, speed)
        finally:
            if broker is not None:
                broker.stop()
            shutil.rmtree(path)

    def _run(self, folder: PlantFolder, path: Path, broker: Any, seconds: float, speed: float) -> dict[str, Any]:
        report, start = path / "report.json", time.time_ns()
        log = path / "service.log"
        words = [sys.executable, "-m", "benchmarks.live.measured", str(report), str(speed), str(start), str(folder.plant), "--data"]
        with log.open("ab") as file:
            service = subprocess.Popen(
                [*words, str(folder.live.path)], stdout=subprocess.PIPE, stderr=file, text=True, env=environment(), cwd=ROOT
            )
        assert service.stdout is not None
        address = service.stdout.readline().strip()
        assert address, log.read_text()[-3000:]
        every = names(self.assets)
        job = Job(
            self.way, self.payload, str(broker.port) if broker else address, folder.token,
            [every[low : low + A_MESSAGE] for low in range(0, self.assets, A_MESSAGE)], [f"TAG{index:03d}" for index in range(TAGS)],
            str(self.table), start, speed, seconds,
        )  # fmt: skip
        (path / "job.json").write_bytes(msgspec.json.encode(job))
        generator = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.live.generator", str(path / "job.json")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT,
        )  # fmt: skip
        assert generator.stdin is not None
        assert generator.stdout is not None
        failure, told = "", {"sent": 0, "refused": 0, "behind_ms": 0.0, "cpu_s": 0.0}
        pids = [service.pid, *([broker._process.pid] if broker is not None and broker._process is not None else [])]
        try:
            assert generator.stdout.readline().strip() == "ready"
            time.sleep(3)  # the link is there, and what a start takes is over
            before, began = [processor_s(pid) for pid in pids], time.monotonic()
            generator.stdin.write("\n")
            generator.stdin.flush()
            if answer := generator.stdout.readline():
                told = json.loads(answer)
            else:
                failure = "the generator died"
            wall = time.monotonic() - began
            if service.poll() is None:
                used = [(processor_s(pid) - at) / wall for pid, at in zip(pids, before, strict=True)]
            else:
                failure, used = f"the service ended by itself, status {service.returncode}", [float("nan")] * len(pids)
        finally:
            failure = _ended(generator, 60, "the generator") or failure
            if service.poll() is None:
                service.send_signal(signal.SIGTERM)
            failure = _ended(service, 600, "the service") or failure
        if not report.exists():
            failure = failure or f"the service left no report, status {service.returncode}"
        if failure:
            print(f"  {failure}:\n{log.read_text(errors='replace')[-2000:]}", flush=True)
        found: dict[str, Any] = json.loads(report.read_text()) if report.exists() else NO_REPORT
        rows = told["sent"] * A_MESSAGE
        closing = sorted(found["closing_ms"][len(found["closing_ms"]) // 20 :])  # the first ticks meet caches that are empty
        memory = [row[2] for row in found["seconds"]]
        return {
            "values_per_s": rows * TAGS / wall, "p50_ms": statistics.median(closing) if closing else float("nan"),
            "p99_ms": closing[int(0.99 * (len(closing) - 1))] if closing else float("nan"),
            "most_ms": closing[-1] if closing else float("nan"),
            "service_cores": used[0], "broker_cores": used[1] if broker is not None else 0.0, "gib": found["peak_gib"],
            "gib_middle": memory[len(memory) // 2] if memory else float("nan"), "gib_end": memory[-1] if memory else float("nan"),
            "sent_rows": rows, "lost_rows": rows - found["rows"], "refused": told["refused"], "late_rows": found["late"],
            "verdicts": found["ticks"], "dead": found["dead"], "generator_behind_ms": told["behind_ms"],
            "generator_cores": told["cpu_s"] / wall, "wall_s": wall, "asked_values_per_s": self.assets * TAGS * speed, "failure": failure,
        }  # fmt: skip


NO_REPORT: dict[str, Any] = {"closing_ms": [], "seconds": [], "peak_gib": float("nan"), "rows": 0, "late": 0, "ticks": 0, "dead": 0}


def _ended(process: subprocess.Popen[str], within_s: float, what: str) -> str:
    """Wait for the end of a process; why it had to be killed, or empty."""
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(30)
        return f"{what} did not end within {within_s:g} s"
    return ""


def failings(found: dict[str, Any]) -> list[str]:
    """Why a load does not hold; empty where it does: no loss, nothing late, as much as was asked, and verdicts within the second."""
    told = [found["failure"]] if found["failure"] else []
    if found["lost_rows"]:
        told.append(f"{found['lost_rows']} rows not judged when it was ended")
    if found["late_rows"]:
        told.append(f"{found['late_rows']} rows late")
    if not found["p99_ms"] < 1_000:
        told.append("p99 is not under a second")
    if found["values_per_s"] < 0.98 * found["asked_values_per_s"]:
        told.append(f"the generator reached {found['values_per_s'] / 1e6:.2f} M values/s")
    return told


def highest(flow: Flow, seconds: float, most_runs: int) -> tuple[float, list[dict[str, Any]]]:
    """The highest load that holds, values per second, by doubling and then halving; and every try."""
    base = flow.assets * TAGS
    low, high, tries = 0.0, float("inf"), []
    speed = 1.0
    for _ in range(most_runs):
        trial = flow.run(seconds, speed)
        why = failings(trial)
        tries.append(
            {"speed": speed, "p99_ms": trial["p99_ms"], "cores": trial["service_cores"], "broker_cores": trial["broker_cores"],
             "generator_cores": trial["generator_cores"], "holds": not why, "why": why}
        )  # fmt: skip
        print(f"  {speed * base / 1e6:5.2f} M values/s: p99 {trial['p99_ms']:8.0f} ms, cores: service {trial['service_cores']:.2f}, "
              f"broker {trial['broker_cores']:.2f}, generator {trial['generator_cores']:.2f}: "
              f"{'does not hold: ' + '; '.join(why) if why else 'holds'}", flush=True)  # fmt: skip
        if why:
            high = speed
        else:
            low = speed
        if high == float("inf"):
            speed *= 2
        else:
            speed = (low + high) / 2 if low else high / 2
        if low and high / low < 1.15:
            break
    return low * base, tries


def journal_of(folder: PlantFolder, assets: Sequence[str], ticks: int, interval: int, table: np.ndarray) -> int:
    """A backlog in the journal of a plant: gateway batches of so many ticks; the last tick (ns)."""
    from andon.store.journal import Fsync, Journal

    start = (time.time_ns() - DAY_NS) // interval * interval
    tags = tuple(f"TAG{index:03d}" for index in range(table.shape[1]))
    groups = [tuple(assets[low : low + A_MESSAGE]) for low in range(0, len(assets), A_MESSAGE)]
    begin = [rows_of(table, len(group), number) for number, group in enumerate(groups)]
    with Journal(folder.live.journal, fsync=Fsync.parse("100ms")) as journal:
        for tick in range(ticks):
            moment = start + tick * interval
            for group, rows in zip(groups, begin, strict=True):
                values = table[(rows + tick) % len(table)].astype(np.float32)
                asset = np.arange(len(group), dtype=np.int32)
                time_ns = np.full(len(group), moment, dtype=np.int64)
                journal.append(Batch("load", moment, group, tags, asset, time_ns, values, np.zeros(values.shape, np.uint8)))
    return start + (ticks - 1) * interval


def catch_up(monitor: Monitor, path: Path, interval: int, ticks: int, table: np.ndarray) -> tuple[float, float, float]:
    """How many times faster than real time a backlog of 1,000 assets is judged and kept, from the journal.

    Returns
    -------
    by the clock; by processor time of all threads; by the clock, less what the judging thread waited for a core that others had: what a
    quiet machine of two cores would show. Waiting for the disk and for the process's own threads counts in it.
    """
    own = replace(monitor, preparation=replace(monitor.preparation, interval_ns=interval))
    made = make_plant(path / "made", own, A_MODEL)
    folder = made.copy(path / "plant", f'[sampling]\nlate_by = "{interval // NS}s"\n')
    journal_of(folder, names(A_MODEL), ticks, interval, table)
    code = (
        "import sys, time\n"
        "from andon.project.live.running import open_running\n"
        "running = open_running(sys.argv[1], data=sys.argv[2], links=())\n"
        "running.loop.recover()\n"
        "running.loop.stop()\n"  # the heart ends when it has read the journal
        "waited = lambda: int(open('/proc/thread-self/schedstat').read().split()[1]) / 1e9\n"
        "began, before, others = time.perf_counter(), time.process_time(), waited()\n"
        "running.loop._beat()\n"
        "print(time.perf_counter() - began, time.process_time() - before, waited() - others)\n"
        "running.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder.plant), str(folder.live.path)], check=True, capture_output=True, text=True,
        env=environment(), cwd=ROOT,
    )  # fmt: skip
    wall, used, waited = map(float, done.stdout.split()[-3:])
    seconds = ticks * interval / NS
    return seconds / wall, seconds / used, seconds / (wall - waited)


def one_sample(monitor: Monitor, path: Path, table: np.ndarray, samples: int) -> tuple[float, float, float, float]:
    """Milliseconds (median, p99; the same of processor time) of one sample of one asset: parsed, in the journal, judged, kept."""
    from andon.project.live.running import open_running
    from andon.reading.mapping import Mapping
    from andon.reading.payload import PayloadReader
    from andon.reading.payload.packed import pack

    made = make_folder(path / "made", {"one": (monitor, ["machine"])}, promoted=time.time_ns() - 30 * DAY_NS)
    folder = made.copy(path / "plant", '[sampling]\nlate_by = "0s"\n')
    reader = PayloadReader(Mapping(payload="packed"), "load")
    tags = [f"TAG{index:03d}" for index in range(TAGS)]
    start = time.time_ns() // NS * NS
    times, used = [], []
    with open_running(folder.plant, data=folder.live.path, links=()) as running:
        loop = running.loop
        for number in range(samples):
            moment = start + number * NS
            body = pack(["machine"], tags, np.array([moment]), table[number % len(table)].astype(np.float32)[None, None])
            before = time.thread_time()  # itself slow on some machines, so it stands outside
            began = time.perf_counter()
            parsed = reader.parse(body, {}, moment)
            assert parsed.batch is not None
            running.journal.append(parsed.batch)
            loop.keeper.receive(parsed.batch)
            loop.keeper.keep(parsed.batch, loop.heart.take(parsed.batch))
            times.append(1e3 * (time.perf_counter() - began))
            used.append(1e3 * (time.thread_time() - before))
    times, used = sorted(times[samples // 10 :]), sorted(used[samples // 10 :])
    last = int(0.99 * (len(times) - 1))
    return statistics.median(times), times[last], statistics.median(used), used[last]


def river(folder: Path | None, table: np.ndarray) -> float | None:
    """Rows per second and core of river's HalfSpaceTrees at the same width; None where it is not there."""
    python = folder / "pyod" / "bin" / "python" if folder is not None else None
    if python is None or not python.exists():
        print("river: no environment; make it with python -m benchmarks.peers.make FOLDER pyod, and name it with --peers")
        return None
    with tempfile.TemporaryDirectory() as scratch:
        np.save(Path(scratch) / "table.npy", table[:3000].astype(np.float32))
        script = Path(__file__).parent / "peers" / "rates.py"
        done = subprocess.run([str(python), str(script), str(Path(scratch) / "table.npy"), "river"], capture_output=True, text=True)
        if done.returncode:
            print(f"river failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
            return None
        return float(json.loads(done.stdout.strip().splitlines()[-1])["river_rows_per_s"])


def trained(options: argparse.Namespace, scratch: Path) -> Monitor:
    """The model."""
    import andon

    if options.bundle is None:
        limit = "30s" if options.quick else options.time_limit
        print(f"training a model of {TAGS} tags at 1 Hz, at most {limit}", flush=True)
        options.bundle = andon.fit(a_second_apart(plant_like(60_000, TAGS, 1)), time_limit=limit).save(scratch / "line.andon")
    return andon.load(options.bundle)


def main() -> None:
    """Print a table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not needed here")
    parser.add_argument("--bundle", type=Path, help="a model of 50 tags at 1 Hz; default: trained now with --time-limit")
    parser.add_argument("--time-limit", default="10m")
    parser.add_argument("--assets", type=int, default=10_000, help="a multiple of 1,000")
    parser.add_argument("--seconds", type=float, help="of each flow; default 600, with --quick 30")
    parser.add_argument("--peers", type=Path, help="folder of the rivals' environments")
    parser.add_argument("--only", nargs="*", default=["mqtt", "mqtt-json", "http", "highest", "one", "river", "catch-up"])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    seconds = options.seconds or (30.0 if options.quick else 600.0)
    figures: dict[str, Any] = {"assets": options.assets, "late_by_s": 1.0, "load_before": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        monitor = trained(options, scratch)
        figures["views"], figures["network"] = len(monitor.detector.views.names), monitor.detector.network is not None
        table = plant_like(20_000, TAGS, 2).values
        file = scratch / "table.npy"
        np.save(file, table)
        made = make_plant(scratch / "made", monitor, options.assets)
        flows = {"mqtt": ("mqtt", "packed"), "mqtt-json": ("mqtt", "json"), "http": ("http", "packed")}
        for what, (way, payload) in flows.items():
            if what not in options.only:
                continue
            flow = Flow(made, scratch / what, way, payload, options.assets, file)
            found = figures[what.replace("-", "_")] = flow.run(seconds)
            print(f"{what:10} {found['values_per_s']:10,.0f} values/s  p99 {found['p99_ms']:7.0f} ms  {found['service_cores']:.2f} cores  "
                  f"{found['gib']:.2f} GiB  lost {found['lost_rows']}  late {found['late_rows']}", flush=True)  # fmt: skip
        if "highest" in options.only:
            print("the highest load that holds, over MQTT, packed", flush=True)
            flow = Flow(made, scratch / "highest", "mqtt", "packed", options.assets, file)
            figures["highest_values_per_s"], figures["tries"] = highest(flow, min(seconds, 60.0) if not options.quick else 15.0, 8)
        if "one" in options.only:
            told = one_sample(monitor, scratch / "one", table, 600 if options.quick else 5_000)
            figures |= zip(("one_p50_ms", "one_p99_ms", "one_processor_ms", "one_processor_p99_ms"), told, strict=True)
            print(f"one asset, one sample: p50 {told[0]:.2f} ms, p99 {told[1]:.2f} ms; of the processor {told[2]:.2f}, {told[3]:.2f} ms",
                  flush=True)  # fmt: skip
        if "catch-up" in options.only:
            for what, interval in (("catch_up_minute", 60 * NS), ("catch_up_second", NS)):
                figures[what], by_processor, alone = catch_up(monitor, scratch / what, interval, 60 if options.quick else 600, table)
                figures[f"{what}_by_processor"], figures[f"{what}_alone"] = by_processor, alone
                print(
                    f"{what}: {figures[what]:,.0f} times real time, {by_processor:,.0f} by processor time, {alone:,.0f} without waiting "
                    "for a core",
                    flush=True,
                )
        rate = river(options.peers, table) if "river" in options.only else None
    _conclude(figures, rate)
    print(json.dumps(figures))


def _conclude(figures: dict[str, Any], river_rows: float | None) -> None:
    """Rates per core beside those of others, and the names of the headline."""
    best: dict[str, Any] = figures.get("mqtt") or figures.get("http") or {}
    for name in ("values_per_s", "p99_ms", "gib", "service_cores"):
        figures[name] = best.get(name)
    figures.setdefault("highest_values_per_s", None)
    if best:
        per_core = best["values_per_s"] / max(best["service_cores"], 1e-9)
        figures["values_per_s_and_core"] = per_core
        figures["ratio_river"] = per_core / (river_rows * TAGS) if river_rows else None
        figures["ratio_netdata"] = [per_core / rate for rate in NETDATA_PER_CORE]
        least, most = figures["ratio_netdata"][::-1]
        print(f"{per_core:,.0f} values per second and core; {NETDATA}: {least:.2f} to {most:.2f} times")
        if river_rows:
            rate = river_rows * TAGS
            print(f"river HalfSpaceTrees {rate:,.0f} values per second and core at {TAGS} tags: {figures['ratio_river']:.1f} times")


if __name__ == "__main__":
    main()
