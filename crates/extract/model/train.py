#!/usr/bin/env python3
"""Train the scorer of main content, and say how good it is on pages of sites it has not seen.

    cargo xtask samples ARCHIVE --output samples.jsonl
    train.py samples.jsonl=gold.jsonl.gz ... --tools ../shared/tools [--output crates/extract/model/content.txt]

Needs lightgbm 4.7.0 and numpy (pip install lightgbm==4.7.0 numpy).  The same samples give the same model.

Label     A paragraph's share of words that stand in the gold text, in runs of four as there (all of a shorter one).  A
          copy of a paragraph counts as often as the gold has it.
Weight    Its words over those of the gold, at most 1: what it costs the page's F1.
Words     A word of a class, an id, a short paragraph or an address is worth the logarithm of the odds of its mean label,
          each site one vote, over those of all paragraphs.  While training, a paragraph's own site does not vote.
Split     Five folds by registered name of the site, so that no site is in two of them.
"""
import argparse
import gzip
import hashlib
import json
import math
import sys
from collections import Counter, defaultdict
from urllib.parse import urlsplit

import lightgbm
import numpy as np

FOLDS = 5
RUN = 4
ROUNDS = 120
PARAMETERS = {
    "objective": "cross_entropy", "learning_rate": 0.1, "num_leaves": 24, "min_data_in_leaf": 100,
    "feature_fraction": 0.3, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 10.0, "max_bin": 63,
    "num_threads": 2, "deterministic": True, "force_row_wise": True, "seed": 1, "verbose": -1,
}
# Sites that must vote before a word counts, votes that all paragraphs have on each word.
MIN_SITES = {"names": 5, "words": 6, "address": 4}
PRIOR_VOTES = 3.0
MOST = 600
# As in content.rs and content/names.rs.
CAUTION = 0.05
CLEARLY_AGAINST, CLEARLY_FOR, FAR = -100, 80, 24


class Page:
    """One page: what is known of its paragraphs and images, and which of them the gold has."""

    def __init__(self, row, columns, gold, words):
        self.url, self.texts = row["url"], row["texts"]
        self.features = np.array(row["features"], dtype=np.int32).reshape(len(self.texts), columns)
        self.elements, self.around = row["elements"], row["around"]
        self.words, self.address = row["words"], row["address"]
        host = urlsplit(self.url).hostname or ""
        # Where no real address is known, each page is its own site.
        self.site = self.url if host.endswith(".invalid") else ".".join(host.split(".")[-2:])
        self.gold = Counter(words(gold["text"]))
        self.kind = gold["kind"]
        self.bags = [Counter(words(text)) if text is not None else None for text in self.texts]
        self.label(words(gold["text"]), words)

    def label(self, gold, words):
        runs = Counter(tuple(gold[i:i + n]) for n in range(1, RUN + 1) for i in range(len(gold) - n + 1))
        labels, seen = [], Counter()
        for text in self.texts:
            own = words(text) if text is not None else []
            n = min(RUN, len(own))
            found = np.zeros(len(own), dtype=bool)
            for i in range(len(own) - n + 1 if n else 0):
                if tuple(own[i:i + n]) in runs:
                    found[i:i + n] = True
            share = float(found.mean()) if own else 0.0
            if n and seen[text] and seen[text] >= runs[tuple(own[:n])]:
                share = 0.0
            seen[text] += 1
            labels.append(share)
        self.labels = np.array(labels)
        self.is_text = np.array([text is not None for text in self.texts], dtype=bool)
        self.lengths = np.array([sum(bag.values()) if bag else 0 for bag in self.bags])
        of_gold = max(30, sum(self.gold.values()))
        self.weights = np.where(self.lengths > 0, np.minimum(1.0, self.lengths / of_gold) + 0.002, 0.0) * self.is_text


