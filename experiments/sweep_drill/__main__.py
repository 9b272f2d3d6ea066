"""A sweep on a local cluster whose workers are killed again and again: is its store that of one left alone?

    python -m experiments.sweep_drill --cells 200 --jobs 2 --every 20 --work /tmp/drill

Both sweeps are the real command in a process of its own, over seeds of the smallest run. The disturbed one
has a worker killed (SIGKILL) at regular times; a command that ends with cells to go is given again. Every
file of every cell is then compared, but for what differs between any two runs: the record's time, speed and
command, and the seal over these. Cells have no page each: it is nine tenths of what so small a run costs.
"""

import argparse
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd

from tailrisk.core import disk, seal
from tailrisk.core.machine import cores
from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.sweep.drill import command, judged

ROUNDS = 20


def workers(parent: int) -> list[int]:
    """Processes that a command started to work for it, newest last."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
            above = int(path.with_name("stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if above == parent and b"spawn_main" in line:
            found.append(int(path.parent.name))
    return sorted(found)


def disturbed(line: list[str], every: float, folder: Path, log: Path) -> tuple[int, int]:
    """Give a command until it ends well: (kills, commands given).

    A worker is killed when so many seconds and at least one more cell are done since the last: a machine
    that starts workers more slowly than they are killed never comes to an end.
    """
    kills = seen = 0
    for given in range(1, ROUNDS + 1):
        with log.open("ab") as file:
            process = subprocess.Popen(line, stdout=file, stderr=file)
            last = time.monotonic()
            while process.poll() is None:
                time.sleep(0.2)
                alive = workers(process.pid)
                done = sum(1 for _ in folder.glob(f"seed-*/{seal.SUMS}"))
                if alive and done > seen and time.monotonic() - last > every:
                    os.kill(alive[kills % len(alive)], signal.SIGKILL)
                    kills, seen, last = kills + 1, done, time.monotonic()
        if process.returncode == 0:
            return kills, given
    raise SystemExit(f"not done after {ROUNDS} commands: see {log}")


PAGE = """# A sweep whose workers are killed

{cells} cells of {paths} by `tailrisk sweep --jobs {jobs} --no-pages`, a local Dask cluster of
{jobs} processes on {cores} shared cores, twice: left alone ({alone:.0f} s), and with a worker killed
(SIGKILL) every {every:g} s ({disturbed:.0f} s, {kills} kills, the command given {given} time{s}).

{table}

Compared are all tables, arrays and configs of every cell, byte for byte, and of the records the digest of the
config, seed, paths and faults; not the record's time, speed and command, nor the seal over them.
"""


def main() -> None:
    """Run both sweeps, compare them, write the result."""
    options = argparse.ArgumentParser(description="A sweep on a local cluster whose workers are killed.")
    options.add_argument("--cells", type=int, default=1000)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--every", type=float, default=60.0, help="seconds between kills")
    options.add_argument("--work", type=Path, default=Path("/tmp/sweep_drill"))
    options.add_argument("-o", "--output", type=Path, default=Path("results/sweep_drill"))
    asked = options.parse_args()
    disk.remove(asked.work)
    asked.work.mkdir(parents=True)
    since = time.monotonic()
    subprocess.run(command(asked.work / "alone", asked.cells, asked.jobs), check=True)
    alone = time.monotonic() - since
    since = time.monotonic()
    line, log = command(asked.work / "disturbed", asked.cells, asked.jobs), asked.work / "log"
    kills, given = disturbed(line, asked.every, asked.work / "disturbed/drill", log)
    took = time.monotonic() - since
    found = judged(asked.work / "alone/drill", asked.work / "disturbed/drill")
    table = pd.DataFrame({"what": found.keys(), "count": found.values()})
    page = PAGE.format(
        cells=asked.cells,
        paths="256 paths of 2 days",
        jobs=asked.jobs,
        cores=cores(),
        alone=alone,
        every=asked.every,
        disturbed=took,
        kills=kills,
        given=given,
        s="" if given == 1 else "s",
        table=markdown(table),
    )
    words = f"--cells {asked.cells} --jobs {asked.jobs} --every {asked.every:g}"
    facts = {
        "question": "Is a sweep whose workers are killed the sweep that was left alone?",
        "command": f"python -m experiments.sweep_drill {words}",
        "kills": kills,
        "commands_given": given,
        "seconds_alone": round(alone, 1),
        "seconds_disturbed": round(took, 1),
        **found,
    }
    publish(asked.output, "sweep_drill", {"table": table}, page, facts)
    print(page)


if __name__ == "__main__":
    main()
