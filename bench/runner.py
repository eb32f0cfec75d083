"""One run from start to end: cores, server, crowd, scenario, result."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from bench import BenchError
from bench.context import Bench, Parameters
from bench.histogram import write_histogram
from bench.irc import IrcCrowd
from bench.loop import Loop
from bench.people import Crowd
from bench.process import allow_files, cores, on_core
from bench.progress import Progress
from bench.result import Result, environment
from bench.scenarios import SCENARIOS, Scenario
from bench.servers import BASELINES, Server, ServerOptions, serving
from bench.web import FRONTS


def run_scenario(
    name: str,
    chosen: dict[str, object],
    options: ServerOptions,
    progress: Progress,
    pin: bool = True,
    histogram: Path | None = None,
) -> Result:
    """Run a scenario with the chosen parameters; those it does not take are refused. It may write a histogram."""
    scenario = SCENARIOS[name]
    for parameter in chosen:
        if parameter not in scenario.defaults:
            raise BenchError(f"{name} takes no {parameter}; it takes {', '.join(scenario.defaults)}")
    parameters = Parameters(**{**scenario.defaults, **chosen})  # type: ignore[arg-type]  # names were checked above
    allow_files()
    options = replace(options, settings=(*scenario.settings, *options.settings))
    if scenario.needs_cluster:
        options = replace(options, cluster=options.cluster or "one")
    with _pinned(options, pin) as (options, generator_core), serving(options) as server:
        bench, metrics = _load(scenario, parameters, server, progress, options.clean_up)
        if histogram is not None:
            write_histogram(histogram, bench.histogram)
        used = {key: value for key, value in asdict(parameters).items() if key in scenario.defaults}
        return Result(
            name,
            _title(server),
            used,
            {"start_s": server.ready_s, **metrics} if server.ready_s else metrics,
            bench.notes,
            environment({"server": options.core, "generator": generator_core}),
            bench.faults,
        )


def _load(
    scenario: Scenario, parameters: Parameters, server: Server, progress: Progress, clean_up: bool
) -> tuple[Bench, dict[str, float]]:
    if server.dialect not in scenario.dialects:
        raise BenchError(f"{scenario.name} needs the pipe protocol, which {server.name} does not speak")
    if parameters.tags and (server.dialect != "pipe" or server.name in BASELINES):
        raise BenchError(f"{server.name} knows no tags: leave --tags out")
    with closing(Loop(FRONTS[server.front])) as loop:
        crowd = (IrcCrowd if server.dialect == "irc" else Crowd)(loop, server, parameters.seed, progress)
        bench = Bench(parameters, server, loop, crowd, progress)
        metrics = scenario.run(bench)
        ended = loop.ended
        if clean_up and not ended and isinstance(crowd, Crowd):
            crowd.clean_up()
        if ended:
            bench.faults.insert(0, f"the server closed {ended} connections: see its log")
        progress.clear()
        return bench, {**metrics, "closed": ended}


@contextmanager
def _pinned(options: ServerOptions, pin: bool) -> Iterator[tuple[ServerOptions, int | None]]:
    """Give the server the last core and the generator the first, if there are two."""
    mine = cores()
    if not pin or len(mine) < 2:
        yield options, None
        return
    with on_core(mine[0]):
        yield replace(options, core=None if options.target else mine[-1]), mine[0]


def _title(server: Server) -> str:
    notes = ", ".join(f"{name} {value}" for name, value in server.notes.items())
    return f"{server.name} ({notes})" if notes else server.name
