#!/usr/bin/env python3
"""Finds weights: collects the values of objectives for queries with a known outcome, and searches the weights that order them best.

    python3 -m venv V && V/bin/pip install numpy
    V/bin/python weights.py collect http://localhost:8080 OUT/queries.ndjson.gz one.npz [--scene S]
    V/bin/python weights.py fit one.npz two.npz [--goal 2 1 0.6]

`collect` asks the service to explain every candidate of every query, so the scene must weigh each objective that is to be judged; any
weight but 0 will do. The service must know the facts before the outcome, and nothing after it.

`fit` maximizes a·NDCG@10 + b·NDCG@50 + c·GMV-NDCG@10 (`--goal a b c`), averaged over the files, one weight after the other. It knows no
weight below 0. Give it several cuts of one market, and judge the result on a cut that it did not see.
"""

import argparse
import gzip
import json
import sys
import urllib.request

import numpy as np

DISCOUNT = 1 / np.log2(np.arange(2, 52))
# Steps by which a weight changes, and the gain that counts as one.
STEPS = [0.5, 0.25, 0.125, 0.0625]
LEAST = 2e-5
# The weight from which one that is 0 is tried.
FIRST = 0.03


def ask(options, query):
    body = {"user_id": query["user_id"], "candidates": query["candidates"], "limit": len(query["candidates"]), "explain": True}
    if options.scene:
        body["scene"] = options.scene
    if "context" in query:
        body["context"] = query["context"]
    headers = {"content-type": "application/json"}
    if options.token:
        headers["authorization"] = f"Bearer {options.token}"
    request = urllib.request.Request(options.url + "/rank", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["items"]


def collect(options):
    reader = gzip.open if options.queries.endswith(".gz") else open
    with reader(options.queries, "rt", encoding="utf-8") as file:
        asked = [json.loads(line) for line in file if line.strip()]
    names, values, gains, sizes, ideals = None, [], [], [], []
    for query in asked:
        relevant = query["relevant"]
        rows = ask(options, query)
        if not relevant or not rows:
            continue
        parts = [row["explain"]["objectives"] for row in rows]
        names = names or [part["name"] for part in parts[0]]
        values += [[part["value"] for part in row] for row in parts]
        gains += [relevant.get(row["id"], 0.0) for row in rows]
        sizes.append(len(rows))
        best = np.sort(np.array(list(relevant.values())))[::-1]
        ideals.append([DISCOUNT[: min(10, len(best))].sum(), DISCOUNT[: len(best)].sum(), best[:10] @ DISCOUNT[: min(10, len(best))]])
    np.savez_compressed(options.file, names=names, values=np.float32(values), gains=gains, sizes=sizes, ideals=ideals)
    print(f"{options.file}: {len(sizes)} queries, {len(gains):,} candidates, {len(names)} objectives")


class Market:
    """The queries of one file as arrays by query and candidate, short queries filled up with candidates that come last."""

    def __init__(self, path):
        data = np.load(path)
        sizes, self.names, self.ideals = data["sizes"], list(data["names"]), data["ideals"]
        shape = (len(sizes), max(sizes.max(), 50))
        self.values = np.zeros((*shape, len(self.names)), np.float32)
        self.gains, self.last = np.zeros(shape), np.full(shape, -np.inf, np.float32)
        ends = np.cumsum(sizes)
        for query, (start, end) in enumerate(zip(ends - sizes, ends)):
            self.values[query, : end - start] = data["values"][start:end]
            self.gains[query, : end - start] = data["gains"][start:end]
            self.last[query, : end - start] = 0

    def quality(self, weights):
        """Returns NDCG@10, NDCG@50 and GMV-NDCG@10."""
        scores = self.values @ np.float32(weights) + self.last
        order = np.argsort(-scores, axis=1, kind="stable")[:, :50]
        gains = np.take_along_axis(self.gains, order, axis=1)
        hits = gains > 0
        sums = np.stack([hits[:, :10] @ DISCOUNT[:10], hits @ DISCOUNT, gains[:, :10] @ DISCOUNT[:10]], axis=1)
        return (sums / self.ideals).mean(axis=0)


def fit(options):
    markets = [Market(path) for path in options.files]
    names = markets[0].names
    if any(market.names != names for market in markets):
        sys.exit("the files have different objectives")
    goal = np.array(options.goal)

    def worth(weights):
        return goal @ np.mean([market.quality(weights) for market in markets], axis=0)

    weights = np.full(len(names), 1 / len(names))
    best = worth(weights)
    for step in STEPS:
        found = True
        while found:
            found = False
            for place in range(len(names)):
                base = max(weights[place], FIRST * weights.sum())
                for tried in (base * (1 + step), base / (1 + step), 0.0):
                    other = weights.copy()
                    other[place] = tried
                    if other.sum() > 0 and (gained := worth(other)) > best + LEAST:
                        weights, best, found = other, gained, True
        weights /= weights.sum()
        print(f"steps of {step}: {best:.5f}", file=sys.stderr)
    for place in np.argsort(weights):
        other = weights.copy()
        other[place] = 0.0
        if other.sum() > 0 and worth(other) > best - LEAST:
            weights = other / other.sum()
    for market, path in zip(markets, options.files):
        print("# {}: NDCG@10 {:.4f}, NDCG@50 {:.4f}, GMV-NDCG@10 {:.4f}".format(path, *market.quality(weights)))
    for name, weight in zip(names, weights):
        print(f'"{name}" = {weight:.3f}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("collect")
    for name in ("url", "queries", "file"):
        command.add_argument(name)
    command.add_argument("--scene")
    command.add_argument("--token")
    command.set_defaults(run=collect)
    command = commands.add_parser("fit")
    command.add_argument("files", nargs="+")
    command.add_argument("--goal", nargs=3, type=float, default=[2, 1, 0.6], metavar=("NDCG10", "NDCG50", "GMV"))
    command.set_defaults(run=fit)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
