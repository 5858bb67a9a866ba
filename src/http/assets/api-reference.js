// Renders the OpenAPI document of this service. Text enters the page as text only, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Returns an element with attributes and children; strings become text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Splits text at `backticks`, which mark code. */
function rich(text) {
  return (text || "").split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

const nameOf = (reference) => reference.split("/").pop();

/** Describes a schema in a few words; a named schema is a link to its section. */
function inWords(schema) {
  if (schema.$ref) return [el("a", { href: `#schema-${nameOf(schema.$ref)}` }, nameOf(schema.$ref))];
  if (schema.anyOf) {
    const parts = schema.anyOf.filter((part) => part.type !== "null" && Object.keys(part).length);
    return parts.flatMap((part, index) => (index ? [" or ", ...inWords(part)] : inWords(part)));
  }
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.join(" | ")];
  if (schema.type === "array") return ["list of ", ...inWords(schema.items || {})];
  const type = [schema.type || "anything"].flat().filter((one) => one !== "null").join(" or ");
  return [`${schema.format || type}${bounds(schema)}`];
}

function bounds(schema) {
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return Math.abs(schema.maximum) > 1e15 ? "" : ` ${schema.minimum} … ${schema.maximum}`;
  }
  const most = schema.maxLength || schema.maxItems;
  return most ? `, at most ${most}` : "";
}

function fields(schema) {
  const required = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([name, field]) =>
    el("tr", {},
      el("td", {}, el("code", { class: required.has(name) ? "required" : "" }, name)),
      el("td", {}, inWords(field)),
      el("td", { class: "soft" }, rich(field.description))));
  if (!rows.length) return null;
  const head = el("tr", {}, ["Field", "Type", "Meaning"].map((title) => el("th", {}, title)));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, rows));
}

function parameters(list) {
  if (!list || !list.length) return null;
  const rows = list.map((one) =>
    el("tr", {},
      el("td", {}, el("code", { class: one.required ? "required" : "" }, one.name)),
      el("td", {}, `${one.in}: `, inWords(one.schema)),
      el("td", { class: "soft" }, rich(one.description))));
  return el("details", { open: "" }, el("summary", {}, "Parameters"), el("table", {}, el("tbody", {}, rows)));
}

function body(request) {
  if (!request) return null;
  const parts = Object.entries(request.content).flatMap(([media, content]) => [
    el("p", {}, el("code", {}, media), ": ", inWords(content.schema)),
    content.example === undefined ? null : el("pre", {}, JSON.stringify(content.example, null, 2)),
  ]);
  return el("details", { open: "" }, el("summary", {}, "Body"), el("p", { class: "soft" }, rich(request.description)), parts);
}

function answers(spec, responses) {
  const rows = Object.entries(responses).map(([status, response]) => {
    const full = response.$ref ? spec.components.responses[nameOf(response.$ref)] : response;
    const schemas = Object.values(full.content || {}).map((content) => el("span", {}, inWords(content.schema)));
    return el("tr", {}, el("td", {}, el("code", {}, status)), el("td", {}, schemas), el("td", { class: "soft" }, full.description));
  });
  return el("details", {}, el("summary", {}, "Answers"), el("table", {}, el("tbody", {}, rows)));
}

/** Returns a shell command that makes the request. */
function curl(method, path, operation) {
  const parts = ["curl", method === "get" ? "" : `-X ${method.toUpperCase()}`, `'${location.origin}${path}'`];
  if (operation.security) parts.push(`-H "Authorization: Bearer $SAIMA_TOKEN_${operation["x-role"].toUpperCase()}"`);
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  if (content) {
    parts.push("-H 'Content-Type: application/json'");
    parts.push(`-d '${JSON.stringify(content.example).replaceAll("'", "'\\''")}'`);
  }
  return el("details", {}, el("summary", {}, "curl"), el("pre", {}, parts.filter(Boolean).join(" ")));
}

function route(spec, method, path, operation) {
  return el("section", { class: "route", id: operation.operationId },
    el("header", {},
      el("span", { class: `method ${method}` }, method.toUpperCase()),
      el("span", { class: "path" }, path),
      el("span", { class: "role", title: "The role that a token must have" }, operation["x-role"]),
      el("p", {}, rich(operation.summary))),
    parameters(operation.parameters),
    body(operation.requestBody),
    answers(spec, operation.responses),
    curl(method, path, operation));
}

/** Lists the operations of a tag: [method, path, operation]. */
function operations(spec, tag) {
  return Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] && item[method].tags.includes(tag))
      .map((method) => [method, path, item[method]]));
}

function show(spec) {
  document.title = `${spec.info.title} API`;
  const main = document.getElementById("main");
  const contents = document.getElementById("contents");
  main.replaceChildren(
    el("h1", {}, `${spec.info.title} `, el("small", { class: "soft" }, spec.info.version)),
    el("p", {}, rich(spec.info.description)),
    el("p", {}, el("a", { href: "/openapi.json" }, "openapi.json")));
  for (const tag of spec.tags) {
    contents.append(el("h2", {}, tag.name));
    main.append(el("h2", { class: "group" }, tag.description));
    for (const [method, path, operation] of operations(spec, tag.name)) {
      const label = el("span", { class: `method ${method}` }, method.toUpperCase());
      contents.append(el("a", { href: `#${operation.operationId}` }, label, path));
      main.append(route(spec, method, path, operation));
    }
  }
  main.append(el("h2", { class: "group" }, "Objects"));
  for (const [name, schema] of Object.entries(spec.components.schemas)) {
    main.append(el("h3", { class: "schema", id: `schema-${name}` }, name),
      el("p", { class: "soft" }, rich(schema.description)), fields(schema) || "");
  }
  if (location.hash) location.replace(location.hash);
}

fetch("/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
  .then(show)
  .catch((error) => {
    document.getElementById("main").replaceChildren(el("p", {}, `Cannot read the document: ${error.message}`));
  });
