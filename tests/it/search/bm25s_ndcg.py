"""Prints the mean NDCG@10 of a reference BM25, PyPI `bm25s`, on the judged queries of this folder and on the words into which Saima splits
the texts. The better of the usual parameters and those of Saima is the bound in tests/it/contract/searching.rs.

    cargo test --locked --test it searching      # writes the words
    pip install bm25s numpy
    python tests/it/search/bm25s_ndcg.py target/tmp/search-words.json
"""

import json
import math
import sys

import bm25s
import numpy

data = json.load(open(sys.argv[1], encoding="utf-8"))
ids = [item["id"] for item in data["items"]]
vocabulary = {}


def numbers(words):
    return [vocabulary.setdefault(word, len(vocabulary)) for word in words]


corpus = [numbers(item["words"]) for item in data["items"]]
queries = [numbers(query["words"]) for query in data["queries"]]


def dcg(gains):
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains[:10]))


def ndcg(order, judged):
    gains = {item: int(gain) for item, gain in (pair.split(":") for pair in judged.split(" "))}
    return dcg([gains.get(item, 0) for item in order]) / dcg(sorted(gains.values(), reverse=True))


def mean(**parameters):
    index = bm25s.BM25(**parameters)
    index.index((corpus, vocabulary), show_progress=False)
    each = []
    for query, numbered in zip(data["queries"], queries):
        known = [word for word in numbered if any(word in text for text in corpus)]
        scores = index.get_scores_from_ids(known) if known else numpy.zeros(len(ids))
        order = [ids[place] for place in numpy.argsort(-scores, kind="stable")]
        each.append(ndcg(order, query["judged"]))
    return sum(each) / len(each)


for name, parameters in {"k1 = 1.5, b = 0.75": {}, "k1 = 1.2, b = 0.75": {"k1": 1.2, "b": 0.75}}.items():
    print(f"{name}: NDCG@10 {mean(**parameters):.4f}")
