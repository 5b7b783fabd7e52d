import assert from "node:assert/strict";
import { test } from "node:test";
import { readDocument } from "../src/data/document";
import { baseName, placeOf, stackOf, tellingFrame } from "../src/data/frames";

const tables = {
  strings: ["", "(not recorded)", "operator new", "Table::load()", "/src/table.cpp", "/bin/app", "app+0x12", "main"],
  frames: { function: [1, 2, 3, 6, 7], file: [0, 0, 4, 0, 4], line: [0, 0, 88, 0, 3], module: [0, 5, 5, 5, 5], kind: [4, 8, 1, 2, 0] },
  stacks: { parent: [0, 0, 1, 2, 3, 0], frame: [0, 4, 3, 2, 1, 0] },
};

test("a stack is read from its innermost frame outwards", () => {
  const stack = stackOf(tables, 4);
  assert.deepEqual(
    stack.map((frame) => frame.function),
    ["operator new", "Table::load()", "app+0x12", "main"],
  );
  assert.deepEqual(
    stack.map(({ inlined, named, plumbing }) => [inlined, named, plumbing]),
    [[false, true, true], [true, true, false], [false, false, false], [false, true, false]],
  );
  assert.equal(placeOf(stack[1]!), "table.cpp:88");
  assert.equal(placeOf(stack[2]!), "");
  assert.equal(tellingFrame(stack), 1);
});

test("a stack is named after its first telling frame, with a line if there is one", () => {
  assert.equal(tellingFrame(stackOf(tables, 2)), 1, "main has a name and a line");
  assert.equal(tellingFrame(stackOf(tables, 5)), 0, "nothing is known");
  assert.equal(tellingFrame([]), 0);
  assert.equal(stackOf(tables, 5)[0]!.recorded, false);
  assert.deepEqual(stackOf(tables, 0), []);
});

test("paths and schemas", () => {
  assert.equal(baseName("/usr/lib/libc.so.6"), "libc.so.6");
  assert.equal(baseName("plain"), "plain");
  assert.throws(() => readDocument('{"schema":"memwatch.report/1"}'), /reads memwatch.html\/1 and memwatch.html-diff\/1/);
});
