"""`headergen doctor`: what this machine can paint, and what to change."""

import sys
from argparse import Namespace

from headergen.cli.commands.place import find_place
from headergen.cli.terminal import Problems, say_findings
from headergen.report import doctor


def run(arguments: Namespace) -> int:
    """Print each finding with its remedy; 1 where anything is amiss."""
    place = find_place(arguments)
    look = doctor.self_test if arguments.self_test else doctor.examine
    findings = list(look(place.config, place.root))
    if arguments.json:
        say_findings(findings)
    else:
        with Problems(sys.stdout) as problems:
            for found in findings:
                line = f"{'ok  ' if found.ok else 'look'} {found.subject}: {found.message}"
                problems.add(line, None if found.ok else found.remedy)
    return 0 if all(found.ok for found in findings) else 1
