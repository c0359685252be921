"""A client that knows nothing but an OpenAPI 3.1 document, an address and a key."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

__all__ = ["Answer", "Client", "Operation"]

Json = Any
METHODS = ("get", "put", "post", "delete", "patch")
#: Of other media, such as Parquet, the document cannot say how they are written.
WRITABLE = ("application/json", "text/", "multipart/form-data")
BOUNDARY = "a-line-no-file-holds"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    described: Mapping[str, Json]
    parameters: tuple[Mapping[str, Json], ...]

    @property
    def name(self) -> str:
        """Return what people call it."""
        return f"{self.method.upper()} {self.path}"

    @property
    def places(self) -> tuple[str, ...]:
        """Return the parameters of the path."""
        return tuple(str(p["name"]) for p in self.parameters if p["in"] == "path")

    @property
    def bodies(self) -> Mapping[str, Json]:
        """Return media type -> what the body is like."""
        found: Mapping[str, Json] = self.described.get("requestBody", {}).get("content", {})
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    media: str
    body: bytes

    @property
    def json(self) -> Json:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class Client:
    """Calls operations and remembers the ids that answers name.

    Attributes:
        document: The OpenAPI document.
        address: ``http://HOST:PORT``.
        key: Sent as the document's scheme ``apiKey`` says; empty for none.
        known: Parameter of a path -> value of it that an answer named.
    """

    document: Mapping[str, Json]
    address: str
    key: str = ""
    known: dict[str, str] = field(default_factory=dict)

    def operations(self) -> Iterator[Operation]:
        """Yield all operations; one that needs an id comes after one that may give it."""
        waiting = [
            Operation(
                method,
                path,
                item[method],
                (*item.get("parameters", ()), *item[method].get("parameters", ())),
            )
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        ]
        waiting.sort(key=lambda o: (o.method == "delete", len(o.places)))
        while waiting:
            found = next((o for o in waiting if set(o.places) <= set(self.known)), None)
            assert found is not None, f"nothing names the ids of {[o.name for o in waiting]}"
            waiting.remove(found)
            yield found

    def bodies(self, operation: Operation) -> Iterator[tuple[str, bytes]]:
        """Yield media types and bodies: the document's examples, and what its schemas make."""
        if not operation.bodies:
            yield "", b""
        for media, content in operation.bodies.items():
            if not media.startswith(WRITABLE):
                continue
            values = [content["example"]] if "example" in content else []
            values += [one["value"] for one in content.get("examples", {}).values()]
            if media == "application/json" or not values:
                values.append(self.instance(content["schema"]))
            for value in values:
                yield self._encoded(media, self._with_ids(value))

    def call(self, operation: Operation, media: str = "", body: bytes = b"") -> Answer:
        """Send a request and remember the ids of its answer."""
        path = operation.path
        for name in operation.places:
            path = path.replace(f"{{{name}}}", urllib.parse.quote(self.known[name], safe=""))
        headers = {"Content-Type": media} if media else {}
        if self.key:
            headers |= {self._key_header(): self.key}
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.address}{path}",
            data=body if media else None,
            headers=headers,
            method=operation.method.upper(),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as got:  # noqa: S310
                answer = Answer(got.status, got.headers.get_content_type(), got.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.headers.get_content_type(), error.read())
        if answer.status < 300 and answer.media == "application/json":
            described = operation.described["responses"].get(str(answer.status), {})
            content = described.get("content", {}).get(answer.media, {})
            self._remember(answer.json, content.get("schema", {}))
        return answer

    def wrong(self, operation: Operation, answer: Answer) -> list[str]:
        """Return where an answer is not what the document says."""
        described = operation.described["responses"].get(str(answer.status))
        if described is None:
            return [f"{operation.name}: {answer.status} is not described: {answer.body[:200]!r}"]
        content = described.get("content", {})
        if answer.media not in content:
            return [f"{operation.name}: {answer.status} comes as {answer.media!r}"]
        if not answer.media.endswith("json"):
            return []
        errors = self._validator(content[answer.media].get("schema", {})).iter_errors(answer.json)
        return [f"{operation.name}: {answer.status} {e.json_path}: {e.message}" for e in errors]

    def wrong_examples(self, operation: Operation) -> list[str]:
        """Return which of the document's own examples do not keep their schemas."""
        parts = [("body", operation.bodies)]
        parts += [(s, r.get("content", {})) for s, r in operation.described["responses"].items()]
        return [
            f"{operation.name}: example of {where}: {error.json_path}: {error.message}"
            for where, contents in parts
            for media, content in contents.items()
            if media.endswith("json") and "example" in content
            for error in self._validator(content["schema"]).iter_errors(content["example"])
        ]

    def instance(self, schema: Mapping[str, Json]) -> Json:
        """Make a value that keeps a schema."""
        schema = self._resolved(schema)
        for word in ("const", "example", "default"):
            if word in schema:
                return schema[word]
        if "enum" in schema:
            return schema["enum"][0]
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                return self.instance(schema[word][0])
        return self._of_type(schema)

    def _of_type(self, schema: Mapping[str, Json]) -> Json:
        match schema.get("type"):
            case "object":
                wanted = schema.get("required", ())
                made = {n: s for n, s in schema.get("properties", {}).items() if n in wanted}
                return {name: self.instance(inner) for name, inner in made.items()}
            case "array":
                return [self.instance(schema["items"])] * max(1, schema.get("minItems", 0))
            case "integer" | "number" as kind:
                low = max(schema.get("minimum", 0), schema.get("exclusiveMinimum", -1) + 1)
                value = min(low, schema.get("maximum", low))
                return int(value) if kind == "integer" else value
            case "boolean":
                return False
            case "null":
                return None
            case _:
                formats = {"date": "2026-05-31", "date-time": "2026-05-31T12:00:00Z"}
                return formats.get(schema.get("format", ""), "a")

    def _resolved(self, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        while "$ref" in schema:
            found: Json = self.document
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema

    def _validator(self, schema: Mapping[str, Json]) -> Draft202012Validator:
        whole = {**schema, "components": self.document["components"]}
        return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def _key_header(self) -> str:
        schemes = self.document["components"]["securitySchemes"].values()
        return next(str(s["name"]) for s in schemes if (s["type"], s.get("in")) == _API_KEY)

    def id_names(self) -> set[str]:
        """Return the parameters of all paths."""
        parts = [p.split("}")[0] for path in self.document["paths"] for p in path.split("{")[1:]]
        return set(parts)

    def _remember(self, value: Json, schema: Mapping[str, Json], called: str = "") -> None:
        """Take the ids of an answer: ``thing_id``, or the ``id`` of a ``Thing`` or ``things``."""
        called = str(schema.get("$ref", "")).rpartition("/")[2].lower() or called
        schema = self._resolved(schema)
        if isinstance(value, list) and value:
            self._remember(value[0], schema.get("items", {}), called)
        elif isinstance(value, dict):
            for name, inner in value.items():
                things = (called, called.removesuffix("s"), called.removesuffix("es"))
                places = [f"{thing}_id" for thing in things] if name == "id" else [name]
                for place in self.id_names().intersection(places):
                    if isinstance(inner, str):
                        self.known[place] = inner
                self._remember(inner, schema.get("properties", {}).get(name, {}), name)

    def _with_ids(self, value: Json) -> Json:
        """Put the ids that are known where a body names them."""
        if isinstance(value, list):
            return [self._with_ids(one) for one in value]
        if isinstance(value, dict):
            return {n: self.known.get(n) or self._with_ids(inner) for n, inner in value.items()}
        return value

    @staticmethod
    def _encoded(media: str, value: Json) -> tuple[str, bytes]:
        if media == "application/json":
            return media, json.dumps(value).encode()
        if media != "multipart/form-data":
            return media, value.encode() if isinstance(value, str) else bytes(value)
        lines = []
        for name, part in value.items():
            filename = f'; filename="{name}.csv"' if "\n" in str(part) else ""
            head = f'Content-Disposition: form-data; name="{name}"{filename}'
            lines += [f"--{BOUNDARY}", head, "", str(part)]
        text = "\r\n".join([*lines, f"--{BOUNDARY}--", ""])
        return f"{media}; boundary={BOUNDARY}", text.encode()


_API_KEY = ("apiKey", "header")
