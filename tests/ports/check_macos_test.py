#!/usr/bin/env python3
"""Does scripts/check-macos see what is wrong with a library? Each test spoils one thing about the built ones.

usage: check_macos_test.py       (after scripts/build-ports macos has built them)
"""

import importlib.machinery
import importlib.util
import struct
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOADER = importlib.machinery.SourceFileLoader("check_macos", str(ROOT / "scripts/check-macos"))
SPEC = importlib.util.spec_from_loader("check_macos", LOADER)
check_macos = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(check_macos)


class CheckMacos(unittest.TestCase):
    processor = "arm64"

    def setUp(self):
        self.data = (ROOT / f"build/macos-{self.processor}/lib/libmemwatch_preload.dylib").read_bytes()
        self.replaced = check_macos.listed("replaced.txt")
        self.exports = {name for name, in check_macos.listed("exports.txt")}

    def complaints(self, data=None, **changed):
        arguments = {"processor": self.processor, "replaced": self.replaced, "exports": self.exports, **changed}
        return list(check_macos.complaints(data=data or self.data, **arguments))

    def assert_one(self, found, words):
        self.assertEqual([words in complaint for complaint in found], [True], found)

    def pair_offset(self, name):
        library = check_macos.Library(self.data)
        start, size, place = library.sections["__DATA", "__interpose"]
        bound = library.bound("bind")
        return next(place + pair - start for pair in range(start, start + size, 16) if bound[pair + 8][0] == name)

    def test_the_built_library_is_as_it_should_be(self):
        self.assertEqual(self.complaints(), [])

    def test_its_pairs_are_the_sections_whole(self):
        library = check_macos.Library(self.data)
        self.assertEqual(library.sections["__DATA", "__interpose"][1], 16 * len(self.replaced))

    def test_a_function_that_is_not_replaced(self):
        self.assert_one(self.complaints(replaced=[*self.replaced, ["_strdup"]]), "does not replace _strdup")

    def test_a_function_that_nobody_lists(self):
        found = self.complaints(replaced=[entry for entry in self.replaced if entry[0] != "_valloc"])
        self.assertTrue(any("replaces _valloc, which" in complaint for complaint in found), found)

    def test_a_function_that_older_systems_lack_and_the_library_insists_on(self):
        spoilt = [["_fork", "?"] if entry[0] == "_fork" else entry for entry in self.replaced]
        self.assert_one(self.complaints(replaced=spoilt), "_fork")

    def test_a_pair_that_leads_to_no_code(self):
        data = bytearray(self.data)
        struct.pack_into("<Q", data, self.pair_offset("_malloc"), 0)
        self.assert_one(self.complaints(bytes(data)), "replaces _malloc by no code of its own")

    def test_two_pairs_with_the_same_code(self):
        data = bytearray(self.data)
        hook = struct.unpack_from("<Q", data, self.pair_offset("_malloc"))[0]
        struct.pack_into("<Q", data, self.pair_offset("_valloc"), hook)
        self.assert_one(self.complaints(bytes(data)), "by the same code")

    def test_another_name_in_the_table_of_bindings(self):
        data = self.data.replace(b"@_reallocf\0", b"@_reallocg\0")
        found = self.complaints(data)
        self.assertTrue(any("replaces _reallocg, which" in complaint for complaint in found), found)
        self.assertTrue(any("does not replace _reallocf" in complaint for complaint in found), found)

    def test_a_call_that_is_not_allowed(self):
        data = self.data.replace(b"@_poll\0", b"@_exec\0")
        self.assertNotEqual(data, self.data)
        self.assert_one(self.complaints(data), "calls _exec")

    def test_a_name_that_is_not_shown(self):
        self.assert_one(self.complaints(exports=self.exports | {"_malloc"}), "does not show _malloc")
        self.assert_one(self.complaints(exports=set()), "shows _memwatch_query")

    def test_a_library_for_another_processor(self):
        other = "x86_64" if self.processor == "arm64" else "arm64"
        self.assertTrue(any("is not for" in complaint for complaint in self.complaints(processor=other)))

    def test_another_library_that_it_needs(self):
        data = self.data.replace(b"/usr/lib/libSystem.B.dylib\0", b"/usr/lib/libSystem.C.dylib\0", 1)
        self.assertTrue(any("needs /usr/lib/libSystem.C.dylib" in complaint for complaint in self.complaints(data)))

    def test_half_a_file_is_no_library(self):
        for size in (0, 3, 32, 1000, len(self.data) // 2):
            try:
                found = self.complaints(self.data[:size] or b"\0")
            except check_macos.NOT_READABLE:
                continue
            self.assertNotEqual(found, [], f"{size} bytes pass")


class CheckMacosIntel(CheckMacos):
    processor = "x86_64"


if __name__ == "__main__":
    unittest.main()
