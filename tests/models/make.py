#!/usr/bin/env python3
"""Makes the models that the tests of `src/forest/` read, with the raw scores that LightGBM itself gives them.

    python3 -m venv V && V/bin/pip install lightgbm==4.7.0 numpy==2.4.6 pandas==3.1.1
    V/bin/python tests/models/make.py

NAME.txt is a model and NAME.csv its rows: features, then `raw`. An empty cell is a missing value. Models without rows are refused.
The same seeds and versions make the same files.
"""

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

HERE = Path(__file__).parent
NAMES = ["affinity.item", "affinity.item.raw", "order_value.raw", "hour", "weekday", "candidates"]
BASE = dict(verbose=-1, num_threads=1, seed=7, deterministic=True, force_row_wise=True, min_data_in_leaf=5)
ODD = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-35, 1.1e-35, -1.1e-35, 1e-20, -1.0, 1e300, -1e300, 0.5, 23.0, 24.0, 100.0]


def features(random, rows):
    x = np.empty((rows, len(NAMES)))
    x[:, 0] = random.random(rows)
    x[:, 1] = random.normal(size=rows)
    x[:, 2] = random.lognormal(2, 1, rows)
    x[:, 3] = random.integers(0, 24, rows)
    x[:, 4] = random.integers(1, 8, rows)
    x[:, 5] = random.integers(1, 1000, rows)
    return x


def target(x):
    x = np.nan_to_num(x)
    return 3 * x[:, 0] - x[:, 1] ** 2 + np.log1p(x[:, 2]) + 2 * (x[:, 3] % 5 == 1) - (x[:, 4] > 5) + 1e-3 * x[:, 5]


def odd_rows(random, x):
    """Returns rows of the data in which cells are replaced by values at the edges."""
    rows = x[random.choice(len(x), 120)].copy()
    for row in rows:
        for place in random.choice(rows.shape[1], 2, replace=False):
            row[place] = random.choice(ODD)
    rows[0] = np.nan
    rows[1] = 0.0
    return rows


def write(name, booster, rows):
    booster.save_model(HERE / f"{name}.txt")
    if rows is None:
        return
    raws = booster.predict(rows, raw_score=True)
    columns = booster.feature_name()
    table = pd.DataFrame(rows, columns=columns)
    table["raw"] = raws
    table.to_csv(HERE / f"{name}.csv", index=False, float_format=lambda x: repr(float(x)))


def make(name, parameters, trees, missing=0.0, zeros=0.0, categorical=None, label=None, rows=True):
    random = np.random.default_rng(len(name))
    x = features(random, 1500)
    x[random.random(x.shape) < missing] = np.nan
    x[random.random(x.shape) < zeros] = 0.0
    y = target(x) if label is None else label(target(x))
    data = lgb.Dataset(x, y, feature_name=NAMES, categorical_feature=categorical or [])
    write(name, lgb.train(BASE | parameters, data, trees), odd_rows(random, x) if rows else None)


def pandas():
    random = np.random.default_rng(3)
    x = pd.DataFrame(features(random, 300), columns=NAMES)
    x["hour"] = x["hour"].astype(int).astype(str).astype("category")
    write("pandas", lgb.train(BASE | dict(objective="l2", num_leaves=4), lgb.Dataset(x, np.arange(300)), 1), None)


if __name__ == "__main__":
    make("numeric", dict(objective="l2", num_leaves=15), 6)
    make("nan", dict(objective="l2", num_leaves=15), 6, missing=0.3)
    make("zero", dict(objective="l2", num_leaves=15, zero_as_missing=True), 6, missing=0.1, zeros=0.3)
    sets = dict(num_leaves=12, max_cat_to_onehot=1, min_data_per_group=5, cat_smooth=1, cat_l2=1)
    make("categorical", dict(objective="l2") | sets, 6, missing=0.1, categorical=[3, 4, 5])
    make("onehot", dict(objective="l2", num_leaves=12, max_cat_to_onehot=30), 4, categorical=[3, 4])
    make("binary", dict(objective="binary", num_leaves=64), 3, missing=0.1, label=lambda y: y > np.median(y))
    make("constant", dict(objective="l2", min_data_in_leaf=5000), 2)
    make("linear", dict(objective="l2", num_leaves=4, linear_tree=True), 2, rows=False)
    forest = dict(boosting="rf", bagging_freq=1, bagging_fraction=0.5)
    make("averaged", dict(objective="l2", num_leaves=4) | forest, 2, rows=False)
    make("classes", dict(objective="multiclass", num_class=3, num_leaves=4), 1, rows=False, label=lambda y: np.abs(y).astype(int) % 3)
    make("wide", dict(objective="l2", num_leaves=65), 1, rows=False)
    pandas()
