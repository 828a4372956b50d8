"""A whole service is used, watched and backed up; then every byte it left is looked through."""

import base64
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from knowledge.vietnamese import fold
from tests.desk.world import photo
from tests.journeys.server import Server, Visitor

PASSWORD = "mot-mat-khau-de-thu"
CANARIES = {
    "story": "con két lông tía cắn đứt tay vợ chồng hàng xóm",
    "name": "Trương Kim Hoàng Oanh",
    "phone": "0977123654",
    "reply": "mang cái lồng két tới gặp cô thư ký",
    "note": "coi chừng chuyện ông Ba Lồng Két",
    "draft": "chưa gửi mà đã nói tới két tía",
}


def forms(words: str) -> Iterator[tuple[str, bytes]]:
    """The bytes in which words may lie about: encodings, and wherever base64 may cut them."""
    for spelled in {words, fold(words)}:
        plain = spelled.encode()
        yield "as it is", plain
        yield "UTF-16", spelled.encode("utf-16-le")
        yield "UTF-16, the other way round", spelled.encode("utf-16-be")
        yield "in an address", quote(spelled).encode()
        yield "in JSON", spelled.encode("unicode_escape")
        yield "as hexadecimal digits", plain.hex().encode()
        for skipped in range(3):
            inner = base64.b64encode(plain[skipped:][: (len(plain) - skipped) // 3 * 3])
            yield "in base64", inner
            yield "in base64 for addresses", inner.replace(b"+", b"-").replace(b"/", b"_")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("watched")
    temporary = folder / "tmp"
    temporary.mkdir()
    running = Server(
        folder,
        demo_password=PASSWORD,
        audit_anchors=str(folder / "anchors.jsonl"),
        backup_key_file=str(folder / "backup.key"),
        log_format="json",
    )
    running.environment["TMPDIR"] = str(temporary)
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def left(server: Server) -> dict[str, bytes]:
    """What the service left behind, by name: files, log, and what it shows to a watcher."""
    folder = Path(server.environment["TRAM_KEY_FILE"]).parent
    case_id = _asks_for_help(server)
    _is_looked_after(server, case_id)
    metrics = server.client.get("/metrics").content
    for arguments in (
        ("store", "new-key", str(folder / "backup.key")),
        ("store", "backup", str(folder / "tram.backup")),
        ("desk", "audit", "head"),
    ):
        done = subprocess.run(  # noqa: S603 - our own modules
            [sys.executable, "-m", *arguments],
            env=server.environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        (folder / f"{arguments[1]}.said").write_bytes(done.stdout + done.stderr)
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return files | {"/metrics": metrics, "/readyz": server.client.get("/readyz").content}


def _asks_for_help(server: Server) -> str:
    visitor = Visitor(server)
    visitor.opens()

    def presses(label: str) -> None:
        until = time.monotonic() + 300
        while True:
            for message in reversed(visitor.talk()):
                for button in message.get("buttons", ()):
                    if label in button["label"]:
                        visitor.says(
                            f"press-{fold(label).replace(chr(32), chr(45))}",
                            key=button["key"],
                            serial=message.get("serial", 0),
                        )
                        return
            assert time.monotonic() < until, label

    visitor.says(
        "message-story",
        text=f"Tôi là {CANARIES['name']}, nhà hộ nghèo ở xã Đá Bạc. {CANARIES['story']}",
    )
    presses("Gửi yêu cầu")
    server.client.post(
        "/chat/file",
        files={"file": (f"{CANARIES['name']}.jpg", photo(), "image/jpeg")},
        data={"client_id": "message-paper"},
        headers={"Authorization": f"Bearer {visitor.token}"},
    ).raise_for_status()
    presses("Chưa có ai")
    presses("Đồng ý gửi")
    visitor.says("message-phone", text=CANARIES["phone"])
    until = time.monotonic() + 300
    while not any("Mã hồ sơ" in str(message.get("text")) for message in visitor.talk()):
        assert time.monotonic() < until, visitor.talk()
    with httpx.Client(base_url=server.url, timeout=60) as desk:
        _signs_in(desk)
        found = re.search(r"/desk/cases/([\w-]+)", desk.get("/desk/").text)
    assert found is not None
    return found.group(1)


def _signs_in(desk: httpx.Client) -> None:
    desk.headers["Sec-Fetch-Site"] = "same-origin"
    given = {"username": "officer.tran-van-thoi", "password": PASSWORD}
    assert desk.post("/desk/sign-in", data=given, follow_redirects=False).status_code == 303


def _is_looked_after(server: Server, case_id: str) -> None:
    with httpx.Client(base_url=server.url, timeout=60, follow_redirects=True) as desk:
        _signs_in(desk)
        desk.post(f"/desk/cases/{case_id}/claim").raise_for_status()
        for path, name in (("reply", "reply"), ("note", "note"), ("draft", "draft")):
            answer = desk.post(f"/desk/cases/{case_id}/{path}", data={"text": CANARIES[name]})
            answer.raise_for_status()
        seen = desk.get(f"/desk/cases/{case_id}").text
        for name in ("story", "reply", "note", "draft"):
            assert CANARIES[name] in seen, name
        found = desk.get("/desk/search", params={"q": "ket long tia"})
        assert "két" in found.text


@pytest.mark.parametrize("what", CANARIES)
def test_nothing_personal_lies_open_in_any_file_backup_log_or_figure(
    left: dict[str, bytes], what: str
) -> None:
    found = [
        (name, how)
        for name, content in left.items()
        for how, form in forms(CANARIES[what])
        if form in content
    ]

    assert found == []


def test_what_was_looked_through_is_all_of_it(left: dict[str, bytes]) -> None:
    assert {"tram.db", "tram.backup", "anchors.jsonl", "/metrics"} <= set(left)
    assert any(name.startswith("start-") and content for name, content in left.items())
    assert b"case.reply" in left["tram.db"] + left.get("tram.db-wal", b"")
    assert b"tram_" in left["/metrics"]


@pytest.mark.parametrize("what", CANARIES)
def test_each_form_would_be_found_where_it_lies(what: str) -> None:
    """The net itself: words in the middle of others, in every form that is looked for."""
    words = CANARIES[what]
    around = f"trước đó {words} sau đó"
    lying = (
        around.encode(),
        around.encode("utf-16"),
        around.encode("unicode_escape"),
        quote(around).encode(),
        base64.b64encode(around.encode()),
        base64.b64encode(b"x" + around.encode()),
        base64.b64encode(b"xy" + around.encode()),
        os.fsencode(fold(around)),
        around.encode().hex().encode(),
    )

    for content in lying:
        assert any(form in content for _, form in forms(words)), content
