"""Counts instructions and heap allocations per request of the in-process scenarios, and holds them
to Benchmarks/gate.json.

Each scenario runs twice with different numbers of rounds; the difference is the cost of a round in
steady state, without start-up. Instructions come from callgrind, allocations from allocations.c.

  gate.py --program .build-gate/release/Gate            fails when a number is above its bound
  gate.py --program .build-gate/release/Gate --record   writes what it counts as the new bounds
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FEW, MANY = 2_000, 4_000
# Callgrind repeats within a few instructions; another compiler or libc may move more than this.
TOLERANCE = 0.01
BOUNDS = pathlib.Path(__file__).with_name("gate.json")


def instructions(program: str, scenario: str, rounds: int) -> int:
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, scenario]
        + [str(rounds)],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def allocations(program: str, scenario: str, rounds: int, folder: str) -> int:
    library, told = f"{folder}/allocations.so", f"{folder}/told"
    if not os.path.exists(library):
        source = pathlib.Path(__file__).with_name("allocations.c")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    environment = os.environ | {"LD_PRELOAD": library, "SLUICE_ALLOCATIONS": told}
    subprocess.run([program, scenario, str(rounds)], env=environment, timeout=60, check=True)
    return int(pathlib.Path(told).read_text())


def counted(program: str, scenario: str) -> dict[str, float]:
    """The cost of one round."""
    with tempfile.TemporaryDirectory() as folder:
        calls = [allocations(program, scenario, rounds, folder) for rounds in (FEW, MANY)]
    steps = [instructions(program, scenario, rounds) for rounds in (FEW, MANY)]
    return {
        "instructions": round((steps[1] - steps[0]) / (MANY - FEW), 1),
        "allocations": round((calls[1] - calls[0]) / (MANY - FEW), 3),
    }


def verdict(found: float, bound: float | None) -> str:
    if bound is None:
        return "no bound yet"
    if found > bound * (1 + TOLERANCE):
        return f"ABOVE its bound {bound:,}"
    if found < bound * (1 - TOLERANCE):
        return f"below its bound {bound:,}: record the gain"
    return "within its bound"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    bounds = json.loads(BOUNDS.read_text()) if BOUNDS.exists() else {}
    usage = subprocess.run([options.program], capture_output=True, text=True, check=False).stdout
    scenarios = re.search(r"Gate (\S+) COUNT", usage)[1].split("|")
    found = {scenario: counted(options.program, scenario) for scenario in scenarios}
    failed = False
    print("| scenario | count per request | | |\n|---|---|---:|---|")
    for scenario, numbers in found.items():
        for name, number in numbers.items():
            said = verdict(number, bounds.get(scenario, {}).get(name))
            failed |= said.startswith("ABOVE")
            print(f"| {scenario} | {name} | {number:,} | {said} |")
    if options.record:
        BOUNDS.write_text(json.dumps(found, indent=2) + "\n")
        return 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
