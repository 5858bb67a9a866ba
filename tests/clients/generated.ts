// Calls a live service with the TypeScript client that is generated from its OpenAPI document.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./saima_api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

const merchants = await client.PUT("/merchants", { body: [{ id: "tm", category: "gen-ts" }] });
const items = await client.PUT("/items", { body: [0, 1, 2].map((one) => ({ id: `ti-${one}`, merchant_id: "tm", price: 9.5 })) });
const events = await client.POST("/events", {
  body: [{ id: "te-1", user_id: "tu", item_id: "ti-1", kind: "purchase", at: new Date().toISOString(), amount: 9.5 }],
});
assert.deepEqual([merchants, items, events].map(({ data }) => data?.accepted), [1, 3, 1]);

const ranking = await client.POST("/rank", { body: { user_id: "tu", candidates: ["ti-0", "ti-1", "nothing"], timeout_ms: 9_000 } });
assert(ranking.data, JSON.stringify(ranking.error));
assert.deepEqual(ranking.data.items.map((item) => item.id), ["ti-1", "ti-0"]);
assert.deepEqual(ranking.data.unknown, ["nothing"]);

const item = await client.GET("/items/{id}", { params: { path: { id: "ti-1" } } });
assert.equal(item.data?.id, "ti-1");

const race = await client.GET("/race", { params: { query: { lane: "gen-ts", limit: 1 } } });
assert(race.data?.runners ?? race.error?.status === 404);

const wrong = await client.POST("/rank", { body: { user_id: "tu", candidates: [], limit: 0 } });
assert.equal(wrong.error?.errors[0]?.path, "limit");
