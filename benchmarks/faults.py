"""The service under fire: killed at random points with its broker restarted, on a full disk, with a clock that is set; nothing may be lost.

    python -m benchmarks.faults [--quick] [--kills 200] [--restarts 20] [--bundle FILE]

A recorded stream of three sister assets comes over MQTT (QoS 1, a persistent session, a real mosquitto) and over HTTP into
`andon serve`. Each trial disturbs one process after the other and is compared with one undisturbed run: samples, verdicts,
predictions, events, records of alarms, entries of the ledger. `lost` is what the undisturbed run has and the trial has not, `doubled`
what stands more often, `different` what says something else (numbers beyond 1e-4); `bits` counts numbers that agree and are not the
same to the last bit. Half of the kills come at a random moment, half just before or after a random fsync, rename, write of the journal
or commit. A broker is ended so that it keeps its sessions: one that forgets what it acknowledged is out of our hands.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

import andon
from andon.plant.recording import Recording
from andon.plant.time import DAY_NS, NS
from andon.scoring.monitor import Monitor
from benchmarks.live.folder import PlantFolder, make_folder
from benchmarks.live.kept import Difference, Kept, compare
from benchmarks.live.process import CLOCK, Service
from benchmarks.live.trial import Stream, Trial, random_kills
from benchmarks.speed import plant_like

ASSETS = ("press 1", "press 2", "Presse <3>")
TAGS, ROWS, MINUTE = 12, 900, 60 * NS
START = 1_780_000_000 // 60 * MINUTE
RESPONSE = '[[response]]\ncheck = ["the valve"]\naction = "open the bypass"\n'
A_TRIAL = 25


def stream() -> Stream:
    """Three presses, each with three faults."""
    recordings = []
    for at, name in enumerate(ASSETS):
        table = plant_like(ROWS, TAGS, 100 + at).values.copy()
        sigma = table.std(axis=0)
        for number, low in enumerate((200 + 40 * at, 450 + 25 * at, 700 + 10 * at)):
            table[low : low + 40, number * 3 : number * 3 + 2] += 6 * sigma[number * 3 : number * 3 + 2]
        table[330:340, 5] = np.nan
        time_ns = START + np.arange(ROWS, dtype=np.int64) * MINUTE
        recordings.append(Recording.from_arrays(name, tuple(f"TAG{index:03d}" for index in range(TAGS)), time_ns, table))
    return Stream(recordings, rows_a_message=5)


def steps_of_the_clock(trial: Trial) -> None:
    """The service's clock is an hour fast, right again, half an hour slow; between, it is killed once."""
    file = trial.path / "clock"
    trial.live(0.2, {CLOCK: str(file)})
    for seconds in (3600.0, 0.0, -1800.0, 86_400.0, 0.0):
        file.write_text(str(seconds))
        time.sleep(1.5)
    trial.live(0.1, {})


def link_cuts(trial: Trial) -> None:
    """The broker goes and comes back, five times, while the service lives."""
    for number in range(5):
        time.sleep(0.6)
        trial.restart_broker(0.1 + 0.3 * number)


class SmallDisk:
    """The data of a trial on a small file system in memory, which can be filled up."""

    def __init__(self, mib: int) -> None:
        self.mib = mib
        self._mounted: list[Path] = []

    def mount(self, trial: Trial) -> bool:
        """Whether that is allowed here."""
        data = trial.folder.live.path
        kept = {path.name: path.read_bytes() for path in data.iterdir()}
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.mib}m", "tmpfs", str(data)], capture_output=True)
        if done.returncode:
            return False
        self._mounted.append(data)
        for name, content in kept.items():
            (data / name).write_bytes(content)
        return True

    def unmount(self) -> None:
        """Take them away."""
        while self._mounted:
            subprocess.run(["umount", "-l", str(self._mounted.pop())], check=False)

    def fill(self, trial: Trial) -> None:
        """Not a byte is left."""
        with suppress(OSError), open(trial.folder.live.path / "ballast", "wb", buffering=0) as file:
            while True:
                file.write(bytes(65_536))

    def full(self, trial: Trial) -> None:
        """Full for some seconds, three times, and once more while the service is killed and starts."""
        for _ in range(3):
            time.sleep(0.8)
            self.fill(trial)
            time.sleep(2.0)
            (trial.folder.live.path / "ballast").unlink()
        self.fill(trial)
        trial.kills += trial.service.kill()
        trial.begin({CLOCK: str(trial.path / "clock")})  # it may refuse to start, or wait
        time.sleep(1.0)
        (trial.folder.live.path / "ballast").unlink()
        trial.live(0.5, {})

    def read_only(self, trial: Trial) -> None:
        """Read-only when the service starts; then writable again."""
        data = str(trial.folder.live.path)
        time.sleep(1.0)
        trial.kills += trial.service.kill()
        subprocess.run(["mount", "-o", "remount,ro", data], check=True)
        trial.begin({CLOCK: str(trial.path / "clock")})
        time.sleep(1.0)
        trial.kills += trial.service.kill()
        subprocess.run(["mount", "-o", "remount,rw", data], check=True)
        trial.live(0.0, {})


