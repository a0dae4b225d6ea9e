#!/usr/bin/env python3
"""Sums up JUnit files: failures and skips with their reasons, and as the last line the counts of test cases.

usage: test_report.py FILE.xml...     exit code 1 when a test failed

A Catch2 program counts as its test cases, any other program as one. A test says that it skips something by
a line "SKIPPED: reason" (Catch2 v2 knows no skipped test case); each such line counts as skipped.
"""
import re
import sys
import xml.etree.ElementTree as xml

ALL_PASSED = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", re.MULTILINE)
SOME_FAILED = re.compile(r"^test cases: *\d+(.*)$", re.MULTILINE)
SKIPPED = re.compile(r"^\s*(?:warning:\s*)?SKIPPED: *(.+)$", re.MULTILINE | re.IGNORECASE)


def count(case, output):
    """(passed, failed, skipped) test cases of one program."""
    status = case.get("status", "run")
    reasons = SKIPPED.findall(output)
    if case.find("skipped") is not None or status in ("notrun", "disabled"):
        return 0, 0, max(1, len(reasons))
    failed = case.find("failure") is not None or case.find("error") is not None or status == "fail"
    if not failed:
        match = ALL_PASSED.findall(output)
        return max((int(match[-1]) if match else 1) - len(reasons), 0), 0, len(reasons)
    match = SOME_FAILED.findall(output)
    parts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed)", match[-1])} if match else {}
    return parts.get("passed", 0), max(parts.get("failed", 0), 1), len(reasons)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    passed = failed = skipped = 0
    failures, skips, slowest = [], [], []
    for path in sys.argv[1:]:
        for case in xml.parse(path).getroot().iter("testcase"):
            name = case.get("name")
            output = "".join(case.findtext(part) or "" for part in ("system-out", "system-err"))
            done, bad, left = count(case, output)
            passed, failed, skipped = passed + done, failed + bad, skipped + left
            slowest.append((float(case.get("time") or 0), name))
            if bad:
                failures.append(name)
            note = case.find("skipped")
            reasons = SKIPPED.findall(output) or ([note.get("message") or "no reason given"] if left and note is not None else [])
            skips += [f"{name}: {reason}" for reason in reasons]
    for seconds, name in sorted(slowest, reverse=True)[:5]:
        print(f"  slow: {seconds:6.1f} s  {name}")
    for skip in skips:
        print(f"  skipped: {skip}")
    for name in failures:
        print(f"  FAILED: {name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or passed == 0 else 0)


main()
