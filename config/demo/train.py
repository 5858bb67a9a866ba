#!/usr/bin/env python3
"""Trains a model for `[model.NAME]` on features that `saima evaluate --export` wrote.

    python3 -m venv V && V/bin/pip install lightgbm==4.7.0 numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1
    V/bin/python train.py taste --valid valid.parquet train-1.parquet train-2.parquet

writes taste.txt, the model, and taste.csv, its check, and prints the section for the configuration. Each export is of one instant: a
service that has learnt everything before it, asked about what users bought in the days after it (`--window-days`).

Nothing of the future may leak: between the end of the last outcome in training and the instant of the validation lies at least one day,
or the script stops. With a window of 14 days, exports at days 224 and 238 train a model that day 253 validates.
"""

import argparse
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

KEYS = ["query", "user_id", "item_id", "as_of", "label", "amount"]
DAY = pd.Timedelta(days=1)
ROWS = 20


def read(paths):
    """Returns the rows of some exports, those of one query beside each other, with the number of the query over all files."""
    tables = [pd.read_parquet(path).assign(file=number) for number, path in enumerate(paths)]
    table = pd.concat(tables, ignore_index=True).sort_values(["file", "query", "item_id"], ignore_index=True)
    return table.assign(group=table.groupby(["file", "query"]).ngroup()).drop(columns="file")


def check_gap(train, valid, window):
    """Stops if the outcomes of the training reach into what the features of the validation know."""
    end = train.as_of.max() + window * DAY
    if end + DAY > valid.as_of.min():
        sys.exit(f"the outcomes in training end at {end}: validate on an export of {end + DAY} or later, not of {valid.as_of.min()}")


def features(train):
    """Returns the names of the features that differ from row to row."""
    names = [name for name in train.columns if name not in KEYS + ["group"]]
    return [name for name in names if train[name].nunique(dropna=False) > 1]


def dataset(table, names, reference=None):
    sizes = table.groupby("group", sort=True).size().to_numpy()
    return lgb.Dataset(table[names].to_numpy(float), table.label, group=sizes, feature_name=names, reference=reference)


def train(arguments, train, valid, names):
    parameters = dict(
        objective="lambdarank", metric="ndcg", eval_at=[10], num_leaves=arguments.leaves, learning_rate=0.1, min_data_in_leaf=200,
        lambda_l2=10.0, feature_fraction=0.8, seed=1, deterministic=True, force_row_wise=True, num_threads=arguments.threads, verbose=-1,
    )
    known = dataset(train, names)
    stop = lgb.early_stopping(20, verbose=False)
    return lgb.train(parameters, known, arguments.trees, valid_sets=[dataset(valid, names, known)], callbacks=[stop])


def write(name, booster, valid, names):
    """Writes the model and 20 rows with their raw scores. Returns the raw scores of the validation."""
    best = booster.best_iteration or booster.current_iteration()
    booster.save_model(f"{name}.txt", num_iteration=best)
    raws = booster.predict(valid[names].to_numpy(float), raw_score=True, num_iteration=best)
    order = np.argsort(raws, kind="stable")
    some = order[np.linspace(0, len(order) - 1, ROWS).astype(int)]
    rows = valid.loc[some, names].astype(float).assign(raw=raws[some])
    rows.to_csv(f"{name}.csv", index=False, float_format=lambda x: repr(float(x)))
    return raws


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="path of the model without .txt; its last part is the name in the configuration")
    parser.add_argument("exports", nargs="+", help="exports to train on")
    parser.add_argument("--valid", required=True, help="a later export, which decides when to stop")
    parser.add_argument("--window-days", type=float, default=14, help="days after the instant of an export that its outcomes cover")
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--leaves", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1, help="the same number gives the same model")
    arguments = parser.parse_args()
    known, valid = read(arguments.exports), read([arguments.valid])
    check_gap(known, valid, arguments.window_days)
    names = features(known)
    booster = train(arguments, known, valid, names)
    raws = write(arguments.name, booster, valid, names)
    best = booster.best_score["valid_0"]["ndcg@10"]
    print(f"# {booster.best_iteration} trees over {len(names)} features; NDCG@10 of the validation {best:.4f}")
    print(f"[model.{Path(arguments.name).name}]")
    print(f'file = "{arguments.name}.txt"\ncheck = "{arguments.name}.csv"')
    print(f'normaliser = "logistic"\ncentre = {raws.mean():.4f}\nscale = {raws.std():.4f}')


if __name__ == "__main__":
    main()