def one(
    made: PlantFolder, path: Path, undisturbed: Kept, pause_s: float, disturb: Callable[[Trial], None], disk: SmallDisk | None
) -> tuple[Trial, Difference] | None:
    """One trial; None where the machine does not allow it."""
    trial = Trial(made, stream(), path, RESPONSE)
    if disk is not None and not disk.mount(trial):
        return None
    try:
        return trial, compare(undisturbed, trial.run(pause_s, disturb, timeout_s=300))
    finally:
        if disk is not None:
            disk.unmount()


def restart_s(monitor: Monitor, path: Path, assets: int, times: int) -> list[float]:
    """Seconds from the start of a process to its first answer, with a checkpoint of so many assets and a journal of some seconds."""
    from benchmarks.load import journal_of

    names = [f"machine {number:04d}" for number in range(assets)]
    made = make_folder(path / "made", {"line": (monitor, names)}, promoted=START - 90 * DAY_NS)
    folder = made.copy(path / "plant", '[sampling]\nlate_by = "60s"\n[[link]]\nname = "push"\nkind = "push"\n')
    journal_of(folder, names, 70, 60 * NS, plant_like(2_000, len(monitor.tag_ids), 7).values)
    took = []
    for number in range(times + 1):
        service = Service(folder)
        assert service.address
        while (service.ask("readyz") or {}).get("status") != "ok":
            time.sleep(0.01)
        if number:  # the first has no checkpoint yet
            took.append(time.monotonic() - service.began)
            service.kill()
        else:
            assert service.stop(300) == 0
    return took


def main() -> None:
    """Print each trial and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not needed here")
    parser.add_argument("--bundle", type=Path, help="a model of 12 tags at one minute; default: trained now")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--restarts", type=int)
    parser.add_argument("--only", nargs="*", help="trials: disk, read-only, clock, link, kills; default: all")
    parser.add_argument("--seed", type=int, default=20_261_124)
    parser.add_argument("--quick", action="store_true", help="25 kills, 5 restarts")
    options = parser.parse_args()
    kills = options.kills or (25 if options.quick else 200)
    restarts = options.restarts or (5 if options.quick else 20)
    total = Difference()
    killed = restarted = 0
    kinds: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if options.bundle is None:
            options.bundle = andon.fit(plant_like(12_000, TAGS, 1), time_limit="30s", network=False).save(scratch / "press.andon")
        monitor = andon.load(options.bundle)
        made = make_folder(scratch / "made", {"press": (monitor, ASSETS)}, promoted=START - 90 * DAY_NS)
        undisturbed = Trial(made, stream(), scratch / "undisturbed", RESPONSE).run(0.0, timeout_s=300)
        there = {what: sum(counts.values()) for what, counts in undisturbed.discrete.items()}
        print(f"undisturbed: {there}, {sum(len(table.time) for table in undisturbed.verdicts.values())} verdicts", flush=True)
        assert all(there.values()), "a stream without events would prove nothing"
        trials = -(-kills // A_TRIAL)
        disk = SmallDisk(48)
        todo: list[tuple[str, Callable[[Trial], None], SmallDisk | None]] = [
            ("full disk", disk.full, disk), ("read-only at start", disk.read_only, disk), ("clock", steps_of_the_clock, None),
            ("link cuts", link_cuts, None),
        ]  # fmt: skip
        left = max(0, restarts - 5)  # those of the link cuts count as well
        for number in range(trials):
            here = min(A_TRIAL, kills - number * A_TRIAL)
            mine = min(here, -(-left // (trials - number)))
            left -= mine
            todo.append((f"kills {number + 1}", random_kills(here, mine, options.seed + number, 1.0), None))
        for what, disturb, where in todo:
            if options.only and not any(word in what for word in options.only):
                continue
            pause = 2.5 * A_TRIAL / 180 if what.startswith("kills") else 0.05
            found = one(made, scratch / what.replace(" ", "-"), undisturbed, pause, disturb, where)
            if found is None:
                kinds[what] = "not tried: this machine does not let us mount a small disk"
                print(f"{what}: {kinds[what]}", flush=True)
                continue
            trial, difference = found
            killed, restarted = killed + trial.kills, restarted + trial.broker_restarts
            for field in ("lost", "doubled", "different", "bits", "compared"):
                setattr(total, field, getattr(total, field) + getattr(difference, field))
            kinds[what] = "same" if difference.none else "; ".join(difference.examples)[:500]
            print(
                f"{what:20} kills {trial.kills:3}, broker restarts {trial.broker_restarts:2}: lost {difference.lost}, doubled "
                f"{difference.doubled}, different {difference.different}, bits {difference.bits}, of {difference.compared}", flush=True
            )  # fmt: skip
            for example in difference.examples[:4]:
                print(f"    {example[:300]}", flush=True)
        took = restart_s(monitor, scratch / "restart", 1_000, 3 if options.quick else 7)
    print(f"serving again with 1,000 assets: {statistics.median(took):.2f} s (to reach: 3), the slowest {max(took):.2f}")
    print(json.dumps({
        "kills": killed, "broker_restarts": restarted, "lost": total.lost, "doubled": total.doubled, "different": total.different,
        "bits": total.bits, "compared": total.compared, "restart_s": round(statistics.median(took), 2),
        "restart_most_s": round(max(took), 2),
        "trials": kinds, "load": round(os.getloadavg()[0], 1),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
