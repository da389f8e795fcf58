"""One table of everything that was measured: printed, and written to benchmarks/results/."""

from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass
class Line:
    """One figure beside the bar it is held to."""

    what: str
    value: float
    unit: str
    bar: float | None = None  # the value must not be above it

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        return "ok" if self.value <= self.bar else "MISSED"


@dataclass
class Report:
    """Collects lines by section."""

    sections: dict[str, list[Line]] = field(default_factory=dict)

    def add(
        self, section: str, what: str, value: float, unit: str, bar: float | None = None
    ) -> None:
        self.sections.setdefault(section, []).append(Line(what, value, unit, bar))

    @property
    def missed(self) -> list[Line]:
        lines = (line for section in self.sections.values() for line in section)
        return [line for line in lines if line.verdict == "MISSED"]

    def text(self) -> str:
        out = ["| measured | value | bar | |", "| --- | ---: | ---: | --- |"]
        for section, lines in self.sections.items():
            out.append(f"| **{section}** | | | |")
            for line in lines:
                bar = "" if line.bar is None else f"≤ {_number(line.bar)} {line.unit}"
                out.append(
                    f"| {line.what} | {_number(line.value)} {line.unit} | {bar} | {line.verdict} |"
                )
        return "\n".join(out)

    def write(self, name: str) -> Path:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.md"
        path.write_text(self.text() + "\n", encoding="utf-8")
        return path


def _number(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
