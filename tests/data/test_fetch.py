"""A download is whole or one sentence, whatever a server does: it ends, stays small and leaves no thread behind."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pacviz.data import fetch
from pacviz.errors import PacvizError

CONTENT = bytes(range(256)) * 1000
CHECKSUM = hashlib.md5(CONTENT).hexdigest()


class Mirror(BaseHTTPRequestHandler):
    """Serves CONTENT in the way that the first part of the path names."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        way = self.path.split("/")[1]
        if way == "garbage":
            self.wfile.write(b"\0\xff no HTTP at all\r\n\r\n")
            return
        if way == "gone":
            self.send_error(404)
            return
        self.send_response(200)
        lengths = {"whole": len(CONTENT), "cut": len(CONTENT), "more": 2 * len(CONTENT), "less": 10}
        if way in lengths:
            self.send_header("Content-Length", str(lengths[way]))
        elif way != "untold":
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            if way == "endless":
                while not self.server.over.is_set():
                    self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            elif way == "chunks":
                self.wfile.write(b"nonsense\r\n")
            elif way == "silent":
                self.server.over.wait(20)
            else:
                self.wfile.write(CONTENT[: len(CONTENT) // 2 if way == "cut" else None])
        except OSError:
            self.server.told.set()  # the other side has left


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        server.over, server.told = threading.Event(), threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


def get(server, *ways, largest=10**6):
    address = f"http://127.0.0.1:{server.server_address[1]}"
    fractions = []
    content = fetch.fetch("file", CHECKSUM, [f"{address}/{way}/" for way in ways], fractions.append, largest)
    assert fractions[-1] == 1
    return content


@pytest.mark.parametrize("way", ["whole", "untold", "more"])
def test_a_whole_file_comes_back(server, way):
    assert get(server, way) == CONTENT


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("cut", "wrong checksum|IncompleteRead"),
        ("less", "wrong checksum"),
        ("garbage", "BadStatusLine|wrong checksum|no HTTP"),
        ("chunks", "IncompleteRead|ValueError"),
        ("gone", "Not Found"),
        ("endless", "more than 1,000,000 bytes came"),
        ("silent", "no answer in|timed out"),
    ],
)
def test_a_server_that_does_not_keep_to_it_is_one_sentence_and_the_next_mirror_is_asked(
    server, monkeypatch, way, words
):
    monkeypatch.setattr(fetch, "_STALLED_SECONDS", 0.3)
    complaints = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    with pytest.raises(PacvizError, match=words) as refusal:
        get(server, way)
    assert str(refusal.value).count("\n") == 0
    assert get(server, way, "whole") == CONTENT
    assert complaints == []


def test_an_endless_server_is_left_in_time_and_its_thread_ends(server, monkeypatch):
    monkeypatch.setattr(fetch, "_LONGEST_SECONDS", 0)
    with pytest.raises(PacvizError, match="not done after 0 seconds"):
        get(server, "endless")
    assert server.told.wait(20)


def test_whoever_stops_a_download_stops_its_thread(server):
    def stopped(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.fetch("file", CHECKSUM, [f"http://127.0.0.1:{server.server_address[1]}/endless/"], stopped, 10**9)
    assert server.told.wait(20)
