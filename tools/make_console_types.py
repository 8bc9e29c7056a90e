"""Write the console's TypeScript types from the shapes of the API: `python tools/make_console_types.py [--check]`.

Every struct and enumeration of `andon.service.schema` becomes one type. Fields with a default may be left out in what the console
sends (the shapes in `SENT`), and are always there in what it receives.
"""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import Any

import msgspec

from andon.service import schema

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "console" / "src" / "api" / "types.ts"
HEAD = "// Made by tools/make_console_types.py from andon.service.schema: do not edit.\n"
SENT = (
    "SignIn", "FirstSignIn", "NewPassword", "Language", "Act", "BulkAct", "Note", "NewBudget", "NewUser", "ChangedUser", "NewToken",
    "NewMaintenance", "NewOutOfService",
)  # fmt: skip


def shapes() -> list[type]:
    """The structs and enumerations of the schema, in its order."""
    found = [item for item in vars(schema).values() if isinstance(item, type) and item.__module__ == schema.__name__]
    return [item for item in found if issubclass(item, msgspec.Struct | enum.Enum) and item.__name__ != "Shape"]


def written(node: dict[str, Any]) -> str:
    """A JSON schema as a TypeScript type.

    Raises
    ------
    ValueError : a schema that no shape of the API uses yet
    """
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    if "anyOf" in node:
        return " | ".join(written(part) for part in node["anyOf"])
    if "enum" in node:
        return " | ".join(f'"{value}"' for value in node["enum"])
    kind = node.get("type")
    if kind is None:
        return "unknown"
    if kind == "array":
        if "prefixItems" in node:
            return "[" + ", ".join(written(part) for part in node["prefixItems"]) + "]"
        inner = written(node.get("items", {}))
        return f"({inner})[]" if " " in inner and not inner.startswith("[") else f"{inner}[]"
    if kind == "object":
        return f"Record<string, {written(node.get('additionalProperties', {}))}>"
    plain = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}
    if kind not in plain:
        raise ValueError(f"no TypeScript for {node}")
    return plain[kind]


def text() -> str:
    """The whole file."""
    types = shapes()
    _, nodes = msgspec.json.schema_components(types, ref_template="{name}")
    out = [HEAD]
    for item in types:
        node = nodes[item.__name__]
        if "enum" in node:
            names = [member.value for member in item] if issubclass(item, enum.Enum) else node["enum"]
            choices = " | ".join(f'"{name}"' for name in names)
            out.append(f"export type {item.__name__} = {choices};\n")
            continue
        out.append(f"export interface {item.__name__} {{")
        required = set(node.get("required", []))
        for name, field in node["properties"].items():
            maybe = "?" if item.__name__ in SENT and name not in required else ""
            out.append(f"  {name}{maybe}: {written(field)};")
        out.append("}\n")
    return "\n".join(out)


def main(arguments: list[str]) -> int:
    """Write the types, or with --check say whether they are stale."""
    wanted = text()
    if "--check" in arguments:
        if TARGET.exists() and TARGET.read_text("utf-8") == wanted:
            return 0
        print(f"{TARGET.relative_to(ROOT).as_posix()} is stale: run python tools/make_console_types.py")
        return 1
    TARGET.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
