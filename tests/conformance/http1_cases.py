"""What http1.py sends, in tables by subject. A text stands for octets: the characters U+0000 to U+00FF."""
import dataclasses

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
LINE_ENDS = "\r\n"
CONTROLS = [chr(o) for o in (*range(0x20), 0x7F) if chr(o) not in LINE_ENDS]
OCTETS = [chr(o) for o in range(256) if chr(o) not in LINE_ENDS]
NO_BODY = "0\r\n\r\n"
ABC_CHUNK = "3\r\nabc\r\n0\r\n\r\n"


@dataclasses.dataclass
class case:
    name: str
    section: str  # of an RFC
    octets: bytes
    end: str  # "goes on", "closes" or "refused"
    status: int = 200  # of the last answer; those before are 200
    requests: list = ()  # method and target of each that is answered; without them octets are one request
    body: str = ""  # as the last answer echoes it
    fields: dict = dataclasses.field(default_factory=dict)  # that it echoes; None for those that it must not
    says: str = ""  # a Connection option of the last answer
    interim: tuple = (0,)  # how many 100 may come before the last answer
    then: str = ""  # sent after the 100 has come
    half_close: bool = False  # the client sends nothing more, and no marker
    group: str = ""

    def __post_init__(self):
        if not self.requests:
            words = self.octets.decode("latin-1").lstrip(LINE_ENDS).split(" ", 2)
            self.requests = [(words[0], words[1] if len(words) > 1 else "")]


def request(line, *fields, body="", host="Host: h"):
    return "\r\n".join([line, *([host] if host is not None else []), *fields, "", body])


def get(*fields, **more):
    return request("GET /x HTTP/1.1", *fields, **more)


def post(*fields, **more):
    return request("POST /x HTTP/1.1", *fields, **more)


def chunked(body, *fields):
    return post("Transfer-Encoding: chunked", *fields, body=body)


def accepted(name, section, octets, **more):
    return case(name, section, octets.encode("latin-1"), "goes on", **more)


def closing(name, section, octets, **more):
    return case(name, section, octets.encode("latin-1"), "closes", **more)


def refused(name, section, octets, status=400, **more):
    return case(name, section, octets.encode("latin-1"), "refused", status, **more)


