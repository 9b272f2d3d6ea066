"""Index codes as data vendors spell them, and the bucket each one is."""

import re

from ..core.errors import InputError
from ..core.names import Names, home

MARKETS = {"sh", "sz", "csi", "wi", "xshg", "xshe"}
SHENZHEN = {"sz", "xshe"}
SPELLING = re.compile(r"(?:([a-z]{2,4})\.?)?(\d{6,7})(?:\.([a-z]{2,4}))?")


def allowed(names: Names) -> str:
    """How an index may be spelled: by its bucket, or by its code in the market file."""
    if names == home():
        spelled = "text such as 000300, 000300.SH, sh000300, sh.000300, 000300.XSHG"
    else:
        spelled = ", ".join(code for code, _ in names.codes) or "a code of six digits"
    return f"{spelled}, or a bucket: {', '.join(names.buckets)}"


def bucket(place: str, code: str, names: Names | None = None) -> str:
    """The bucket a code stands for, or the code itself for an index outside the ladder.

    `000300.SZ` is not the CSI 300: numbers repeat across exchanges, so a Shenzhen code keeps its suffix.
    Raises InputError for text that is no code, and for digits that have lost their leading zeros.
    """
    text = code.strip().lower()
    names = names or home()
    codes = {code.lower(): name for code, name in names.codes}
    if text in names.buckets or text in codes:
        return codes.get(text, text)
    if re.fullmatch(r"\d{1,5}(\.0)?", text):
        whole = text.removesuffix(".0").zfill(6)
        raise InputError(
            place, f"code {code!r} has lost its leading zeros", allowed(names), f"write it as text: {whole!r}"
        )
    match = SPELLING.fullmatch(text)
    markets = {part for part in match.group(1, 3) if part} if match else set()
    if not match or len(markets) > 1 or not markets <= MARKETS:
        raise InputError(place, f"code {code!r} is not an index code", allowed(names))
    if markets & SHENZHEN:
        return f"{match.group(2)}.SZ"
    return codes.get(match.group(2), match.group(2))
