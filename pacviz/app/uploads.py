"""Files that a visitor may send to the server: as many bytes as a page asks for, and none asks for any today."""

from __future__ import annotations

from streamlit import config
from streamlit.runtime import Runtime, exists
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

MEGABYTES = 1
"""The largest file, as Streamlit counts it: its smallest unit."""
BYTES_PER_SESSION = 0
"""What a session may keep on the server in all.  A page that asks for files raises it to what it needs."""


def limit_uploads() -> None:
    """Once a server, before its first page: whatever no page asks for is refused (413).

    Streamlit's own endpoint takes any number of files of up to 200 MB from whoever has a page open, and keeps them as
    long as the page is.
    """
    if exists():
        config.set_option("server.maxUploadSize", MEGABYTES)
        files = Runtime.instance().uploaded_file_mgr
        if isinstance(files, MemoryUploadedFileManager) and "add_file" not in vars(files):
            files.add_file = _Counted(files)  # type: ignore[method-assign]


class _Counted:
    """Streamlit's `add_file`, which refuses what would exceed the session's share."""

    def __init__(self, files: MemoryUploadedFileManager) -> None:
        self.files, self.add = files, files.add_file

    def __call__(self, session_id: str, file: UploadedFileRec) -> None:
        from starlette.exceptions import HTTPException

        kept = self.files.file_storage.get(session_id, {})
        others = sum(len(known.data) for known in kept.values() if known.file_id != file.file_id)
        if others + len(file.data) > BYTES_PER_SESSION:
            raise HTTPException(413, f"A session may send {BYTES_PER_SESSION:,} bytes in all; no page asks for more.")
        self.add(session_id, file)
