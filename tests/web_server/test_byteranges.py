from email import message_from_bytes
from email.message import Message

from weft_http_parser import ContentRange
from weft_web_server.byteranges import plan_parts

CONTENT = bytes(range(200))


def test_a_reader_of_others_finds_the_parts() -> None:
    ranges = [ContentRange(3, 9, 200), ContentRange(100, 200, 200), ContentRange(0, 1, 200)]
    plan = plan_parts(ranges, "text/x; a=b", "bound")
    body = b"".join(
        part.head + CONTENT[part.start : part.start + part.size] for part in plan.parts
    )
    body += plan.closing
    assert len(body) == plan.size
    message = message_from_bytes(
        b'MIME-Version: 1.0\r\nContent-Type: multipart/byteranges; boundary="bound"\r\n\r\n' + body
    )
    found = message.get_payload()
    assert isinstance(found, list)
    for part, one in zip(found, ranges, strict=True):
        assert isinstance(part, Message)
        assert part["Content-Range"] == str(one) and part["Content-Type"] == "text/x; a=b"
    last = found[2]
    assert isinstance(last, Message) and last.get_payload(decode=True) == CONTENT[:1]
