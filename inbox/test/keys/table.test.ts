import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { KeyTable } from "../../src/keys/table.js";

const bytes = (text: string) => createHash("sha256").update(text).digest().subarray(0, 16);
const entry = (i: number) => ({ id: bytes(`id ${i}`), print: bytes(`print ${i}`), records: i + 1 });

test("finds what was added, and nothing else, however many there are", () => {
  const table = new KeyTable();
  for (let i = 0; i < 20_000; i++) table.add(entry(i));
  expect(table.size).toBe(20_000);
  const isRight = (i: number) => {
    const found = table.find(entry(i).id);
    return found?.records === i + 1 && found.isSame(entry(i).print) && !found.isSame(entry(i + 1).print);
  };
  const numbers = [...Array(20_000).keys()];
  expect(numbers.filter((i) => !isRight(i))).toEqual([]);
  expect(numbers.filter((i) => table.find(entry(i + 20_000).id) !== null)).toEqual([]);
});

test("ids that begin alike are told apart", () => {
  const table = new KeyTable();
  const alike = (last: number) => Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? last : 9));
  for (let i = 0; i < 100; i++) table.add({ id: alike(i), print: bytes(`${i}`), records: i + 1 });
  for (let i = 0; i < 100; i++) expect(table.find(alike(i))!.records).toBe(i + 1);
  expect(table.find(alike(100))).toBeNull();
});

test("what is there already stays as it is", () => {
  const table = new KeyTable();
  table.add({ ...entry(1), records: 5 });
  table.add({ ...entry(1), records: 6 });
  expect([table.size, table.find(entry(1).id)!.records]).toEqual([1, 5]);
});
