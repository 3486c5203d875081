"""A real Spark of two executors, each a process of its own, on this machine's loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nad

JAVAS = {3: (8, 11, 17), 4: (17, 21)}  # that a Spark runs on


def java_home() -> str:
    """Of a Java runtime for the Spark that is there; skips where there is none."""
    pyspark = pytest.importorskip("pyspark", reason="needs pyspark: pip install 'nad[spark]'")
    wanted = JAVAS[int(pyspark.__version__.split(".")[0])]
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    if found := shutil.which("java"):
        homes.append(Path(found).resolve().parents[1])
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    for home in homes:
        if (home / "bin/java").exists():
            said = subprocess.run([home / "bin/java", "-version"], capture_output=True, text=True, check=False).stderr
            version = re.search(r'version "(?:1\.)?(\d+)', said)
            if version and int(version[1]) in wanted:
                return str(home)
    pytest.skip(f"needs a Java runtime of version {', '.join(map(str, wanted))}; set JAVA_HOME")


def spark_environment() -> dict[str, str]:
    """What Spark's processes need."""
    pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'nad[spark]'")
    home = java_home()
    import pyspark

    return {
        "JAVA_HOME": home,
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYTHONPATH": str(Path(nad.__file__).parents[1]),
    }


SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1g",
    "spark.sql.shuffle.partitions": "3",
    "spark.sql.session.timeZone": "Asia/Tokyo",  # results must not depend on it
    "spark.sql.execution.arrow.maxRecordsPerBatch": "700",
    "spark.python.worker.reuse": "true",
}


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A session with two executors of one core each."""
    environment = spark_environment()
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("nad-tests")
    settings = {
        **SETTINGS,
        "spark.executorEnv.PYTHONPATH": environment["PYTHONPATH"],
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
    session.sparkContext._gateway.shutdown()
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
