"""What the service accepts beyond its OpenAPI document, so that a check for rejected data asks only for what must be rejected.

The document shows clients one form of each value. The service also accepts a JSON integer as an id, and accepts or rejects each object
of a bulk body on its own. Names of scenes, predictions and experiments, and what a change or a preview may set, follow the live configuration,
here the embedded one.
"""

import uuid

import schemathesis


@schemathesis.hook
def before_load_schema(context, document):
    schemas = document["components"]["schemas"]
    text = dict(schemas["Id"])
    schemas["Id"] = {"anyOf": [text, {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1}]}

    schemas["RankRequest"]["properties"]["scene"] = {"enum": ["default", None]}
    schemas["RankRequest"]["properties"]["arms"] = {"enum": [{}, None]}
    schemas["PreviewRequest"]["properties"]["scene"] = {"enum": ["default", None]}
    schemas["PreviewRequest"]["properties"]["file"] = {"type": "null"}
    for change in (schemas["ConfigChange"], schemas["PreviewRequest"]):
        change["properties"]["set"] = {"enum": [{}, {"scene": {"default": {"limit": 30}}}]}
        change["properties"]["toml"] = {"type": "null"}
        change["required"] = ["set"]
        del change["oneOf"]
    number = schemas["Candidate"]["properties"]["predictions"]["anyOf"][0]["additionalProperties"]
    schemas["Candidate"]["properties"]["predictions"] = {
        "anyOf": [
            {"type": "object", "properties": {"pctr": number, "pcvr": number}, "additionalProperties": {"type": "null"}},
            {"type": "null"},
        ]
    }

    lists = [schemas["RankBatchRequest"]["properties"]["requests"]]
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            lists += [media["schema"] for media in content.values() if media["schema"].get("type") == "array"]
    for one in lists:
        one["items"] = {"anyOf": [one["items"], {}]}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Begins a list of pages of its own for a valid request with an offset: of a known list, only some offsets are accepted."""
    body = case.body
    if case.operation.path != "/rank" or not isinstance(body, dict) or "offset" not in body:
        return
    given = body.get("request_id")
    text = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
    if 1 <= len(text.encode("utf-8", "surrogatepass")) <= 128 and text.isprintable():
        body["request_id"] = str(uuid.uuid4())
