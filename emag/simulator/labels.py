"""Labels of AWBs: a small but real PDF, and the same words in ZPL."""

from __future__ import annotations

import base64

# Width and height in points.
FORMATS = {"A4": (595, 842), "A5": (420, 595), "A6": (298, 420)}


def pdf(barcodes: list[str], receiver: str, paper: str) -> bytes:
    """One page with the barcodes' numbers and the receiver."""
    width, height = FORMATS[paper]
    lines = [*barcodes[:40], receiver.encode("ascii", "replace").decode()]
    text = "".join(f"({_escaped(line)}) Tj 0 -16 Td " for line in lines)
    stream = f"BT /F1 11 Tf 24 {height - 40} Td {text}ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(body))
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def zpl(barcode: str, receiver: str) -> str:
    """One label: a Code 128 of the barcode and the receiver below it."""
    return (
        f"^XA^CI28^FO40,40^BY2^BCN,120,Y,N,N^FD{barcode}^FS^FO40,220^A0N,28,28^FD{receiver}^FS^XZ"
    )


def zpl_base64(barcode: str, receiver: str) -> str:
    return base64.b64encode(zpl(barcode, receiver).encode()).decode()
