"""Shards on more than one machine, through datatrove's Ray and Slurm executors.

datatrove only hands out numbers: what a shard does, where it writes and how it is known to be done
are the same as in the local pool, so the bytes are the same too. All machines share the output
folder. A running shard's file ``.beat`` changes every few seconds; where it stops changing, its
worker or machine is dead, and the run ends with an error instead of waiting for ever.
"""

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gentap.errors import GentapError, SettingError, WorkerError
from gentap.runs.console import say
from gentap.runs.counting import counted
from gentap.runs.parent_exit import end_with_parent
from gentap.settings.sections import ClusterSettings

_BEAT_SECONDS = 2.0
_JOIN_SECONDS, _LISTEN_SECONDS = 45.0, 8.0
"""So long a Ray cluster is waited for, and one of whose port nothing is heard."""
_JOBS, _LOG, _JOINED = "jobs.json", "executor.log", "joined"


@dataclass(frozen=True, slots=True)
class _Step:
    """datatrove's pipeline: its rank is the place of a shard among those that are to do."""

    run: Callable[[int], None]
    todo: Sequence[int]
    scratch: Path

    def __call__(self, data: object, rank: int, world_size: int) -> None:
        index = self.todo[rank]
        with _beating(self.scratch / f"{index:05d}.beat"):
            try:
                self.run(index)
            except (GentapError, OSError) as error:
                text = f"shard {index} on {socket.gethostname()}: {error}"
                (self.scratch / f"{index:05d}.error").write_text(text, encoding="utf-8")
                raise


