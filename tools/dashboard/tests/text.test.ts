import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, duration, errorBar, exact, percent, requestedBytes } from "../src/text/format";
import { shortName } from "../src/text/names";

// The same figures as tests/unit/render/human_test.cpp: page and terminal must agree.
test("bytes", () => {
  assert.equal(bytes(0), "0 B");
  assert.equal(bytes(1023), "1023 B");
  assert.equal(bytes(1024), "1.0 KiB");
  assert.equal(bytes(1536), "1.5 KiB");
  assert.equal(bytes(99.94 * 1024), "99.9 KiB");
  assert.equal(bytes(99.96 * 1024), "100 KiB");
  assert.equal(bytes(1024 * 1024 - 1), "1.0 MiB");
  assert.equal(bytes(5 * 2 ** 40), "5.0 TiB");
  assert.equal(bytes(-2048), "−2.0 KiB");
  assert.equal(requestedBytes(Number("18446744073709551615")), "more than 2^64 bytes");
  assert.equal(errorBar(0), "");
  assert.equal(errorBar(2048), "± 2.0 KiB");
});

test("counts", () => {
  assert.equal(count(999_999), "999,999");
  assert.equal(count(1_000_000), "1.00M");
  assert.equal(count(34_120_000), "34.1M");
  assert.equal(count(5_120_000_000), "5.12G");
  assert.equal(exact(1234567), "1,234,567");
});

test("durations and shares", () => {
  assert.equal(duration(0), "0 s");
  assert.equal(duration(0.0000005), "1 µs");
  assert.equal(duration(0.25), "250 ms");
  assert.equal(duration(3.739), "3.74 s");
  assert.equal(duration(12.34), "12.3 s");
  assert.equal(duration(61), "1 min 01 s");
  assert.equal(duration(7260), "2 h 01 min");
  assert.equal(percent(0), "0 %");
  assert.equal(percent(0.0004), "<0.1 %");
  assert.equal(percent(0.345), "34.5 %");
  assert.equal(percent(0.9999), ">99.9 %");
  assert.equal(percent(1), "100 %");
});

test("long names lose their arguments, never their function", () => {
  assert.equal(shortName("std::vector<int, std::allocator<int> >::push_back(int const&)"), "std::vector<…>::push_back(…)");
  assert.equal(shortName("main"), "main");
  assert.equal(shortName("run()"), "run()");
  assert.equal(shortName("operator<<(std::ostream&, X)"), "operator<<(…)");
  assert.equal(shortName("Y::operator->()"), "Y::operator->()");
  assert.equal(shortName("(anonymous namespace)::f(int)"), "{anonymous}::f(…)");
  assert.equal(shortName("<alloc::vec::Vec<T> as core::clone::Clone>::clone"), "<alloc::vec::Vec<…> as core::clone::Clone>::clone");
  assert.equal(shortName("f<g<h<int> >, 3>(char)"), "f<…>(…)");
  assert.equal(shortName("unbalanced<int"), "unbalanced<int");
  assert.equal(shortName("(12 small frames)"), "(12 small frames)");
  assert.equal(shortName("</script><script>alert(1)"), "</script><script>alert(…)");
});
