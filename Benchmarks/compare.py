"""Compares Sluice with HAProxy, nginx and a byte relay, pair by pair, and prints the tables of
docs/performance.md.

  compare.py --binary .build/release/sluice            15 rounds, about 25 minutes
  compare.py --binary .build/release/sluice --quick    3 short rounds of the main rows

The proxies run on one core in turns, the origin and the load on another, all on loopback. Each
round measures every contender once, in an order that turns from round to round, so that a drift of
the machine meets all alike. A ratio is the median over the rounds with a bootstrap 90 % interval.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass

from contenders import Contender, Range
from intervals import ratio
from measure import Sample, calls_per_request, h2load, handshakes, idle_bytes, sample
from measure import settle_on_load_core, wrk


@dataclass
class Row:
    """One kind of work."""

    label: str
    kind: str
    path: str = "/"
    connections: int = 64
    work: str = "keep"
    quick: bool = False
    is_logging: bool = True

    def suits(self, contender: Contender) -> bool:
        if contender.is_logging != self.is_logging:
            return False
        # The relay keeps no origin connections, so that it is no floor for short ones.
        if contender.name == "relay" and self.work == "close":
            return False
        return self.kind == "plain" or contender.tls is not None

    def run(self, contender: Contender, seconds: float) -> Sample:
        if self.work == "handshake":
            return sample(contender, lambda: handshakes(contender.tls, seconds))
        if self.kind == "h2":
            url = contender.url("h2", self.path)
            return sample(contender, lambda: h2load(url, seconds, self.connections, 10))
        url, closes = contender.url(self.kind, self.path), self.work == "close"
        return sample(contender, lambda: wrk(url, seconds, self.connections, closes))


ROWS = [
    Row("plain, small answer, 64 connections", "plain", quick=True),
    Row("plain, small answer, 64 connections, no log", "plain", quick=True, is_logging=False),
    Row("plain, small answer, 1 connection", "plain", connections=1),
    Row("plain, small answer, 512 connections", "plain", connections=512),
    Row("plain, 64 KiB, 64 connections", "plain", "/64k", quick=True),
    Row("plain, 1 MiB, 64 connections", "plain", "/1m"),
    Row("TLS, small answer, 64 connections", "tls", quick=True),
    Row("TLS, small answer, 64 connections, no log", "tls", quick=True, is_logging=False),
    Row("TLS, small answer, 1 connection", "tls", connections=1),
    Row("TLS, small answer, 512 connections", "tls", connections=512),
    Row("TLS, 64 KiB, 64 connections", "tls", "/64k"),
    Row("TLS, 1 MiB, 64 connections", "tls", "/1m"),
    Row("HTTP/2 over TLS, small answer, 16 connections of 10 streams", "h2", "/", 16, quick=True),
    Row("HTTP/2 over TLS, 64 KiB, 16 connections of 10 streams", "h2", "/64k", 16),
    Row("plain, a connection for each request", "plain", connections=16, work="close", quick=True),
    Row("TLS 1.3, full handshakes only", "tls", work="handshake", quick=True),
]


def measure_row(row: Row, contenders: list[Contender], options) -> dict[str, list[Sample]]:
    """All rounds of one row, after a short run of each contender that only warms it up."""
    suited = [contender for contender in contenders if row.suits(contender)]
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in suited}
    for contender in suited:
        row.run(contender, 1)
    for turn in range(options.rounds):
        start = turn % len(suited)
        for contender in suited[start:] + suited[:start]:
            samples[contender.name].append(row.run(contender, options.seconds))
        print(f"  round {turn + 1} of {options.rounds}: {row.label}", file=sys.stderr)
    return samples


def middle(numbers) -> float:
    return statistics.median(numbers)


def rows_table(results: dict[str, dict[str, list[Sample]]]) -> list[str]:
    lines = [
        "| work | proxy | µs CPU each | per second | p50 ms | p99 ms | errors |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for label, samples in results.items():
        for name, runs in samples.items():
            p50, p99 = middle(run.load.p50 for run in runs), middle(run.load.p99 for run in runs)
            lines.append(
                f"| {label} | {name} | {middle(run.cpu for run in runs):.2f} "
                f"| {middle(run.rate for run in runs):,.0f} | {p50:.2f} | {p99:.2f} "
                f"| {sum(run.load.errors for run in runs)} |"
            )
    return lines


def ratios_table(results: dict[str, dict[str, list[Sample]]], target: str) -> list[str]:
    peers = sorted({name for samples in results.values() for name in samples} - {target})
    lines = [f"| {target}'s CPU over that of | " + " | ".join(peers) + " |"]
    lines.append("|---|" + "---:|" * len(peers))
    for label, samples in results.items():
        cells = []
        for peer in peers:
            if peer in samples and target in samples:
                pair = ([run.cpu for run in samples[name]] for name in (target, peer))
                cells.append(str(ratio(*pair)))
            else:
                cells.append("–")
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return lines


def calls_and_memory(ground: Range, names: list[str], options) -> list[str]:
    """Each number comes from a program that was started for it alone."""
    lines = [
        "| proxy | system calls each, 64 connections, plain | TLS "
        f"| bytes for each of {options.idle:,} idle connections, plain | TLS | HTTP/2 over TLS |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in names:
        cells = []
        for measured, kinds in (
            (
                lambda contender, kind: f"{calls_per_request(contender, kind, 2):.2f}",
                ("plain", "tls"),
            ),
            (
                lambda contender, kind: f"{idle_bytes(contender, kind, options.idle):,.0f}",
                ("plain", "tls", "h2"),
            ),
        ):
            for kind in kinds:
                contender = ground.start(name)
                known = kind == "plain" or contender.tls
                cells.append(measured(contender, kind) if known else "–")
                ground.stop_one(contender)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
        print(f"  calls and memory of {name}", file=sys.stderr)
    return lines


def save(results: dict[str, dict[str, list[Sample]]], text: str) -> pathlib.Path:
    """Keeps every sample beside the tables, so that a claim can be checked later."""
    folder = pathlib.Path(__file__).with_name("results")
    folder.mkdir(exist_ok=True)
    stem = time.strftime("%Y-%m-%d-%H%M%S")
    raw = {
        label: {
            name: [{"cpu": run.cpu, "rate": run.rate, **vars(run.load)} for run in runs]
            for name, runs in samples.items()
        }
        for label, samples in results.items()
    }
    (folder / f"{stem}.json").write_text(json.dumps(raw, indent=1))
    (folder / f"{stem}.md").write_text(text)
    return folder / f"{stem}.md"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", type=pathlib.Path, default=".build/release/sluice")
    parser.add_argument("--contenders", default="sluice,haproxy,nginx,relay")
    parser.add_argument("--target", default=None, help="whose ratios; the first contender")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--idle", type=int, default=2000, help="idle connections")
    parser.add_argument("--rows", default="", help="only rows whose label holds this text")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--without-memory", action="store_true", help="no calls, no idle memory")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = min(options.rounds, 3), min(options.seconds, 1)
    return options


def main() -> None:
    options = parsed()
    names = options.contenders.split(",")
    target = options.target or names[0]
    rows = [row for row in ROWS if options.rows in row.label and (row.quick or not options.quick)]
    settle_on_load_core()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        ground = Range(pathlib.Path(folder), options.binary.absolute())
        try:
            logging = sorted({row.is_logging for row in rows}, reverse=True)
            contenders = [ground.start(name, logs) for logs in logging for name in names]
            results = {row.label: measure_row(row, contenders, options) for row in rows}
            parts = [rows_table(results), ratios_table(results, target)]
            if not options.without_memory:
                for contender in contenders:
                    ground.stop_one(contender)
                parts.append(calls_and_memory(ground, names, options))
        finally:
            ground.stop()
    text = "\n\n".join("\n".join(part) for part in parts) + "\n"
    print(text)
    print(f"Samples: {save(results, text)}", file=sys.stderr)


if __name__ == "__main__":
    main()