@contextmanager
def _beating(beat: Path) -> Iterator[None]:
    """Show that this process lives, and end it when the process that started it is dead."""
    ended = threading.Event()
    parent = os.getppid()

    def show(count: int) -> None:
        beat.write_text(f"{socket.gethostname()} {os.getpid()} {count}", encoding="utf-8")

    def show_on() -> None:
        count = 1
        while not ended.wait(_BEAT_SECONDS):
            if os.getppid() != parent:
                os._exit(1)
            count += 1
            show(count)

    show(1)  # before any work: a worker that dies at once has been seen
    thread = threading.Thread(target=show_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        beat.unlink(missing_ok=True)


def check_cluster(cluster: ClusterSettings) -> None:
    """Raise SettingError where the engine's libraries or programs are not at hand."""
    from importlib.util import find_spec

    if cluster.engine == "local":
        return
    for library in ("datatrove", *(["ray"] if cluster.engine == "ray" else [])):
        if find_spec(library) is None:
            raise SettingError(
                f"--engine {cluster.engine} needs {library}: pip install 'gentap[cluster]'."
            )
    if cluster.engine == "slurm" and shutil.which("sbatch") is None:
        raise SettingError("--engine slurm: there is no sbatch here. Run it on a login node.")
    if cluster.engine == "slurm" and not cluster.partition:
        raise SettingError(
            "--engine slurm: name a partition, with --cluster partition=NAME or, in a recipe, "
            "cluster.partition."
        )


def run_on_cluster(
    scratch: Path,
    todo: Sequence[int],
    run: Callable[[int], None],
    is_done: Callable[[int], bool],
    advance: Callable[[int], None],
    *,
    workers: int,
    cluster: ClusterSettings,
) -> None:
    """Run all shards of ``todo``; ``advance`` is told how many more are done.

    ``run`` must be picklable and the same on all machines. Raises WorkerError where a shard failed
    or its worker died; finished shards are kept.
    """
    _end_former_jobs(scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    step = _Step(run, todo, scratch)
    address = os.environ.get("RAY_ADDRESS", "") if cluster.engine == "ray" else ""
    if address:
        say(f"waiting for the Ray cluster at {address} (RAY_ADDRESS)")
    context = multiprocessing.get_context("spawn")
    launcher = context.Process(target=_launch, args=(step, workers, cluster, scratch))
    launcher.start()
    try:
        if address:
            _wait_to_join(launcher, scratch, address)
        _watch(launcher, scratch, todo, is_done, advance, cluster)
    finally:
        launcher.kill()
        launcher.join()
        _end_former_jobs(scratch)
    missing = [index for index in todo if not is_done(index)]
    if missing:
        errors = sorted(scratch.glob("*.error"))
        first = f" First, {_text(errors[0])}" if errors else ""
        raise WorkerError(
            f"not done: {len(missing)} of {counted(len(todo), 'shard')}.{first} The engine's "
            "logs are in "
            f"{scratch}. Finished shards are kept: run the same command again to go on."
        )
    shutil.rmtree(scratch)


def _wait_to_join(
    launcher: multiprocessing.process.BaseProcess, scratch: Path, address: str
) -> None:
    """Wait for a Ray cluster; raises WorkerError where there is none at the address."""
    begun = time.monotonic()
    while not (scratch / _JOINED).exists():
        launcher.join(0.5)
        waited = time.monotonic() - begun
        dead = waited > _JOIN_SECONDS or (waited > _LISTEN_SECONDS and not _listens(address))
        if dead or not launcher.is_alive():
            raise WorkerError(
                f"RAY_ADDRESS={address}: no Ray cluster could be joined there. Start one (`ray "
                "start --head`), mend the address, or unset RAY_ADDRESS so that one is started "
                f"here. Ray's own words are in {scratch / _LOG}."
            )


def _listens(address: str) -> bool:
    """Whether somebody listens at ``host:port``; of other forms of address it can't be told."""
    host, _, port = address.rpartition("://")[2].partition("/")[0].rpartition(":")
    if not port.isdecimal():
        return True
    try:
        with socket.create_connection((host, int(port)), timeout=2):
            return True
    except (OSError, OverflowError):
        return False


def _watch(
    launcher: multiprocessing.process.BaseProcess,
    scratch: Path,
    todo: Sequence[int],
    is_done: Callable[[int], bool],
    advance: Callable[[int], None],
    cluster: ClusterSettings,
) -> None:
    """Wait for the launcher and its jobs; raises WorkerError where a shard stops beating."""
    left = set(todo)
    beats: dict[Path, tuple[str, float]] = {}  # what a shard's file holds, and since when
    pause = min(10.0, 0.5 + len(todo) / 2000)
    going = True
    while going:
        launcher.join(pause)
        going = launcher.is_alive() or bool(_queued(scratch))
        done = {index for index in left if is_done(index)}
        left -= done
        if done:
            advance(len(done))
        if not left:
            return
        now = time.monotonic()
        shown = {beat: _text(beat) for beat in scratch.glob("*.beat")}
        beats = {
            beat: beats[beat] if beat in beats and beats[beat][0] == text else (text, now)
            for beat, text in shown.items()
        }
        for beat, (text, since) in beats.items():
            if now - since > cluster.stalled_seconds:
                host, process = [*text.split(), "?", "?"][:2]
                raise WorkerError(
                    f"shard {int(beat.stem)}: its worker (process {process} on {host}) has given "
                    f"no sign for {cluster.stalled_seconds} seconds: killed, or its machine is "
                    "dead. Finished shards are kept: run the same command again to go on."
                )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _launch(step: _Step, workers: int, cluster: ClusterSettings, scratch: Path) -> None:
    """Run datatrove's executor; in a process of its own, whose output goes to a log."""
    end_with_parent()
    log = os.open(scratch / _LOG, os.O_WRONLY | os.O_CREAT)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    (_launch_ray if cluster.engine == "ray" else _launch_slurm)(step, workers, cluster, scratch)


def _launch_ray(step: _Step, workers: int, cluster: ClusterSettings, scratch: Path) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from datatrove.executor.ray import RayPipelineExecutor

    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False)
        (scratch / _JOINED).touch()
    else:
        memory = int(workers * cluster.cpus * cluster.memory_gb * 2**30)
        ray.init(
            num_cpus=workers * cluster.cpus,
            _memory=memory,
            object_store_memory=128 * 2**20,
            include_dashboard=False,
            log_to_driver=False,
        )
    RayPipelineExecutor(
        [step],
        tasks=len(step.todo),
        workers=workers,
        cpus_per_task=cluster.cpus,
        mem_per_cpu_gb=cluster.memory_gb,
        logging_dir=str(scratch / "datatrove"),
    ).run()
    ray.shutdown()


def _launch_slurm(step: _Step, workers: int, cluster: ClusterSettings, scratch: Path) -> None:
    from datatrove.executor.slurm import SlurmPipelineExecutor

    jobs: list[str] = []

    def note_job(said: str) -> str:
        jobs.append(said.split()[-1])
        (scratch / _JOBS).write_text(json.dumps(jobs), encoding="utf-8")
        return jobs[-1]

    executor = SlurmPipelineExecutor(
        [step],
        tasks=len(step.todo),
        workers=workers,
        time=cluster.time,
        partition=cluster.partition,
        qos=cluster.qos,
        cpus_per_task=cluster.cpus,
        mem_per_cpu_gb=cluster.memory_gb,
        tasks_per_job=cluster.shards_per_job,
        env_command=cluster.setup or f"export PATH={Path(sys.executable).parent}:$PATH",
        job_name="gentap",
        job_id_retriever=note_job,
        requeue=False,  # the same command, run again, does what is missing
        logging_dir=str(scratch / "datatrove"),
    )
    executor.launch_merge_stats = lambda: None  # the shards' own counts are joined instead
    executor.run()


def _queued(scratch: Path) -> list[str]:
    """The Slurm jobs of this run that are waiting or running."""
    if not (scratch / _JOBS).exists():
        return []
    jobs: list[str] = json.loads(_text(scratch / _JOBS) or "[]")
    found = subprocess.run(
        ["squeue", "--noheader", "--format=%A", f"--jobs={','.join(jobs)}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode and "Invalid job id" not in found.stderr:
        return jobs  # the controller does not answer: nothing is known to have ended
    return sorted(set(found.stdout.split()))


def _end_former_jobs(scratch: Path) -> None:
    if jobs := _queued(scratch):
        subprocess.run(["scancel", *jobs], check=False)
        while _queued(scratch):
            time.sleep(1)
