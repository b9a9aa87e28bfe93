#!/bin/sh
# Fuzzes one parser for some seconds: Fuzz/run.sh TARGET SECONDS [libFuzzer options]. New inputs that
# reach new code go to .build-fuzz/corpus/TARGET; failing ones to .build-fuzz/failures/TARGET-*.
# A target is a folder in Fuzz, its line in Package.swift, a corpus and, if it helps, a dictionary.
set -eu
cd "$(dirname "$0")/.."
target=${1:?usage: Fuzz/run.sh request|response|chunked|path SECONDS}
seconds=${2:?usage: Fuzz/run.sh TARGET SECONDS}
shift 2
scratch=.build-fuzz
SLUICE_FUZZ=1 swift build --configuration release --scratch-path "$scratch" \
  --product "fuzz-$target" -Xswiftc -sanitize=fuzzer,address
binary=$(SLUICE_FUZZ=1 swift build --configuration release --scratch-path "$scratch" \
  --show-bin-path)/fuzz-$target
mkdir -p "$scratch/corpus/$target" "$scratch/failures"
dictionary=Fuzz/dictionaries/$target.dict
if [ -f "$dictionary" ]; then set -- "-dict=$dictionary" "$@"; fi
# Symbols would take longer than the run; the failing input is what is kept.
SWIFT_BACKTRACE=enable=no exec "$binary" -max_total_time="$seconds" -max_len=4096 -timeout=5 \
  -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$scratch/failures/$target-" "$@" \
  "$scratch/corpus/$target" "Fuzz/corpus/$target"
