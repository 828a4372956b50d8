"""How well places are read: `python -m bench.places FILE...` (JSON lines).

A line is `{"q", "communes", "ambiguous"}`, or a story `{"text", "communes"}`. A line with one code
is right when exactly that is read; with several, when it is asked and only they are offered; with
none, when none is read.
"""

import json
import os
import sys
import time
from pathlib import Path

from cases.places import Gazetteer, PlaceReading
from cases.province import load_province


def right(reading: PlaceReading, communes: set[str], ambiguous: bool) -> bool:
    found = set(reading.communes)
    if ambiguous:
        return reading.ambiguous and found <= communes
    return found == communes and not reading.ambiguous


def main(paths: list[str]) -> None:
    gazetteer = Gazetteer(load_province(os.environ.get("TRAM_PROVINCE") or "ca-mau"))
    for path in paths:
        lines = [json.loads(line) for line in Path(path).read_text("utf-8").splitlines() if line]
        good, slowest, began = 0, 0.0, time.perf_counter()
        for line in lines:
            start = time.perf_counter()
            text = line.get("q") or line["text"]
            reading = gazetteer.read(text, story="text" in line)
            slowest = max(slowest, time.perf_counter() - start)
            communes = set(line["communes"])
            if right(reading, communes, line.get("ambiguous", len(communes) > 1)):
                good += 1
            else:
                print(f"  {text!r}: {reading} not {sorted(communes)}")
        mean = (time.perf_counter() - began) / max(len(lines), 1)
        share = good / max(len(lines), 1)
        print(f"{path}: {good}/{len(lines)} = {share:.1%}, mean {mean * 1e3:.2f} ms, "
              f"slowest {slowest * 1e3:.2f} ms")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
