"""Starting Spark quietly: no log on the user's streams, no web page, on this Python; and what to say where it cannot start."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING

from molehunt.engines.memory import memory_bytes
from molehunt.errors import EngineError, MissingExtraError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOG_CHARS = 2000
#: Partitions of a shuffle per core of this machine; Spark's own default, 200, is made for clusters.
_PARTITIONS_PER_CORE = 4


def running() -> SparkSession | None:
    """Return the session that this process already has, such as the one of a notebook; None if there is none.

    Raises:
        MissingExtraError: pyspark, or a new enough one, is not installed.
    """
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)  # nothing here uses pandas
    try:
        from pyspark.sql import SparkSession
        from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # noqa: F401  (since 4.1)
    except ImportError as error:
        raise MissingExtraError("pyspark", "spark") from error
    return SparkSession.getActiveSession()


def start(master: str, memory: str | None, conf: Mapping[str, str]) -> SparkSession:
    """Start Spark.

    Args:
        master: Where it runs: ``local[2]``, ``spark://…``, ``yarn`` …
        memory: Memory of the driver; with a local master that is all of Spark.
        conf: Further settings of Spark.

    Raises:
        MissingExtraError: There is no Java.
        EngineError: Spark does not start.
    """
    settings = {
        "spark.app.name": "molehunt",
        "spark.master": master,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **({"spark.driver.memory": f"{memory_bytes(memory) >> 20}m"} if memory else {}),
        **(_local(master) if _is_local(master) else {}),
        **conf,
    }
    with tempfile.TemporaryFile() as log:
        try:
            return _started(settings, log)
        except Exception as error:  # of pyspark, py4j or Java: whatever it is, Spark is not there
            raise _failure(error, log) from error


def _started(settings: Mapping[str, str], log: IO[bytes]) -> SparkSession:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
    # a process has one Java, which outlives its sessions; it writes to the log that it began with
    gateway = None if SparkContext._gateway else launch_gateway(conf, {"stdout": log, "stderr": log})  # type: ignore[no-untyped-call]
    context = SparkContext(conf=conf, gateway=gateway)
    session = SparkSession.builder.getOrCreate()
    if _is_local(settings["spark.master"]):
        context.pythonExec = sys.executable
    return session


def _is_local(master: str) -> bool:
    return master.partition("[")[0] == "local"


def _local(master: str) -> dict[str, str]:
    """Return the settings for this machine alone: nobody else is listened to, and shuffles are as small as the machine."""
    cores = re.match(r"local\[(\d+)", master)
    partitions = _PARTITIONS_PER_CORE * (int(cores[1]) if cores else os.cpu_count() or 1)
    return {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": str(partitions),
    }


def _failure(error: Exception, log: IO[bytes]) -> Exception:
    log.seek(0)
    told = log.read().decode("utf-8", "replace")
    if "JAVA_HOME is not set" in told or "java: not found" in told or "Unable to locate a Java Runtime" in told:
        advice = "Install Java 17 or later (Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME"
        return MissingExtraError("java", "spark", next_step=advice)
    last = told.strip().splitlines()[-1:] or [""]
    return EngineError("open", f"Spark does not start: {str(error).partition(chr(10))[0]} {last[0]}"[:_LOG_CHARS].strip())
