"""The built console: its files as they are, and its one page for every address that is a page of it."""

from __future__ import annotations

import mimetypes
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from andon.service.callers import ANYONE

FILES = "files/"
"""Where the build puts what has its content in its name (`assets/…` is a page)."""
FOREVER = "public, max-age=31536000, immutable"


def _page(name: str) -> bool:
    """Whether an address may be a page: names of assets and cases have dots too, a file that is missing is none."""
    parts = name.split("/")
    return parts[0] not in ("api", FILES.strip("/")) and ".." not in parts and ("." not in name or len(parts) > 1)


def console_files(folder: Path) -> HTTPRouteHandler:
    """The route that serves the console. Only files that were in the folder at the start are served, whatever the address says."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    kept = {name: path.read_bytes() for name, path in files.items()}
    tags = {name: f'"{sha256(body).hexdigest()[:32]}"' for name, body in kept.items()}

    @get(["/", "/{path:path}"], role=ANYONE, include_in_schema=False, name="console")
    async def console(request: Request[Any, Any, Any], path: FromPath[str] = "/") -> Response[bytes]:
        name = path.strip("/")
        if name not in kept:
            name = "index.html" if _page(name) else ""
        if name not in kept:
            from andon.service.problems import Refusal

            raise Refusal(404, "not-found", "there is no such page")
        headers = {"ETag": tags[name], "Cache-Control": FOREVER if name.startswith(FILES) else "no-cache"}
        if tags[name] in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(kept[name], media_type=kind, headers=headers)

    return console
