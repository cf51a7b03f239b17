"""Tests as functions, run one after the other, told as TAP.

    test = net_tap.Tests()

    @test
    def something_holds():
        assert ...                    (returning a text skips: it says why)

    test.run()
"""
import logging
import traceback
import warnings


class Tests:
    def __init__(self):
        self.functions = []

    def __call__(self, function):
        self.functions.append(function)
        return function

    def run(self, only=None):
        logging.getLogger("websockets").setLevel(logging.CRITICAL)
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        warnings.simplefilter("ignore", DeprecationWarning)
        functions = [function for function in self.functions if not only or function.__name__ in only]
        print(f"1..{len(functions)}")
        for number, function in enumerate(functions, 1):
            try:
                skipped = function()
                print(f"ok {number} - {function.__name__}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
            except Exception:  # one failing test does not hide the others
                print(f"not ok {number} - {function.__name__}")
                print("# " + traceback.format_exc(limit=-3).strip().replace("\n", "\n# "), flush=True)
