// Events in structured and in batch mode, and the JSON that they are written in.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Problem } from "../../src/problem.js";
import { checkEvent, eventsOf } from "../../src/server/events.js";
import { Json } from "../../src/server/json.js";

const EVENT = '{"specversion":"1.0","id":"17","source":"/shop","type":"order"}';
const bytes = (text: string) => Buffer.from(text, "utf8");

function isJson(text: string): boolean {
  const json = new Json(bytes(text));
  try {
    return json.blank(json.value(json.blank(0), 0)) === bytes(text).length;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("JSON", () => {
  test.each([
    ...'0 -0 1.5 1e9 1E-9 -12.25e+3 true false null [] {} "" "\\u00fC" "\\"" [1,[2]] {"a":{"b":[]}} 01 1. .5 + - 1e 1e+ tru nulll [1,] [,] {,} {"a"} {"a":} {"a":1,} {a:1} "\\x" "\\u00g0" "\\u00" " [ { ]'.split(
      " ",
    ),
    "",
    " 1\n",
    "1 2",
    '"a\tb"',
    '"a\u0000"',
    '"\u00fc"',
    "[1\u00a0]",
    '"\\u12345"',
    "-",
    "[1 2]",
  ])("%j: as JSON.parse has it", (text) => {
    expect(isJson(text)).toBe(isParsed(text));
  });

  test("and so is whatever becomes of it when a piece is changed", () => {
    const changed = fc
      .tuple(fc.json(), fc.nat(), fc.nat(3), fc.constantFrom(...'{}[]",:\\0e1-. tu\n'))
      .map(([text, at, cut, other]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + other + text.slice(place + cut);
      });
    fc.assert(fc.property(fc.json(), (text) => isJson(text)));
    fc.assert(
      fc.property(changed, (text) => {
        expect(isJson(text), text).toBe(isParsed(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("nested too deeply is refused, however deep", () => {
    expect(isJson("[".repeat(128) + "]".repeat(128))).toBe(true);
    expect(isJson("[".repeat(200_000) + "]".repeat(200_000))).toBe(false);
    expect(isJson(`${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`)).toBe(false);
  });
});

describe("an event", () => {
  test.each([
    EVENT,
    ` ${EVENT}\n`,
    EVENT.replace("}", ',"data":{"data":1,"id":2}}'),
    EVENT.replace("}", ',"data_base64":"AA=="}'),
    EVENT.replace("}", ',"time":"2026-01-31T12:00:00Z","anything1":true}'),
  ])("%s", (text) => {
    expect(() => checkEvent(bytes(text))).not.toThrow();
  });

  test.each<[string, string]>([
    ["no object", "[]"],
    ["something behind it", `${EVENT} ${EVENT}`],
    ["no id", EVENT.replace('"id":"17",', "")],
    ["an empty source", EVENT.replace("/shop", "")],
    ["a type that is no text", EVENT.replace('"order"', "5")],
    ["another version", EVENT.replace("1.0", "0.3")],
    ["an attribute twice", EVENT.replace("}", ',"id":"18"}')],
    ["an attribute twice, in other letters", EVENT.replace("}", ',"\\u0069d":"18"}')],
    ["a name that is no attribute's", EVENT.replace("}", ',"Id":"18"}')],
    ["data of both kinds", EVENT.replace("}", ',"data":1,"data_base64":"AA=="}')],
    [
      "more attributes than anybody needs",
      EVENT.replace("}", `${Array.from({ length: 1000 }, (_, i) => `,"a${i}":1`).join("")}}`),
    ],
  ])("%s is none", (_what, text) => {
    expect(() => checkEvent(bytes(text))).toThrow(Problem);
  });

  test("with bytes that are no UTF-8 is none", () => {
    expect(() => checkEvent(Buffer.from(EVENT.replace("order", "\u00fc"), "latin1"))).toThrow(Problem);
  });
});

test("the events of an array are records as they came", () => {
  const second = EVENT.replace("17", "18").replace(",", " ,\n");
  const cut = (text: string, most = 3) => eventsOf(bytes(text), most).map(String);
  expect(cut(` [ ${EVENT}\n,${second}] `)).toEqual([EVENT, second]);
  expect(cut("[]")).toEqual([]);
  for (const text of [EVENT, `[${EVENT}`, `[${EVENT}]]`, `[${EVENT},5]`, "", `[${EVENT}${EVENT}]`])
    expect(() => cut(text), text).toThrow(Problem);
  expect(() => cut(`[${Array(4).fill(EVENT).join()}]`)).toThrow("at most 3");
  expect(() => cut(`[${Array(500_000).fill("1").join()}]`)).toThrow("at most 3");
});
