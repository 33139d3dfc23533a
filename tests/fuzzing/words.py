"""What is put in place of what stood there: words, bytes, names of members of archives."""

from __future__ import annotations

# Rows belong together; one word a line would be three pages.
# fmt: off
#: What may stand in place of a number or a text.
WORDS: tuple[str, ...] = (
    *("", " ", ".", "NA", "null", "None", "nan", "NaN", "inf", "-inf", "Infinity", "-", "--", "+", "x"),
    *("0", "-0", "1", "-1", "0.5", "2", "9", "50", "100", "101", "1e3", "1e400", "-1e400", "1e-400", "1e308"),
    *("9999", "20200", "2147483648", "-2147483649", "9223372036854775808", "9" * 40, "9" * 5000, "0" * 400),
    *("-99997", "-99999999", "1_000", "1.000,5", "1,5"),
    *("1.5.5", "0x10", "١٢", "²", "½", "12O00", "true", "True"),
    *("2020", "1899", "2050", "2020JJ00", "2020MM13", "2020MM01", "0000JJ00", "2020-02-30", "31-12-9999"),
    *("WK001400", "WK0014", "BU00140000", "GM0014", "GM9999"),
    *("NL00", "WK00140Ö", "wk001400", "WK001400\n", "1234"),
    *("=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\t=1"),
    *("＝1+1", "<script>alert(1)</script>", "&amp;", "%s%n"),
    *("{{7*7}}", "${jndi:ldap://x}", "' OR 1=1 --"),
    *("../../etc/passwd", "C:\\x", "a" * 300, "é" * 200, "\u202egnp.exe"),
    *("\x00", "\x07", "\x1b[2J", "\x7f", "\x85", "\u2028"),
    *("\ufeff", "\ud7ff", "\U0010ffff", "e\u0301", "\r", "\n", "\r\n"),
    *('"', "'", '""', '"\n', ";", ",", "\t", "|", ":", "#"),
    *("&a [*a,*a]", "!!python/object:os.system", "[", "{", "]]>"),
)
#: Bytes that mean something somewhere: ends, signatures, encodings, lengths.
BYTES: tuple[bytes, ...] = (
    *(b"\x00", b"\xff", b"\x00" * 64, b"\xff" * 64, b"\xef\xbb\xbf"),
    *(b"\xff\xfe", b"\xfe\xff", b"\xc3", b"\xed\xa0\x80"),
    *(b"\xf8\x88\x80\x80\x80", b"\x80", b"PK\x03\x04", b"PK\x05\x06"),
    *(b"PAR1", b"\xd0\xcf\x11\xe0", b"SQLite format 3\x00"),
    *(b"\x1f\x8b", b"%PDF-", b"<?xml version='1.0'?>"),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"\n", b"\r", b"\r\n", b'"', b"'"),
    *(b",", b";", b"\t", b"\x1a", b"-", b"9", b"\x7f\xff\xff\xff"),
    *(b"\x80\x00\x00\x00", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80"),
)
#: Names that a member of an archive should not have, and some that it may.
MEMBERS = (
    *("../../outside.csv", "/outside.csv", "C:\\outside.csv"),
    *("..\\outside.csv", "a/../../outside.csv", "~/outside.csv"),
    *("", ".", "CON", "a" * 300, "new\nline.csv", "\x1b[2J.csv"),
    *("é.csv", "folder/", "xl/workbook.xml", "xl/vbaProject.bin"),
    "Leefbaarometer-scores wijken 2002-2024.csv",
    *("Leefbaarometer-scores buurten 2002-2020.csv", "[Content_Types].xml"),
)
# fmt: on
