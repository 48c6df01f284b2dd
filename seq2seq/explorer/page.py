"""The files of the page, and the page as one file that needs no server.

A page that is opened from a file cannot import modules. So the modules are joined into one script. Each becomes a
function that returns what the module exports, and an import takes its names from the result:

    import { draw as drawBeam } from "./beam.js";    const { draw: drawBeam } = module_beam;
    export function draw() {}                        function draw() {}    … return { draw };

The names inside a module stay its own. An importer gets the value that a name has when its module has run. What this
cannot join is an error: a default export, an import from elsewhere, an import inside a function, `export … from`, and
modules that import each other in a circle.
"""

import base64
import hashlib
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.explorer.packing import UNPACK, pack
from seq2seq.files import read_bytes
from seq2seq.json_text import to_script

STATIC = Path(__file__).parent / "static"
PAGE = "index.html"
LARGEST = 2**22  # bytes of a file of the page
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}

NAMES = r"\{[^}]*\}"
IMPORT = re.compile(
    rf"""^import\s+(?:(?P<what>{NAMES}|\*\s*as\s+\w+)\s*from\s*)?["']\./(?P<file>[\w-]+\.js)["'];?""", re.MULTILINE
)
DECLARATION = re.compile(
    r"^export\s+(?P<kind>(?:async\s+)?function\*?|const|let|class)\s+(?P<name>[\w$]+)", re.MULTILINE
)
LIST = re.compile(rf"^export\s+(?P<names>{NAMES})\s*;?(?!\s*from)", re.MULTILINE)
UNKNOWN = re.compile(r"""^\s*(?:import|export)\b\s*[\w$*{"'].*$|\bimport\s*[(.]""", re.MULTILINE)
RENAMED = re.compile(r"([\w$]+)\s+as\s+([\w$]+)")

MODULE_TAG = re.compile(
    r"""<script\s+type=["']module["']\s+src=["'](?:\./|/)?static/([\w-]+\.js)["']\s*>\s*</script>"""
)
STYLE_TAG = re.compile(r"""<link\s+rel=["']stylesheet["']\s+href=["'](?:\./|/)?static/([\w-]+\.css)["']\s*/?>""")
HEAD = re.compile(r"<head[^>]*>")


def static_file(name: str) -> tuple[bytes, str] | None:
    """Return the bytes of a file of the page, and its media type; None if there is no such file."""
    path = STATIC / name
    if path.name != name or path.suffix not in MEDIA_TYPES or not path.is_file():
        return None
    return read_bytes(path, LARGEST), MEDIA_TYPES[path.suffix]


def static_text(name: str) -> str:
    """Return the text of a file of the page.

    Raises:
        UserError: there is no such file.
    """
    return read_bytes(STATIC / name, LARGEST).decode()


def single_file(exported: object) -> str:
    """Return the page as one file that holds its data and needs no server.

    Its policy allows the script and the styles that are in it, by their hashes, and nothing else.

    Args:
        exported: what the page shows, for JSON.

    Raises:
        UserError: the files of the page cannot be joined.
    """
    page = static_text(PAGE)
    styles = [static_text(name) for name in STYLE_TAG.findall(page)]
    scripts = [UNPACK + join_modules(name).replace("</script", "<\\/script") for name in MODULE_TAG.findall(page)]
    if len(scripts) != 1:
        raise UserError(f"{STATIC / PAGE}: has {len(scripts)} scripts, not 1; install seq2seq again")
    policy = (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    meta = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    data = f'<script type="application/json" id="exported">{to_script(pack(exported))}</script>'
    remaining = iter(styles)
    page = STYLE_TAG.sub(lambda _: f"<style>{next(remaining)}</style>", page)
    page = MODULE_TAG.sub(lambda _: f'{data}\n<script type="module">{scripts[0]}</script>', page)
    return HEAD.sub(lambda head: f"{head.group()}\n{meta}", page, count=1)


def hashes(texts: list[str]) -> str:
    """Return the hashes of inline scripts or styles, as a policy lists them."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"


def join_modules(first: str) -> str:
    """Return a module and all that it imports as one script.

    Raises:
        UserError: a module is missing, or has what cannot be joined.
    """
    sources: dict[str, str] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = static_text(name).replace("\r\n", "\n")
            waiting += [found["file"] for found in IMPORT.finditer(sources[name])]
    imports = {name: {found["file"] for found in IMPORT.finditer(source)} for name, source in sources.items()}
    try:
        order = list(TopologicalSorter(imports).static_order())
    except CycleError as error:
        raise UserError(f"{STATIC}: modules import each other in a circle: {error.args[1]}") from error
    return "\n".join(join_module(name, sources[name]) for name in order)


def join_module(name: str, source: str) -> str:
    """Return a module as JavaScript that defines a constant: an object with what the module exports."""
    exported = [found["name"] for found in DECLARATION.finditer(source)]
    for names in LIST.finditer(source):
        exported += [swap_renamed(each) for each in names["names"].strip("{} \n").split(",") if each.strip()]
    body = IMPORT.sub(lambda found: take_names(found["file"], found["what"]), source)
    body = DECLARATION.sub(lambda found: f"{found['kind']} {found['name']}", body)
    body = LIST.sub("", body)
    if problem := UNKNOWN.search(body):
        raise UserError(f"{STATIC / name}: cannot be joined with the other modules: {problem.group().strip()[:80]}")
    return f"const {constant(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"


def constant(file: str) -> str:
    """Return the name of a module's object."""
    name = re.sub(r"\W", "_", file.removesuffix(".js"))
    return f"module_{name}"


def swap_renamed(name: str) -> str:
    """Return "a as b", which exports a by the name b, as an object's property: "b: a"."""
    return RENAMED.sub(r"\2: \1", name.strip())


def take_names(file: str, what: str | None) -> str:
    """Return the statement that takes the imported names from a module's object."""
    if what is None:
        return ""
    if what.startswith("*"):
        return f"const {what.split()[-1]} = {constant(file)};"
    names = RENAMED.sub(r"\1: \2", what)
    return f"const {names} = {constant(file)};"
