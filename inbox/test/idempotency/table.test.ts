import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { KeyTable } from "../../src/idempotency/table.js";

const bytes = (text: string) => createHash("sha256").update(text).digest().subarray(0, 16);
const entry = (i: number) => ({ id: bytes(`id ${i}`), print: bytes(`print ${i}`) });

test("finds what was added, and nothing else, however many there are", () => {
  const table = new KeyTable();
  for (let i = 0; i < 20_000; i++) table.add(entry(i));
  expect(table.size).toBe(20_000);
  const isRight = (i: number) => {
    const found = table.find(entry(i).id);
    return found?.isSame(entry(i).print) && !found.isSame(entry(i + 1).print);
  };
  const numbers = [...Array(20_000).keys()];
  expect(numbers.filter((i) => !isRight(i))).toEqual([]);
  expect(numbers.filter((i) => table.find(entry(i + 20_000).id) !== null)).toEqual([]);
});

test("ids that begin alike are told apart", () => {
  const table = new KeyTable();
  const alike = (last: number) => Uint8Array.from({ length: 16 }, (_, i) => (i === 11 ? last : 9));
  for (let i = 0; i < 100; i++) table.add({ id: alike(i), print: bytes(`${i}`) });
  for (let i = 0; i < 100; i++) expect(table.find(alike(i))!.isSame(bytes(`${i}`))).toBe(true);
  expect(table.find(alike(100))).toBeNull();
});

test("what is there already stays as it is", () => {
  const table = new KeyTable();
  table.add(entry(1));
  table.add({ ...entry(1), print: bytes("another") });
  expect([table.size, table.find(entry(1).id)!.isSame(entry(1).print)]).toEqual([1, true]);
});

test("an id that begins with zeros is found", () => {
  const table = new KeyTable();
  table.add({ id: new Uint8Array(16), print: new Uint8Array(16) });
  expect(table.find(new Uint8Array(16))!.isSame(new Uint8Array(16))).toBe(true);
  expect(table.find(bytes("another"))).toBeNull();
});
