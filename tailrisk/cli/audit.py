"""Rule books compared on the same paths."""

from pathlib import Path

import click

from .options import FORCE, OVERRIDE, QUIET, bar, folder_of, numerics, repeated, show_page


@click.command()
@click.argument("rules", type=click.Path(path_type=Path))
@click.option(
    "--member",
    "members",
    multiple=True,
    type=click.IntRange(0),
    help="Member of the crowd's ensemble; may be repeated. Else the config's own.",
)
@OVERRIDE
@folder_of("audit")
@FORCE
@QUIET
def audit(
    rules: Path,
    members: tuple[int, ...],
    overrides: tuple[str, ...],
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Compare rule books on the same paths: what each rule changes, alone and together.

    RULES is a TOML file of [[rule]] tables over a config with a crowd: what each does to cohorts, notes and
    products; see configs/rules_2026.toml. The folder has the change of P(rout), of every product's ES, of
    what brokers are owed and of what the state buys, with paired intervals.

    \b
    Example:
      tailrisk audit configs/rules_2026.toml --member 0 --member 1 --set run.paths=4096
    """
    from ..config import library, load
    from ..studies.audit.config import load_audit

    plan = load_audit(rules)
    numerics(x64=load(library.beside(rules.parent, plan.config), list(overrides)).run.precision == "float64")
    from ..studies.audit.study import audit as study

    with bar(quiet) as tell:
        folder = study(
            plan,
            rules,
            overrides=overrides,
            members=tuple(dict.fromkeys(members)),
            output=output,
            force=force,
            command=repeated(),
            progress=tell,
        )
    show_page(folder, quiet)
