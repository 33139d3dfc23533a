"""Fetch one address into one file: streamed, resumed, checked, moved to its path in one step.

A cut connection is continued with ``Range`` and ``If-Range`` where the publisher names the version of the file
(ETag or Last-Modified), in the same call or in a later one; :mod:`riskmodel.sources.download.cached` stores the
bytes in between. So attempts are counted here: urllib3 repeats a request as it was, and does not see a cut body.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from riskmodel.errors import InputError
from riskmodel.sources.download.cached import Part, is_complete
from riskmodel.sources.formats.files import first_bytes

#: Called with the name of the file, the bytes so far and all bytes (None when the publisher does not give them).
Progress = Callable[[str, int, int | None], object]
#: Checks a complete file before it is moved to its path; gets its path and address and raises InputError.
Check = Callable[[Path, str], object]

CHUNK = 1 << 16
#: No file of these publishers is nearly as large; an endless answer ends here.
LARGEST = 8 << 30
LARGEST_TEXT = 16 << 20
#: Longest pause between attempts, and longest Retry-After that is honoured, in seconds.
LONGEST_PAUSE, LONGEST_WAIT = 60.0, 600.0
TRANSIENT = frozenset({416, 429, 500, 502, 503, 504})
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
MOVED = "The publisher may have moved it; addresses stand in riskmodel/catalogue/download.toml."
AGAIN = "Run the same command again later: complete files are kept, and the rest is asked for."
OFFLINE = "Is there a network? Files that were downloaded elsewhere can be ingested as they are."


class _TransientError(Exception):
    """Raised on a failure that may go away: a cut connection, a busy server."""

    def __init__(self, found: str, expected: str, hint: str = AGAIN, wait: float | None = None) -> None:
        super().__init__(found)
        self.found, self.expected, self.hint, self.wait = found, expected, hint, wait


class _GaveUpError(InputError):
    """Raised when the last attempt failed in a way that may go away, so that the part stays for a later call."""


@dataclass(frozen=True)
class Fetcher:
    """How files are fetched.

    Attributes
    ----------
    session : requests.Session
        Proxies and certificates are those of the environment, as ``requests`` reads them.
    progress : callable or None
        See :data:`Progress`.
    sleep : callable
        Waits a number of seconds.
    attempts : int
        Requests a file before giving up.
    timeout : (float, float)
        Seconds to wait for a connection and for the next bytes.
    """

    session: requests.Session = field(default_factory=requests.Session)
    progress: Progress | None = None
    sleep: Callable[[float], object] = time.sleep
    attempts: int = 5
    timeout: tuple[float, float] = (10.0, 60.0)

    def fetch(
        self,
        url: str,
        path: Path,
        check: Check,
        *,
        length: int | None = None,
        compressed: bool = False,
        limit: int = LARGEST,
    ) -> Path:
        """Fetch an address into a file, unless the file is there already."""
        if is_complete(path):
            return path
        part = Part(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._pull_with_retries(url, part, compressed, limit)
            _check_whole(part.file, url, length)
            check(part.file, url)
            part.install({"url": url})
        except _GaveUpError:
            raise
        except InputError:
            part.discard()
            raise
        except OSError as error:
            raise InputError(path, error.strerror or str(error), "a folder with room to write into") from error
        return path

    def text(self, url: str) -> str:
        """Fetch a short text without storing it."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.fetch(url, Path(folder, "answer"), lambda *_: None, compressed=True, limit=LARGEST_TEXT)
            try:
                return path.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError as error:
                raise InputError(url, "bytes that are not UTF-8 text", "UTF-8 text") from error

    def _pull_with_retries(self, url: str, part: Part, compressed: bool, limit: int) -> None:
        attempt = 1
        while True:
            try:
                return self._pull(url, part, compressed, limit)
            except _TransientError as fault:
                if attempt >= self.attempts:
                    found = f"{fault.found}, at the last of {attempt} attempts"
                    raise _GaveUpError(url, found, fault.expected, fault.hint) from fault
                self.sleep(min(LONGEST_PAUSE, 2.0 ** (attempt - 1)) if fault.wait is None else fault.wait)
                attempt += 1

    def _pull(self, url: str, part: Part, compressed: bool, limit: int) -> None:
        """One request; its bytes are appended to those of an earlier one if they are of the same version."""
        start = part.resume(url)
        if part.whole:
            return
        # Lengths and ranges count the bytes of the file itself only when nothing is compressed on the way.
        headers = {} if compressed else {"Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": part.validator}
        answered = False
        try:
            with self.session.get(url, headers=headers, stream=True, timeout=self.timeout) as response:
                answered = True
                _refuse(url, response, part)
                if response.status_code == 206:
                    _check_continues(response, part, start)
                else:
                    part.begin(url, *_length_and_version(response))
                self._stream(url, response, part, limit)
        except requests.exceptions.SSLError as error:
            hint = "Ask who runs your network."
            raise InputError(url, "a certificate that cannot be checked", "a safe connection", hint) from error
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        ) as error:
            if not answered:
                raise _TransientError("no connection", "an answer of the publisher", OFFLINE) from error
            raise _cut(part) from error
        except requests.RequestException as error:
            raise InputError(url, f"no usable address ({type(error).__name__})", "a web address") from error
        finally:
            part.discard_without_version()

    def _stream(self, url: str, response: requests.Response, part: Part, limit: int) -> None:
        size = part.size()
        with part.file.open("ab") as file:
            for chunk in response.iter_content(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise InputError(url, f"more than {limit:,} bytes", "a file of this publisher")
                file.write(chunk)
                if self.progress is not None:
                    self.progress(part.path.name, size, part.total)
        if part.total is not None and size != part.total:
            raise _cut(part)
        part.whole = True


def _length_and_version(response: requests.Response) -> tuple[int | None, str]:
    headers = response.headers
    length = headers.get("Content-Length", "")
    if not length.isdigit() or headers.get("Content-Encoding", "identity") != "identity":
        return None, ""
    etag = headers.get("ETag", "")
    # A weak ETag promises the same meaning, not the same bytes.
    strong = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
    return int(length), strong


def _check_continues(response: requests.Response, part: Part, start: int) -> None:
    """Refuse an answer that does not continue the bytes so far."""
    found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not start or found is None or int(found[1]) != start or found[2] not in ("*", str(part.total)):
        part.discard()
        raise _TransientError("a part of the file that was not asked for", "the rest of the file")


def _cut(part: Part) -> _TransientError:
    of = "" if part.total is None else f" of {part.total:,}"
    return _TransientError(f"a connection cut after {part.size():,}{of} bytes", "the whole file")


def _refuse(url: str, response: requests.Response, part: Part) -> None:
    code = response.status_code
    if urlsplit(url).scheme == "https" and urlsplit(response.url).scheme != "https":
        raise InputError(url, f"a redirect to the unsafe {response.url}", "a safe connection")
    if code in TRANSIENT:
        if code == 416:
            part.discard()
        wait = _retry_after(response.headers.get("Retry-After", ""))
        if wait is not None and wait > LONGEST_WAIT:
            found = f"status {code} and the request to wait {wait:,.0f} seconds"
            raise _GaveUpError(url, found, "the file", "Run the same command again after that time.")
        raise _TransientError(f"status {code} ({response.reason})", "the file", wait=wait)
    if code in (404, 410):
        raise InputError(url, f"status {code}: nothing at this address", "the file", MOVED)
    if code not in (200, 206):
        raise InputError(url, f"status {code} ({response.reason})", "the file", MOVED)
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise _html(url)


def _check_whole(path: Path, url: str, length: int | None) -> None:
    head = first_bytes(path, 512).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise _html(url)
    size = path.stat().st_size
    if size == 0:
        raise InputError(url, "an empty answer", "the file")
    if length is not None and size != length:
        raise InputError(url, f"{size:,} bytes", f"{length:,}, as the publisher's list says", "Try again later.")


def _html(url: str) -> InputError:
    hint = f"It may be a notice of the publisher, or the log-in page of a network. {MOVED}"
    return InputError(url, "a web page (HTML)", "data", hint)


def _retry_after(text: str) -> float | None:
    """Seconds to wait according to a Retry-After header, a number or a date; None for neither."""
    try:
        return Retry().parse_retry_after(text)
    except InvalidHeader:
        return None
