"""Runs out of Python: the same bytes, the same ledger, the same errors as the command's."""

import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import obelisc

from sources import COMMAND, RECIPE, SAMPLE, SHORT, files_of


@obelisc.rule(subject="paragraph", max_digits=0.05)
def digit_ratio(text):
    return sum(c.isdigit() for c in text) / len(text)


@obelisc.rule(subject="url", max_depth=9)
def url_depth(url):
    depth = {"https://atlas.example/automata/rules": 0}.get(url, 1)
    return url.count("/") / depth


class Folders(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.recipe = self.folder / "short.toml"
        self.recipe.write_text(SHORT)

    def command(self, *arguments):
        return subprocess.run([COMMAND, "--quiet", *arguments], capture_output=True, text=True)


class Runs(Folders):
    def test_the_command_and_python_write_the_same_bytes(self):
        there, here = self.folder / "command", self.folder / "python"
        self.assertEqual(self.command("run", RECIPE, "--input", SAMPLE, "--output", there).returncode, 0)
        run = obelisc.run(RECIPE, input=[SAMPLE], output=here, threads=1)
        self.assertEqual(files_of(there / "dataset"), files_of(here / "dataset"))
        self.assertEqual(Path(run.dataset), here / "dataset")
        self.assertTrue(all(Path(shard).is_file() for shard in run.shards))
        again = obelisc.run(RECIPE, input=SAMPLE, output=here)
        self.assertTrue(again.existed)

    def test_threads_change_no_byte_where_a_rule_is_python(self):
        for threads in (1, 4):
            obelisc.run(self.recipe, SAMPLE, self.folder / str(threads), rules=[digit_ratio], threads=threads)
        self.assertEqual(files_of(self.folder / "1" / "dataset"), files_of(self.folder / "4" / "dataset"))

    def test_a_rule_is_in_ledger_accounts_manifest_and_digest(self):
        plain = obelisc.run(self.recipe, SAMPLE, self.folder / "out")
        run = obelisc.run(self.recipe, SAMPLE, self.folder / "out", rules=[digit_ratio])
        # Another recipe on the same output.
        self.assertEqual(run.manifest["dataset_version"], 2)
        dropped = run.dropped("paragraphs")["paragraph.digit_ratio"]
        self.assertGreater(dropped, 0)
        self.assertNotIn("paragraph.digit_ratio", plain.dropped("paragraphs"))
        [own] = run.manifest["recipe"]["own_rules"]
        self.assertEqual((own["rule"], own["options"]), ("paragraph.digit_ratio", {"max_digits": 0.05}))
        self.assertTrue(own["resources"][0].startswith("def digit_ratio(text):"))
        self.assertNotIn("own_rules", plain.manifest["recipe"])
        card = (Path(run.dataset) / "README.md").read_text()
        self.assertIn("digit", card)
        page = obelisc.explain(self.folder / "out", url="https://atlas.example/automata/rules")["documents"][0]
        names = {name for decision in page["decisions"] for name, _ in decision["signals"]}
        self.assertIn("digit_ratio", names)

    def test_what_was_judged_is_judged_anew_where_the_source_changes(self):
        def version(divisor):
            text = f"def digit_ratio(text):\n    return sum(c.isdigit() for c in text) / len(text) / {divisor}\n"
            file = self.folder / f"rule_{divisor}.py"
            file.write_text(text)
            names = {}
            exec(compile(text, str(file), "exec"), names)
            return obelisc.rule(subject="paragraph", max_digits=0.05)(names["digit_ratio"])

        done = []
        hears = lambda event: event["event"] == "step_started" and done.append((event["step"], event["done"]))
        for divisor in (1, 1, 2):
            done.append(divisor)
            obelisc.run(self.recipe, SAMPLE, self.folder / "out", rules=[version(divisor)], progress=hears)
        first, second, third = (dict(done[i + 1 : i + 3]) for i, at in enumerate(done) if isinstance(at, int))
        self.assertEqual([first["extract"], first["filter"]], [0, 0])
        self.assertEqual([second["extract"], second["filter"]], [1, 1])
        self.assertEqual([third["extract"], third["filter"]], [1, 0])

    def test_a_rule_that_raises_is_a_counted_failure_with_its_traceback_once(self):
        out = self.folder / "out"
        run = obelisc.run(RECIPE, SAMPLE, out, rules=[url_depth])
        failed = {step: accounts["documents"].get("failed") for step, accounts in run.steps.items() if "documents" in accounts}
        self.assertEqual(failed.pop("filter"), {"rule_raised": 1})
        self.assertEqual(set(failed.values()), {None})
        self.assertEqual(run.dropped()["rule_raised"], 1)
        page = obelisc.explain(out, url="https://atlas.example/automata/rules")["documents"][0]
        [decision] = [decision for decision in page["decisions"] if decision.get("rule") == "rule_raised"]
        self.assertEqual((decision["step"], decision["subject"], page["reached"]), ("filter", "document", "extract"))
        self.assertIn("url_depth: Traceback (most recent call last):", decision["value"])
        self.assertIn("ZeroDivisionError", decision["value"])
        # What was stored can be asked again, with the rules that the run had.
        swept = obelisc.sweep(out, {"document.word_count.min_words": [10, 400]}, rules=[url_depth], samples=0)
        self.assertEqual(swept["base"]["documents"], run.steps["filter"]["documents"]["kept"])
        without = self.command("sweep", out, "--set", "document.word_count.min_words=10")
        self.assertEqual(without.returncode, 2)
        self.assertIn("rules", without.stderr)

    def test_the_traceback_stays_where_no_judgements_are_kept(self):
        config = self.folder / "config.toml"
        config.write_text('[ledger]\njudgements = "counts"\n')
        obelisc.run(self.recipe, SAMPLE, self.folder / "out", rules=[url_depth], config=config)
        page = obelisc.explain(self.folder / "out", url="https://atlas.example/automata/rules")["documents"][0]
        self.assertEqual([decision["rule"] for decision in page["decisions"]], ["rule_raised"])

    def test_a_sweep_moves_the_bound_of_a_rule_in_python(self):
        out = self.folder / "out"
        obelisc.run(self.recipe, SAMPLE, out, rules=[digit_ratio])
        swept = obelisc.sweep(out, {"paragraph.digit_ratio.max_digits": [0.05, 0.0, None]}, rules=[digit_ratio], samples=0)
        same, none, all_of_them = swept["variants"]
        self.assertLess(none["words"], same["words"])
        self.assertGreater(all_of_them["words"], same["words"])
        ran = obelisc.run(self.recipe, SAMPLE, self.folder / "none", rules=[digit_ratio], set={"rules.paragraph.digit_ratio.max_digits": 0.0})
        self.assertEqual(none["documents"], sum(shard["rows"] for shard in ran.manifest["shards"]))


class Stops(Folders):
    def test_ctrl_c_stops_a_run_that_can_be_taken_up_again(self):
        reached, go = threading.Event(), threading.Event()

        def waits(url):
            reached.set()
            go.wait()
            return 1

        rule = obelisc.rule(subject="url", name="waits", version="test", min_waits=0)(waits)

        def pressed(number, frame):
            go.set()
            raise KeyboardInterrupt

        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, pressed))
        main = threading.main_thread().ident
        presses = threading.Thread(target=lambda: reached.wait() and signal.pthread_kill(main, signal.SIGINT))
        presses.start()
        with self.assertRaises(KeyboardInterrupt) as caught:
            obelisc.run(self.recipe, SAMPLE, self.folder / "out", rules=[rule])
        presses.join()
        self.assertIsInstance(caught.exception.__cause__, obelisc.Interrupted)
        self.assertEqual(caught.exception.__cause__.exit_code, 4)
        self.assertIn("run the same command again", str(caught.exception.__cause__))
        self.assertFalse((self.folder / "out" / "dataset").exists())
        done = {}
        hears = lambda event: done.update({event["step"]: event["done"]}) if event["event"] == "step_started" else None
        obelisc.run(self.recipe, SAMPLE, self.folder / "out", rules=[rule], progress=hears)
        self.assertEqual(done["extract"], 1)
        obelisc.run(self.recipe, SAMPLE, self.folder / "at-once", rules=[rule])
        self.assertEqual(files_of(self.folder / "out" / "dataset"), files_of(self.folder / "at-once" / "dataset"))

    def test_what_a_listener_raises_stops_the_run_and_comes_back(self):
        def listener(event):
            raise LookupError(event["event"])

        with self.assertRaises(LookupError):
            obelisc.run(self.recipe, SAMPLE, self.folder / "out", progress=listener)

    def test_a_listener_hears_every_step(self):
        events = []
        run = obelisc.run(self.recipe, SAMPLE, self.folder / "out", progress=events.append)
        finished = [event["step"] for event in events if event["event"] == "step_finished"]
        self.assertEqual(finished, list(run.steps))
        tasks = [event for event in events if event["event"] == "task_finished" and event["step"] == "extract"]
        self.assertEqual([event["subject"] for event in tasks], [SAMPLE.name])


