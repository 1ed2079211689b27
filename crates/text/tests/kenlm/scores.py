"""Scores of the `kenlm` module (pip install kenlm==0.3.0), for sentences of a file and each model named.

    python scores.py sentences.txt MODEL... > scores.tsv

A line is a model, whether it begins and ends a sentence (`be`, `b`, `e`, `-`), and the score of each sentence: 32-bit floats, whole.
"""

import sys
from pathlib import Path

import kenlm
import numpy

sentences = Path(sys.argv[1]).read_text().splitlines()
for path in sys.argv[2:]:
    model = kenlm.Model(path)
    for marks in ("be", "b", "e", "-"):
        scores = [model.score(line, bos="b" in marks, eos="e" in marks) for line in sentences]
        print(Path(path).name, marks, *(numpy.float32(score) for score in scores), sep="\t")
