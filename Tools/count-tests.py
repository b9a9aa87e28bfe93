"""Adds up what the test runners said in their logs and prints one line: `N passed, N failed`.

Swift Testing reports one line for each test and pytest one closing line. A failed test gives exit
code 1, and so does a run in which no test passed. A stage that failed without counting a test
counts as one itself. Usage: count-tests.py FAILED-STAGES LOG ...
"""

import pathlib
import re
import sys

SWIFT_TEST = re.compile(r"^\S+ {1,2}Test (?!run with )(.+) (passed|failed) after [0-9.]+ seconds")
PYTEST_CLOSING = re.compile(r"^(=+ )?\d+ \w+.* in [0-9.]+s")
PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|error|errors)\b")


def count(log: str) -> tuple[int, int]:
    """The tests that passed and failed according to one log."""
    passed = failed = 0
    for line in log.splitlines():
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if match := SWIFT_TEST.match(line):
            passed, failed = add(passed, failed, 1, match[2])
        elif PYTEST_CLOSING.match(line):
            for number, word in PYTEST_COUNT.findall(line):
                passed, failed = add(passed, failed, int(number), word)
    return passed, failed


def add(passed: int, failed: int, number: int, word: str) -> tuple[int, int]:
    return (passed + number, failed) if word == "passed" else (passed, failed + number)


def main() -> int:
    counts = [count(pathlib.Path(name).read_text(errors="replace")) for name in sys.argv[2:]]
    passed, failed = sum(p for p, _ in counts), sum(f for _, f in counts)
    failed = max(failed, int(sys.argv[1]))
    print(f"{passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
