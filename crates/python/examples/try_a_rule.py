# %% [markdown]
# # Try a rule
#
# A rule of your own on real documents: what it measures, what it removes, where its bound should be, and the lines of a
# recipe that come of it. Needs the package (`pip install ./crates/python`) and an archive: `OBELISC_ARCHIVE` names one of
# yours; without it the few pages are read that stand in this repository.

# %%
import os
import tempfile
from collections import Counter
from pathlib import Path

import obelisc

here = Path(globals().get("__file__", "crates/python/examples/try_a_rule.py")).resolve()
root = next(folder for folder in [Path.cwd(), *here.parents] if (folder / "pipelines" / "default.toml").is_file())
archive = os.environ.get("OBELISC_ARCHIVE", str(root / "tests" / "fixtures" / "quickstart.warc.gz"))

# %% [markdown]
# ## Documents
#
# A thousand of them, at most; pages that become none say why.

# %%
pages = obelisc.documents(archive)
documents = [document for document, _ in zip(pages, range(1000))]
print(f"{len(documents)} documents, {sum(len(document.paragraphs) for document in documents)} paragraphs")
print(Counter(failure.reason for failure in pages.failures).most_common(5))

# %% [markdown]
# ## The rule
#
# It measures, and does not decide: a number, or `None` where there is nothing to measure. The bound stands beside it.


# %%
@obelisc.rule(subject="paragraph", max_ratio=0.05)
def capital_ratio(text: str):
    """Drops a paragraph in which too many letters are capitals: headings, shouting, names in rows."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter.isupper() for letter in letters) / len(letters) if len(letters) >= 20 else None


values = [capital_ratio(paragraph) for document in documents for paragraph in document.paragraphs]
measured = sorted(value for value in values if value is not None)
for share in (0.5, 0.9, 0.99):
    print(f"{share:.0%} of {len(measured)} values are at most {measured[int(share * (len(measured) - 1))]:.3f}")

# %% [markdown]
# ## What it removes
#
# Alone first, so that nothing else hides what it does; the reasons say which paragraph, which value, which bound.

# %%
alone = obelisc.RuleSet.from_toml(
    'stages = ["extract", "filter", "finish"]\nfinish.images = "url"\n', rules=[capital_ratio]
)
removed = []
for document in documents:
    for reason in alone.judge(document).reasons:
        if reason.rule == "capital_ratio":
            removed.append((reason.value, document.url, reason.ordinal, reason.paragraph))
print(f"{len(removed)} of {len(values)} paragraphs")
for value, url, ordinal, paragraph in sorted(removed)[:5]:
    print(f"{value:.3f}  {url}  paragraph {ordinal}.{paragraph}")

# %% [markdown]
# ## In a run
#
# Behind the rules of a whole recipe, where much is gone already that it would remove. A run is what `obelisc run` does: it
# keeps what was measured, can be taken up again, and ends with a dataset.

# %%
recipe = root / "pipelines" / "quickstart.toml"
scratch = tempfile.TemporaryDirectory(prefix="try-a-rule-")
folder = scratch.name
run = obelisc.run(recipe, input=archive, output=folder, rules=[capital_ratio], progress=False)
print(run)
for name, count in sorted(run.dropped("paragraphs").items(), key=lambda item: -item[1]):
    print(f"{count:6}  {name}")

# %% [markdown]
# ## Other bounds
#
# What was measured is stored, so other bounds are tried without reading a page again.

# %%
bounds = [0.03, 0.05, 0.08, None]
swept = obelisc.sweep(folder, {"paragraph.capital_ratio.max_ratio": bounds}, rules=[capital_ratio], samples=0)
for bound, variant in zip(bounds, swept["variants"]):
    print(f"max_ratio = {bound}: {variant['documents']} documents, {variant['images']} images, {variant['words']} words")

# %% [markdown]
# ## One page
#
# Every value and verdict of a page, as the run's tables have them. Those tables are Arrow as well:
# `polars.DataFrame(obelisc.read_table(folder, "judgements", step="filter"))`.

# %%
found = obelisc.explain(folder, url=documents[0].url)
for decision in found["documents"][0]["decisions"][:5]:
    print(decision["subject"], decision.get("ordinal"), "kept" if decision["kept"] else decision["rule"], decision["signals"][:3])

# %% [markdown]
# ## The lines for the recipe
#
# A recipe that names the rule asks it where it stands; whoever runs that recipe gives the function along:
# `obelisc.run("mine.toml", …, rules=[capital_ratio])`. As a rule in Rust it is one file, one page and one line
# (`filters/README.md`), and the recipe stays as it is.

# %%
print(capital_ratio.recipe)
