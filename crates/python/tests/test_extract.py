"""Pages → documents."""

import json
import pickle
import subprocess
import sys
import threading
import unittest

import obelisc

from sources import COMMAND, SAMPLE

PAGE = "<h1>Waves</h1><p>Drop two pebbles into a still pond.</p><img src='/rings.png' alt='Rings'><p>Übermut.</p>"


class Extract(unittest.TestCase):
    def test_text_and_bytes_give_the_same_document(self):
        text = obelisc.extract(PAGE, url="https://site.example/a", whole_page=True)
        for page in (PAGE.encode(), bytearray(PAGE.encode()), memoryview(PAGE.encode())):
            self.assertEqual(obelisc.extract(page, url="https://site.example/a", whole_page=True).texts, text.texts)
        self.assertEqual(text.paragraphs[-1], "Übermut.")
        self.assertEqual(text.images[1], "https://site.example/rings.png")

    def test_text_is_text_whatever_charset_the_page_claims(self):
        page = "<meta charset=koi8-r><p>Übermut tut selten gut.</p>"
        self.assertEqual(obelisc.extract(page, whole_page=True).texts, ["Übermut tut selten gut."])

    def test_pages_of_different_urls_have_different_identities(self):
        one, other = (obelisc.extract(PAGE, url=f"https://site.example/{name}") for name in "ab")
        self.assertNotEqual(one.id, other.id)

    def test_what_is_no_page_says_why(self):
        with self.assertRaises(obelisc.NoDocument) as caught:
            obelisc.extract(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", url="https://site.example/a.png")
        self.assertEqual(caught.exception.reason, "not_html")
        self.assertIsInstance(caught.exception, obelisc.Error)

    def test_what_is_neither_text_nor_bytes_is_a_type_error(self):
        with self.assertRaises(TypeError):
            obelisc.extract(3)

    def test_an_unknown_profile_is_refused_with_the_known_ones(self):
        with self.assertRaises(obelisc.Refused) as caught:
            obelisc.extract(PAGE, profile="defalt")
        self.assertIn("default", str(caught.exception))
        self.assertEqual(caught.exception.exit_code, 2)

    def test_a_document_goes_to_json_and_back_and_through_pickle(self):
        document = obelisc.extract(PAGE, url="https://site.example/a")
        for copy in (obelisc.Document.from_json(document.to_json()), pickle.loads(pickle.dumps(document))):
            self.assertEqual(copy, document)
            self.assertEqual(hash(copy), hash(document))

    def test_the_documents_of_an_archive_are_those_of_the_command(self):
        printed = subprocess.run([COMMAND, "--quiet", "extract", SAMPLE], capture_output=True, check=True, text=True)
        lines = [json.loads(line) for line in printed.stdout.splitlines()]
        for threads in (1, 3):
            found = [document.to_dict() for document in obelisc.documents(SAMPLE, threads=threads)]
            self.assertEqual(found, lines)

    def test_pages_that_become_no_document_are_told(self):
        pages = obelisc.documents([SAMPLE])
        for _ in range(2):
            self.assertGreater(sum(1 for _ in pages), 10)
            reasons = {failure.reason for failure in pages.failures}
            self.assertIn("damaged_member", reasons)
            # Records that are no pages are no failures.
            self.assertTrue(reasons.isdisjoint({"not_a_response", "not_html"}))

    def test_who_stops_reading_stops_the_work(self):
        for document in obelisc.documents([SAMPLE]):
            self.assertTrue(document.url)
            break

    def test_an_input_that_is_not_there_is_unreachable(self):
        with self.assertRaises(obelisc.Unreachable) as caught:
            list(obelisc.documents("nowhere.warc.gz"))
        self.assertIn("nowhere.warc.gz", str(caught.exception))


class Threads(unittest.TestCase):
    """A thread of Python that waits for its turn gets it while the native half works: the interpreter itself never takes
    the turn away here, so it was given away."""

    def setUp(self):
        interval = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, interval)
        self.page = ("<h1>Waves</h1>" + "<p>Drop two pebbles into a still pond, and wait.</p>" * 2000).encode()

    def assert_gives_way(self, call):
        ready, seen = threading.Event(), []
        other = threading.Thread(target=lambda: ready.wait() and seen.append(True))
        other.start()
        sys.setswitchinterval(1e6)
        ready.set()
        for _ in range(1000):
            call()
            if seen:
                break
        sys.setswitchinterval(0.005)
        other.join()
        self.assertTrue(seen)

    def test_extraction_lets_other_threads_run(self):
        self.assert_gives_way(lambda: obelisc.extract(self.page, whole_page=True))

    def test_judging_lets_other_threads_run(self):
        rules = obelisc.RuleSet.from_toml(
            'stages = ["extract", "filter", "finish"]\nfinish.images = "url"\n[rules.paragraph.word_count]\n'
        )
        document = obelisc.extract(self.page, whole_page=True)._native
        self.assert_gives_way(lambda: rules._native.judge(document))

    def test_many_threads_extract_what_one_does(self):
        expected = obelisc.extract(self.page, url="https://site.example/").to_json()
        found = []
        extract = lambda: found.append(obelisc.extract(self.page, url="https://site.example/").to_json())
        threads = [threading.Thread(target=extract) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [expected] * 8)


if __name__ == "__main__":
    unittest.main()
