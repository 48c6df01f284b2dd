"""The page's modules become one script, and the page one file that asks nobody."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from explorer.unpacked import unpack

from seq2seq.errors import UserError
from seq2seq.explorer import page
from seq2seq.explorer.page import join_module, join_modules, single_file, static_file

MODULES = {
    "main.js": """import { draw as drawBeam, SIZE } from "./beam.js";
import * as tools from './tools-2.js';
import "./side.js";
import {
  first,
  second,
} from "./lists.js";
const local = "main";
result.push(drawBeam(SIZE), tools.twice(3), new tools.Box().local, first, second, local);
""",
    "beam.js": """import { twice } from "./tools-2.js";
export const SIZE = 4;
const local = "beam";
export function draw(size) {
  return `${local} ${twice(size)}`;
}
""",
    "tools-2.js": """const local = "tools";
export function twice(number) { return 2 * number; }
export class Box { local = local; }
export async function later() {}
""",
    "side.js": "result.push('side');\n",
    "lists.js": """const a = "first", b = "second";
export { a as first, b as second };
export let count = 0;
""",
}
PAGE = """<!doctype html>
<html><head><title>t</title>
<link rel="stylesheet" href="static/page.css"></head>
<body><script type="module" src="static/main.js"></script></body></html>
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a page, in place of the real one."""
    for name, text in {**MODULES, "index.html": PAGE, "page.css": "body { color: red }"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(page, "STATIC", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("files")
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")
def test_joined_modules_do_what_the_modules_do() -> None:
    program = f'"use strict"; const result = [];\n{join_modules("main.js")}\nconsole.log(JSON.stringify(result));'
    ran = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == ["side", "beam 8", 6, "tools", "first", "second", "main"]


def test_an_import_takes_its_names_from_the_modules_object() -> None:
    assert join_module("a-b.js", 'import { x as y, z } from "./c.js";\nexport const w = y + z;\n') == (
        "const module_a_b = (() => {\nconst { x: y, z } = module_c;\nconst w = y + z;\n\nreturn { w };\n})();"
    )


@pytest.mark.parametrize(
    "source",
    [
        "export default 1;",
        'import fallback from "./tools-2.js";',
        'import { x } from "https://elsewhere.example/x.js";',
        'import { x } from "../x.js";',
        'const later = import("./tools-2.js");',
        "const here = import.meta.url;",
        'export { twice } from "./tools-2.js";',
        'export * from "./tools-2.js";',
    ],
)
def test_what_cannot_be_joined_is_an_error(source: str) -> None:
    with pytest.raises(UserError, match=r"main\.js: cannot be joined with the other modules"):
        join_module("main.js", source)


def test_a_name_that_begins_as_an_export_is_a_name() -> None:
    assert "exported ? 1 : imports" in join_module("main.js", "const a =\n  exported ? 1 : imports;\n")


def test_modules_in_a_circle_are_an_error(files: Path) -> None:
    (files / "side.js").write_text('import "./main.js";\n')
    with pytest.raises(UserError, match="in a circle"):
        join_modules("main.js")


def test_a_missing_module_is_an_error(files: Path) -> None:
    (files / "side.js").unlink()
    with pytest.raises(UserError, match=r"side\.js"):
        join_modules("main.js")


@pytest.mark.usefixtures("files")
def test_the_single_file_holds_everything_and_nothing_ends_its_scripts_early() -> None:
    exported = {"answers": [{"text": "</script><script>alert(1)</script><!--"}, {"text": ""}]}
    text = single_file(exported)
    assert text.count("<script") == text.count("</script>") == 2
    assert "<!--" not in text
    data = re.search(r'<script type="application/json" id="exported">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert unpack(json.loads(data[1])) == exported
    assert "static/" not in text
    assert "<style>body { color: red }</style>" in text
    assert text.index("<head>") < text.index('<meta charset="utf-8">') < text.index("Content-Security-Policy")
    assert "unsafe" not in text


def test_the_end_of_a_script_inside_a_module_is_escaped(files: Path) -> None:
    (files / "side.js").write_text('result.push("</script>");\n')
    assert 'result.push("<\\/script>");' in single_file({})


def test_the_real_page_can_be_written_as_a_single_file() -> None:
    text = single_file({"runs": [], "answers": []})
    assert "static/" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", ["", ".", "..", "../app.py", "index.html/", "nothing.js", "a\x00.js", "app.py"])
def test_only_files_of_the_page_are_files(name: str) -> None:
    assert static_file(name) is None