def request_lines():
    for method in (
        "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND", "M-SEARCH", "QUERY", "get", "gEt", "B", "A" * 64, TOKEN[:20],
    ):
        yield accepted(f"method {method}", "9110 9.1", request(f"{method} /x HTTP/1.1"))
    for o in OCTETS:
        if o not in TOKEN + " ":
            yield refused(f"octet {ord(o):02x} in the method", "9110 5.6.2", request(f"GE{o}T /x HTTP/1.1"))
    for name, line in (
        ("a space in front", " GET /x HTTP/1.1"), ("a tab in front", "\tGET /x HTTP/1.1"), ("NUL in front", "\0GET /x HTTP/1.1"),
        ("a byte order mark in front", "\xef\xbb\xbfGET /x HTTP/1.1"), ("no method", " /x HTTP/1.1"), ("no target", "GET HTTP/1.1"),
        ("an empty target", "GET  HTTP/1.1"), ("only a method", "GET"), ("a method and a space", "GET "), ("no version", "GET /x"),
        ("a space for a version", "GET /x "), ("two spaces before the target", "GET  /x HTTP/1.1"), ("two spaces behind the target", "GET /x  HTTP/1.1"),
        ("a space at the end", "GET /x HTTP/1.1 "), ("a tab before the target", "GET\t/x HTTP/1.1"), ("a tab behind the target", "GET /x\tHTTP/1.1"),
        ("a tab at the end", "GET /x HTTP/1.1\t"), ("VT for a space", "GET\v/x HTTP/1.1"), ("FF for a space", "GET /x\fHTTP/1.1"),
        ("CR for a space", "GET\r/x HTTP/1.1"), ("CR before the version", "GET /x\rHTTP/1.1"), ("CR at the end", "GET /x HTTP/1.1\r"),
        ("a hard space", "GET\xa0/x HTTP/1.1"), ("a colon behind the method", "GET: /x HTTP/1.1"), ("four words", "GET /a b HTTP/1.1"),
        ("more behind the version", "GET /x HTTP/1.1 x"), ("the other way round", "HTTP/1.1 GET /x"), ("a status line", "HTTP/1.1 200 OK"),
    ):
        yield refused(name, "9112 3", request(line))
    yield accepted("an empty line in front", "9112 2.2", "\r\n" + get())
    yield accepted("an empty line behind a body", "9112 2.2", post("Content-Length: 3", body="abc\r\n"), body="abc")
    for name, octets in (
        ("two empty lines in front", "\r\n\r\n" + get()), ("LF in front", "\n" + get()), ("CR in front", "\r" + get()),
        ("LF ends the request line", "GET /x HTTP/1.1\nHost: h\r\n\r\n"), ("LF ends all lines", "GET /x HTTP/1.1\nHost: h\n\n"),
        ("LF ends the head", "GET /x HTTP/1.1\r\nHost: h\r\n\n"), ("LF CR ends lines", "GET /x HTTP/1.1\n\rHost: h\n\r\n\r"),
        ("CR CR LF ends a field", "GET /x HTTP/1.1\r\nHost: h\r\r\n\r\n"), ("CR CR LF ends the head", "GET /x HTTP/1.1\r\nHost: h\r\n\r\r\n"),
        ("CR ends all lines", "GET /x HTTP/1.1\rHost: h\r\r"),
    ):
        yield refused(name, "9112 2.2", octets)
    for name, octets in (
        ("TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + "".join(map(chr, range(60)))), ("SSH", "SSH-2.0-OpenSSH_9.2\r\n"), ("SMTP", "EHLO x\r\n"),
        ("Redis", "*1\r\n$4\r\nPING\r\n"), ("PROXY 1", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get()),
        ("PROXY 2", "\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c" + "\0" * 12),
    ):
        yield refused(f"the first octets of {name}", "9112 3", octets, requests=[("GET", "")])


def targets():
    for o in OCTETS:
        octets = request(f"GET /a{o}b HTTP/1.1")
        # What many clients send unescaped is passed on as it is; what is an end or a quotation elsewhere is not.
        if "!" <= o <= "~" and o not in '"#<>':
            yield accepted(f"octet {ord(o):02x}", "3986 3.3", octets)
        elif o != " ":
            yield refused(f"octet {ord(o):02x}", "9112 3.2", octets)
    for o in CONTROLS + list(' "#<>\x80\xff'):
        yield refused(f"octet {ord(o):02x} in a long target", "9112 3.2", request(f"GET /{'a' * 37}{o}{'b' * 40} HTTP/1.1"))
        yield refused(f"octet {ord(o):02x} in a query", "9112 3.2", request(f"GET /?{'a' * 18}{o}{'b' * 20} HTTP/1.1"))
    for target in (
        "/%", "/%4", "/%zz", "/a%00b", "/%0d%0aX:%20y", "/%2e%2e/", "/../..", "/.", "//", "///", "//h/x", "/?", "/??", "/?a=b?c", "/a;b=c", "/a%20b",
        "/a%C3%A9", "/%ff", "/?q=%", "/?q='", "/?q={}|\\^`", "/http://h/x",
    ):
        yield accepted(f"path {target}", "9112 3.2.1", request(f"GET {target} HTTP/1.1"))
    for target in (
        "http://h/x", "HTTP://h/x", "https://h/x", "http://h", "http://h?x", "http://h:80/x", "http://h:/x", "http://[::1]:80/x", "http://other/x",
        "http://h/?a=http://b", "http://h/%",
    ):
        yield accepted(f"absolute {target}", "9112 3.2.2", request(f"GET {target} HTTP/1.1"))
    for target in (
        "http:///x", "http://", "http:/x", "http:x", "http//h/", "://h", "ftp://h/x", "http://u@h/x", "http://u:p@h/x", "http://h:x/", "http://h:80:80/",
        "http://:80/", "http://[::1/", "http://[::1]x/", "http://h#f", "http://h\\x", "http://h h/", "urn:x:y", "javascript:alert(1)",
    ):
        yield refused(f"absolute {target}", "9112 3.2.2", request(f"GET {target} HTTP/1.1"))
    for target in ("h:80", "h.example:443", "[::1]:443", "1.2.3.4:1"):
        yield closing(f"authority {target}", "9112 3.2.3", request(f"CONNECT {target} HTTP/1.1"), says="close")
    for target in ("h", "/", "/x", "*", "http://h/", "h:", "h:x", "h:80/x", "u@h:80", ":80", "[::1]", "h:80?x"):
        yield refused(f"authority {target}", "9112 3.2.3", request(f"CONNECT {target} HTTP/1.1"))
    yield accepted("asterisk of OPTIONS", "9112 3.2.4", request("OPTIONS * HTTP/1.1"))
    yield accepted("OPTIONS of a server, absolute", "9112 3.2.4", request("OPTIONS http://h HTTP/1.1"))
    for method, target in (
        ("GET", "*"), ("HEAD", "*"), ("POST", "*"), ("OPTIONS", "**"), ("OPTIONS", "*x"), ("OPTIONS", "/ *"), ("GET", "h:80"), ("GET", "h/x"), ("GET", "x"),
        ("GET", "../x"), ("GET", "?"), ("GET", "\\x"), ("GET", "%2f"),
    ):
        yield refused(f"no form: {method} {target}", "9112 3.2", request(f"{method} {target} HTTP/1.1"))


def versions():
    for version in ("HTTP/1.2", "HTTP/1.9", "HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"):
        yield refused(version, "9110 15.6.6", request(f"GET /x {version}"), 505)
    yield refused("the preface of HTTP/2", "9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
    yield refused("PRI in HTTP/1.1", "9113 3.4", request("PRI * HTTP/1.1"))
    for version in (
        "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1.10", "HTTP/11.1", "HTTP/01.1", "HTTP/1.01", "HTTP/1.1.1", "HTTP/ 1.1", "HTTP 1.1", "HTTP/1 .1", "HTTP/1,1",
        "HTTP/1.1x", "HTTP/+1.1", "HTTP/-1.1", "HTTP/a.b", "HTTP/1.a", "HTTP/0x1.1", "HTTP\\1.1", "http/1.1", "Http/1.1", "HTTPS/1.1", "XTTP/1.1", "HTT/1.1",
        "ICE/1.0", "RTSP/1.0", "SIP/2.0", "/1.1", "1.1", "HTTP/\x001.1", "HTTP/1.1\0", "HTTP/1.1\x01", "HTTP/\xef\xbc\x911.1", "HTTP/1.\xb9",
    ):
        yield refused(ascii(version), "9112 2.3", request(f"GET /x {version}"))
    yield refused("a request of HTTP/0.9", "9112 3", "GET /x\r\n\r\n")
    yield refused("a request of HTTP/0.9 with LF", "9112 3", "GET /x\n")


def hosts():
    for name, octets in (
        ("none", get(host=None)), ("none, absolute target", request("GET http://h/x HTTP/1.1", host=None)), ("two", get("Host: h")),
        ("two, another case", get("HOST: h")), ("two that differ", get("Host: i")), ("two, one empty", get("Host:")),
        ("two of HTTP/1.0", request("GET /x HTTP/1.0", "Host: h")), ("of another name", get(host="X-Host: h")),
        ("two, absolute target", request("GET http://h/x HTTP/1.1", "Host: h")), ("space before the colon", get(host="Host : h")),
    ):
        yield refused(name, "9112 3.2", octets)
    yield accepted("empty", "9112 3.2", get(host="Host:"), fields={"host": ""})
    yield accepted("only spaces", "9112 3.2", get(host="Host:   "), fields={"host": ""})
    yield accepted("no space", "9112 5.1", get(host="Host:h"), fields={"host": "h"})
    yield accepted("another case", "9110 5.1", get(host="hOsT: h"), fields={"host": "h"})
    yield accepted("not the first field", "9112 3.2", get("Host: h", host="A: b"), fields={"host": "h"})
    yield closing("none in HTTP/1.0", "9112 3.2", request("GET /x HTTP/1.0", host=None), says="close")
    for value in (
        "h:80", "h:", "h:0", "h:99999", "h:00080", "H.Example", "a_b", "a.b.", "1.2.3.4", "256.1.1.1", "[::1]", "[::1]:80", "[v1.x]", "[::ffff:1.2.3.4]",
        "a%20b", "xn--a", "-a", "a~b", "a!b", "$", "a;b", "a=b", "h,h", "[::1]\t ",
    ):
        yield accepted(f"value {value!a}", "3986 3.2.2", get(host=f"Host: {value}"), fields={"host": value.strip()})
    for value in (
        "h h", "h/", "/h", "http://h", "h?x", "h#x", "u@h", "h@", "@h", "h:x", "h:-1", "h:+1", "h:80:80", "h: 80", "[::1", "::1]", "::1", "[]", "[::1]x",
        "[::1]:x", "[1.2.3.4]", "[:::]", "[g::]", "[::1%25]", "[1:2:3:4:5:6:7:8:9]", "h\0", "h\tb", "h\v", '"h"', "<h>", "h\\", "h|h", "h^", "h`", "{h}",
        "h\xff", "h\x7f", "h%", "h%zz", "h%2", "h\r\n x",
    ):
        yield refused(f"value {value!a}", "9112 3.2", get(host=f"Host: {value}"))


def fields():
    for o in OCTETS:
        if o in TOKEN:
            yield accepted(f"octet {ord(o):02x} in a name", "9110 5.1", get(f"A{o}B: c"), fields={f"a{o}b".lower(): "c"})
        elif o != ":":
            yield refused(f"octet {ord(o):02x} in a name", "9110 5.1", get(f"A{o}B: c"))
    for o in OCTETS:
        if o in CONTROLS and o != "\t":
            yield refused(f"octet {ord(o):02x} in a value", "9110 5.5", get(f"A: b{o}c"))
        else:
            yield accepted(f"octet {ord(o):02x} in a value", "9110 5.5", get(f"A: b{o}c"), fields={"a": f"b{o}c"})
    for line in (
        "A", "A ", ":", ": x", " : x", "A : b", "A\t: b", "A B: c", " A: b", "\tA: b", "\v: b", "A\r: b", "A\n: b", "A/B: c", '"A": b', "GET / HTTP/1.1",
        "A: b\rc", "A: b\nc", "A: b\r\r", "\rA: b", "A: b\x7f", "A: \x1b[0m",
    ):
        yield refused(f"line {line!a}", "9112 5", get(line))
    for line in ("A: b\r\n c", "A: b\r\n\tc", "A: b\r\n ", "A:\r\n b", "A: b\r\n\r c", "A: b\n c"):
        yield refused(f"folded line {line!a}", "9112 5.2", get(line))
    yield refused("a space before the first field", "9112 2.2", get(host=" Host: h\r\nHost: h"))
    for value in (
        "b", " b", "\tb", " \t b \t ", "b c", "b\tc", "", "   ", '"b"', ":", "::", "b:c", ",", "a,,b", '"a\\"b"', "b;c=d", "\xe9\xff",
    ):
        yield accepted(f"value {value!a}", "9112 5.1", get(f"A:{value}"), fields={"a": value.strip()})
    yield accepted("repeated fields keep their order", "9110 5.3", get("A: b", "B: x", "a: c"), fields={"a": "b, c", "b": "x"})
    for size in (1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200):  # around the widths of vectors
        yield accepted(f"a name of {size}", "9110 5.1", get("A" * size + ": b"), fields={"a" * size: "b"})
        yield accepted(f"a value of {size}", "9110 5.5", get("A: " + "b" * size), fields={"a": "b" * size})
        yield refused(f"NUL behind a value of {size}", "9110 5.5", get("A: " + "b" * size + "\0"))


def content_lengths():
    for value in ("3", "03", "0000000003", " 3 ", "\t3\t", "0" * 100 + "3"):
        yield accepted(f"value {value[-12:]!a} of {len(value)}", "9110 8.6", post(f"Content-Length:{value}", body="abc"), body="abc")
    for value in (
        "", "+3", "-3", "-0", "+0", "0x3", "0x", "3,3", "3, 3", "3,4", "3 ,", "0,", ",3", "3;", "3 3", "1 0", "3_0", "3a", "03a", "a", "1e1", "3.0", "3.",
        ".3", "NaN", "\x003", "3\0", "3\v", "3\f", '"3"', "'3'", "\xb3", "3\xb2", "\xd9\xa3", "\xef\xbc\x93", "9223372036854775807", "9223372036854775808",
        "18446744073709551616", "18446744073709551619", "9" * 23, "9" * 400, "3\r\n 0",
    ):
        yield refused(f"value {value[:24]!a}", "9112 6.3", post(f"Content-Length: {value}", body="abc"))
    yield accepted("none", "9112 6.3", post())
    yield accepted("0", "9112 6.3", post("Content-Length: 0"))
    for other in ("X-Content-Length: 3", "Content_Length: 3", "Content-Lengt: 3", "Content-Length-: 3"):
        yield accepted(f"is not {other}", "9110 5.1", post(other))
    for name, lines in (
        ("two", ["Content-Length: 3", "Content-Length: 3"]), ("two that differ", ["Content-Length: 3", "Content-Length: 0"]),
        ("two apart", ["Content-Length: 3", "A: b", "content-length: 3"]), ("one empty", ["Content-Length:", "Content-Length: 3"]),
        ("space before the colon", ["Content-Length : 3"]), ("folded", ["Content-Length:\r\n 3"]), ("space in front", [" Content-Length: 3"]),
        ("behind a bare LF", ["A: b\nContent-Length: 3"]), ("behind a bare CR", ["A: b\rContent-Length: 3"]),
    ):
        yield refused(name, "9112 6.3", post(*lines, body="abc"))
    for method in ("GET", "DELETE", "OPTIONS", "HEAD", "TRACE", "PUT", "QUERY"):
        octets = request(f"{method} /x HTTP/1.1", "Content-Length: 3", body="abc")
        yield accepted(f"body of {method}", "9110 9.3", octets, body="abc")


def transfer_encodings():
    for value in ("chunked", " Chunked", " CHUNKED", " chunked ", "\tchunked\t"):
        yield accepted(f"value {value!a}", "9112 7", post(f"Transfer-Encoding:{value}", body=ABC_CHUNK), body="abc")
    for value in ("gzip, chunked", "identity, chunked", "compress, chunked", "x, chunked"):
        yield refused(f"value {value!a}", "9112 6.1", post(f"Transfer-Encoding: {value}", body=NO_BODY), 501)
    for value in (
        "", "identity", "gzip", "x", "chunke", "chunkedd", "xchunked", "x chunked", "chunked x", "chunked;a=b", "chunked; q=1", '"chunked"', "'chunked'",
        "chunked, chunked", "chunked, gzip", "chunked, identity", "chunked,", ",chunked", ", chunked", "chunked, ,", "chunked;", "chunked\0", "\0chunked",
        "\vchunked", "chunked\v", "\fchunked", "chunked\x7f", "\x85chunked", "\xa0chunked", "chunked\xa0", "ch\xfcnked", "chu\r\n nked", "\r\n chunked",
        "chunked\r\n , identity",
    ):
        yield refused(f"value {value!a}", "9112 6.1", post(f"Transfer-Encoding: {value}", body=NO_BODY))
    for line in (
        "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", "Transfer-Encoding\v: chunked", "Transfer\0-Encoding: chunked",
        "\xefTransfer-Encoding: chunked", " Transfer-Encoding: chunked", ":Transfer-Encoding: chunked", "Transfer-Encoding\r\n: chunked",
        "A: b\r\n Transfer-Encoding: chunked", "A: b\nTransfer-Encoding: chunked", "A: b\rTransfer-Encoding: chunked", "Transfer-Encoding: chunked\nA: b",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding:", "Transfer-Encoding:\r\nTransfer-Encoding: chunked, chunked",
    ):
        yield refused(f"line {line!a}", "9112 6.1", post(line, body=NO_BODY))
        yield refused(f"line {line!a} with a length", "9112 6.1", post(line, "Content-Length: 5", body=NO_BODY))
    for line in (
        "Transfer_Encoding: chunked", "X-Transfer-Encoding: chunked", "Transfer-Encodin: chunked", "Transfer-Encoding-: chunked", "TE: chunked",
        "Content-Encoding: chunked",
    ):
        yield accepted(f"is not {line}", "9110 5.1", post(line, "Content-Length: 3", body="abc"), body="abc")
    for name, lines in (
        ("behind a length", ["Content-Length: 6", "Transfer-Encoding: chunked"]), ("before a length", ["Transfer-Encoding: chunked", "Content-Length: 4"]),
        ("with a length of 0", ["Transfer-Encoding: chunked", "Content-Length: 0"]),
        ("with the right length", ["Transfer-Encoding: chunked", "Content-Length: 5"]),
        ("identity with a length", ["Transfer-Encoding: identity", "Content-Length: 5"]),
        ("with an empty length", ["Transfer-Encoding: chunked", "Content-Length:"]),
    ):
        yield refused(name, "9112 6.1", post(*lines, body=NO_BODY + "G"))
    for line in ("Connection: close", "Connection: keep-alive"):
        octets = request("POST /x HTTP/1.0", line, "Transfer-Encoding: chunked", body=NO_BODY)
        yield refused(f"in HTTP/1.0, {line}", "9112 6.1", octets)
    for method in ("GET", "DELETE", "HEAD"):
        octets = request(f"{method} /x HTTP/1.1", "Transfer-Encoding: chunked", body=ABC_CHUNK)
        yield accepted(f"body of {method}", "9110 9.3", octets, body="abc")


def chunks():
    for name, body, data in (
        ("one", ABC_CHUNK, "abc"), ("two", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"), ("none", NO_BODY, ""),
        ("upper case", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("lower case", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("zeros in front", "0003\r\nabc\r\n000\r\n\r\n", "abc"), ("line ends as data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
        ("a last chunk as data", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", NO_BODY),
    ):
        yield accepted(name, "9112 7.1", chunked(body), body=data)
    letters = "".join(chr(97 + i % 26) for i in range(3000))
    yield accepted("3000 of one octet", "9112 7.1", chunked("".join(f"1\r\n{c}\r\n" for c in letters) + NO_BODY), body=letters)
    for extension in (";a", ";a=b", ';a="b;\\"c"', ";a;b=c", " ;a", "; a", ";a =b", ";a= b", ";a=b ;c", '\t;\ta\t=\t""', ';a="\x80"'):
        yield accepted(f"extension {extension!a}", "9112 7.1.1", chunked(f"3{extension}\r\nabc\r\n0{extension}\r\n\r\n"), body="abc")
    for extension in (
        ";", ";a=", ";;a", ";a@b", ";\xff", ';a="b', ';a="b"c', ';"a"', ";=b", ";a\0", ";a\rb", ";a\n", ';a="\r\nabc"', ';a="\n"', ';a="\\\r"',
    ):
        yield refused(f"extension {extension!a}", "9112 7.1.1", chunked(f"3{extension}\r\nabc\r\n0\r\n\r\n"))
        yield refused(f"extension {extension!a} of the last one", "9112 7.1.1", chunked(f"3\r\nabc\r\n0{extension}\r\n\r\n"))
    for o in OCTETS:
        if o not in "0123456789abcdefABCDEF;":
            yield refused(f"octet {ord(o):02x} behind the size", "9112 7.1", chunked(f"3{o}\r\nabc\r\n0\r\n\r\n"))
    for size in (
        "", "-3", "+3", "0x3", "x3", " 3", "\t3", "3h", "1_0", "3.0", "3,", "\xef\xbc\x93", "1" + "0" * 16, "1" + "0" * 15 + "3", "f" * 16, "f" * 17,
        "8" + "0" * 15, "20000000000000", "1" + "0" * 19 + "3", "0" * 31 + "3",
    ):
        yield refused(f"size {size!a}", "9112 7.1", chunked(f"{size}\r\nabc\r\n0\r\n\r\n"))
    for name, body in (
        ("LF behind the size", "3\nabc\r\n0\r\n\r\n"), ("CR behind the size", "3\rabc\r\n0\r\n\r\n"),
        ("CR CR LF behind the size", "3\r\r\nabc\r\n0\r\n\r\n"), ("too much data", "3\r\nabcd\r\n0\r\n\r\n"), ("too little data", "5\r\nabc\r\n0\r\n\r\n"),
        ("no line end behind data", "3\r\nabc0\r\n\r\n"), ("LF behind data", "3\r\nabc\n0\r\n\r\n"), ("CR behind data", "3\r\nabc\r0\r\n\r\n"),
        ("LF behind the last size", "3\r\nabc\r\n0\n\r\n"), ("LF at the end", "3\r\nabc\r\n0\r\n\n"), ("CR at the end", "0\r\n\rX"),
        ("an empty line between", "3\r\nabc\r\n\r\n0\r\n\r\n"),
    ):
        yield refused(name, "9112 7.1", chunked(body))


def trailers():
    for line in ("X: y", "X:", "X: y\r\nZ: w", "X:\ty\t", "X: \xe9"):
        yield accepted(f"line {line!a}", "9112 7.1.2", chunked(f"3\r\nabc\r\n0\r\n{line}\r\n\r\n"), body="abc", fields={"x": None})
    for name in (
        "Authorization", "Cookie", "Set-Cookie", "Content-Type", "Content-Encoding", "Content-Range", "Expect", "Connection", "Upgrade", "Trailer", "TE",
        "Cache-Control", "Max-Forwards", "Age",
    ):
        yield accepted(f"{name} is not merged", "9110 6.5.1", chunked(f"0\r\n{name}: zz\r\n\r\n"), fields={name.lower(): None})
    for line in (
        "X", "X : y", "X\t: y", " X: y", ": y", "X: y\r\n z", "X: y\n", "X: y\rz", "X: \0", "X: \x7f", "X\xff: y", "Content-Length: 5", "content-length: 0",
        "Transfer-Encoding: chunked", "Host: x", "GET /hidden HTTP/1.1\r\nHost: x",
    ):
        yield refused(f"line {line!a}", "9112 7.1.2", chunked(f"0\r\n{line}\r\n\r\n"))


def expectations():
    section = "9110 10.1.1"
    length = "Content-Length: 3"
    for name, octets, body in (
        ("the body waits", post("Expect: 100-continue", length), "abc"), ("another case", post("expect: 100-CONTINUE", length), "abc"),
        ("chunks wait", post("Expect: 100-continue", "Transfer-Encoding: chunked"), ABC_CHUNK),
        ("twice", post("Expect: 100-continue", "Expect: 100-continue", length), "abc"),
        ("the body of HEAD waits", request("HEAD /x HTTP/1.1", "Expect: 100-continue", length), "abc"),
        ("with Upgrade", post("Connection: Upgrade", "Upgrade: x", "Expect: 100-continue", length), "abc"),
    ):
        yield accepted(name, section, octets, then=body, body="abc")
    yield accepted("the body is there", section, post("Expect: 100-continue", length, body="abc"), body="abc", interim=(0, 1))
    yield accepted("empty", section, post("Expect:", length, body="abc"), body="abc")
    yield accepted("no body", section, get("Expect: 100-continue"))
    yield accepted("a length of 0", section, post("Expect: 100-continue", "Content-Length: 0"))
    octets = request("POST /x HTTP/1.0", "Expect: 100-continue", length, body="abc")
    yield closing("of HTTP/1.0", section, octets, body="abc", says="close")
    for value in ("100-continued", "100", "x", "100-continue;a=b", "100-continue, x", '"100-continue"', "200-ok"):
        yield refused(f"value {value!a}", section, post(f"Expect: {value}", length, body="abc"), 417)
    yield refused("a body that is too large", section, post("Expect: 100-continue", "Content-Length: 99999999999"), 413)
    yield refused("a length that is none", section, post("Expect: 100-continue", "Content-Length: x"))


def connections():
    for value in (
        "close", "Close", "CLOSE", "foo, close", "close, foo", " close ", ",close", "close,", "keep-alive, close", "close, keep-alive",
        "foo\r\nConnection: close", "close\r\nConnection: keep-alive",
    ):
        yield closing(f"value {value!a}", "9112 9.6", get(f"Connection: {value}"), says="close")
    for value in (
        "keep-alive", "Keep-Alive", "foo", "", "TE", "closed", "xclose", '"close"', "close;x", "close x", "upgrade", "Host", "Content-Length", ",", ",,",
    ):
        yield accepted(f"value {value!a}", "9112 9.3", get(f"Connection: {value}"))
    yield accepted("Proxy-Connection is nothing", "9112 C.2.2", get("Proxy-Connection: close"))
    for method in ("GET", "HEAD", "POST"):
        yield closing(f"HTTP/1.0 {method}", "9112 9.3", request(f"{method} /x HTTP/1.0"), says="close")
    octets = request("POST /x HTTP/1.0", "Content-Length: 3", body="abc")
    yield closing("HTTP/1.0 with a body", "9112 9.3", octets, body="abc", says="close")
    for line in ("Connection: keep-alive, close", "Connection: foo", "Keep-Alive: 300", "Proxy-Connection: keep-alive"):
        yield closing(f"HTTP/1.0, {line}", "9112 9.3", request("GET /x HTTP/1.0", line), says="close")
    for value in ("keep-alive", "Keep-Alive", "KEEP-ALIVE", "foo, keep-alive"):
        octets = request("POST /x HTTP/1.0", f"Connection: {value}", "Content-Length: 3", body="abc")
        yield accepted(f"HTTP/1.0, {value}", "9112 C.2.2", octets, body="abc", says="keep-alive")
    for value in ("h2c", "websocket", "foo/2", "TLS/1.0", "h2c, foo", "", "HTTP/2.0"):
        yield accepted(f"Upgrade: {value}", "9110 7.8", get("Connection: Upgrade", f"Upgrade: {value}"))
    octets = post("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3", body="abc")
    yield accepted("Upgrade with a body", "9110 7.8", octets, body="abc")
    yield accepted("Upgrade without Connection", "9110 7.8", get("Upgrade: h2c"))


def pipelines():
    section = "9112 9.3.2"
    for count in (2, 10, 1000):
        line = [request(f"GET /{i} HTTP/1.1") for i in range(count)]
        yield accepted(f"{count} requests", section, "".join(line), requests=[("GET", f"/{i}") for i in range(count)])
    octets = get() + request("HEAD /y HTTP/1.1") + request("GET /z HTTP/1.1") + request("POST /p HTTP/1.1", "Content-Length: 3", body="abc")
    yield accepted("several methods", section, octets, requests=[("GET", "/x"), ("HEAD", "/y"), ("GET", "/z"), ("POST", "/p")], body="abc")
    octets = get() * 5 + chunked("4e20\r\n" + "q" * 20000 + "\r\n" + NO_BODY)
    yield accepted("a large body behind others", section, octets, requests=[("GET", "/x")] * 5 + [("POST", "/x")], body="q" * 20000)
    octets = get() + get("Connection: close") + request("GET /hidden HTTP/1.1")
    yield closing("one closes", "9112 9.6", octets, requests=[("GET", "/x")] * 2, says="close")
    octets = get() + request("GET /x HTTP/1.0") + request("GET /hidden HTTP/1.1")
    yield closing("one is HTTP/1.0", "9112 9.3", octets, requests=[("GET", "/x")] * 2, says="close")
    for name, octets in (
        ("an unknown line", "GARBAGE\r\n\r\n"), ("no Host", get(host=None)), ("a malformed field", get("A : b")), ("LF", "GET /x HTTP/1.1\nHost: h\n\n"),
        ("a malformed length", post("Content-Length: x")), ("two framings", chunked(ABC_CHUNK, "Content-Length: 3")),
        ("a malformed chunk", chunked("zz\r\n")), ("two empty lines", "\r\n\r\n" + get()),
    ):
        octets = get() * 3 + octets + request("GET /hidden HTTP/1.1")
        yield refused(f"the fourth: {name}", section, octets, requests=[("GET", "/x")] * 4)
    octets = request("HEAD /x HTTP/1.1") + "BAD\r\n\r\n"
    yield refused("a malformed one behind HEAD", section, octets, requests=[("HEAD", "/x"), ("GET", "/x")])


def heads():
    yield accepted("three", "9110 9.3.2", request("HEAD /x HTTP/1.1") * 3, requests=[("HEAD", "/x")] * 3)
    yield closing("the last", "9110 9.3.2", request("HEAD /x HTTP/1.1", "Connection: close"), says="close")
    for name, status, octets in (
        ("a malformed field", 400, request("HEAD /x HTTP/1.1", "A : b")), ("no Host", 400, request("HEAD /x HTTP/1.1", host=None)),
        ("a malformed length", 400, request("HEAD /x HTTP/1.1", "Content-Length: x")),
        ("two framings", 400, request("HEAD /x HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked", body=NO_BODY)),
        ("a malformed chunk", 400, request("HEAD /x HTTP/1.1", "Transfer-Encoding: chunked", body="zz\r\n")),
        ("a body too large", 413, request("HEAD /x HTTP/1.1", "Content-Length: 99999999999")),
        ("a target too long", 414, request(f"HEAD /{'x' * 20000} HTTP/1.1")), ("an expectation", 417, request("HEAD /x HTTP/1.1", "Expect: x")),
        ("fields too large", 431, request("HEAD /x HTTP/1.1", "A: " + "x" * 20000)), ("a version", 505, request("HEAD /x HTTP/3.0")),
        ("a transfer coding", 501, request("HEAD /x HTTP/1.1", "Transfer-Encoding: gzip, chunked", body=NO_BODY)),
    ):
        yield refused(f"refused without a body: {name}", "9110 9.3.2", octets, status)


def half_closed():
    for name, octets, more in (
        ("a request", get(), {}), ("a body", post("Content-Length: 3", body="abc"), {"body": "abc"}), ("chunks", chunked(ABC_CHUNK), {"body": "abc"}),
        ("five requests", get() * 5, {"requests": [("GET", "/x")] * 5}),
    ):
        yield closing(f"behind {name}", "9112 9.6", octets, half_close=True, **more)
    # An end does not complete a request: whoever cut it off may have wanted another one.
    for name, octets in (
        ("the method", "GE"), ("the request line", "GET /x HTTP/1.1"), ("a field", "GET /x HTTP/1.1\r\nHost"),
        ("the fields", "GET /x HTTP/1.1\r\nHost: h\r\n"), ("the last line end", "GET /x HTTP/1.1\r\nHost: h\r\n\r"),
        ("a body", post("Content-Length: 30", body="abc")), ("a body that is missing", post("Content-Length: 3")), ("a chunk size", chunked("3")),
        ("a chunk", chunked("30\r\nabc")), ("chunks", chunked("3\r\nabc\r\n")), ("the last chunk", chunked("3\r\nabc\r\n0\r\n")),
        ("trailers", chunked("0\r\nX: y\r\n")), ("the end of trailers", chunked("0\r\nX: y\r\n\r")),
    ):
        yield refused(f"inside of {name}", "9112 8", octets, half_close=True)


def smuggling():
    hidden = request("GET /hidden HTTP/1.1")
    size = f"Content-Length: {len(hidden)}"
    part = f"{len(hidden):x}\r\n{hidden}\r\n"
    yield accepted("a body is no request", "9112 6.3", post(size, body=hidden), body=hidden)
    yield accepted("a body of GET is no request", "9112 6.3", get(size, body=hidden), body=hidden)
    yield accepted("a body of HEAD is no request", "9112 6.3", request("HEAD /x HTTP/1.1", size, body=hidden), body=hidden)
    yield accepted("a chunk is no request", "9112 7.1", chunked(part + NO_BODY), body=hidden)
    octets = get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk", size, body=hidden)
    yield accepted("Upgrade does not end HTTP/1.1", "9110 7.8", octets, body=hidden)
    yield closing("CONNECT is followed by no request", "9112 3.2.3", request("CONNECT h:80 HTTP/1.1", body=hidden), says="close")
    for name, octets in (
        ("behind a length of 0 and another", post("Content-Length: 0", size, body=hidden)),
        ("a list of lengths", post(f"Content-Length: 0, {len(hidden)}", body=hidden)),
        ("CL.TE", post(size, "Transfer-Encoding: chunked", body=NO_BODY + hidden)), ("TE.CL", chunked(part + NO_BODY, "Content-Length: 4")),
        ("TE.TE", post("Transfer-Encoding: chunked", "Transfer-encoding: x", size, body=NO_BODY + hidden)),
        ("TE.0", post("Transfer-Encoding: xchunked", body=NO_BODY + hidden)),
        ("a length behind a bare LF", post("Transfer-Encoding: chunked", "A: b\nContent-Length: 5", body=NO_BODY + hidden)),
        ("a length behind a bare CR", get("A: b\rContent-Length: 5", body=hidden)), ("an extension with LF", chunked("2;\nxx\r\n1d\r\n0\r\n\r\n" + hidden)),
        ("a chunk that ends early", chunked("3\r\nabc0\r\n\r\n" + hidden)), ("a last chunk with LF", chunked("0\n\r\n" + hidden)),
        ("a size that overflows", chunked("10000000000000000\r\n\r\n" + hidden)), ("a request line as a trailer", chunked("0\r\n" + hidden)),
        ("a field without a colon", get("Content-Length 3", body=hidden)),
        ("a body of HTTP/1.0 in chunks", request("POST /x HTTP/1.0", "Transfer-Encoding: chunked", size, body=NO_BODY + hidden)),
    ):
        yield refused(name, "9112 11.2", octets)


def limits():
    line, head, count = 8448, 16384, 128  # octets of the request line, octets of all fields, fields
    fill = line - len("GET  HTTP/1.1\r\n")
    for name, first in (("path", "/"), ("query", "/?")):
        yield accepted(f"the longest {name}", "9112 3", request(f"GET {first.ljust(fill, 'a')} HTTP/1.1"))
        for over in (1, 600, 100_000):
            octets = request(f"GET {first.ljust(fill + over, 'a')} HTTP/1.1")
            yield refused(f"a {name} {over} too long", "9110 15.5.15", octets, 414)
    for size in (65, 20_000):
        yield refused(f"a method of {size}", "9112 3", request(f"{'A' * size} /x HTTP/1.1"), 501)
    fill = head - len("Host: h\r\nA: \r\n\r\n")
    yield accepted("the longest value", "6585 5", get("A: " + "b" * fill), fields={"a": "b" * fill})
    yield accepted("the longest name", "6585 5", get("a" * fill + ": "), fields={"a" * fill: ""})
    for name, lines in (
        ("a value", ["A: " + "b" * (fill + 1)]), ("a long value", ["A: " + "b" * 100_000]), ("a name", ["A" * 20_000 + ": b"]),
        ("many values", ["A: " + "b" * 500] * 40),
    ):
        yield refused(f"too large: {name}", "6585 5", get(*lines), 431)
    yield refused("too large without an end", "6585 5", "GET /x HTTP/1.1\r\nHost: h\r\nA: " + "b" * 100_000, 431)
    yield accepted("the most fields", "6585 5", get(*(f"A{i}: b" for i in range(count - 1))), fields={f"a{count - 2}": "b"})
    for over in (1, 400):
        yield refused(f"{over} fields too many", "6585 5", get(*(f"A{i}: b" for i in range(count - 1 + over))), 431)
    for name, body in (("a body of 1 MiB", "z" * 1048576), ("all octets in a body", "".join(map(chr, range(256))))):
        yield accepted(name, "9110 8.6", post(f"Content-Length: {len(body)}", body=body), body=body)
    for size in (64 * 1024 * 1024 + 1, 2**31, 2**32, 2**32 + 3, 10**11, 2**53 - 1):
        yield refused(f"a body of {size}", "9110 15.5.14", post(f"Content-Length: {size}", body="abc"), 413)
    yield refused("a length that is not exact everywhere", "9112 6.3", post(f"Content-Length: {2**53}", body="abc"))
    yield refused("a long extension", "9112 7.1.1", chunked(f"1;{'a' * 20_000}\r\nx\r\n{NO_BODY}"), 413)
    yield refused("many extensions", "9112 7.1.1", chunked(f"1;{'a' * 1000}\r\nx\r\n" * 40 + NO_BODY), 413)
    yield refused("a long trailer", "6585 5", chunked(f"0\r\nX: {'y' * 20_000}\r\n\r\n"), 431)
    yield refused("many trailers", "6585 5", chunked("0\r\n" + "X: y\r\n" * 5000 + "\r\n"), 431)


GROUPS = {
    "request line": request_lines, "target": targets, "version": versions, "Host": hosts, "fields": fields, "Content-Length": content_lengths,
    "Transfer-Encoding": transfer_encodings, "chunks": chunks, "trailers": trailers, "Expect": expectations, "Connection": connections,
    "pipelining": pipelines, "HEAD": heads, "half-closed": half_closed, "smuggling": smuggling, "limits": limits,
}
