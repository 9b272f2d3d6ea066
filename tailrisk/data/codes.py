"""Codes of indices, stocks and funds as data vendors spell them, and the bucket an index is."""

import re
import unicodedata
from typing import NamedTuple

from ..core.errors import InputError
from ..core.names import Names, home

EXCHANGES = {
    **dict.fromkeys(("sh", "ss", "sse", "xshg", "shse", "csi", "wi"), "SH"),
    **dict.fromkeys(("sz", "xshe", "szse"), "SZ"),
    **dict.fromkeys(("bj", "bse", "bjse"), "BJ"),
}
"""How exchanges are written -> which it is; indices of CSI and Wind belong to none and go with Shanghai."""
PUBLISHERS = {"csi", "wi"}
SPELLING = re.compile(r"(?:([a-z]{2,4})[.:]?)?([0-9hn]\d{5,6})(?:[.:]([a-z]{2,4}))?")
TWINS = {"399300": "000300", "399905": "000905", "399852": "000852"}
"""Shenzhen's number of an index -> Shanghai's."""
NAMES = {
    "000300": ("csi300", "hs300", "沪深300", "沪深300指数", "中证沪深300"),
    "000905": ("csi500", "zz500", "中证500", "中证500指数", "中证小盘500", "中证小盘500指数"),
    "000852": ("csi1000", "zz1000", "中证1000", "中证1000指数"),
    "932000": ("csi2000", "zz2000", "中证2000", "中证2000指数"),
    "8841431": ("微盘股", "微盘股指数", "万得微盘股", "万得微盘股指数", "万得微盘股日频等权指数"),
}
"""Code of an index -> what the index is called."""
KNOWN = {name: code for code, names in NAMES.items() for name in names}
BOARDS = {0: "SZ", 30: "SZ", 60: "SH", 68: "SH"}
"""First two digits of the A-shares of Shenzhen (00, ChiNext 30) and Shanghai (60, STAR 68)."""
KINDS = (
    (r"(43|83|87|88|92)\d{4}", "of Beijing"),
    (r"(15|16|18|50|51|52|53|56|58|59)\d{4}", "fund"),
    (r"(10|11|12|13|20[1-4]|09|01|02)\d{3,4}", "bond"),
    (r"(90|200)\d{3,4}", "B share"),
)
"""Codes that are no A-share of Shanghai or Shenzhen, by their first digits."""
CONTRACT = re.compile(r"(?:cffex\.)?(?:if|ic|im|ih)\d{4}(?:\.[a-z]+)?")
CASH = {
    "cash",
    "现金",
    "银行存款",
    "货币资金",
    "资金",
    "人民币",
    "cny",
    "活期存款",
    "备付金",
    "保证金",
    "存出保证金",
}
PRICE = re.compile(r"[\s:._-]*(收盘价|收盘点位|收盘指数|收盘|close)$")


class Code(NamedTuple):
    """A code taken apart."""

    digits: str  # six, or seven of Wind's
    exchange: str  # SH, SZ, BJ, or empty where none is written
    publisher: bool = False  # written as an index of CSI or Wind


def clean(text: str) -> str:
    """A code without the marks that keep a spreadsheet from eating its zeros: '000300, ="000300"."""
    bare = unicodedata.normalize("NFKC", str(text)).strip().lower()
    return bare.removeprefix("=").strip("'\"` ").removesuffix(".0")


def parted(text: str) -> Code | None:
    """The code, or None for what is none or names two exchanges."""
    match = SPELLING.fullmatch(clean(text))
    if match is None:
        return None
    written = {part for part in match.group(1, 3) if part}
    if not written <= set(EXCHANGES) or len({EXCHANGES[part] for part in written}) > 1:
        return None
    exchange = EXCHANGES[written.pop()] if written else ""
    return Code(match.group(2), exchange, bool(PUBLISHERS & {*match.group(1, 3)}))


