"""The breaches that the audit shows as a file: CSV or a workbook, portion by portion. No decisions here.

Times are local times of the site, lengths whole seconds in CSV and times in the workbook.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter

from app.domain.clocks import zone_of
from app.domain.directory import Directory
from app.rulebook.models import BreachReason
from app.usecases.breaches import Breach
from app.web.breach_rows import had_text, over_seconds, text_of, typed_in
from app.web.words import METRICS, Names

Cell = str | int | datetime | timedelta | None
Portions = Iterable[tuple[Sequence[Breach], Directory, Mapping[str, str]]]
_CHUNK: Final = 64 * 1024
# A cell that begins so is a formula to a spreadsheet program: a customer must not write one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_Read = Callable[[Breach, Names, Sequence[BreachReason]], Cell]


def _local(at: datetime | None, row: Breach, names: Names) -> datetime | None:
    return at.astimezone(ZoneInfo(zone_of(row.ticket, names.directory))) if at else None


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=int(value))


def _site(row: Breach, names: Names) -> str:
    site = names.directory.sites.get(row.ticket.site)
    return f"#{site.code} {site.city}" if site else row.ticket.site


def _account(row: Breach, names: Names) -> str:
    account = names.directory.accounts.get(row.ticket.account)
    return account.name if account else row.ticket.account


_COLUMNS: Final[Mapping[str, _Read]] = {
    "Ticket": lambda row, _n, _r: row.ticket.number,
    "Account": lambda row, names, _r: _account(row, names),
    "Site": lambda row, names, _r: _site(row, names),
    "Priority": lambda row, _n, _r: row.ticket.priority,
    "Trade": lambda row, _n, _r: row.ticket.trade,
    "Metric": lambda row, _n, _r: METRICS[row.metric],
    "Limit": lambda row, _n, _r: _seconds(row.late.target_seconds),
    "Actual": lambda row, _n, _r: _seconds(row.late.elapsed_seconds),
    "Over by": lambda row, _n, _r: _seconds(over_seconds(row)),
    "Clock": lambda row, _n, _r: "ended" if row.late.ended_at else "running",
    "Opened": lambda row, names, _r: _local(row.ticket.opened_at, row, names),
    "Typed in later": lambda row, _n, _r: typed_in(row),
    "Breached": lambda row, names, _r: _local(row.breached_at, row, names),
    "Ended": lambda row, names, _r: _local(row.late.ended_at, row, names),
    "Zone": lambda row, names, _r: zone_of(row.ticket, names.directory),
    "Held by": lambda row, names, _r: names.full(row.note.held_by) if row.note.held_by else "nobody",
    "Who had the ball": lambda row, names, _r: had_text(row, names),
    "Reason": lambda row, _n, reasons: text_of(row.note.reason, reasons),
    "Remark": lambda row, _n, _r: row.note.remark,
    "Corrective action": lambda row, _n, _r: row.note.corrective_action,
    "Explained by": lambda row, names, _r: names.full(row.note.explained_by),
    "Explained": lambda row, names, _r: _local(row.note.explained_at, row, names),
    "Excused": lambda row, _n, _r: "yes" if row.note.excused else "no",
    "Excused by": lambda row, names, _r: names.full(row.note.excused_by),
    "Excused at": lambda row, names, _r: _local(row.note.excused_at, row, names),
    "Excuse": lambda row, _n, _r: row.note.excuse_remark,
}


def as_csv(portions: Portions, reasons: Sequence[BreachReason]) -> Iterator[bytes]:
    """Yield a CSV file: UTF-8 with its mark, as spreadsheet programs need it, a portion of rows at a time."""
    yield _lines([list(_COLUMNS)], mark="\ufeff")
    for rows in _rows(portions, reasons):
        yield _lines([[_plain(cell) for cell in row] for row in rows])


def as_workbook(portions: Portions, reasons: Sequence[BreachReason]) -> Iterator[bytes]:
    """Yield a workbook. Its rows go to a temporary file as they come, never all into memory."""
    with tempfile.TemporaryFile() as file:
        options: dict[str, Any] = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        book = xlsxwriter.Workbook(file, options)
        head, length = book.add_format({"bold": True}), book.add_format({"num_format": "[h]:mm:ss"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet("Breaches")
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(_COLUMNS) - 1, 18)
        sheet.write_row(0, 0, list(_COLUMNS), head)
        line = 0
        for rows in _rows(portions, reasons):
            for row in rows:
                line += 1
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(line, column, cell.replace(tzinfo=None), instant)
                    elif isinstance(cell, timedelta):
                        sheet.write_number(line, column, cell / timedelta(days=1), length)
                    elif isinstance(cell, int):
                        sheet.write_number(line, column, cell)
                    elif cell:
                        sheet.write_string(line, column, cell)
        sheet.autofilter(0, 0, max(line, 1), len(_COLUMNS) - 1)
        book.close()
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _rows(portions: Portions, reasons: Sequence[BreachReason]) -> Iterator[list[list[Cell]]]:
    for rows, directory, users in portions:
        names = Names(directory, users)
        yield [[read(row, names, reasons) for read in _COLUMNS.values()] for row in rows]


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, timedelta):
        return int(cell.total_seconds())
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    return "" if cell is None else cell


def _lines(rows: Iterable[Sequence[object]], mark: str = "") -> bytes:
    text = io.StringIO(mark)
    text.seek(0, io.SEEK_END)
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
