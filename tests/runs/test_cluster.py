import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

from gentap.errors import SettingError, WorkerError
from gentap.runs import cluster
from gentap.runs.cluster import check_cluster
from gentap.runs.runner import run_shards
from gentap.runs.shards import shard_is_done
from gentap.settings.sections import ClusterSettings

HERE = Path(__file__).parents[1]
OUTPUTS = {"words": pa.schema([pa.field("number", pa.int32()), pa.field("word", pa.string())])}
NUMBERS = list(range(4))
SLURM = ClusterSettings(engine="slurm", partition="all", memory_gb=1, stalled_seconds=60)
RAY = ClusterSettings(engine="ray", memory_gb=1, stalled_seconds=10)

# A queue of one machine: sbatch starts an array's tasks in the background, squeue lists the jobs
# whose processes live, scancel kills them.
SBATCH = """#!/bin/bash
script=$QUEUE/$$.sh; cat "${!#}" > $script 2>/dev/null || cat > $script
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' $script)
log=$(sed -n 's/^#SBATCH --output=//p' $script)
setsid bash -c "for task in \\$(seq 0 $last); do
  SLURM_ARRAY_TASK_ID=\\$task SLURM_NODELIST=here SLURM_JOB_ID=$$ bash $script > $log.\\$task 2>&1
done" > /dev/null 2>&1 < /dev/null &
echo $! > $QUEUE/$$.pid
echo "Submitted batch job $$"
"""
SQUEUE = """#!/bin/bash
for argument; do case $argument in --jobs=*) jobs=${argument#--jobs=};; esac; done
for job in ${jobs//,/ }; do kill -0 $(cat $QUEUE/$job.pid) 2>/dev/null && echo $job; done
exit 0
"""
SCANCEL = """#!/bin/bash
for job; do kill -9 -- -$(cat $QUEUE/$job.pid); done
"""
SRUN = """#!/bin/bash
while [ "${1#-}" != "$1" ]; do [ "$1" = -n ] && shift; shift; done
exec "$@"
"""
LAUNCH = f"""#!/bin/bash
exec {sys.executable} -m datatrove.tools.launch_pickled_pipeline "$@"
"""


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("datatrove")
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    return importlib.import_module("shard_tasks")


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = {
        "sbatch": SBATCH,
        "squeue": SQUEUE,
        "scancel": SCANCEL,
        "srun": SRUN,
        "scontrol": "#!/bin/bash\necho here\n",
        "launch_pickled_pipeline": LAUNCH,
    }
    folder = tmp_path / "queue"
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("QUEUE", str(folder))
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def local(tmp_path: Path, tasks: ModuleType) -> dict[str, bytes]:
    folder = tmp_path / "local"
    folder.mkdir()
    run_shards(folder, NUMBERS, tasks.spell, OUTPUTS, workers=1, label="spell")
    return contents(folder)


def test_slurm_makes_the_same_bytes(
    tmp_path: Path, tasks: ModuleType, local: dict[str, bytes], queue: Path
) -> None:
    folder = tmp_path / "slurm"
    folder.mkdir()
    setup = SLURM.model_copy(update={"setup": f"export PATH={queue}:$PATH"})
    run_shards(folder, NUMBERS, tasks.spell, OUTPUTS, workers=2, label="spell", cluster=setup)
    assert contents(folder) == local


def test_a_shard_that_fails_in_slurm_is_named_and_the_others_are_kept(
    tmp_path: Path, tasks: ModuleType, queue: Path
) -> None:
    folder = tmp_path / "slurm"
    folder.mkdir()
    setup = SLURM.model_copy(update={"setup": f"export PATH={queue}:$PATH"})
    with pytest.raises(WorkerError, match=r"1 of 2 shards.*seven can't be spelled.*same command"):
        run_shards(
            folder,
            [6, 7],
            tasks.spell_unless_seven,
            OUTPUTS,
            workers=2,
            label="spell",
            cluster=setup,
        )
    assert [shard_is_done(folder, index) for index in (0, 1)] == [True, False]