class Errors(Folders):
    def assert_as_the_command(self, arguments, call, error):
        printed = self.command(*arguments)
        with self.assertRaises(error) as caught:
            call()
        self.assertEqual(caught.exception.exit_code, printed.returncode)
        said = [line[len("error: "):] for line in printed.stderr.splitlines()]
        self.assertEqual(str(caught.exception).splitlines(), said)

    def test_a_wrong_recipe_is_refused_with_all_its_mistakes(self):
        self.recipe.write_text('stages = ["extract", "finsh"]\n[rules.paragraph.word_count]\nmin_word = 3\n')
        out = self.folder / "out"
        self.assert_as_the_command(
            ("run", self.recipe, "--input", SAMPLE, "--output", out),
            lambda: obelisc.run(self.recipe, SAMPLE, out),
            obelisc.Refused,
        )
        self.assertFalse(out.exists())

    def test_a_missing_recipe_is_refused(self):
        self.assert_as_the_command(
            ("run", "no.toml", "--input", SAMPLE, "--output", self.folder),
            lambda: obelisc.run("no.toml", SAMPLE, self.folder),
            obelisc.Refused,
        )

    def test_a_missing_input_is_unreachable(self):
        self.assert_as_the_command(
            ("run", RECIPE, "--input", "no.warc.gz", "--output", self.folder),
            lambda: obelisc.run(RECIPE, "no.warc.gz", self.folder),
            obelisc.Unreachable,
        )

    def test_a_page_that_no_run_knows_is_not_found(self):
        obelisc.run(self.recipe, SAMPLE, self.folder / "out")
        url = "https://nowhere.example/"
        self.assert_as_the_command(
            ("explain", self.folder / "out", "--url", url),
            lambda: obelisc.explain(self.folder / "out", url=url),
            obelisc.NotFound,
        )

    def test_what_is_no_run_is_unreachable(self):
        self.assert_as_the_command(
            ("sweep", self.folder, "--set", "document.word_count.min_words=1"),
            lambda: obelisc.sweep(self.folder, {"document.word_count.min_words": [1]}),
            obelisc.Unreachable,
        )


if __name__ == "__main__":
    unittest.main()
