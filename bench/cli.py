"""The command line: `python3 -m bench SCENARIO`, and `compare`, `sweep`, `plot`, `all`.

Exit status: 0 all well; 1 an `--assert` is broken, or the server failed; 2 the run could not be made, and a sentence
says why.
"""

import argparse
import sys
from collections.abc import Sequence

from bench import BenchError, commands
from bench.expectations import parse_expectations
from bench.options import add_output_options, add_parameter, add_server_options, server_options, told
from bench.progress import Progress
from bench.runner import run_scenario
from bench.scenarios import SCENARIOS
from chatserver import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    try:
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except (BenchError, OSError) as error:  # the second of a file or a program that the options name
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except (IndexError, ValueError) as error:
        if not getattr(options, "target", ""):
            raise
        print(f"bench: what {options.target} answers is no chat server's ({error})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    description = "Loads a chat server, and says what it costs."
    parser = argparse.ArgumentParser(prog="python3 -m bench", description=description)
    parser.add_argument("--version", action="version", version=f"pipechat {__version__}")
    known = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for scenario in SCENARIOS.values():
        command = known.add_parser(scenario.name, help=scenario.help, description=scenario.help)
        for name, default in scenario.defaults.items():
            add_parameter(command, name, default)
        add_server_options(command)
        add_output_options(command)
        command.add_argument(
            "--assert",
            dest="expectations",
            default="",
            metavar="NAME=BOUND,…",
            help="bounds to keep to, for example p99_ms=5,lost=0",
        )
        command.set_defaults(run=_run_one)
    commands.add_to(known)
    return parser


def _run_one(options: argparse.Namespace) -> int:
    expectations = parse_expectations(options.expectations)
    for expectation in expectations:
        expectation.check(SCENARIOS[options.command].metrics)
    chosen = {name: getattr(options, name) for name in SCENARIOS[options.command].defaults}
    progress = Progress(options.quiet)
    result = run_scenario(
        options.command, chosen, server_options(options), progress, not options.no_pin, options.histogram
    )
    print(told(result, options))
    broken = [sentence for each in expectations if (sentence := each.broken_by(result.metrics))]
    for sentence in [*result.faults, *broken]:
        print(f"bench: {sentence}", file=sys.stderr)
    return 1 if broken or result.faults else 0
