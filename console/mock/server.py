"""A service without a plant: the routes of the API with made-up data, for work on the console and for its tests in a browser.

`python console/mock/server.py --port 8800 --alarms 60 --days 7`; the people are viewer, operator, engineer and admin, the password is
`andon`. `POST /mock/<what>` changes the world: `cut`, `restore`, `quiet` (streams refused), `alarm`, `fail` (the next act is refused).
"""

from __future__ import annotations

import argparse
import mimetypes
import re
import secrets
import threading
import time
from collections import deque
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pages
from desk import Desk, Refused, iso, spans_of

from andon.service import schema
from plant import ASSETS, TAGS, History, tags_of, tile_of, trend_of

BUILT = Path(__file__).resolve().parents[2] / "src" / "andon" / "service" / "console"
PASSWORD = "andon"
ROLES = {"viewer": 0, "operator": 1, "engineer": 2, "administrator": 3}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def seconds(text: str) -> float:
    """Unix seconds of an ISO moment, or of a number."""
    return float(text) if re.fullmatch(r"-?[\d.]+(e\d+)?", text) else datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Wrong(Exception):
    """An answer that is a problem."""

    def __init__(self, status: int, title: str, detail: str = "", do: str = "") -> None:
        super().__init__(title)
        self.problem = schema.Problem(type="about:blank", title=title, status=status, detail=detail, do=do)


class World:
    """Everything the mock knows; one lock around it."""

    def __init__(self, alarms: int, days: float) -> None:
        self.lock = threading.RLock()
        self.start = time.time()
        self.history = History(self.start, days)
        self.desk = Desk(self.start, alarms)
        self.sessions: dict[str, dict[str, str]] = {}
        self.cut = self.quiet = self.fail = False
        self.news: deque[schema.Live] = deque(maxlen=1000)
        self.heard = threading.Condition()
        self.last = 0
        self.champion = "2026-11-02T09-14-51-3fa91c20"
        self.before = "2026-09-14T10-02-33-0c4411de"
        self.per_week = {"line 2": 1.0, "pickler": 0.5}
        self.note = ""
        self.copies = 0
        self.answered: dict[str, bytes] = {}
        self.maintenance: list[schema.Maintenance] = []
        self.out: list[schema.OutOfService] = []
        self.people = [
            schema.User(
                user=name, name=name.capitalize(), role=schema.Role(role), language="en", locked=name == "zoe", last_seen=iso(self.start)
            )
            for name, role in (
                ("admin", "administrator"),
                ("engineer", "engineer"),
                ("operator", "operator"),
                ("viewer", "viewer"),
                ("zoe", "viewer"),
            )
        ]
        self.tokens = [schema.Token(id="tk-1", name="historian push", role=schema.Role.OPERATOR, scopes=["ingest"], created=iso(self.start - 9e5),
                                    last_used=iso(self.start - 60), expires="")]  # fmt: skip

    def tile(self, asset: Any) -> schema.Tile:
        now = time.time()
        since = iso(self.start - 3600 * (1 + ASSETS.index(asset)))
        return tile_of(self.history, asset, now, iso(now), since, self.desk.open_of(asset.id))

    def tell(self, what: str, data: Any) -> None:
        """Say something to everyone who listens."""
        with self.heard:
            self.last += 1
            self.news.append(schema.Live(id=self.last, what=what, data=msgspec.to_builtins(data)))
            self.heard.notify_all()


