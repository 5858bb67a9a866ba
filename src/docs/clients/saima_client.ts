// Calls Saima: one ranking with a timeout and a fallback, and events in batches with ids and retries.
//
// Needs Node 18 or newer and no packages; fetch keeps connections open.
import { randomUUID } from "node:crypto";

export type SaimaEvent = { user_id: string; kind: string; at: string | number; id?: string } & Record<string, unknown>;
export type Rejected = { index: number; id?: string | null; errors: { path: string; message: string }[] };

const BUSY = new Set([408, 429, 500, 502, 503, 504]);

export class Saima {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #rankMillis: number;
  readonly #factsMillis: number;

  constructor(url: string, { token = "", rankMillis = 150, factsMillis = 15_000 } = {}) {
    this.#url = url;
    this.#headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    this.#rankMillis = rankMillis;
    this.#factsMillis = factsMillis;
  }

  /** Returns the ids best first. Without an answer it returns `candidates`: give them in your own default order. */
  async rank(userId: string, candidates: string[], fields: Record<string, unknown> = {}): Promise<string[]> {
    try {
      const answer = await this.#post("/rank", { user_id: userId, candidates, ...fields }, this.#rankMillis);
      if (answer.ok) {
        const ranking = (await answer.json()) as { items: { id: string }[] };
        return ranking.items.map((item) => item.id);
      }
      const log = BUSY.has(answer.status) ? console.warn : console.error;
      log(`no ranking: ${answer.status} ${await answer.text()}`);
    } catch (error) {
      console.warn(`no ranking: ${error}`);
    }
    return candidates;
  }

  /** Sends all events and returns the rejected ones. An event without an id gets one, so that it counts once. */
  async sendEvents(events: SaimaEvent[], batch = 500, attempts = 8): Promise<Rejected[]> {
    const named = events.map((event) => ({ ...event, id: event.id ?? randomUUID() }));
    const rejected: Rejected[] = [];
    for (let start = 0; start < named.length; start += batch) {
      rejected.push(...(await this.#sendBatch(named.slice(start, start + batch), attempts)));
    }
    return rejected;
  }

  async #sendBatch(events: SaimaEvent[], attempts: number): Promise<Rejected[]> {
    let failure = "";
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      let pause = Math.min(30_000, 100 * 2 ** attempt);
      try {
        const answer = await this.#post("/events", events, this.#factsMillis);
        if (answer.ok) return ((await answer.json()) as { rejected: Rejected[] }).rejected;
        failure = `${answer.status} ${await answer.text()}`;
        if (!BUSY.has(answer.status)) break;
        pause = Math.max(pause, 1_000 * Number(answer.headers.get("retry-after") ?? 0));
      } catch (error) {
        failure = String(error);
      }
      const millis = pause * (1 + Math.random() / 2);
      if (attempt + 1 < attempts) await new Promise((resolve) => setTimeout(resolve, millis));
    }
    throw new Error(`the events were not accepted: ${failure}`);
  }

  /** Posts with a time limit for the whole, the body of the answer included. */
  #post(path: string, body: unknown, millis: number): Promise<Response> {
    const signal = AbortSignal.timeout(millis);
    return fetch(this.#url + path, { method: "POST", headers: this.#headers, body: JSON.stringify(body), signal });
  }
}
