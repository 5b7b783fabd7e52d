import assert from "node:assert/strict";
import { test } from "node:test";
import type { Scope } from "../src/data/document";
import { costLabel, costMeaning } from "../src/report/model";
import { noLeakFound } from "../src/text/leak_words";

const scope = (kind: string, doubt: string) => ({ notFreedPhrase: "not freed at exit", leaks: { doubt, kinds: [{ kind, bytes: 1, blocks: 1 }] } }) as Scope;

test("a tick is for a check that saw everything", () => {
  assert.equal(noLeakFound(true), "✓ No leak was found");
  assert.equal(noLeakFound(false), "No leak was found, as far as could be seen");
});

test("what leaked is told with the doubt of its check, what was not freed has none", () => {
  assert.match(costMeaning("leaked", scope("definite", "")), /^bytes leaked: definite/);
  assert.match(costMeaning("leaked", scope("definite", "its threads ran on")), /^bytes leaked, as far as could be seen: definite/);
  assert.match(costMeaning("leaked", scope("unclassified", "")), /^bytes not freed at exit/);
  assert.equal(costLabel("leaked", scope("definite", "its threads ran on")), "Leaked");
});