class Words:
    """What the words of a kind say, learned from pages; each site has one vote on a word."""

    def __init__(self, pages, words_of, min_sites, prior):
        sums = defaultdict(lambda: [0.0, 0.0])
        for page in pages:
            for unit, words in words_of(page):
                if page.weights[unit] > 0:
                    for word in words:
                        both = sums[(word, page.site)]
                        both[0] += page.labels[unit] * page.weights[unit]
                        both[1] += page.weights[unit]
        self.votes = {key: good / all_ for key, (good, all_) in sums.items() if all_ > 0}
        totals = defaultdict(lambda: [0.0, 0])
        for (word, _), vote in self.votes.items():
            totals[word][0] += vote
            totals[word][1] += 1
        self.totals = {word: tuple(total) for word, total in totals.items() if total[1] >= min_sites}
        self.prior, self.base = prior, math.log(prior / (1 - prior))

    def value(self, word, without=None):
        """Hundredths of the logarithm of odds; 0 for an unknown word."""
        total, count = self.totals.get(word, (0.0, 0))
        if count and without is not None:
            vote = self.votes.get((word, without))
            if vote is not None:
                total, count = total - vote, count - 1
        if not count:
            return 0
        mean = (total + PRIOR_VOTES * self.prior) / (count + PRIOR_VOTES)
        value = math.log(mean / (1 - mean)) - self.base
        return max(-MOST, min(MOST, round(100 * value)))


def names_on_the_way(page):
    """For each unit, all words of the elements around it."""
    ways = []
    for parent, words in page.elements:
        above = ways[parent] if ways else frozenset()
        ways.append(above | set(words) if words else above)
    return [(unit, sorted(ways[at])) for unit, at in enumerate(page.around)]


def short_words(page):
    return list(enumerate(page.words))


def address_words(page):
    return [(unit, page.address) for unit in range(len(page.texts))]


