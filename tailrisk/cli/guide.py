"""What a person reads: the pages of the guide, in the terminal."""

import click


@click.command()
@click.argument("topic", required=False)
@click.argument("number", required=False)
def guide(topic: str | None, number: str | None) -> None:
    """Print a page of the guide, or one numbered section of it.

    Without a TOPIC, the list of pages. "mechanism 5.2" in a comment or a docstring is that section.

    \b
    Examples:
      tailrisk guide
      tailrisk guide mechanism | less
      tailrisk guide mechanism 5.2
    """
    from ..guide import page, section, topics

    if topic is None:
        for name, title in topics().items():
            click.echo(f"  {name:<14} {title}")
    else:
        click.echo(page(topic) if number is None else section(topic, number))
