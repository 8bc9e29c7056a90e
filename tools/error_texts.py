"""The texts of errors, read from the source, as the message catalogue holds them.

Errors are raised in English, as STYLE asks: the sentence stands where the mistake is found. A door that speaks another language
looks the sentence up (`andon.plant.error_words`), so every text that an error can say must stand in
`plant/words/<language>/errors.<room>.json`. This tool reads them off the source: `what` and `do` of every call that makes an error,
with f-strings as templates, both sides of a conditional, names by what is assigned to them, and parameters by what callers pass.

Run: python tools/error_texts.py            (lists what is missing or stale; exit code 1 where something is)
     python tools/error_texts.py --write    (brings the English catalogue up to date; new Chinese texts are to be written by hand)
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "src" / "andon"
WORDS = ROOT / "plant" / "words"
LANGUAGES = ("en", "zh-CN")
PARTS = ("what", "do", "title")
OF_PYTHON = {
    "ValueError", "TypeError", "KeyError", "AttributeError", "OSError", "RuntimeError", "IndexError", "NotImplementedError", "ImportError",
    "ConnectionError", "AssertionError", "MemoryError", "ValidationError",
}  # fmt: skip
MAKERS = {"Refusal", "Question", "Interrupted", "CalibrationRefused"}
REASONS = {"where", "what", "why", "reason", "told", "missing", "wrong"}
ANSWERS = {"Problem", "encoded"}
KEY_WHAT_DO = "tuple[str, str, str]"
PARTS_OF_TEXTS = {"what_is_allowed", "_bounds", "EXAMPLES"}
MOST_VARIANTS = 16
SLUG_WORDS = 7


@dataclass
class Module:
    """One source file, as far as its texts need it."""

    room: str
    tree: ast.Module
    functions: dict[ast.AST, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    calls: dict[str, list[ast.Call]] = field(default_factory=dict)
    inside: dict[str, None] = field(default_factory=dict)  # sentences that stand inside others

    @classmethod
    def of(cls, path: Path) -> Module:
        """Read a file."""
        relative = path.relative_to(ROOT)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = cls(relative.parts[0].removesuffix(".py"), tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in ast.walk(node):
                    module.functions[inner] = node  # the innermost comes last
            if isinstance(node, ast.Call):
                module.calls.setdefault(_name(node.func), []).append(node)
        return module


def texts() -> dict[str, tuple[str, ...]]:
    """Room -> the templates of its errors, in the order of the source."""
    out: dict[str, dict[str, None]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        module = Module.of(path)
        for template in (*_of_module(module), *module.inside):
            if re.search(r"[A-Za-z]{2}", re.sub(r"\{[^}]*\}", "", template)):
                out.setdefault(module.room, {})[template] = None
    return {room: tuple(found) for room, found in out.items()}


def _of_module(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _makes_error(_name(node.func), module.room):
            for value in _told(node):
                yield from resolve(value, module, ())
        elif isinstance(node, ast.FunctionDef) and node.name in PARTS_OF_TEXTS:
            for value in _returns(node):
                yield from resolve(value, module, ())
        elif isinstance(node, ast.FunctionDef) and node.returns is not None and KEY_WHAT_DO in ast.unparse(node.returns):
            for told in _returns(node):
                if isinstance(told, ast.Tuple):
                    yield from (text for part in told.elts[1:] for text in resolve(part, module, ()))
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in PARTS_OF_TEXTS and isinstance(node.value, ast.Dict):
            for value in node.value.values:
                yield from resolve(value, module, ())


def _returns(function: ast.AST) -> Iterator[ast.expr]:
    """The expressions that a function returns."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def _makes_error(name: str, room: str) -> bool:
    return name in MAKERS or (room == "service" and name in ANSWERS) or (name.endswith("Error") and name not in OF_PYTHON)


def _told(call: ast.Call) -> list[ast.expr]:
    """The expressions of `what` and `do`."""
    given = {item.arg: item.value for item in call.keywords if item.arg}
    first = [value for value in call.args if not isinstance(value, ast.Starred)]
    if _name(call.func) in ("Refusal", "encoded"):
        first = first[2:]
    return [*first[:2], *(given[name] for name in PARTS if name in given)]


def _name(func: ast.expr) -> str:
    return ast.unparse(func).rpartition(".")[2]