def allowed(names: Names) -> str:
    """How an index may be spelled: by its bucket, by its code in the market file, or by its name."""
    if names == home():
        spelled = "text such as 000300, 000300.SH, sh000300, sh.000300, 000300.XSHG, SHSE.000300, 沪深300"
    else:
        spelled = ", ".join(code for code, _ in names.codes) or "a code of six digits"
    return f"{spelled}, or a bucket: {', '.join(names.buckets)}"


def bucket(place: str, code: str, names: Names | None = None) -> str:
    """The bucket of a market a code or a name stands for, or the code itself for an index outside the ladder.

    `000300.SZ` is not the CSI 300: numbers repeat across exchanges, so a Shenzhen code keeps its suffix;
    399300 is CSI 300's own number there. 300 is 000300, which no other index of the ladder could be.
    Raises InputError for text that is no code, and for digits that have lost their leading zeros otherwise.
    """
    names = names or home()
    codes = {clean(code): name for code, name in names.codes}
    text = PRICE.sub("", re.sub(r"\s+", "", clean(code)))
    if text in names.buckets or text in codes:
        return codes.get(text, text)
    if KNOWN.get(text) in codes:
        return codes[KNOWN[text]]
    if re.fullmatch(r"\d{1,5}", text):
        whole = text.zfill(6)
        if whole in codes:
            return codes[whole]
        raise InputError(
            place, f"code {code!r} has lost its leading zeros", allowed(names), f"write it as text: {whole!r}"
        )
    found = parted(text)
    if found is None:
        raise InputError(place, f"code {code!r} is not an index code", allowed(names))
    if found.digits in TWINS and found.exchange in ("", "SZ") and TWINS[found.digits] in codes:
        return codes[TWINS[found.digits]]
    if found.exchange in ("SZ", "BJ"):
        return f"{found.digits}.{found.exchange}"
    return codes.get(found.digits, found.digits.upper())


def named_in(stem: str, names: Names) -> str | None:
    """The bucket or code that a file's name holds: 000300_daily, 沪深300; None if none or several.

    Raises InputError for a code that is no index.
    """
    text = unicodedata.normalize("NFKC", stem).lower()
    codes = {clean(code) for code, _ in names.codes}
    spelled = [*(word for word in KNOWN if KNOWN[word] in codes), *names.buckets, *codes]
    met = [word for word in spelled if word in text and not re.search(re.escape(word) + r"\d", text)]
    met += re.findall(r"(?<!\d)(?:\d{7}|\d{6})(?!\d)", text)
    found = {bucket(stem, word, names) for word in met}
    inside = found & set(names.buckets) or found
    return inside.pop() if len(inside) == 1 else None


def stock(text: str) -> Code | None:
    """A code taken apart; a number has its leading zeros back."""
    bare = clean(text)
    return Code(bare.zfill(6), "") if bare.isdigit() and len(bare) < 6 else parted(bare)


def ticker(text: object) -> str:
    """The code of a stock where codes are names: as written, in capitals; empty where there is none."""
    bare = unicodedata.normalize("NFKC", "" if text is None or text != text else str(text)).strip()
    return bare.upper()


def a_share(code: Code) -> int:
    """The number of an A-share of Shanghai or Shenzhen, or -1."""
    if len(code.digits) != 6 or not code.digits.isdigit() or code.publisher:
        return -1
    board = BOARDS.get(int(code.digits[:2]))
    return int(code.digits) if board is not None and code.exchange in ("", board) else -1


def security(text: str) -> str:
    """What a line of a book is: stock, of Beijing, fund, bond, cash ...; empty for no code at all."""
    bare = clean(text)
    if bare in CASH:
        return "cash"
    if CONTRACT.fullmatch(bare):
        return "futures"
    if re.fullmatch(r"\d{5}\.?hk|hk\.?\d{5}", bare):
        return "of Hong Kong"
    code = stock(bare)
    if code is None:
        return ""
    if a_share(code) >= 0:
        return "stock"
    if code.exchange == "BJ":
        return "of Beijing"
    named = (name for digits, name in KINDS if re.fullmatch(digits, code.digits))
    return next(named, "no A-share")