def test_a_cluster_without_its_programs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datatrove")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SettingError, match="there is no sbatch here"):
        check_cluster(SLURM)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(SettingError, match="name a partition, with --cluster partition=NAME"):
        check_cluster(ClusterSettings(engine="slurm"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"needs datatrove: pip install 'gentap\[cluster\]'"):
        check_cluster(RAY)
    check_cluster(ClusterSettings())


@pytest.mark.slow
def test_ray_makes_the_same_bytes(
    tmp_path: Path, tasks: ModuleType, local: dict[str, bytes]
) -> None:
    pytest.importorskip("ray")
    folder = tmp_path / "ray"
    folder.mkdir()
    run_shards(folder, NUMBERS, tasks.spell, OUTPUTS, workers=2, label="spell", cluster=RAY)
    assert contents(folder) == local


@pytest.mark.slow
def test_a_worker_killed_under_ray_ends_the_run_and_a_rerun_completes_the_same_bytes(
    tmp_path: Path, tasks: ModuleType, local: dict[str, bytes]
) -> None:
    pytest.importorskip("ray")
    folder = tmp_path / "ray"
    folder.mkdir()
    items = [(number, tmp_path / f"poison-{number}") for number in NUMBERS]
    items[1][1].touch()
    arguments = {"workers": 2, "label": "spell", "cluster": RAY}
    with pytest.raises(WorkerError, match=r"shard 1: its worker .* has given no sign for 10 sec"):
        run_shards(folder, items, tasks.spell_or_die, OUTPUTS, **arguments)
    assert not shard_is_done(folder, 1)
    run_shards(folder, items, tasks.spell_or_die, OUTPUTS, **arguments)
    assert contents(folder) == local


RUN_FOR_EVER = """
import sys
from pathlib import Path
import shard_tasks
from gentap.runs.runner import run_shards
from gentap.settings.sections import ClusterSettings

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    cluster = ClusterSettings(engine="ray", memory_gb=1)
    pipes = [folder / "pipe"] * 2
    run_shards(folder, pipes, shard_tasks.wait_for_ever, {}, workers=2, label="", cluster=cluster)
"""


@pytest.mark.slow
def test_a_dead_parent_ends_its_workers_under_ray(tmp_path: Path, tasks: ModuleType) -> None:
    pytest.importorskip("ray")
    os.mkfifo(tmp_path / "pipe")
    script = tmp_path / "run.py"
    script.write_text(RUN_FOR_EVER)
    parent = subprocess.Popen([sys.executable, str(script), str(tmp_path)])
    with (tmp_path / "pipe").open() as pipe:
        assert pipe.readline() == "waiting\n"
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        started = time.monotonic()
        pipe.read()  # ends when no worker holds the pipe any more
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_a_ray_cluster_that_is_not_there_is_told_with_its_address(
    tmp_path: Path,
    tasks: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    address: str,
) -> None:
    pytest.importorskip("ray")
    folder = tmp_path / "ray"
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = address.format(free.getsockname()[1])
    monkeypatch.setenv("RAY_ADDRESS", address)
    monkeypatch.setattr(cluster, "_LISTEN_SECONDS", 1.0)
    begun = time.monotonic()
    with pytest.raises(WorkerError, match=f"RAY_ADDRESS={address}: no Ray cluster"):
        run_shards(folder, NUMBERS, tasks.spell, OUTPUTS, workers=1, label="spell", cluster=RAY)
    assert time.monotonic() - begun < 30
    assert f"waiting for the Ray cluster at {address}" in capsys.readouterr().err


class Waiting:
    """A launcher that tries to join a cluster, for a number of looks at it."""

    def __init__(self, looks: float = float("inf")) -> None:
        self.looks = looks

    def join(self, seconds: float) -> None:
        self.looks -= 1
        time.sleep(min(seconds, 0.02))

    def is_alive(self) -> bool:
        return self.looks > 0


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:1",
        "localhost:1",
        "ray://localhost:1",
        "[::1]:1",
        "no-such-host.invalid:6379",
        "ray://no-such-host.invalid:10001",
        "127.0.0.1:99999999",
        ":6399",
    ],
)
def test_an_address_where_nobody_listens_is_given_up_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(cluster, "_LISTEN_SECONDS", 0.1)
    begun = time.monotonic()
    with pytest.raises(WorkerError, match=re.escape(f"RAY_ADDRESS={address}: no Ray cluster")):
        cluster._wait_to_join(Waiting(), tmp_path, address)  # type: ignore[arg-type]
    assert time.monotonic() - begun < 20


def test_who_listens_and_is_no_ray_is_given_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_LISTEN_SECONDS", 0.1)
    monkeypatch.setattr(cluster, "_JOIN_SECONDS", 0.6)
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(WorkerError, match=f"RAY_ADDRESS={address}: no Ray cluster"):
            cluster._wait_to_join(Waiting(), tmp_path, address)  # type: ignore[arg-type]
    assert 0.6 < time.monotonic() - begun < 20


@pytest.mark.parametrize("address", ["auto", "local", "my-cluster", "127.0.0.1"])
def test_an_address_that_ray_itself_refuses_is_told_when_it_does(
    tmp_path: Path, address: str
) -> None:
    with pytest.raises(WorkerError, match=f"RAY_ADDRESS={address}: no Ray cluster"):
        cluster._wait_to_join(Waiting(looks=3), tmp_path, address)  # type: ignore[arg-type]


def test_a_cluster_that_is_joined_is_waited_for_no_longer(tmp_path: Path) -> None:
    (tmp_path / cluster._JOINED).touch()
    cluster._wait_to_join(Waiting(looks=0), tmp_path, "127.0.0.1:1")  # type: ignore[arg-type]


def test_whether_somebody_listens_is_told_of_hosts_and_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert cluster._listens(f"127.0.0.1:{port}")
        assert cluster._listens(f"ray://127.0.0.1:{port}/x")
    assert not cluster._listens(f"127.0.0.1:{port}")
    assert not cluster._listens(f"http://127.0.0.1:{port}")
    assert not cluster._listens("127.0.0.1:99999999")
    assert not cluster._listens("no-such-host.invalid:6379")
    assert not cluster._listens("[::1]:1")
    assert not cluster._listens(":6399")
    assert cluster._listens("auto")
    assert cluster._listens("local")
