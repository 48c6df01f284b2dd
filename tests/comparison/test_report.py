"""A report is written into its own folder, and through no link in it."""

from pathlib import Path

import pytest

from seq2seq.comparison.report import check_report_folder
from seq2seq.errors import UserError


@pytest.mark.parametrize("name", ["report.html", "report.md", "report.json", "figures", "figures/phenomena.svg"])
def test_a_link_in_the_folder_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "comparison"
    check_report_folder(folder)
    (folder / "figures").mkdir(parents=True)
    check_report_folder(folder)
    if name == "figures":
        (folder / name).rmdir()
    (folder / name).symlink_to(tmp_path)
    with pytest.raises(UserError, match=rf"{name}: is a link"):
        check_report_folder(folder)
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    check_report_folder(tmp_path / "link")  # the folder itself may be a link