class Dictionaries:
    def __init__(self, pages):
        good = sum(float(page.labels @ page.weights) for page in pages)
        prior = good / sum(float(page.weights.sum()) for page in pages)
        kinds = {"names": names_on_the_way, "words": short_words, "address": address_words}
        self.kinds = {kind: Words(pages, words_of, MIN_SITES[kind], prior) for kind, words_of in kinds.items()}

    def columns(self, page, is_trained_on):
        """The learned features of a page, as content/features.rs has them."""
        site = page.site if is_trained_on else None
        known = {kind: {} for kind in self.kinds}

        def value(kind, word):
            cache = known[kind]
            if word not in cache:
                cache[word] = self.kinds[kind].value(word, site)
            return cache[word]

        ways = []
        for parent, words in page.elements:
            way = ways[parent] if ways else (0, (0, 0, 0, 0), 0, 0, (0, 0, 0), (0, 0, 0), None, None)
            if words:
                values = [value("names", word) for word in words]
                levels, nearest, total, count, lowest, highest, against, in_favour = way
                levels += 1
                strongest = max(values, key=abs)
                some = [one for one in values if one]
                lowest = tuple(sorted(lowest + tuple(some))[:3])
                highest = tuple(sorted(highest + tuple(some), reverse=True)[:3])
                against = levels if min(values) < CLEARLY_AGAINST else against
                in_favour = levels if max(values) > CLEARLY_FOR else in_favour
                way = (levels, (strongest, *nearest[:3]), total + sum(some), count + len(some), lowest, highest,
                       against, in_favour)
            ways.append(way)

        def ends_and_sum(values):
            some = [one for one in values if one]
            return (min(some), max(some), sum(some), len(some)) if some else (0, 0, 0, 0)

        address = ends_and_sum([value("address", word) for word in page.address])[:3]
        rows = []
        for unit, at in enumerate(page.around):
            levels, nearest, total, count, lowest, highest, against, in_favour = ways[at]
            row = [*nearest, lowest[0], highest[0], total, total // max(1, count)]
            row += [FAR if level is None else min(FAR, levels - level) for level in (against, in_favour)]
            row += [sum(lowest), sum(highest)]
            low, high, total, count = ends_and_sum([value("words", word) for word in page.words[unit]])
            row += [low, high, total // max(1, count), total, count, *address]
            rows.append(row)
        return np.array(rows, dtype=np.int32)


def table(pages, dictionaries, is_trained_on):
    rows = []
    for page in pages:
        if len(page.texts):
            learned = dictionaries.columns(page, is_trained_on)
            rows.append(np.hstack([page.features[:, :-learned.shape[1]], learned]))
    return np.vstack(rows).astype(np.float32)


def train(pages):
    dictionaries = Dictionaries(pages)
    rows = table(pages, dictionaries, True)
    used = np.concatenate([page.is_text for page in pages])
    labels = np.concatenate([page.labels for page in pages])
    weights = np.concatenate([page.weights for page in pages])
    data = lightgbm.Dataset(rows[used], label=labels[used], weight=weights[used])
    return dictionaries, lightgbm.train(PARAMETERS, data, ROUNDS)


def balance(page, odds):
    """As content.rs: probabilities, moved so that the best expected F1 is cut at 0.5."""
    scores = np.where(page.is_text, odds, 0.0)
    # The Rust side counts words by spaces; the scorer's count is near enough to it.
    order = np.argsort(-scores[page.is_text], kind="stable")
    p, n = scores[page.is_text][order], page.lengths[page.is_text][order].astype(float)
    if n.sum() == 0:
        return scores
    right, kept = np.cumsum(p * n), np.cumsum(n)
    best = (2 * right / (kept + right[-1])).max()
    return np.clip(scores + 0.5 - CAUTION - best / 2, 0, 1)


def f1(page, scores, measure):
    kept = Counter()
    for bag, score in zip(page.bags, scores):
        if bag and score >= 0.5:
            kept.update(bag)
    return measure(kept, page.gold)


def report(pages, scores, measure):
    by_kind = defaultdict(list)
    for page, score in zip(pages, scores):
        result = f1(page, score, measure)
        by_kind[page.kind].append(result)
        by_kind["all"].append(result)
    lines = [f"{'pages':16} {'n':>5} {'P':>6} {'R':>6} {'F1':>6}"]
    for kind, results in sorted(by_kind.items(), key=lambda item: (item[0] != "all", item[0])):
        p, r, f = np.mean(results, axis=0)
        lines.append(f"{kind:16} {len(results):5} {p:6.3f} {r:6.3f} {f:6.3f}")
    return "\n".join(lines)


def write(dictionaries, model, names, path, head):
    """The model as content/model.rs reads it."""
    lines = [f"# {line}" for line in head.splitlines()]
    lines += ["[features]", *names]
    for kind, words in dictionaries.kinds.items():
        lines.append(f"[{kind}]")
        values = ((word, words.value(word)) for word in sorted(words.totals))
        lines += [f"{value} {word}" for word, value in values if abs(value) >= 5]
    roots, nodes, leaves = [], [], []

    def place(tree):
        if "leaf_value" in tree:
            leaves.append(round(10_000 * tree["leaf_value"]))
            return -len(leaves)
        at = len(nodes)
        nodes.append(None)
        assert tree["decision_type"] == "<="
        low, high = place(tree["left_child"]), place(tree["right_child"])
        nodes[at] = (tree["split_feature"], math.floor(tree["threshold"]), low, high)
        return at

    for tree in model.dump_model()["tree_info"]:
        roots.append(place(tree["tree_structure"]))
    lines += ["[tree]", *map(str, roots)]
    lines += ["[nodes]", *(" ".join(map(str, node)) for node in nodes)]
    lines += ["[leaves]", *map(str, leaves)]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def read_gold(path):
    """{url: text and kind of page} of a gold file of either form (see the scorers)."""
    opener = gzip.open if path.endswith(".gz") else open
    gold = {}
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            text = row.get("gold_text") or "\n\n".join(node["text"] for node in row.get("nodes", ()) if node.get("text"))
            gold[row["url"]] = {"text": text, "kind": row.get("page_type") or "interleaved"}
    return gold


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="SAMPLES=GOLD")
    parser.add_argument("--tools", required=True, help="folder of score_text.py")
    parser.add_argument("--output", help="train on all pages and write the model here")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.tools)
    from score_text import level_url, multiset_prf, words

    pages, names = [], None
    for pair in arguments.sets:
        samples, gold_path = pair.split("=", 1)
        gold = {level_url(url): row for url, row in read_gold(gold_path).items()}
        with open(samples, encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                names = row.get("names", names)
                known = gold.get(level_url(row["url"])) if "url" in row else None
                if known is not None:
                    pages.append(Page(row, len(names), known, words))
    folds = [int(hashlib.md5(page.site.encode()).hexdigest(), 16) % FOLDS for page in pages]
    scores = [None] * len(pages)
    for fold in range(FOLDS):
        dictionaries, model = train([page for page, own in zip(pages, folds) if own != fold])
        for i, page in enumerate(pages):
            if folds[i] == fold:
                odds = model.predict(table([page], dictionaries, False)) if len(page.texts) else np.zeros(0)
                scores[i] = balance(page, odds)
        print(f"fold {fold + 1} of {FOLDS}", file=sys.stderr, flush=True)
    figures = report(pages, scores, multiset_prf)
    print(figures)
    if arguments.output:
        dictionaries, model = train(pages)
        head = "Written by model/train.py; not edited by hand.  Each page scored by a model of the other folds' sites:\n"
        write(dictionaries, model, names, arguments.output, head + figures)


if __name__ == "__main__":
    main()
