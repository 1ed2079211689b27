#!/usr/bin/env python3
"""Near copies: a corpus that has them, and what datatrove needs to find them.

    minhash.py generate FOLDER --documents N
    minhash.py datatrove FOLDER --threads N [--buckets 14] [--hashes 8]

`generate` writes FOLDER/documents/*.jsonl: id, text, and of a copy `copy_of` and the share of its words that are other
ones.  `datatrove` runs its signatures, buckets and clusters over them and says as JSON how long that took, how much
memory its largest process held, how many documents it would remove, and which share of the planted copies it finds with
what they were copied from, by the share of other words.  It needs the modules datatrove, spacy, xxhash<4, orjson, nltk,
tldextract, tokenizers and regex.
"""

import argparse
import json
import random
import resource
import struct
import time
from collections import Counter
from pathlib import Path
from string import ascii_lowercase

DOCUMENTS_PER_FILE = 50_000

# Of ten documents three are copies; shares of words that are other ones than those of the document that was copied.
COPIES = 0.3
CHANGED = [0.0, 0.005, 0.01, 0.02, 0.05]

VOCABULARY = 50_000


def words():
    """A vocabulary and its cumulative weights after Zipf."""
    letters = random.Random(0)
    vocabulary = ["".join(letters.choices(ascii_lowercase, k=letters.randint(2, 10))) for _ in range(VOCABULARY)]
    weights, total = [], 0.0
    for rank in range(VOCABULARY):
        total += 1 / (rank + 3)
        weights.append(total)
    return vocabulary, weights


def generate(options):
    folder = Path(options.folder, "documents")
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, weights = words()

    def text_of(number):
        own = random.Random(number)
        return own.choices(vocabulary, cum_weights=weights, k=own.randint(100, 400))

    choice, originals, copies = random.Random(1), [], 0
    for first in range(0, options.documents, DOCUMENTS_PER_FILE):
        with open(folder / f"{first // DOCUMENTS_PER_FILE:05d}.jsonl", "w") as file:
            for number in range(first, min(first + DOCUMENTS_PER_FILE, options.documents)):
                document = {"id": f"document-{number}"}
                if originals and choice.random() < COPIES:
                    original, changed = choice.choice(originals), choice.choice(CHANGED)
                    text, copies = text_of(original), copies + 1
                    for place in choice.sample(range(len(text)), round(changed * len(text))):
                        text[place] = choice.choice(vocabulary)
                    document |= {"copy_of": f"document-{original}", "changed": changed}
                else:
                    originals.append(number)
                    text = text_of(number)
                file.write(json.dumps(document | {"text": " ".join(text)}) + "\n")
    print(json.dumps({"documents": options.documents, "copies": copies}))


def by_datatrove(options):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader

    folder = Path(options.folder)
    work = folder / f"datatrove-{time.time_ns()}"
    config = MinhashConfig(n_grams=5, num_buckets=options.buckets, hashes_per_bucket=options.hashes)
    files = sorted((folder / "documents").glob("*.jsonl"))
    steps = {
        "signatures": (
            [
                JsonlReader(str(folder / "documents"), doc_progress=False),
                MinhashDedupSignature(output_folder=str(work / "signatures"), config=config),
            ],
            len(files),
        ),
        "buckets": (
            [MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)],
            options.buckets,
        ),
        "clusters": (
            [MinhashDedupCluster(str(work / "buckets"), str(work / "clusters"), config, save_cluster_id=True)],
            1,
        ),
    }
    seconds = {}
    for name, (pipeline, tasks) in steps.items():
        started = time.monotonic()
        logs = str(work / "logs" / name)
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=min(options.threads, tasks), logging_dir=logs).run()
        seconds[name] = time.monotonic() - started
    documents, removed, clusters, copies = 0, 0, {}, []
    for number, file in enumerate(files):
        remove, cluster = (work / "clusters" / f"{number:06d}.{ending}" for ending in ["remove", "clusters"])
        removed += remove.stat().st_size // 4 if remove.exists() else 0
        own = dict(struct.iter_unpack("<2I", cluster.read_bytes())) if cluster.exists() else {}
        for row, line in enumerate(open(file)):
            document, documents = json.loads(line), documents + 1
            if row in own:
                clusters[document["id"]] = own[row]
            if "copy_of" in document:
                copies.append((document["id"], document["copy_of"], document["changed"]))
    planted, found = Counter(), Counter()
    for copy, original, changed in copies:
        planted[changed] += 1
        found[changed] += copy in clusters and clusters[copy] == clusters.get(original)
    processes = [resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN]
    print(
        json.dumps(
            {
                "documents": documents,
                "threads": options.threads,
                "seconds": sum(seconds.values()),
                "steps": seconds,
                "peak_mib": max(resource.getrusage(process).ru_maxrss for process in processes) / 1024,
                "removed": removed,
                "planted": sum(planted.values()),
                "found": {changed: round(found[changed] / planted[changed], 4) for changed in sorted(planted)},
            }
        )
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["generate", "datatrove"])
    parser.add_argument("folder")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--buckets", type=int, default=14)
    parser.add_argument("--hashes", type=int, default=8)
    options = parser.parse_args()
    {"generate": generate, "datatrove": by_datatrove}[options.work](options)


if __name__ == "__main__":
    main()
