"""Run the whole fuzzer, and count its findings by kind and cause: `PYTHONPATH=$PWD:tests python -m fuzz.tally`."""

import argparse
import os
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import local

from fuzz.base import Case, make_base
from fuzz.report import all_cases
from fuzz.sandbox import Finding, open_sandbox


def main() -> None:
    """Print a table of counts, and under each cause the cases that show it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="take every Nth case only")
    parser.add_argument("--servers", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="cases at a time")
    parser.add_argument("--kinds", nargs="+", default=["recipe", "corpus", "run"])
    parser.add_argument("--verbose", action="store_true", help="print every finding as it comes")
    options = parser.parse_args()
    cases = [case for case in all_cases() if case.kind in options.kinds and case.number % options.every == 0]
    servers, sandboxes = local(), []
    findings: dict[tuple[str, str], list[tuple[Case, Finding]]] = defaultdict(list)

    def run(case: Case) -> None:
        if not hasattr(servers, "base"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
            servers.sandbox = stack.enter_context(open_sandbox(folder))
            servers.base = make_base(servers.sandbox)
            sandboxes.append(servers.sandbox)
        for finding in case.findings(servers.sandbox, servers.base, options.seed):
            findings[finding.kind, finding.cause].append((case, finding))
            if options.verbose:
                print(f"{case}: {finding.kind}: {finding.cause}: {finding.command}\n{finding.text}\n", flush=True)

    with ExitStack() as stack, ThreadPoolExecutor(options.servers) as pool:
        for _ in pool.map(run, cases):
            pass
    commands = sum(len(case.commands) for case in cases)
    print(f"{len(cases)} cases, {commands} commands, seed {options.seed}\n\nkind | cases | commands | causes")
    ends = sum((sandbox.ends for sandbox in sandboxes), Counter())
    print("ends: " + ", ".join(f"{verb} {status}: {count}" for (verb, status), count in sorted(ends.items())))
    for kind in sorted({kind for kind, _ in findings}):
        rows = [row for key, rows in findings.items() if key[0] == kind for row in rows]
        causes = sum(key[0] == kind for key in findings)
        print(f"{kind} | {len({str(case) for case, _ in rows})} | {len(rows)} | {causes}")
    for (kind, cause), rows in sorted(findings.items(), key=lambda item: (item[0][0], -len(item[1]))):
        names = sorted({str(case) for case, _ in rows})
        print(f"\n{kind}: {cause}\n    {len(rows)} commands; {', '.join(names[:8])}{' …' if len(names) > 8 else ''}")
        print(f"    seq2seq {rows[0][1].command}")
        text = rows[0][1].text.splitlines()
        print("".join(f"    {line[:200]}\n" for line in (text[0], text[-1])), end="")


if __name__ == "__main__":
    main()
