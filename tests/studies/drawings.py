"""Every picture of a study on small made-up tables, in a language."""

import json
import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pandas as pd

from tailrisk.core.names import home
from tailrisk.report.cells import read
from tailrisk.report.language import IN_ENGLISH, Say
from tailrisk.report.rows import tail
from tailrisk.studies.adoption import picture as adoption
from tailrisk.studies.backtest import pictures as backtest
from tailrisk.studies.backtest.forecast import BASELINES, Forecasts, Plan
from tailrisk.studies.backtest.targets import Target
from tailrisk.studies.demo.picture import sides
from tailrisk.studies.gauge import pictures as gauge
from tailrisk.studies.gauge.scores import Interval
from tailrisk.studies.liquidity.page import picture as exits
from tailrisk.studies.match.picture import replay_picture
from tailrisk.studies.minute.page import picture as sets
from tailrisk.studies.replay.page import picture as replay
from tailrisk.studies.reverse.picture import modal
from tailrisk.studies.sensitivities import picture as sensitivities
from tailrisk.studies.sweep.figure import sweep
from tailrisk.studies.sweep.page import Grid
from tailrisk.studies.tune.page import picture as tune
from tailrisk.studies.validate.pictures import pictures as validate

BUCKETS = home().buckets
DAYS = pd.bdate_range("2024-01-02", periods=30)
LABELS = {"dma": "DMA 4x", "ie500": "500指增 IE500"}
"""Names of the user's own."""
OWN = re.compile(
    r"VaR|ES|[a-z0-9]+(_[a-z0-9]+)+|ewma|student|csi\d+|micro|SSE Composite|generator\.drift|"
    r"weights\.csi500|ie500, excess|market\.sta[a-z…]*|ie\d+|neutral|dma|cta|calm|crisis"
)
"""Terms that Chinese keeps, names of models, series, fields and venues that are the user's or the code's."""


