#!/usr/bin/env python3
"""The check itself: it must find what breaks, and only that."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from check_conformance import check  # noqa: E402

BEFORE = "namespace m;\ntable A { x:int; y:string; }\ntable B { a:A; }\n"


class Conformance(unittest.TestCase):
    def outcome(self, after):
        with tempfile.TemporaryDirectory() as folder:
            for version, text in (("old", BEFORE), ("new", after)):
                os.makedirs(f"{folder}/{version}/messages")
                with open(f"{folder}/{version}/messages/m.fbs", "w", encoding="utf-8") as file:
                    file.write(text)
            return check(f"{folder}/new", f"{folder}/old")

    def test_equal_and_grown(self):
        self.assertEqual(self.outcome(BEFORE), [])
        self.assertEqual(self.outcome(BEFORE.replace("y:string;", "y:string; z:long;") + "table C { x:int; }\n"), [])

    def test_broken(self):
        self.assertIn("offsets differ", self.outcome(BEFORE.replace("x:int; y", "z:int; x:int; y"))[0])
        self.assertIn("types differ", self.outcome(BEFORE.replace("x:int", "x:string"))[0])
        self.assertIn("default", self.outcome(BEFORE.replace("x:int", "x:int = 3"))[0])

    def test_gone(self):
        self.assertEqual(self.outcome(BEFORE.replace("table B { a:A; }\n", "")), ["messages/m.fbs: B is gone"])
        self.assertEqual(self.outcome(BEFORE.replace(" y:string;", "")), ["messages/m.fbs: A.y is gone"])


if __name__ == "__main__":
    unittest.main()
