import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlumbing } from "../src/data/plumbing";

test("allocators, containers and the run time are plumbing", () => {
  for (const name of ["operator new(unsigned long)", "void std::vector<int>::push_back(int const&)", "std::__cxx11::basic_string<char>::_M_construct(unsigned long, char)", "_start", "xmalloc", "sqlite3Malloc", "g_malloc0", "alloc::vec::Vec<T>::push", "PyMem_Malloc"]) {
    assert.ok(isPlumbing(name, null, "/bin/app"), name);
  }
  assert.ok(isPlumbing("getline", "/usr/include/stdio.h", "/bin/app"));
  assert.ok(isPlumbing(null, null, "/lib/x86_64-linux-gnu/libc.so.6"));
});

test("what somebody wrote is not", () => {
  for (const name of ["main", "load(std::string const&)", "app::Cache::insert(int)", "mallocator_report", "standard", "startup", "std_dev"]) {
    assert.ok(!isPlumbing(name, "/home/me/app.cpp", "/bin/app"), name);
  }
  assert.ok(!isPlumbing(null, null, "/bin/app"));
});
