import assert from "node:assert/strict";
import { test } from "node:test";
import { assignHues, contrast, deltaColor, frameColor, TEXT } from "../src/flame/colors";

test("the contrast of black and white is what the standard says", () => {
  const black = { hue: 0, saturation: 0, lightness: 0 };
  const white = { hue: 0, saturation: 0, lightness: 100 };
  assert.ok(Math.abs(contrast(black, white) - 21) < 0.01);
  assert.ok(Math.abs(contrast(white, { hue: 0, saturation: 0, lightness: 46.3 }) - 4.5) < 0.1, "#767676");
});

test("text on every box can be read: at least 4.5 to 1", () => {
  for (const theme of ["light", "dark"] as const) {
    for (const hue of [undefined, 0, 1, 2, 3, 4, 5, 6, 7]) {
      for (let i = 0; i < 300; ++i) {
        const box = frameColor(`function_${i}`, hue, theme);
        assert.ok(contrast(box, TEXT[theme]) >= 4.5, `${theme} ${hue} ${JSON.stringify(box)}`);
      }
    }
    for (let change = -1; change <= 1; change += 0.01) {
      assert.ok(contrast(deltaColor(change, theme), TEXT[theme]) >= 4.5, `${theme} ${change}`);
    }
  }
});

test("modules get hues by cost, as many as there are, ties by name", () => {
  const hues = assignHues(new Map([["/b", 5], ["/a", 5], ["", 99], ["/c", 100]]));
  assert.deepEqual([...hues], [["/c", 0], ["/a", 1], ["/b", 2]]);
  const many = new Map(Array.from({ length: 20 }, (_, i) => [`/lib${i}`, 20 - i]));
  assert.equal(assignHues(many).size, 8);
});

test("the same name has the same colour", () => {
  assert.deepEqual(frameColor("f", 2, "light"), frameColor("f", 2, "light"));
  assert.notDeepEqual(frameColor("f", 2, "light"), frameColor("g", 2, "light"));
});
