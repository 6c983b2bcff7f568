import { expect, test } from "vitest";
import { Answers, KeyBudget } from "../../src/keys/answers.js";

const HOUR = 3_600_000;
const entry = (i: number) => ({ id: Buffer.alloc(16, i), print: Buffer.alloc(16, i), records: i });

test("an answer is there for its lifetime, and an eighth of it longer at most", () => {
  const budget = new KeyBudget(10);
  const start = 1_700_000_000_000;
  for (const offset of [0, 17 * 60_000, 119 * 60_000]) {
    const answers = new Answers(budget, 8 * HOUR);
    answers.add(start + offset, entry(1), start + offset);
    expect(answers.find(entry(1).id, start + offset + 8 * HOUR)?.records).toBe(1);
    expect(answers.find(entry(1).id, start + offset + 9 * HOUR + 1)).toBeNull();
  }
});

test("what is dropped is given back to the budget", () => {
  const budget = new KeyBudget(2);
  const answers = new Answers(budget, HOUR);
  answers.add(0, entry(1), 0);
  expect(budget.isSpent).toBe(false);
  answers.add(HOUR, entry(2), HOUR);
  answers.add(HOUR, entry(2), HOUR);
  expect([budget.used, budget.isSpent]).toEqual([2, true]);
  answers.forget(1.5 * HOUR);
  expect(budget.used).toBe(1);
  answers.clear();
  expect(budget.used).toBe(0);
});

test("what is over already is not taken in", () => {
  const answers = new Answers(new KeyBudget(2), HOUR);
  answers.add(0, entry(1), 3 * HOUR);
  expect(answers.find(entry(1).id, 0)).toBeNull();
});