def resolve(value: ast.expr, module: Module, seen: tuple[str, ...]) -> list[str]:
    """The templates that an expression can be; none where it is another error's text or comes from a library."""
    match value:
        case ast.Constant(value=str() as text):
            return [text.replace("{", "{{").replace("}", "}}")]
        case ast.JoinedStr(values=parts):
            return _joined(parts, module, seen)
        case ast.IfExp(body=one, orelse=other):
            return [*resolve(one, module, seen), *resolve(other, module, seen)]
        case ast.BoolOp(values=values):
            return [text for item in values for text in resolve(item, module, seen)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = [_said(side) or resolve(side, module, seen) or ["{" + _placeholder(side) + "}"] for side in (left, right)]
            return ["".join(pair) for pair in product(*sides)]
        case ast.Name(id=name) if name not in seen:
            return _named(value, name, module, (*seen, name))
        case ast.Call(func=ast.Attribute(value=inner, attr="rstrip")):
            return resolve(inner, module, seen)
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join")):
            return []
        case ast.Dict(values=values):
            return [text for item in values for text in resolve(item, module, seen)]
        case ast.Subscript(value=table):
            return resolve(table, module, seen)
        case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[_, *other]):
            return [text for item in (table, *other) for text in resolve(item, module, seen)]
        case ast.Call(func=ast.Name(id="translated"), args=[inner, *_]):
            return resolve(inner, module, seen)
        case ast.Call(func=ast.Name(id=name)) if name not in seen:
            return _returned(name, module, (*seen, name))
    return []


def _said(value: ast.expr) -> list[str]:
    """A text of the catalogue, where it is a part of one."""
    if isinstance(value, ast.Call) and _name(value.func) == "say" and isinstance(value.args[0], ast.Constant):
        room = str(value.args[0].value).partition(".")[0]
        found: dict[str, str] = json.loads((WORDS / "en" / f"{room}.json").read_text(encoding="utf-8"))
        return [found[str(value.args[0].value)]]
    return []


def _joined(parts: list[ast.expr], module: Module, seen: tuple[str, ...]) -> list[str]:
    """An f-string: words inside a conditional placeholder make a template each."""
    choices: list[list[str]] = []
    for part in parts:
        if isinstance(part, ast.Constant):
            choices.append([str(part.value).replace("{", "{{").replace("}", "}}")])
            continue
        assert isinstance(part, ast.FormattedValue)
        inner = part.value
        said = [] if part.format_spec or not isinstance(inner, ast.IfExp) else resolve(inner, module, seen)
        both = isinstance(inner, ast.IfExp) and all(isinstance(side, ast.Constant | ast.JoinedStr) for side in (inner.body, inner.orelse))
        if isinstance(inner, ast.Name) and inner.id in REASONS:
            module.inside |= dict.fromkeys(resolve(inner, module, seen))
        choices.append(said if both and said else ["{" + _placeholder(inner) + "}"])
    whole = list(product(*choices))
    return [_numbered("".join(item)) for item in whole[:MOST_VARIANTS]]


def _numbered(template: str) -> str:
    """Two placeholders of one name become name and name2."""
    count: dict[str, int] = {}

    def rename(found: re.Match[str]) -> str:
        name = found[1]
        count[name] = count.get(name, 0) + 1
        return "{" + (name if count[name] == 1 else f"{name}{count[name]}") + "}"

    return re.sub(r"(?<!\{)\{([a-z_0-9]+)\}(?!\})", rename, template)