class Desktop(BaseHTTPRequestHandler):
    """One request."""

    world: World
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_PUT(self) -> None:
        self.answer("PUT")

    def do_PATCH(self) -> None:
        self.answer("PATCH")

    def do_DELETE(self) -> None:
        self.answer("DELETE")

    def answer(self, method: str) -> None:
        split = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = [unquote(part) for part in split.path.strip("/").split("/")]
        if parts[0] == "mock":
            return self.change(parts[1])
        if parts[:2] != ["api", "v1"]:
            return self.file(split.path)
        if self.world.cut:
            self.close_connection = True
            self.connection.close()
            return None
        try:
            if parts[2:] == ["live"]:
                self.person()
                return self.stream()
            with self.world.lock:
                return self.json(200, self.route(method, parts[2:]))
        except Wrong as wrong:
            return self.json(wrong.problem.status, wrong.problem)
        except BrokenPipeError:
            return None

    def json(self, status: int, answer: object) -> None:
        body = msgspec.json.encode(answer)
        kind = "application/problem+json" if status >= 400 else "application/json"
        self.send(status, kind, body)

    def send(self, status: int, kind: str, body: bytes, cache: str = "no-store") -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", cache),
                            ("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff")):  # fmt: skip
            self.send_header(name, value)
        if cookie := getattr(self, "cookie", None):
            self.send_header("Set-Cookie", f"andon={cookie}; HttpOnly; SameSite=Strict; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def file(self, path: str) -> None:
        """A built file, else the page: every path is a place in the console."""
        found = (BUILT / unquote(path).lstrip("/")).resolve()
        if path == "/" or not found.is_file() or BUILT not in found.parents:
            found = BUILT / "index.html"
        if not found.is_file():
            return self.send(503, "text/plain", b"the console is not built: make console")
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        return self.send(200, kind, found.read_bytes(), "no-cache" if found.suffix == ".html" else "max-age=31536000, immutable")

    def change(self, what: str) -> None:
        world = self.world
        if what in ("cut", "restore", "quiet", "loud"):
            world.cut = what == "cut" or (world.cut and what != "restore")
            world.quiet = what == "quiet" or (world.quiet and what != "loud")
            with world.heard:
                world.heard.notify_all()
        elif what == "fail":
            world.fail = True
        elif what == "alarm":
            with world.lock:
                row = world.desk.raised(ASSETS[0], time.time())
                world.tell("alarm", row)
                world.tell("tile", world.tile(ASSETS[0]))
        elif what == "say":
            told = msgspec.json.decode(self.body)
            world.tell(told["what"], told["data"])
        self.json(200, {"said": world.last})

    def stream(self) -> None:
        """Server-sent events, from the one after `Last-Event-ID`."""
        world = self.world
        if world.quiet:
            raise Wrong(503, "No streams now")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        after = int(self.headers.get("Last-Event-ID") or world.last)
        beat = 0.0
        try:
            self.wfile.write(f"id: {after}\n\n".encode())
            while not (world.cut or world.quiet):
                if time.time() - beat > 5:
                    beat = time.time()
                    self.wfile.write(b": alive\n\n")
                    self.wfile.flush()
                with world.heard:
                    news = [item for item in world.news if item.id > after]
                    if not news:
                        world.heard.wait(1)
                        continue
                for item in news:
                    after = item.id
                    self.wfile.write(f"id: {item.id}\nevent: {item.what}\ndata: ".encode() + msgspec.json.encode(item.data) + b"\n\n")
                self.wfile.flush()
        except OSError:
            return
        finally:
            self.connection.close()

    def person(self, role: str = "viewer") -> dict[str, str]:
        """Who asks; refuses where nobody signed in or the role is too small."""
        found = re.search(r"andon=([\w-]+)", self.headers.get("Cookie") or "")
        who = self.world.sessions.get(found.group(1)) if found else None
        if who is None:
            raise Wrong(401, "Sign in first")
        if ROLES[who["role"]] < ROLES[role]:
            raise Wrong(403, "Your role does not allow this", f"This needs the role {role}; you are {who['role']}.")
        if self.command != "GET" and self.headers.get("X-CSRF-Token") != who["csrf"]:
            raise Wrong(403, "The request did not come from this console", do="Sign in again.")
        return who

    def session(self, who: dict[str, str]) -> schema.Session:
        return schema.Session(
            user=who["user"], name=who["user"].capitalize(), role=schema.Role(who["role"]), language=who["language"], csrf=who["csrf"],
            zone="Europe/Berlin", site="Riverside works", version="0.2.0", now=iso(time.time()),
        )  # fmt: skip

    def enter(self, user: str, role: str, language: str = "en") -> schema.Session:
        self.cookie = secrets.token_urlsafe(24)
        who = {"user": user, "role": role, "language": language, "csrf": secrets.token_urlsafe(12)}
        self.world.sessions[self.cookie] = who
        return self.session(who)

    def read(self, kind: type[Any]) -> Any:
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.MsgspecError as error:
            raise Wrong(400, "The request has another shape", str(error)) from None

    def route(self, method: str, parts: list[str]) -> object:
        """The answer to a request.

        Raises
        ------
        Wrong : with the problem to send
        """
        world, now = self.world, time.time()
        match method, parts:
            case "POST", ["sign-in"]:
                given = self.read(schema.SignIn)
                person = next((item for item in world.people if item.user == given.user), None)
                if person is None or given.password != PASSWORD:
                    raise Wrong(401, "Name or password is wrong", "After five wrong tries the account waits for a minute.")
                return self.enter(person.user, person.role, person.language)
            case "POST", ["first-sign-in"]:
                first = self.read(schema.FirstSignIn)
                if first.token != "first":
                    raise Wrong(403, "This link was used or is too old", do="Run `andon user first` on the server for a new one.")
                return self.enter(first.user, "administrator", first.language)
            case "POST", ["sign-out"]:
                self.person()
                self.world.sessions.clear()
                return {}
            case "GET", ["session"]:
                return self.session(self.person())
            case "PUT", ["session", "language"]:
                who = self.person()
                who["language"] = msgspec.json.decode(self.body)["language"]
                return self.session(who)
            case "GET", ["overview"]:
                self.person()
                tiles = [world.tile(asset) for asset in ASSETS]
                tiles += [
                    msgspec.structs.replace(tile, asset=f"{tile.asset} {copy}", name=f"{tile.name} {copy}", area=f"{tile.area} {copy}")
                    for copy in range(world.copies)
                    for tile in tiles
                ]
                return schema.Overview(tiles=tiles, sources=pages.sources(now), moved=["pickler"], at=iso(now))
            case "GET", ["assets", asset]:
                self.person()
                return self.asset(asset, now)
            case "GET", ["assets", asset, what]:
                self.person()
                return self.of_asset(asset, what, now)
            case "GET", ["alarms"]:
                self.person()
                rows = world.desk.listed(self.query.get("state", "open"), self.query)
                place, limit = int(self.query.get("after") or 0), min(500, int(self.query.get("limit") or 100))
                more = str(place + limit) if place + limit < len(rows) else ""
                return schema.AlarmList(rows=rows[place : place + limit], total=len(rows), next=more, counts=world.desk.counts())
            case "POST", ["alarms", "acts"]:
                bulk = self.read(schema.BulkAct)
                return self.acted(bulk.ids, bulk.act, now)
            case "POST", ["alarms", alarm, "acts"]:
                return self.acted([alarm], self.read(schema.Act), now)
            case "GET", ["cases", case]:
                self.person()
                return pages.case_page(case, world.desk, world.history, now)
            case "GET", ["budgets"]:
                self.person()
                return [pages.budget_page(group, rate) for group, rate in world.per_week.items()]
            case "PUT", ["budgets", group]:
                who = self.person("engineer")
                wanted = self.read(schema.NewBudget)
                number, _, unit = wanted.budget.partition("/")
                if not number.replace(".", "", 1).isdigit() or unit != "week":
                    raise Wrong(400, "A budget reads like 1/week", f"`{wanted.budget}` does not.")
                if float(number) < 0.2:
                    raise Wrong(
                        422, "The promise cannot be kept", "Held-back normal time is 21 days.", "The tightest promise is 1 in 5 weeks."
                    )
                world.per_week[group] = float(number)
                world.desk.enter(now, who["user"], "budget changed", {"group": group, "to": wanted.budget, "why": wanted.why})
                return pages.budget_page(group, float(number))
            case _:
                return self.settings(method, parts, now)

    def acted(self, ids: list[str], act: schema.Act, now: float) -> schema.ActResult:
        who = self.person("operator")
        world, done, refused = self.world, [], {}
        if world.fail:
            world.fail = False
            raise Wrong(503, "The database is read-only", "Nothing was changed.", "Try again in a minute.")
        for alarm in ids:
            try:
                row = world.desk.act(alarm, act, who["user"], now)
                done.append(row)
                world.tell("alarm", row)
            except Refused as why:
                refused[alarm] = str(why)
        if refused and len(ids) == 1:
            raise Wrong(409, "The alarm did not take this", refused[ids[0]])
        return schema.ActResult(done=done, refused=refused)

    def asset(self, name: str, now: float) -> schema.AssetPage:
        asset = next((item for item in ASSETS if item.id == name), None)
        if asset is None:
            raise Wrong(404, "There is no such asset", name)
        history = self.world.history
        tile = self.world.tile(asset)
        tags = tags_of(history, asset, now)
        out = {item.tag: item.why for item in self.world.out if item.asset == name}
        return schema.AssetPage(
            asset=asset.id, name=asset.name, area=asset.area, line=asset.line, state=tile.state, why=tile.why,
            priority=tile.priority, model="furnaces/" + self.world.champion, budget_group="line 2", mode="steel C, 1,240 °C", first=iso(history.first),
            last=iso(now), tags=[msgspec.structs.replace(tag, out_of_service=out.get(tag.id, "")) for tag in tags], targets=tile.quality,
            open_case="case-1" if asset.id == "furnace-3" else "",
        )  # fmt: skip

    def of_asset(self, asset: str, what: str, now: float) -> object:
        history, query = self.world.history, self.query
        if what == "shares":
            tags = tags_of(history, ASSETS[0], seconds(query["at"]))
            weight = sum((tag.deviation_sigma or 0) ** 2 for tag in tags) or 1.0
            return [
                schema.Share(
                    tag=tag.id, name=tag.name, unit=tag.unit, group=tag.group, share=(tag.deviation_sigma or 0) ** 2 / weight, onset=""
                )
                for tag in tags
            ]
        start, end = seconds(query["start"]), seconds(query["end"])
        if what == "status-map":
            return pages.status_map(start, end)
        names = parse_qs(urlsplit(self.path).query).get("tags", [])
        return trend_of(history, asset, start, end, int(query.get("points", 800)), names, spans_of(now, history.first, asset), now)

    def settings(self, method: str, parts: list[str], now: float) -> object:
        """Models, data, KPI, people, tokens, maintenance, ledger."""
        world = self.world
        match method, parts:
            case "GET", ["models"]:
                self.person()
                return pages.models_page(world.champion)
            case "POST", ["models", _, "rollback"] | ["models", _, _, "promote"]:
                who = self.person("engineer")
                what = parts[-1]
                version, world.before = (world.before, world.champion) if what == "rollback" else (parts[2], world.champion)
                world.champion = version
                world.desk.enter(now, who["user"], f"model {what}", {"version": version})
                return pages.models_page(world.champion)
            case "GET", ["data"]:
                self.person()
                return pages.data_page(now)
            case "GET", ["kpi"]:
                self.person()
                return pages.kpi_page(self.query["start"], self.query["end"], now)
            case (("GET" | "PUT"), ["handover"]):
                self.person("viewer" if method == "GET" else "operator")
                if method == "PUT":
                    world.note = msgspec.json.decode(self.body)["note"]
                return pages.handover(now, world.note)
            case "GET", ["maintenance"]:
                self.person()
                return world.maintenance
            case "POST", ["maintenance"]:
                who = self.person("operator")
                planned = msgspec.structs.replace(self.read(schema.Maintenance), id=f"mw-{len(world.maintenance)}", by=who["user"])
                world.maintenance.append(planned)
                world.desk.enter(now, who["user"], "maintenance planned", {"assets": planned.assets, "why": planned.why})
                return planned
            case "DELETE", ["maintenance", window]:
                self.person("operator")
                world.maintenance = [item for item in world.maintenance if item.id != window]
                return {}
            case (("GET" | "POST" | "DELETE"), ["out-of-service"]):
                who = self.person("viewer" if method == "GET" else "operator")
                if method == "POST":
                    taken = msgspec.structs.replace(self.read(schema.OutOfService), by=who["user"])
                    world.out.append(taken)
                    world.desk.enter(now, who["user"], "taken out of service", {"asset": taken.asset, "tag": taken.tag, "why": taken.why})
                elif method == "DELETE":
                    back = (self.query.get("asset"), self.query.get("tag", ""))
                    world.out = [item for item in world.out if (item.asset, item.tag) != back]
                return world.out
            case "GET", ["ledger"]:
                self.person("engineer")
                entries = list(reversed(world.desk.ledger))
                before, limit = int(self.query.get("before") or len(entries) + 1), int(self.query.get("limit") or 100)
                below = [entry for entry in entries if entry.number < before]
                more = str(below[limit - 1].number) if len(below) > limit else ""
                return schema.LedgerPage(entries=below[:limit], next=more, head=entries[0].hash, whole=True)
            case "GET", ["ledger", "export"]:
                self.person("engineer")
                return world.desk.ledger
            case _:
                return self.people(method, parts, now)

    def people(self, method: str, parts: list[str], now: float) -> object:
        world = self.world
        match method, parts:
            case "GET", ["users"]:
                self.person("administrator")
                return world.people
            case "POST", ["users"]:
                self.person("administrator")
                new = self.read(schema.NewUser)
                if any(item.user == new.user for item in world.people):
                    raise Wrong(409, "There is already a person of this name", new.user)
                if len(new.password) < 10:
                    raise Wrong(422, "The password is too short", "It has fewer than 10 characters.")
                made = schema.User(user=new.user, name=new.name, role=new.role, language=new.language, locked=False, last_seen="")
                world.people.append(made)
                return made
            case (("PATCH" | "DELETE"), ["users", user]):
                self.person("administrator")
                found = next(item for item in world.people if item.user == user)
                place = world.people.index(found)
                if method == "DELETE":
                    return world.people.pop(place)
                given = msgspec.json.decode(self.body)
                world.people[place] = msgspec.structs.replace(found, **given)
                return world.people[place]
            case "GET", ["tokens"]:
                self.person("administrator")
                return world.tokens
            case "POST", ["tokens"]:
                self.person("administrator")
                token = self.read(schema.NewToken)
                identity = f"tk-{len(world.tokens) + 1}"
                world.tokens.append(schema.Token(id=identity, name=token.name, role=token.role, scopes=token.scopes, created=iso(now),
                                                 last_used="", expires=token.expires))  # fmt: skip
                return schema.TokenMade(id=identity, secret="andon_" + secrets.token_urlsafe(24))
            case "DELETE", ["tokens", token]:
                self.person("administrator")
                world.tokens = [item for item in world.tokens if item.id != token]
                return {}
            case _:
                raise Wrong(404, "There is no such page", "/".join(parts))


def main() -> None:
    """Serve until the process ends; prints its address first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--alarms", type=int, default=60)
    parser.add_argument("--days", type=float, default=60)
    parser.add_argument("--copies", type=int, default=0, help="the whole plant so many times more, in the overview")
    parser.add_argument("--alive", action="store_true", help="tiles move every two seconds")
    given = parser.parse_args()
    world = World(given.alarms, given.days)
    world.copies = given.copies
    for asset in ASSETS:
        world.tile(asset)
    trend_of(world.history, ASSETS[0].id, world.start - 3600, world.start, 10, [tag.id for tag in TAGS], [], world.start)
    server = ThreadingHTTPServer(("127.0.0.1", given.port), type("Handler", (Desktop,), {"world": world}))
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    if given.alive:
        threading.Thread(target=live, args=(world,), daemon=True).start()
    server.serve_forever()


def live(world: World) -> None:
    """Tiles move, now and then an alarm comes."""
    turn = 0
    while True:
        time.sleep(2)
        turn += 1
        with world.lock:
            world.tell("tile", world.tile(ASSETS[turn % len(ASSETS)]))
            if turn % 20 == 0:
                world.tell("alarm", world.desk.raised(ASSETS[0], time.time()))


if __name__ == "__main__":
    main()
