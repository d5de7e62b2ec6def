"""Where a number comes from: commit, machine, versions."""

import os
import platform
import subprocess
from pathlib import Path

import keras
import tensorflow as tf
import tensorflow_probability as tfp


def environment() -> dict[str, str]:
    """Commit of this source (with `-dirty` if files were changed), hardware, and versions of the stack."""
    return {
        "commit": commit(Path(__file__).parent),
        "hardware": hardware(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "tensorflow_probability": tfp.__version__,
    }


def commit(folder: Path) -> str:
    """Short name of the commit of a clone; `unknown` if `folder` does not belong to one."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", ".")  # fails where a package is installed inside of another repository
        return git("describe", "--always", "--dirty", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def hardware() -> str:
    """The accelerators, or the processor and its cores where there are none."""
    devices = [device for device in tf.config.list_physical_devices() if device.device_type != "CPU"]
    if devices:
        details = tf.config.experimental.get_device_details(devices[0])
        return f"{len(devices)} x {details.get('device_name', devices[0].device_type)}"
    return f"{processor()}, {cores()} core{'s' if cores() > 1 else ''}"


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """Name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
