#!/usr/bin/env python3
"""frugal in one header: core, the compressors, and the laws that one's own can be held to.

    packaging/single_header.py frugal_single.hpp

Every header of the project is inlined once, before what includes it. Headers of others move to the top, except those
under a condition (xsimd, intrinsics), which stay where they are. The target `single_header` does the same.
"""

import argparse
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
ROOTS = ("frugal/version.hpp", "frugal/core.hpp", "frugal/compress.hpp", "frugal/testing/laws.hpp")
DIRECTIVE = re.compile(r"\s*#\s*(\w+)\s*(.*?)\s*$")

PREAMBLE = """\
// frugal {version} in one header, for Compiler Explorer and quick trials: what frugal/core.hpp, frugal/compress.hpp and
// frugal/testing/laws.hpp declare. Made from them by packaging/single_header.py; a program uses this header or those.
//
// Needs C++20 and the standard library. Where xsimd is found, kernels use the vectors that -march allows; elsewhere, or
// with FRUGAL_ARCH_SCALAR defined, they are plain loops with the same results. Compile with -ffp-contract=off.
//
{licence}
#ifndef FRUGAL_SINGLE_HPP
#define FRUGAL_SINGLE_HPP

#if !defined(FRUGAL_ARCH_SCALAR) && !__has_include(<xsimd/xsimd.hpp>)
#define FRUGAL_ARCH_SCALAR
#endif
"""


class Amalgamation:
    def __init__(self):
        self.body = []
        self.foreign = set()  # what moves to the top
        self.inlined = {}  # header -> was it under a condition?

    def add(self, name):
        """Inlines a header after those that it includes, unless it is there already."""
        if name not in self.inlined:
            self.inlined[name] = False
            self.body.append(f"// ---- {name}\n\n{self._lines(name, conditions=0)}")
        elif self.inlined[name]:
            sys.exit(f"{name} is included under a condition and elsewhere: one copy cannot serve both")

    def _lines(self, name, conditions):
        kept = []
        for line in (SOURCE / "include" / name).read_text(encoding="utf-8").splitlines():
            found = DIRECTIVE.match(line)
            directive, argument = found.groups() if found else ("", "")
            if directive == "include":
                line = self._include(line, argument, conditions)
            elif directive == "pragma" and argument == "once":
                line = None
            elif directive in ("if", "ifdef", "ifndef"):
                conditions += 1
            elif directive == "endif":
                conditions -= 1
            if line is not None:
                kept.append(line)
        return "\n".join(kept).strip("\n") + "\n"

    def _include(self, line, argument, conditions):
        """What an include becomes where it stands."""
        included = argument[1:-1]
        if not included.startswith("frugal/"):
            if conditions:
                return line
            self.foreign.add(argument)
        elif not conditions:
            self.add(included)
        elif included not in self.inlined:
            self.inlined[included] = True
            return f"// ---- {included}\n\n{self._lines(included, conditions)}"
        elif self.inlined[included]:
            sys.exit(f"{included} is included under two conditions: one copy cannot serve both")
        return None

    def text(self):
        version = re.findall(r"#define FRUGAL_VERSION_\w+ (\d+)", (SOURCE / "include/frugal/version.hpp").read_text())
        licence = (SOURCE / "LICENSE").read_text(encoding="utf-8").strip().splitlines()
        parts = [
            PREAMBLE.format(
                version=".".join(version), licence="\n".join(f"// {line}".rstrip() for line in licence)
            ),
            "\n".join(f"#include {header}" for header in sorted(self.foreign)) + "\n",
            *self.body,
            "#endif\n",
        ]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    output = parser.parse_args().output
    whole = Amalgamation()
    for root in ROOTS:
        whole.add(root)
    output.write_text(whole.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
