"""A visitor of a real server in Streamlit's own protocol, without a browser."""

import http.client
import urllib.request
from contextlib import ExitStack
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


class Visitor:
    """A session of its own; everything that the server says is kept by its kind."""

    def __init__(self, address: str, cookie: str = "") -> None:
        self.address, self.kept, self.elements = address, {}, []
        headers = {"Cookie": cookie} if cookie else {}
        self.closing = ExitStack()
        self.socket = self.closing.enter_context(
            connect(
                address.replace("http", "ws", 1) + "/_stcore/stream",
                subprotocols=["streamlit"],
                max_size=None,
                origin=address,
                additional_headers=headers,
            )
        )
        self.session = ""

    def open(self, page: str = "", seconds: float = 120, **query) -> None:
        """Runs a page to its end."""
        message = BackMsg()
        message.rerun_script.query_string = urlencode(query)
        message.rerun_script.page_name = page
        self.ask(message, seconds)

    def ask(self, message: BackMsg, seconds: float = 120) -> None:
        """Sends a message, and reads until the page's run has ended."""
        self.elements = []
        self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(timeout=seconds))
            if answer.WhichOneof("type") == "ref_hash":
                answer = self.kept.get(answer.ref_hash, answer)
            elif answer.metadata.cacheable:
                self.kept[answer.hash] = answer
            match answer.WhichOneof("type"):
                case "new_session":
                    self.session = answer.new_session.initialize.session_id
                case "delta" if answer.delta.WhichOneof("type") == "new_element":
                    self.elements.append(answer.delta.new_element)
                # A server that has drawn no page yet begins the first one once more.
                case "script_finished" if answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return

    def click(self, key: str, seconds: float = 120) -> None:
        """Presses the button of that key."""
        (button,) = (one.button for one in self.elements if one.button.id.endswith(f"-{key}"))
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = button.id, True
        message.rerun_script.page_script_hash = ""
        self.ask(message, seconds)

    def upload(self, name: str, size: int) -> int:
        """Sends a file of zeros to the upload endpoint; the status of the answer."""
        with urllib.request.urlopen(f"{self.address}/_stcore/health") as answer:
            cookie = answer.headers["Set-Cookie"].split(";")[0]
        body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + bytes(size) + b"\r\n--x--\r\n"
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "Cookie": cookie,
            "X-Xsrftoken": cookie.split("=", 1)[1],
        }
        server = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        server.putrequest("PUT", f"/_stcore/upload_file/{self.session}/{name}")
        for header, value in {**headers, "Content-Length": str(len(body))}.items():
            server.putheader(header, value)
        server.endheaders()
        if size <= 1_000_000:  # of a larger one the server reads no byte
            server.send(body)
        status = server.getresponse().status
        server.close()
        return status

    def close(self) -> None:
        self.closing.close()