def texts(drawn: str) -> list[str]:
    """What stands in a picture to be read."""
    return [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", drawn)]


def left(drawn: str) -> list[str]:
    """Texts that are English still, but for names."""
    found = []
    for text in texts(drawn):
        rest = text
        for name in LABELS.values():
            rest = rest.replace(name, "")
        if re.search(r"[A-Za-z]{2}", OWN.sub("", rest)) and rest not in LABELS:
            found.append(text)
    return found


def around(name, values, wide=0.1):
    """A column with its interval."""
    values = np.asarray(values, float)
    return {name: values, f"{name}_low": values - wide, f"{name}_high": values + wide}


def recorded(say):
    """What a record says of the language."""
    return {} if say == IN_ENGLISH else {"language": say.language}


def adoptions(say):
    """Curves over the share that follows, and over a manager's assets."""
    share, two = [0.0, 0.5, 1.0], np.repeat(list(LABELS), 3)
    worlds = pd.DataFrame({"share": share, **around("rout", [1.0, 2.0, 3.0])})
    rows = pd.DataFrame({"share": share * 2, "product": two, **around("saves_es", np.arange(6))})
    sizes = {"assets": [1.0, 10.0, 100.0] * 2, "product": two, "net_alpha": np.arange(6.0)}
    facts = {"labels": LABELS, **recorded(say)}
    yield adoption.curves(worlds, rows, "top_1800", facts)
    yield adoption.capacity(pd.DataFrame({**sizes, **around("es_hold", np.arange(6))}), facts)


def tornados(say):
    """What moves a product's ES, and who makes it."""
    facts = {"labels": LABELS, "level": 0.975, **recorded(say)}
    fields = ["weights.csi500", "generator.drift", "kappa_crisis"]
    units, methods = ["+1 point", "+1 point a year", "+1 %"], ["differences", "pathwise", "likelihood ratio"]
    own = pd.DataFrame({"field": fields, "unit": units, "method": methods, **around("effect", [1, -2, 3])})
    who = ["nobody acts", "dma", "hedged funds", "long-only funds", "panic", "snowball dealers"]
    who += ["speculators", "the state and those who follow it", "all"]
    split = pd.DataFrame({"actor": who * 2, "product": np.repeat(list(LABELS), len(who))})
    yield sensitivities.tornado(own, "dma", facts)
    yield sensitivities.actors(split.assign(**around("share", np.arange(len(split)))), facts)


def gauges(say):
    """The chance by week, and chances given beside what came."""
    chance = np.linspace(0.002, 0.5, len(DAYS))
    spells = pd.DataFrame({"begins": DAYS[[3, 20]], "fall": [-0.2, -0.3]})
    yield gauge.history(DAYS, chance, chance / 2, chance * 1.5, spells, 0.04, 60, say)
    bins = [(0.01, Interval(0.02, 0.01, 0.03)), (0.2, Interval(0.3, 0.2, 0.4))]
    yield gauge.reliability({"prices": bins, "futures": bins}, say)


def backtests(say):
    """Losses beyond VaR, and their rate by model."""
    rng, large = np.random.default_rng(0), np.eye(5)[0]
    aims = (
        Target("csi1000-csi300", "CSI 1000 less CSI 300", np.eye(5)[2], large, spread=True),
        Target("ie500", "ie500, excess", np.eye(5)[1], large),
    )
    plan = Plan(
        aims=aims, days=np.arange(30), refits=np.array([0]), horizons=(1, 10), levels=("0.95",), states=(1,),
        shocks=("gaussian",), starts=1, seed=0, pictured="csi1000-csi300",
    )  # fmt: skip
    made = Forecasts(*np.abs(rng.normal(0.02, 0.005, (2, len(BASELINES) + 1, 2, 1, 2, 30))), 0)
    loss = {h: rng.normal(0, 0.02, (30, 2)) for h in (1, 10)}
    rows = [
        {"horizon": h, "level": 0.95, "model": model, "target": aim.name, "rate": 0.05}
        for h in (1, 10)
        for model in plan.models
        for aim in aims
    ]
    table = pd.DataFrame(rows).assign(rate_low=0.03, rate_high=0.08)
    yield backtest.exceedances(plan, DAYS, made, loss, say)
    yield backtest.coverage(plan, table, say)


def ways(say):
    """The likeliest ways to a loss."""
    parts = [
        pd.DataFrame({"kind": "modal", "way": way, "day": np.arange(1, 6), "nav": 0.9})
        .assign(**dict.fromkeys(BUCKETS, -0.1))
        for way in (1, 2)
    ]  # fmt: skip
    yield modal(pd.concat(parts), BUCKETS, [(1, 0.04), (2, 0.005)], "dma_30", "DMA 4x loses 30 %", say)


def days_to_exit(say):
    """The way out of two books."""
    pairs = [(book, rules) for book in LABELS for rules in ("free", "restricted", "hedged")]
    rows = [{"book": b, "rules": r, "day": d, "out": d / 9} for b, r in pairs for d in range(1, 10)]
    yield exits(pd.DataFrame(rows), say)


def minutes(say):
    """Part of a fall by law."""
    config = SimpleNamespace(venues={"sse": SimpleNamespace(label="SSE Composite")})
    rows = [
        {"venue": "sse", "law": law, "coefficient": coefficient, "notion": notion, "low": 0.1, "high": 0.3}
        for law in ("square_root", "concave", "linear")
        for coefficient in ("published", "fitted")
        for notion in ("alone", "removed", "shapley", "yuan")
    ]
    yield sets(config, pd.DataFrame(rows), say)


def validations(say):
    """Data on bands of histories."""
    rng = np.random.default_rng(0)
    data, made = rng.standard_t(4, (300, 5)) / 50, rng.standard_t(4, (300, 5, 20)) / 50
    yield from validate(data, made, home(), say).values()


def matches(say):
    """The replay beside the record."""
    rng = np.random.default_rng(0)
    days, record = [f"{day:%Y-%m-%d}" for day in DAYS], rng.normal(0, 0.01, (len(DAYS), 5))
    titles = [(place, home().labels[place]) for place in range(1, 5)]
    yield replay_picture(days, record, record + rng.normal(0, 0.01, (6, *record.shape)), titles, say)


def replays(say, folder):
    """Products on the realised path."""
    columns = {"date": [f"{day:%Y-%m-%d}" for day in DAYS], "product": "dma"}
    flat = dict.fromkeys(("nav", "nav_10", "nav_90", "benchmark_nav"), 0.9)
    pd.DataFrame({**columns, **flat}).to_csv(folder / "daily.csv", index=False)
    row = {"product": "dma", "measure": "nav", "from": columns["date"][0], "to": columns["date"][9]}
    row |= {"reported_low": -0.2, "reported_high": -0.1, "replay": -0.1, "agrees": "own"}
    pd.DataFrame([row]).to_csv(folder / "reported.csv", index=False)
    (folder / "record.json").write_text(json.dumps({"labels": LABELS, **recorded(say)}), encoding="utf-8")
    yield replay(folder)


def tunings(say, folder):
    """Alpha against ES."""
    record = {"tune": {"level": 0.99}, "tuned": ["size"], "days": 60, **recorded(say)}
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    best = {"budget": 0.05, "es": 0.049, "es_other_half": 0.051, "alpha_year": 0.09}
    pd.DataFrame([best]).to_csv(folder / "answer.csv", index=False)
    rows = {"size_bound": [0.1, 1.0], "alpha_year": [0.08, 0.1], **around("es", [0.04, 0.06], 0.01)}
    pd.DataFrame(rows).to_csv(folder / "frontier.csv", index=False)
    yield tune(folder)


def sweeps(say, folder, results):
    """ES over cells, more lines than the key names."""
    whole = read(results / "feb2024" / "tail.csv", tail, "product")
    pairs = [(start, state) for start in ("calm", "crisis") for state in range(14)]
    cells = [{"name": f"{a}{b}", "settings": [f"market.start={a}", f"market.states={b}"]} for a, b in pairs]
    record = {"name": "s", "question": "?", "keys": ["market.start", "market.states"], "cells": cells}
    found = tuple((str(cell["name"]), row) for cell in cells for row in whole)
    yield sweep(Grid(folder, record | {"seeds": [7]}, found), say)


def demos(say):
    """ES without and with the crowd."""
    rows = [
        {"view": view, "product": name, "label": label, "level": 0.95}
        for view in ("absolute", "excess")
        for name, label in LABELS.items()
    ]
    table = pd.DataFrame(rows)
    both = {**around("without", [0.1] * 4, 0.01), **around("with", [0.2] * 4, 0.01)}
    yield sides(table.assign(**both), say)


def every(say: Say, folder, results):
    """All of them, by the study."""
    places = {name: folder / name for name in ("replay", "tune", "sweep")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    return {
        "adoption": [*adoptions(say)],
        "sensitivities": [*tornados(say)],
        "gauge": [*gauges(say)],
        "backtest": [*backtests(say)],
        "reverse": [*ways(say)],
        "liquidity": [*days_to_exit(say)],
        "minute": [*minutes(say)],
        "validate": [*validations(say)],
        "match": [*matches(say)],
        "replay": [*replays(say, places["replay"])],
        "tune": [*tunings(say, places["tune"])],
        "sweep": [*sweeps(say, places["sweep"], results)],
        "demo": [*demos(say)],
    }
