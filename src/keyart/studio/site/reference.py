"""The OpenAPI document as a page of our own: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


def groups_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`[{"name", "calls": [{"id", "verb", "path", "title", "text", "tables": [{"name", "rows"}]}]}]` by tag."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in document.get("paths", {}).items():
        for verb in _VERBS:
            if verb in item:
                call = item[verb]
                groups.setdefault((call.get("tags") or ["api"])[0], []).append(_call(document, path, verb, call))
    return [{"name": name, "calls": calls} for name, calls in groups.items()]


def _call(document: Mapping[str, Any], path: str, verb: str, call: Mapping[str, Any]) -> dict[str, Any]:
    tables = [
        {"name": "Parameters", "rows": [_parameter(one) for one in call.get("parameters", ())]},
        {"name": "Body", "rows": list(_body(document, call.get("requestBody", {}).get("content", {})))},
        {"name": "Answers", "rows": [_answer(status, one) for status, one in call.get("responses", {}).items()]},
    ]
    return {
        "id": call.get("operationId", f"{verb}{path}"),
        "verb": verb.upper(),
        "path": path,
        "title": call.get("summary", ""),
        "text": call.get("description", ""),
        "tables": [one for one in tables if one["rows"]],
    }


def _parameter(one: Mapping[str, Any]) -> dict[str, str]:
    must = "" if one.get("required") else ", may be left out"
    text = one.get("description", "")
    return {"name": one["name"], "kind": f"{_kind(one.get('schema', {}))}, {one['in']}{must}", "text": text}


def _body(document: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for media, one in content.items():
        schema = _resolved(document, one.get("schema", {}))
        needed = schema.get("required", ())
        if not schema.get("properties"):
            yield {"name": media, "kind": _kind(schema), "text": ""}
        for name, field in schema.get("properties", {}).items():
            must = "" if name in needed else ", may be left out"
            yield {"name": name, "kind": _kind(field) + must, "text": field.get("description", "")}


def _answer(status: str, one: Mapping[str, Any]) -> dict[str, str]:
    return {"name": status, "kind": ", ".join(one.get("content", {})), "text": one.get("description", "")}


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema
    if "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    return found


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words: string, integer, list of string, one of a, b."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "any"))
