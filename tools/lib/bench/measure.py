"""What a measure is, and how its figures are kept and shown."""
import dataclasses
import statistics
import typing


def percentile(values, part):
    """The value below which `part` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@dataclasses.dataclass
class Row:
    """One line of the table. `samples` are of `unit`; `p99` is there when it is something else than their own 99th percentile
    (of a rate: the latency's)."""
    label: str
    unit: str
    samples: list
    p99: str = ""
    note: str = ""

    @property
    def median(self):
        return statistics.median(self.samples)

    def text(self, value):
        digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
        return f"{value:,.{digits}f}{'' if self.unit == '/s' else ' '}{self.unit}"

    def p99_text(self):
        if self.p99:
            return self.p99
        if len(self.samples) < 20:  # too few for a percentile: the worst one
            return "max " + self.text(max(self.samples))
        return self.text(percentile(self.samples, 0.99))

    def as_json(self):
        return {"label": self.label, "unit": self.unit, "median": self.median, "p99": self.p99_text(), "note": self.note,
                "samples": [round(value, 4) for value in self.samples]}


@dataclasses.dataclass
class Measure:
    """`run(context)` returns rows. `upstream` and `reach`: figures to compare the first row with, on the same machine."""
    name: str
    title: str
    run: typing.Callable
    upstream: str = ""
    reach: str = ""
    slow: bool = False  # only when it is named


@dataclasses.dataclass
class Context:
    root: str     # the repository
    preset: str
    program: str  # troupe
    folder: str   # for data, on a disk
    runs: int
    seconds: int  # of load per run
