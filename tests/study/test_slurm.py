"""The job array of the page on clusters, in a SLURM cluster of one node that this machine runs for the test alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from immunode.study import merge_stores, open_store

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "cluster.md"
RUNS = 40_000

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="slurmd needs root"),
]

CONFIGURATION = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MinJobAge=3600
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=normal Nodes=ALL Default=YES State=UP
"""


def waited(holds: Callable[[], object], seconds: float = 120) -> bool:
    """Return whether something held within a time, looked at four times a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.25)
    return False


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Return what runs a program of SLURM and gives its output; the daemons end with the module."""
    folder = tmp_path_factory.mktemp("slurm")
    folder.chmod(0o755)  # munge refuses a socket that others can't reach
    for parent in (folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    host = socket.gethostname().partition(".")[0]
    text = CONFIGURATION.format(host=host, folder=folder, ports=free_ports(2), cores=os.cpu_count())
    (folder / "slurm.conf").write_text(text)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    there = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PYTHONPATH": str(ROOT)}
    there["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{there['PATH']}"
    files = {"key": "key-file", "socket": "socket", "pid": "pid-file", "log": "log-file", "seed": "seed-file"}
    munge = [f"--{option}={folder}/munge.{ending}" for ending, option in files.items()]
    daemons = [
        subprocess.Popen(["munged", "-F", "--force", *munge], env=there),
        subprocess.Popen(["slurmctld", "-D", "-c"], env=there, stderr=subprocess.DEVNULL),
        subprocess.Popen(["slurmd", "-D", "-c"], env=there, stderr=subprocess.DEVNULL),
    ]

    def run(*words: str, folder: Path = folder) -> str:
        done = subprocess.run(words, capture_output=True, text=True, env=there, cwd=folder, check=False)
        return done.stdout

    try:
        assert waited(lambda: "idle" in run("sinfo", "--noheader", "--format=%T")), (
            folder / "slurmctld.log"
        ).read_text()
        yield run
    finally:
        run("scancel", "--state=RUNNING,PENDING")
        for one in reversed(daemons):
            one.terminate()
            one.wait(30)


def job_script() -> str:
    """Return the script of the page, for two jobs of one core and fewer runs in folders of the test."""
    texts = re.findall(r"^```sh[^\n]*\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (shown,) = (text for text in texts if "#SBATCH" in text)
    for old, new in (
        ("--array=1-50 --cpus-per-task=8", "--array=1-2 --cpus-per-task=1"),
        ("--runs 10000000", f"--runs {RUNS}"),
        ("/50 ", "/2 "),
        ("/scratch/$USER/", ""),
    ):
        assert old in shown
        shown = shown.replace(old, new)
    return shown


def test_the_job_array_of_the_page_gives_the_rows_of_one_sweep(call: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_text(job_script())
    call("sbatch", "--wait", "job.sh", folder=tmp_path)
    told = "".join(one.read_text() for one in tmp_path.glob("slurm-*.out"))
    parts = sorted(tmp_path.glob("part*.zarr"))
    assert [one.name for one in parts] == ["part1.zarr", "part2.zarr"], told
    merged = merge_stores(str(tmp_path / "whole.zarr"), *map(str, parts)).table()
    call("immunode", "sweep", "kuznetsov1994", "--runs", str(RUNS), "--store", "alone.zarr", folder=tmp_path)
    alone = open_store(tmp_path / "alone.zarr").table()
    assert len(alone) == RUNS
    assert merged.equals(alone)


def test_a_job_that_is_put_back_into_the_queue_goes_on_where_it_stopped(
    call: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "job.sh").write_text(job_script().replace("--array=1-2", "--array=1").replace("/2 ", "/1 "))
    store = tmp_path / "part1.zarr"
    number = call("sbatch", "--parsable", "job.sh", folder=tmp_path).strip()

    def blocks() -> list[Path]:
        return [one for one in store.glob("status/c/*") if one.is_file()]

    assert waited(lambda: len(blocks()) >= 2), [one.read_text() for one in tmp_path.glob("slurm-*.out")]
    call("scontrol", "requeue", f"{number}_1")
    before = {one.name: one.stat().st_mtime_ns for one in blocks()}
    call("scontrol", "update", f"JobId={number}_1", "StartTime=now")
    ended = waited(lambda: "COMPLETED" in call("scontrol", "show", "job", number), 300)
    assert ended, call("scontrol", "show", "job", number)
    assert "Restarts=1" in call("scontrol", "show", "job", number)
    assert len(before) < len(blocks())
    assert {name: (store / "status" / "c" / name).stat().st_mtime_ns for name in before} == before
    assert open_store(store).ok.all()
