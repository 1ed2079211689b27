"""Rules in Python, on documents that stand alone."""

import json
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import obelisc

from sources import COMMAND, RECIPE, SAMPLE, SHORT


@obelisc.rule(subject="paragraph", name="exclamation_ratio", max_ratio=0.1)
def exclamation_ratio(text: str):
    """Drops a paragraph that shouts."""
    return text.count("!") / len(text) if "?" not in text else None


def document(text, **fields):
    return obelisc.Document.from_dict({"texts": [text], **fields})


class Rules(unittest.TestCase):
    def test_a_rule_measures_and_its_bound_decides(self):
        rules = obelisc.RuleSet.from_toml(SHORT, rules=[exclamation_ratio])
        verdict = rules.judge(document("Buy!!!! Now!!!! Or never.\n\nA storm passed over the lake.\n\nAnd what is this thing!!!!!!!?"))
        self.assertTrue(verdict.kept)
        self.assertEqual(verdict.document.paragraphs, ["A storm passed over the lake.", "And what is this thing!!!!!!!?"])
        [reason] = verdict.reasons
        self.assertEqual((reason.subject, reason.ordinal, reason.paragraph), ("paragraph", 0, 0))
        self.assertEqual((reason.rule, reason.bound), ("exclamation_ratio", "max 0.1"))
        self.assertEqual(reason.failing, ("exclamation_ratio",))
        self.assertEqual(verdict.signals["paragraph"]["0.0"]["exclamation_ratio"], 8 / 25)
        # Where the quantity does not apply there is no value.
        self.assertNotIn("exclamation_ratio", verdict.signals["paragraph"]["0.2"])

    def test_it_stands_behind_the_rules_of_the_recipe_or_where_that_names_it(self):
        paths = lambda rules: [rule["rule"] for rule in rules.rules]
        added = obelisc.RuleSet.from_toml(SHORT, rules=[exclamation_ratio])
        self.assertEqual(paths(added), ["paragraph.word_count", "paragraph.exclamation_ratio"])
        first = SHORT.replace("[rules.paragraph.word_count]", exclamation_ratio.recipe + "\n[rules.paragraph.word_count]")
        named = obelisc.RuleSet.from_toml(first, rules=[exclamation_ratio])
        self.assertEqual(paths(named), ["paragraph.exclamation_ratio", "paragraph.word_count"])

    def test_a_recipe_and_a_setting_change_its_bound(self):
        key = "rules.paragraph.exclamation_ratio.max_ratio"
        for setting in ({key: 0.5}, [f"{key}=0.5"]):
            rules = obelisc.RuleSet.from_toml(SHORT, rules=[exclamation_ratio], set=setting)
            self.assertEqual(rules.rules[1]["options"], {"max_ratio": 0.5})
        off = obelisc.RuleSet.from_toml(SHORT, rules=[exclamation_ratio], set={key: None})
        self.assertEqual(off.rules[1]["bounds"], [])

    def test_a_name_that_is_taken_is_refused(self):
        @obelisc.rule(subject="paragraph", name="word_count", min_words=3)
        def words(text):
            return len(text.split())

        for rules in ([words], [exclamation_ratio, exclamation_ratio]):
            with self.assertRaises(obelisc.Refused) as caught:
                obelisc.RuleSet.from_toml(SHORT, rules=rules)
            self.assertIn("a rule of the caller's own has the name of another", str(caught.exception))

    def test_mistakes_of_a_rule_are_refused_at_once(self):
        for arguments in (
            {"subject": "sentence"},
            {"subject": "paragraph", "most": 3},
            {"subject": "paragraph", "max_ratio": "0.1"},
            {"subject": "paragraph", "max_a": 1, "max_b": 2},
            {"subject": "paragraph", "name": "Exclamation Ratio"},
            {"subject": "paragraph", "needs": ["time"]},
        ):
            with self.subTest(arguments), self.assertRaises(obelisc.Refused):
                obelisc.rule(**arguments)(exclamation_ratio.__wrapped__)

    def test_every_subject_is_given_to_its_function(self):
        seen = {}

        def sees(subject):
            def function(value):
                seen[subject] = value
                return 1

            return obelisc.rule(subject=subject, name="seen", version="test", min_seen=0)(function)

        rules = obelisc.RuleSet.from_toml(SHORT, rules=[sees(name) for name in ("url", "image", "paragraph", "document")])
        page = {
            "url": "https://site.example/a",
            "texts": ["One two three four.", None],
            "images": [None, "https://site.example/a.png"],
            "metadata": [None, {"alt_text": "A"}],
        }
        self.assertTrue(rules.judge(obelisc.Document.from_dict(page)).kept)
        self.assertEqual(seen["url"], "https://site.example/a")
        self.assertEqual(seen["paragraph"], "One two three four.")
        self.assertEqual((seen["image"]["src"], seen["image"]["alt_text"]), ("https://site.example/a.png", "A"))
        self.assertEqual(seen["document"].images, [None, "https://site.example/a.png"])

    def test_a_rule_that_raises_fails_the_document_with_its_traceback(self):
        @obelisc.rule(subject="paragraph", max_share=1)
        def share(text):
            return 1 / text.count("e")

        rules = obelisc.RuleSet.from_toml(SHORT, rules=[share])
        verdict = rules.judge(document("A storm passed over the lake.\n\nAll is calm and not loud."))
        self.assertEqual((verdict.kept, verdict.verdict), (False, "failed"))
        reason = verdict.reasons[-1]
        self.assertEqual((reason.subject, reason.rule, reason.bound), ("document", "rule_raised", None))
        self.assertTrue(reason.value.startswith("paragraph.share on 0.1: Traceback (most recent call last):"))
        self.assertIn('return 1 / text.count("e")', reason.value)
        self.assertTrue(reason.value.endswith("ZeroDivisionError: division by zero"))

    def test_what_is_no_number_fails_the_document_as_well(self):
        for value in ("0.5", [1], float("nan"), float("inf"), object()):
            strange = obelisc.rule(subject="document", name="strange", version="test", max_strange=1)(lambda _: value)
            verdict = obelisc.RuleSet.from_toml(SHORT, rules=[strange]).judge(document("A storm passed over the lake."))
            self.assertEqual(verdict.verdict, "failed", value)
            self.assertIn("a finite number or None is allowed", verdict.reasons[-1].value)

    def test_ctrl_c_inside_a_function_is_no_failure_of_the_document(self):
        def interrupted(_):
            raise KeyboardInterrupt

        rule = obelisc.rule(subject="document", name="interrupted", version="test")(interrupted)
        rules = obelisc.RuleSet.from_toml(SHORT, rules=[rule])
        with self.assertRaises(KeyboardInterrupt):
            rules.judge(document("A storm passed over the lake."))

    def test_a_rule_whose_source_cannot_be_read_needs_a_version(self):
        names = {}
        exec("def lengthy(text): return len(text)", names)
        with self.assertRaises(obelisc.Refused) as caught:
            obelisc.rule(subject="paragraph", max_characters=10)(names["lengthy"])
        self.assertIn("version", str(caught.exception))
        obelisc.rule(subject="paragraph", version=2, max_characters=10)(names["lengthy"])

    def test_rules_may_be_asked_by_many_threads(self):
        rules = obelisc.RuleSet.from_toml(SHORT, rules=[exclamation_ratio])
        page, kept = document("Buy!!!! Now!!!! Or never.\n\nA storm passed over the lake."), []
        judge = lambda: kept.extend(len(rules.judge(page).document.paragraphs) for _ in range(20))
        threads = [threading.Thread(target=judge) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(kept, [1] * 80)

    def test_verdicts_are_those_of_the_command(self):
        documents = list(obelisc.documents(SAMPLE))
        rules = obelisc.RuleSet.from_recipe(RECIPE)
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "documents.jsonl"
            lines.write_text("".join(document.to_json() + "\n" for document in documents), encoding="utf-8")
            printed = subprocess.run([COMMAND, "--quiet", "judge", RECIPE, lines], capture_output=True, check=True, text=True)
        expected = [json.loads(line) for line in printed.stdout.splitlines()]
        read = [obelisc.Document.from_json(document.to_json()) for document in documents]
        self.assertEqual([rules.judge(document).to_dict() for document in read], expected)


if __name__ == "__main__":
    unittest.main()
