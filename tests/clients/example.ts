// Calls a live service, a service in trouble and none at all with the TypeScript example.
import assert from "node:assert/strict";
import { Saima, type SaimaEvent } from "./saima_client.js";

const [live, trouble, nowhere] = process.argv.slice(2) as [string, string, string];
const ids = ["ts-1", "ts-2", "ts-3"];
const event: SaimaEvent = { user_id: "ts", item_id: "no-such-item", kind: "view", at: Date.now() };

const saima = new Saima(live, { rankMillis: 10_000 });
assert.deepEqual(await saima.rank("ts", ids, { limit: 2 }), [], "none of them is in the catalogue");
assert.equal((await saima.sendEvents([{ ...event, id: "ts-e" }]))[0]?.id, "ts-e");
assert.deepEqual(await saima.rank("ts", ids, { limit: 0 }), ids, "a request that is not valid");

const begun = Date.now();
for (const url of [trouble, nowhere]) assert.deepEqual(await new Saima(url).rank("ts", ids), ids, url);
assert(Date.now() - begun < 1_500);
assert.deepEqual(await new Saima(trouble).sendEvents([event]), []);
await assert.rejects(new Saima(nowhere).sendEvents([event], 500, 1), /not accepted/);