def _placeholder(value: ast.expr) -> str:
    """A readable name: the last word of the expression."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args:
            return _placeholder(node.args[0])
    names = [
        node.attr if isinstance(node, ast.Attribute) else node.id for node in ast.walk(value) if isinstance(node, ast.Attribute | ast.Name)
    ]
    names = [
        name.strip("_").lower()
        for name in names
        if name
        not in ("str", "len", "repr", "sorted", "list", "type", "int", "round", "max", "min", "self", "format_duration", "format_instant")
    ]
    return names[0] if names else "value"


def _named(at: ast.expr, name: str, module: Module, seen: tuple[str, ...]) -> list[str]:
    """What a name can be: assigned values of its function, else of the module; as a parameter, what callers pass."""
    function = module.functions.get(at)
    found: list[str] = []
    for scope in (ast.walk(function) if function is not None else (), module.tree.body):
        for node in scope:
            found += _assigned(node, name, module, seen)
        if found:
            return found
    if function is not None:
        order = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        every = [*order, *(argument.arg for argument in function.args.kwonlyargs)]
        if name in every:
            defaults = dict(zip(reversed(order), reversed(function.args.defaults), strict=False))
            if name in defaults:
                found += resolve(defaults[name], module, seen)
            method = order[:1] in (["self"], ["cls"])
            called = {"__init__": _class_of(function, module)}.get(function.name, function.name)
            for call in module.calls.get(called, ()):
                values = {item.arg: item.value for item in call.keywords if item.arg}
                place = order.index(name) - method if name in order else -1
                if name in values:
                    found += resolve(values[name], module, seen)
                elif 0 <= place < len(call.args):
                    found += resolve(call.args[place], module, seen)
    return found


def _class_of(function: ast.AST, module: Module) -> str:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and function in node.body:
            return node.name
    return ""


def _assigned(node: ast.AST, name: str, module: Module, seen: tuple[str, ...]) -> list[str]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name) and target.id == name:
                    return resolve(value, module, seen)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    for one, given in zip(target.elts, value.elts, strict=False):
                        if isinstance(one, ast.Name) and one.id == name:
                            return resolve(given, module, seen)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Name | ast.Call):
                    at = _place_in(target, name)
                    return [] if at is None else _part_of(value, at, module, seen)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.IfExp):
                    at = _place_in(target, name)
                    sides = [side.elts[at] for side in (value.body, value.orelse) if at is not None and isinstance(side, ast.Tuple)]
                    return [text for side in sides for text in resolve(side, module, seen)]
        case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
            return resolve(value, module, seen)
        case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
            return resolve(value, module, seen)
        case ast.For(target=ast.Tuple(elts=elements), iter=ast.Tuple(elts=rows) | ast.List(elts=rows)):
            for place, element in enumerate(elements):
                if isinstance(element, ast.Name) and element.id == name:
                    return [text for row in rows if isinstance(row, ast.Tuple) for text in resolve(row.elts[place], module, seen)]
    return []


def _place_in(target: ast.Tuple, name: str) -> int | None:
    return next((index for index, one in enumerate(target.elts) if isinstance(one, ast.Name) and one.id == name), None)


def _part_of(value: ast.expr, at: int, module: Module, seen: tuple[str, ...]) -> list[str]:
    """The texts at one place of a tuple that a function of the module returns."""
    if isinstance(value, ast.Name):
        function = module.functions.get(value)
        for node in ast.walk(function) if function is not None else ():
            if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == value.id for one in node.targets):
                return _part_of(node.value, at, module, seen)
    if isinstance(value, ast.Call):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and node.name == _name(value.func):
                tuples = [told for told in _returns(node) if isinstance(told, ast.Tuple)]
                return [text for one in tuples if at < len(one.elts) for text in resolve(one.elts[at], module, seen)]
    return []


def _returned(name: str, module: Module, seen: tuple[str, ...]) -> list[str]:
    """The texts that a function of the module returns."""
    out: list[str] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and node.name == name and node.returns is not None and ast.unparse(node.returns) == "str":
            for value in _returns(node):
                out += resolve(value, module, seen)
    return out


def read(language: str, room: str) -> dict[str, str]:
    """A catalogue file."""
    path = WORDS / language / f"errors.{room}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def key_of(room: str, template: str, taken: set[str]) -> str:
    """A new key: the first words of the text."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"\{[^}]*\}", " ", template.lower()))[:SLUG_WORDS]
    slug, number = "-".join(words), 1
    while (key := f"errors.{room}.{slug}" + (f"-{number}" if number > 1 else "")) in taken:
        number += 1
    return key


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the catalogue and the source differ."""

    missing: tuple[tuple[str, str], ...]
    stale: tuple[tuple[str, str], ...]
    untranslated: tuple[tuple[str, str], ...]


def difference() -> Difference:
    """Texts that the catalogue lacks (room, text), that no error says any more, and keys without a translation."""
    source = texts()
    rooms = sorted({*source, *(path.name.split(".")[1] for path in (WORDS / "en").glob("errors.*.json"))})
    missing, stale, untranslated = [], [], []
    for room in rooms:
        english = read("en", room)
        known, wanted = set(english.values()), set(source.get(room, ()))
        missing += [(room, text) for text in source.get(room, ()) if text not in known]
        stale += [(key, text) for key, text in english.items() if text not in wanted]
        for language in LANGUAGES[1:]:
            other = read(language, room)
            untranslated += [(key, text) for key, text in english.items() if key not in other]
    return Difference(tuple(missing), tuple(stale), tuple(untranslated))


def write() -> None:
    """Bring the English catalogue up to date; drop what no error says any more from every language."""
    for room, found in texts().items():
        before = {text: key for key, text in read("en", room).items()}
        new: dict[str, str] = {}
        for text in found:
            key = before.get(text) or key_of(room, text, {*new, *before.values()})
            new[key] = text
        _save("en", room, new)
        for language in LANGUAGES[1:]:
            _save(language, room, {key: text for key, text in read(language, room).items() if key in new})


def _save(language: str, room: str, words: dict[str, str]) -> None:
    path = WORDS / language / f"errors.{room}.json"
    path.write_text(json.dumps(dict(sorted(words.items())), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """List or write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        write()
    found = difference()
    for what, rows in (("missing", found.missing), ("stale", found.stale), ("no Chinese", found.untranslated)):
        for key, text in rows:
            print(f"{what}: {key}: {text}")
    return 1 if found.missing or found.stale or found.untranslated else 0


if __name__ == "__main__":
    raise SystemExit(main())
