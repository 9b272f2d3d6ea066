"""What each policy would have been worth: policy by product by date, on common paths; what leverage does.

    python -m experiments.regret [--config feb2024.toml] [--paths 4096]

Markets are recorded once (simulate/tape.py); every policy trades the same days with its own costs, limits
and margin, and does not move them. Losses are of NAV against the benchmark. Ex ante is over all paths, of
some members of the ensemble where there is one; after an event is over paths on which one day's CSI 1000
less CSI 300 was at z <= --event, from that close. A config with a crowd adds the order of the state's
purchases, the restriction on sales and caps on leverage. The learned policy is trained on paths of its own.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import numpy as np
import pandas as pd

from experiments.regret.page import page
from tailrisk.record.publishing import publish
from tailrisk.studies.regret import policies, state, survival
from tailrisk.studies.regret.markets import RECOVERY, eventful, ex_ante, funds, worlds
from tailrisk.studies.regret.teach import teach

TRAIN, VALIDATE, SEARCH = 2**20, 2**21, 2**22
"""First path numbers of those trained on, of those that choose, of those searched."""


@click.command()
@click.option("--config", "name", default="feb2024.toml", show_default=True)
@click.option("--paths", default=4096, show_default=True, help="Ex ante.")
@click.option("--search", default=32768, show_default=True, help="Paths searched for the event.")
@click.option(
    "--event", default=-5.0, show_default=True, help="z of CSI 1000 less CSI 300 that is the event."
)
@click.option("--steps", default=150, show_default=True, help="Of training, each way.")
@click.option("--members", default=4, show_default=True, help="Of the ensemble, where there is one.")
@click.option("-o", "--output", default="results/regret", show_default=True, type=click.Path(path_type=Path))
def main(name: str, paths: int, search: int, event: float, steps: int, members: int, output: Path) -> None:
    """Compare policies on common paths; write results/regret."""
    config, them = worlds(name, "fitted", members)
    params = funds(config)
    every = ex_ante(them, 0, paths)
    after = eventful(them, SEARCH, search, event)
    click.echo(f"{len(after.at)} of {search} paths have the event", err=True)
    learnt, training = teach(
        params,
        ex_ante(them, TRAIN, paths).tape,
        ex_ante(them, VALIDATE, paths).tape,
        policies.ends(params),
        steps,
        policies.LEVEL,
        partial(click.echo, err=True),
    )
    training.insert(0, "product", policies.PRODUCTS)
    found = policies.values(params, every, policies.dated(params), learnt)
    late = policies.lagged(params, event)
    followed = policies.values(params, after, late)
    lived = replace(after, at=np.full_like(after.at, -1))  # the learned policy may act before the event
    judged = policies.values(params, lived, policies.dated(params) | late, learnt)
    click.echo("policies lived", err=True)
    tables = {
        "ex_ante": policies.matrix(found),
        "after_event": policies.matrix(followed),
        "learned": pd.concat([policies.verdict(found, "all"), policies.verdict(judged, "event")]),
        "training": training,
        "flips": survival.flips(params, after, "fitted"),
        "recovery": survival.recovery(params, after, event),
        "leverage": pd.concat(
            [survival.sweep(params, every.tape, "all"), survival.sweep(params, after.tape, "event")]
        ),
    }
    undrifted = eventful(worlds(name, "none", members)[1], SEARCH, search, event)
    tables["flips"] = pd.concat([tables["flips"], survival.flips(params, undrifted, "none")])
    if config.crowd is not None:
        tables["members"] = policies.by_member(found, every)
        click.echo("levers", err=True)
        more = state.study(name, "fitted", params, paths)
        tables |= more | {"leverage": pd.concat([tables["leverage"], more["leverage"]])}
    command = f"python -m experiments.regret --config {name} --paths {paths} --search {search}"
    command += f" --event {event:g} --steps {steps} --members {members} -o {output}"
    said = {"config": name, "paths": len(every.at), "search": search, "event": event, "found": len(after.at)}
    said |= {"after": policies.AFTER, "recovery": RECOVERY, "members": len(them), "days": config.run.days}
    record = {"command": command, "config_sha256": config.digest()}
    publish(output, "regret", tables, page(tables, said, command), record)
    click.echo(f"wrote {output}")


if __name__ == "__main__":
    main()
