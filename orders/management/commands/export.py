"""manage.py export orders --format csv --out orders.csv: what scripts and auditors read."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import MagFlowError
from core.text import safe_cell

# Each module has NAME, COLUMNS and rows(filter). They are imported when one is asked for.
EXPORTS = {
    "orders": "orders.exports",
    "order_lines": "orders.line_exports",
    "offers": "catalog.exports",
}
STDOUT = "-"


class Command(BaseCommand):
    help = "Write orders, order lines or offers to a file, with documented columns."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=sorted(EXPORTS))
        parser.add_argument("--format", choices=("csv", "json"), default="csv")
        parser.add_argument("--out", required=True, metavar="FILE", help="- for the terminal")
        parser.add_argument(
            "--filter", default="", help='as in the address of the list: "status=new&total__gt=50"'
        )

    def handle(self, *args: Any, **options: Any) -> None:
        export = import_module(EXPORTS[options["name"]])
        write = write_csv if options["format"] == "csv" else write_json
        try:
            rows = export.rows(options["filter"])
            with opened(options["out"]) as file:
                written = write(file, export, rows)
        except MagFlowError as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(
                f"{options['out']} cannot be written: {error.strerror}", returncode=1
            ) from error
        if options["out"] != STDOUT:
            self.stdout.write(f"{written} {options['name']} → {options['out']}")


@contextmanager
def opened(path: str) -> Iterator[IO[str]]:
    """The file appears under its name once it is whole: nobody reads half an export."""
    if path == STDOUT:
        yield sys.stdout
        return
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def write_csv(file: IO[str], export: ModuleType, rows: Iterator[Sequence[Any]]) -> int:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(export.COLUMNS)
    written = 0
    for row in rows:
        writer.writerow([safe_cell(c) if isinstance(c, str) else _cell(c) for c in row])
        written += 1
    return written


def write_json(file: IO[str], export: ModuleType, rows: Iterator[Sequence[Any]]) -> int:
    """A list of objects, one a line, so that it can be read line by line too."""
    written = 0
    file.write("[")
    for row in rows:
        made = {
            name: value if isinstance(value, bool | int) or value is None else _cell(value)
            for name, value in zip(export.COLUMNS, row, strict=True)
        }
        file.write(",\n" if written else "\n")
        file.write(json.dumps(made, ensure_ascii=False))
        written += 1
    file.write("\n]\n")
    return written


def _cell(value: Any) -> str:
    """Moments in UTC, amounts with a point, yes and no as 1 and 0, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)
