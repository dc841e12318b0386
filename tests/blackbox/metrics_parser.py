"""Reads Prometheus' text format from standard input with Prometheus' own
client for Python and writes JSON: of each metric its type, its help and its
samples, each with name, labels and value. Fails on what it cannot read and on
a sample that stands twice."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

result = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.name not in result, f"{family.name} stands twice"
    seen = set()
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, f"{key} stands twice"
        seen.add(key)
    result[family.name] = {
        "type": family.type,
        "help": family.documentation,
        "samples": [[s.name, s.labels, s.value] for s in family.samples],
    }
json.dump(result, sys.stdout)
