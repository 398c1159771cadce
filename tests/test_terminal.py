"""Who types a command, and the files that commands leave."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from app.terminal import NobodyError, UnwritableError, login, put_text


def test_somebody_without_a_name_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    nobody = max(entry.pw_uid for entry in pwd.getpwall()) + 1
    monkeypatch.setattr(os, "getuid", lambda: nobody)  # as in a container that runs as some number
    with pytest.raises(NobodyError, match="set LOGNAME to yours"):
        login()
    monkeypatch.setenv("LOGNAME", "dana")
    assert login() == "dana"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "new" / "picture.svg"
    put_text(file, "água\n")
    put_text(file, "agua\n")
    assert file.read_bytes() == b"agua\n"
    assert [each.name for each in file.parent.iterdir()] == ["picture.svg"]
    with pytest.raises(UnwritableError, match=r"picture\.svg/x cannot be written: "):
        put_text(file / "x", "")
