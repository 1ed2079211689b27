"""Makes the models of this folder and the pieces they split sentences into, with `sentencepiece` (pip install sentencepiece==0.2.3).

    python make.py

The character map is a small one: the usual ones take 240 KB each.
"""

import json
import os
from pathlib import Path

import sentencepiece

os.chdir(Path(__file__).parent)  # Models keep the names of the files that they were trained on.
RULES = {"A": "a", "\ufb01": "fi", "\u3000": " ", "e\u0301": "\u00e9", "\u200b": "", "\u2460": "1"}
MODELS = {
    "unigram": dict(model_type="unigram", vocab_size=140),
    "unigram-bytes": dict(model_type="unigram", vocab_size=420, byte_fallback=True, user_defined_symbols=["<sep>", "boat"]),
    "unigram-plain": dict(model_type="unigram", vocab_size=130, remove_extra_whitespaces=False, add_dummy_prefix=False),
    "bpe": dict(model_type="bpe", vocab_size=150, treat_whitespace_as_suffix=True),
    "bpe-bytes": dict(model_type="bpe", vocab_size=420, byte_fallback=True, user_defined_symbols=["<sep>", "boat", "boats"]),
}
SENTENCES = [
    *Path("../kenlm/sentences.txt").read_text().splitlines(),
    "A ﬁsherman  reads\u3000the cafe\u0301 menu",
    "  spaces before, between  and behind   ",
    "<sep>boats<sep> boat s<sep>",
    "日本語 😀😀 ferry",
    "①\u200b\u200b②",
    "hhhhhhhhhhhh",
    "▁ ▁▁a",
    "\u3000 \u200b ",
    "ferries quays kitchens fishermen lighthouses",
]

rules = Path("rules.tsv")
code_points = lambda text: " ".join(f"{ord(character):X}" for character in text)
rules.write_text("".join(f"{code_points(old)}\t{code_points(new)}\n" for old, new in RULES.items()))
with open("pieces.jsonl", "w") as out:
    for name, options in MODELS.items():
        sentencepiece.SentencePieceTrainer.train(
            input="../kenlm/text.txt", model_prefix=name, normalization_rule_tsv=str(rules),
            hard_vocab_limit=False, minloglevel=2, **options,
        )
        Path(f"{name}.vocab").unlink()
        model = sentencepiece.SentencePieceProcessor(model_file=f"{name}.model")
        for sentence in SENTENCES:
            row = {"model": name, "sentence": sentence, "pieces": model.encode_as_pieces(sentence)}
            print(json.dumps(row, ensure_ascii=False), file=out)
rules.unlink()
