"""A driver of its own, to be killed: watches a folder of Parquet files, one at a time, until it is ended."""

from __future__ import annotations

import json
import sys
import time

from pyspark.sql import SparkSession

import nad.spark

model, records, alerts, checkpoint, settings = sys.argv[1:]
builder = SparkSession.builder.master("local[1]")
for name, value in json.loads(settings).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")
schema = spark.read.parquet(records).schema
stream = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).parquet(records)
query = nad.spark.watch(model, stream, alerts, checkpoint=checkpoint, runs=False)
while True:
    time.sleep(0.2)
    if query.exception() is not None:
        sys.exit(str(query.exception()))
