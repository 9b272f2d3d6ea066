"""A minimal Excel workbook for tests, written by hand: one XML part a sheet, cells inline."""

import zipfile
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DAYS = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<fonts count="1"><font/></fonts>'
    '<fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
    '</cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    """Sheets of rows of text, numbers and days."""
    names = list(sheets)
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    links = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006'
    with zipfile.ZipFile(path, "w") as book:
        kinds = [f'<Override PartName="/xl/workbook.xml" ContentType="{KINDS}.sheet.main+xml"/>']
        kinds.append(f'<Override PartName="/xl/styles.xml" ContentType="{KINDS}.styles+xml"/>')
        kinds += [
            f'<Override PartName="/xl/worksheets/s{k}.xml" ContentType="{KINDS}.worksheet+xml"/>'
            for k in range(len(names))
        ]
        default = '<Default Extension="rels" ContentType="'
        default += 'application/vnd.openxmlformats-package.relationships+xml"/>'
        book.writestr(
            "[Content_Types].xml", f'<Types {package}/content-types">{default}{"".join(kinds)}</Types>'
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships {package}/relationships"><Relationship Id="r" Type="{relation}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{n}" sheetId="{k + 1}" r:id="r{k}"/>' for k, n in enumerate(names))
        book.writestr("xl/workbook.xml", f"<workbook {main} {links}><sheets>{listed}</sheets></workbook>")
        targets = "".join(
            f'<Relationship Id="r{k}" Type="{relation}/worksheet" Target="worksheets/s{k}.xml"/>'
            for k in range(len(names))
        )
        targets += f'<Relationship Id="style" Type="{relation}/styles" Target="styles.xml"/>'
        book.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships {package}/relationships">{targets}</Relationships>'
        )
        book.writestr("xl/styles.xml", DAYS)
        for k, name in enumerate(names):
            rows = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in sheets[name])
            book.writestr(
                f"xl/worksheets/s{k}.xml", f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>"
            )
    return path


def cell(value: object) -> str:
    """A cell: a day as a spreadsheet counts it, a number, or text."""
    if isinstance(value, date):
        return f'<c s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
