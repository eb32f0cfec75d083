"""The commands beside the scenarios: `compare`, `sweep`, `growth`, `plot`, `ledger` and `all`."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from bench import BenchError
from bench.compare import CLUSTER_CONTENDERS, CONTENDERS, FRONT_CONTENDERS, LOADS, compare
from bench.growth import MESSAGES_MAX, QUICK, USERS_MAX, growth, sizes_of
from bench.ledger import as_json, keep_ledger, table
from bench.ledger.turns import WINDOW_MAX
from bench.options import add_server_options, server_options
from bench.plot import plot
from bench.progress import Progress
from bench.scenarios import SCENARIOS
from bench.story import FULL, MEMORY, tell
from bench.sweep import parse_over, sweep


def add_to(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add them to the command line."""
    _add_compare(known.add_parser("compare", help="the same loads on many servers, in turns"))
    _add_sweep(known.add_parser("sweep", help="one scenario over several values of a parameter"))
    _add_growth(known.add_parser("growth", help="what costs more as messages and accounts become many, and what not"))
    _add_plot(known.add_parser("plot", help="draw what compare, sweep and growth found, as SVG"))
    _add_ledger(known.add_parser("ledger", help="where the microseconds of one message go, stage by stage"))
    _add_all(known.add_parser("all", help="everything bench/RESULTS.md tells, in one go"))


def _add_compare(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--contenders",
        default="",
        help="names joined by commas; the first is the one compared to. Behind one of ours `/web` (or `/web-single`, "
        f"`/pipe`) tells how clients come, `@DIR` whose code it is (default {','.join(CONTENDERS)}; "
        f"with --front web {','.join(FRONT_CONTENDERS)}; with --cluster {','.join(CLUSTER_CONTENDERS)})",
    )
    command.add_argument("--loads", default=",".join(LOADS), help="names joined by commas (default %(default)s)")
    command.add_argument("--rounds", type=int, default=3, help="how often each load runs on each (default 3)")
    command.add_argument("--seconds", type=float, default=1.0, help="seconds measured in each run (default 1)")
    command.add_argument("--warmup", type=float, default=0.3, help="seconds of warm-up before each (default 0.3)")
    command.add_argument("--json", type=Path, metavar="FILE", help="keep all figures here, for plot")
    add_server_options(command)
    command.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    if options.rounds < 1:
        raise BenchError("--rounds takes a number of 1 or more")
    if options.target or options.against != "chatserver":
        raise BenchError("compare starts its contenders itself: leave --target and --against out")
    contenders: Sequence[str] = CONTENDERS if options.front == "pipe" else FRONT_CONTENDERS
    if options.cluster:
        contenders = CLUSTER_CONTENDERS
    found = compare(
        options.contenders.split(",") if options.contenders else contenders,
        options.loads.split(","),
        options.rounds,
        {"seconds": options.seconds, "warmup": options.warmup},
        server_options(options),
        Progress(),
    )
    _keep(options.json, found.as_json())
    print(found.as_tables())
    for note in found.notes:
        print(f"! {note}")
    return int(found.has_failed)


def _add_sweep(command: argparse.ArgumentParser) -> None:
    command.add_argument("scenario", choices=list(SCENARIOS))
    command.add_argument(
        "--over", required=True, metavar="NAME=VALUE,…", help="the parameter to vary, for example rate=1000,5000,20000"
    )
    command.add_argument(
        "--with",
        dest="chosen",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another parameter; may be repeated",
    )
    command.add_argument("--json", type=Path, metavar="FILE", help="keep all figures here, for plot")
    add_server_options(command)
    command.set_defaults(run=_sweep)


def _sweep(options: argparse.Namespace) -> int:
    name, values = parse_over(options.scenario, options.over)
    chosen: dict[str, object] = {}
    for part in options.chosen:
        parameter, (value,) = parse_over(options.scenario, part)
        chosen[parameter] = type(SCENARIOS[options.scenario].defaults[parameter])(value)  # type: ignore[call-arg]
    found = sweep(options.scenario, name, values, chosen, server_options(options), Progress(), not options.no_pin)
    _keep(options.json, found.as_json())
    print(found.as_table())
    return int(any(result.faults for result in found.results))


def _add_growth(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--messages",
        default="10000,100000,1000000",
        metavar="N,…",
        help="sizes; ten million take some ten minutes more; empty leaves them out (default %(default)s)",
    )
    command.add_argument(
        "--users",
        default="100,1000,10000,100000",
        metavar="N,…",
        help="sizes; empty leaves them out (default %(default)s)",
    )
    command.add_argument("--quick", action="store_true", help="a tenth of the questions: to see that it works")
    command.add_argument("--json", type=Path, metavar="FILE", help="keep all figures here, for plot")
    command.set_defaults(run=_growth)


def _growth(options: argparse.Namespace) -> int:
    messages, users = sizes_of(options.messages, MESSAGES_MAX), sizes_of(options.users, USERS_MAX)
    found = growth(messages, users, QUICK if options.quick else {}, FULL, Progress())
    _keep(options.json, found.as_json())
    print(found.as_tables())
    for note in found.notes:
        print(f"- {note}")
    return 0


def _add_plot(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", type=Path, help="what compare, sweep and growth kept with --json")
    command.add_argument("--out", type=Path, default=Path(), help="the folder for the drawings (default: this one)")
    command.set_defaults(run=_plot)


def _plot(options: argparse.Namespace) -> int:
    _folder(options.out)
    for written in plot(options.files, options.out):
        print(written)
    return 0


def _add_ledger(command: argparse.ArgumentParser) -> None:
    command.add_argument("--pairs", type=int, default=100, metavar="N", help="pairs of users (default 100)")
    command.add_argument("--window", default="1,64", metavar="N,…", help="messages of a pair in a turn (default 1,64)")
    command.add_argument("--stages-only", action="store_true", help="leave out the whole server's figure")
    command.add_argument("--json", type=Path, metavar="FILE", help="keep all figures here")
    command.set_defaults(run=_ledger)


def _ledger(options: argparse.Namespace) -> int:
    windows = options.window.split(",")
    if options.pairs < 1 or not all(map(_is_window, windows)):
        raise BenchError(f"--pairs takes a number of 1 or more, --window numbers of 1 to {WINDOW_MAX}")
    found = [
        keep_ledger(options.pairs, int(window), start, Progress(), not options.stages_only)
        for start in (MEMORY, FULL)
        for window in windows
    ]
    _keep(options.json, as_json(found))
    print(table(found))
    return 0


def _is_window(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= WINDOW_MAX


def _add_all(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--quick", action="store_true", help="a tenth of the time: to see that all works, not for figures"
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("bench/results"),
        help="the folder for figures and drawings (default %(default)s)",
    )
    command.add_argument(
        "--tell",
        type=Path,
        metavar="FILE",
        help="put the tables into this Markdown file, between its marks (bench/RESULTS.md)",
    )
    command.set_defaults(run=_all)


def _all(options: argparse.Namespace) -> int:
    _folder(options.out)
    tell(options.quick, options.out, options.tell, Progress())
    return 0


def _keep(file: Path | None, text: str) -> None:
    if file is not None:
        try:
            file.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise BenchError(f"{file} cannot be written: {os.strerror(error.errno or 0)}") from None


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"{path} cannot be made: {os.strerror(error.errno or 0)}") from None
