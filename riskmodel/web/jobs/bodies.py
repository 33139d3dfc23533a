"""The file in the body of a request, as a stream: a bare file, or the file field of a form."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from riskmodel.web.access.identity import LONGEST_NAME, is_clean
from riskmodel.web.problems import Problem

#: Bytes of a field that is no file, and how many fields there may be.
LONGEST_FIELD, MOST_FIELDS = 4096, 20
#: Media types of a body that is the file itself.
BARE = ("application/octet-stream", "application/vnd.apache.parquet", "text/csv")
FORM, FILE = "multipart/form-data", "file"


@dataclass
class Body:
    """A file as a stream, which can be read once; other members are set after the last piece.

    Attributes
    ----------
    fields : dict of str to str
        Other fields of the form.
    name : str
        What the sender calls the file: a label, never a path.
    """

    pieces: AsyncIterator[bytes]
    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""


def body_of(request: Request) -> Body:
    """Return the file in a request; a problem with status 415 for a body that is neither a file nor a form."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.decode("latin-1") in BARE:
        return Body(_pieces(request))
    boundary = options.get(b"boundary", b"")
    if kind.decode("latin-1") != FORM or not boundary:
        raise Problem(415, f"Send a file as {', '.join(BARE)}, or a form ({FORM}) with a field {FILE!r}.")
    body = Body(_pieces(request))
    body.pieces = _file_in_form(body.pieces, _Form(boundary, body))
    return body


def clean_name(text: str) -> str:
    """Return a file name as a label: the part after the last slash, without invisible characters."""
    last = text.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if is_clean(letter)).strip()[:LONGEST_NAME]


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise Problem(400, "The connection ended before the file did.") from error


async def _file_in_form(pieces: AsyncIterator[bytes], form: _Form) -> AsyncIterator[bytes]:
    async for piece in pieces:
        form.take(piece)
        while form.ready:
            yield form.ready.popleft()
    form.finish()


class _Form:
    """Parses a multipart form while it arrives."""

    def __init__(self, boundary: bytes, body: Body) -> None:
        self.ready: deque[bytes] = deque()
        self._body = body
        self._header, self._value = b"", b""
        self._disposition: dict[bytes, bytes] = {}
        self._field: bytes | None = None
        self._named = ""
        self._parts, self._found, self._whole = 0, False, False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._in_header,
                    "on_header_value": self._in_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._headers_done,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._all,
                },
            )
        except FormParserError as error:
            raise Problem(400, "The form cannot be read.") from error

    def take(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise Problem(400, "The form cannot be read.") from error

    def finish(self) -> None:
        if not self._whole:
            raise Problem(400, "The form is not whole.")
        if not self._found:
            raise Problem(422, f"The form has no file in a field {FILE!r}.")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise Problem(422, f"A form may have at most {MOST_FIELDS} fields here.")
        self._disposition, self._field = {}, None

    def _in_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _in_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = parse_options_header(self._value.decode("latin-1"))[1]
        self._header, self._value = b"", b""

    def _headers_done(self) -> None:
        name = self._disposition.get(b"name", b"").decode("utf-8", "replace")
        if name == FILE and not self._found:
            self._found = True
            self._body.name = clean_name(self._disposition.get(b"filename", b"").decode("utf-8", "replace"))
        else:
            self._field, self._named = b"", name

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self.ready.append(data[start:end])
            return
        self._field += data[start:end]
        if len(self._field) > LONGEST_FIELD:
            raise Problem(413, f"A field may have at most {LONGEST_FIELD} bytes here.")

    def _end(self) -> None:
        if self._field is not None:
            self._body.fields[self._named] = self._field.decode("utf-8", "replace")

    def _all(self) -> None:
        self._whole = True
