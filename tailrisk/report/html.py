"""A page as HTML: one file, no scripts, nothing fetched, every word of the result escaped."""

from importlib.resources import files

from .document import Document


def html(page: Document) -> str:
    """The document laid out; figures take the page's colours, so that they follow a dark theme."""
    import jinja2
    from markupsafe import Markup

    from .figures.svg import themed

    here = files(__package__)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(here.joinpath("page.html.j2").read_text(encoding="utf-8"))
    css = Markup(here.joinpath("page.css").read_text(encoding="utf-8"))
    language = {"zh": "zh-Hans"}.get(page.say.language, page.say.language)
    return template.render(
        css=css, page=page, say=page.say, language=language, drawn=lambda svg: Markup(themed(svg))
    )
