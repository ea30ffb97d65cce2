"""The label of pictures that a model drew: IPTC's DigitalSourceType in XMP, which platforms and laws look for.

The terms: https://cv.iptc.org/newscodes/digitalsourcetype/. What it is for, and what it is not: docs/labels.md.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Literal

from pipeline.png_chunks import chunks

KEYWORD = "XML:com.adobe.xmp"  # of a PNG's text chunk that holds XMP
SourceType = Literal["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"]
DRAWN: SourceType = "trainedAlgorithmicMedia"  # by a model alone
MIXED: SourceType = "compositeWithTrainedAlgorithmicMedia"  # by a model, with a creator's own picture before it
TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_LABEL = re.compile(rf'DigitalSourceType\s*(?:=\s*["\']|>)\s*{re.escape(TERMS)}(\w+)')


def xmp_of(source_type: SourceType) -> str:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Castbook"'
        f' Iptc4xmpExt:DigitalSourceType="{TERMS}{source_type}"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def source_type_in(xmp: str) -> str | None:
    """The term that anybody's XMP says. A stranger's XML is not parsed."""
    found = _LABEL.search(xmp)
    return found[1] if found else None


def labelled(png: bytes, requested_by: bytes) -> bytes:
    """A PNG that was kept before there were labels, with one: it has the text chunk `requested_by`, and no XMP."""
    texts = [png[chunk.start : chunk.end].partition(b"\0")[0] for chunk in chunks(png) if chunk.kind == b"iTXt"]
    if requested_by not in texts or KEYWORD.encode() in texts:
        return png
    header = next(chunk for chunk in chunks(png) if chunk.kind == b"IHDR").end + 4
    return png[:header] + _chunk(b"iTXt", KEYWORD.encode() + b"\0" * 5 + xmp_of(DRAWN).encode()) + png[header:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
