"""The package's pages: examples that are run, stubs that are what the native half is."""

import ast
import doctest
import inspect
import tempfile
import unittest
from pathlib import Path

import obelisc
from obelisc import _document, _errors, _obelisc, _rules, _run

from sources import RECIPE, SAMPLE

PACKAGE = Path(obelisc.__file__).parent


class Examples(unittest.TestCase):
    def test_examples_in_docstrings_give_what_they_say(self):
        with tempfile.TemporaryDirectory() as folder:
            names = {"sample": str(SAMPLE), "recipe": str(RECIPE), "folder": folder}
            attempted = 0
            # The run comes first: others look at what it left.
            finder = doctest.DocTestFinder(exclude_empty=True)
            tests = [test for module in (obelisc, _errors, _document, _rules, _run) for test in finder.find(module)]
            tests.sort(key=lambda test: test.name != "obelisc._run.run")
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
            for test in tests:
                test.globs.update(names)
                report = []
                result = runner.run(test, out=report.append)
                self.assertEqual(result.failed, 0, "".join(report))
                attempted += result.attempted
            self.assertGreater(attempted, 30)

    def test_every_public_name_has_a_docstring(self):
        for name in obelisc.__all__:
            public = getattr(obelisc, name)
            if not callable(public):
                continue
            self.assertTrue(inspect.getdoc(public), name)
            members = vars(public).items() if inspect.isclass(public) else ()
            for member, value in members:
                if not member.startswith("_") and (callable(value) or isinstance(value, (property, classmethod))):
                    self.assertTrue(inspect.getdoc(getattr(public, member)), f"{name}.{member}")


def parameters(function):
    """Names of the parameters of a function in a stub."""
    arguments = function.args
    return [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


class Stubs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stub = ast.parse((PACKAGE / "_obelisc.pyi").read_text(encoding="utf-8"))

    def assert_same_parameters(self, function, native):
        found = list(inspect.signature(native).parameters)
        expected = [name for name in parameters(function) if name not in ("self", "cls")]
        self.assertEqual([name for name in found if name != "self"], expected, function.name)

    def test_the_stub_has_the_names_of_the_native_half_and_no_others(self):
        stubbed = {node.name for node in self.stub.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        native = {name for name in vars(_obelisc) if not name.startswith("_")}
        self.assertEqual(stubbed, native)

    def test_functions_and_methods_have_the_parameters_that_the_stub_says(self):
        for node in self.stub.body:
            if isinstance(node, ast.FunctionDef):
                self.assert_same_parameters(node, getattr(_obelisc, node.name))
            if not isinstance(node, ast.ClassDef):
                continue
            native = getattr(_obelisc, node.name)
            methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
            public = {name for name in vars(native) if not name.startswith("_")}
            self.assertEqual({name for name in methods if not name.startswith("_")}, public, node.name)
            for name, method in methods.items():
                decorators = [ast.unparse(decorator) for decorator in method.decorator_list]
                if "property" in decorators:
                    continue
                self.assert_same_parameters(method, native if name == "__new__" else getattr(native, name))

    def test_the_package_says_that_it_is_typed(self):
        self.assertTrue((PACKAGE / "py.typed").is_file())


if __name__ == "__main__":
    unittest.main()
