import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { IS_WHOLE } from "../../../test/whole.js";
import { Answers, KeyBudget } from "../../src/idempotency/answers.js";

const HOUR = 3_600_000;
const entry = (i: number) => ({ id: Buffer.alloc(16, i), print: Buffer.alloc(16, i) });

test("an answer is there for its lifetime, and an eighth of it longer at most", () => {
  const budget = new KeyBudget(10);
  const start = 1_700_000_000_000;
  for (const offset of [0, 17 * 60_000, 119 * 60_000]) {
    const answers = new Answers(budget, 8 * HOUR);
    answers.add(start + offset, entry(1), start + offset);
    expect(answers.find(entry(1).id, start + offset + 8 * HOUR)).not.toBeNull();
    expect(answers.find(entry(1).id, start + offset + 9 * HOUR + 1)).toBeNull();
  }
});

test("it is known when some are dropped", () => {
  const answers = new Answers(new KeyBudget(10), HOUR);
  answers.add(0, entry(1), 0);
  const wait = answers.untilFewer(0);
  expect(answers.size).toBe(1);
  answers.forget(1000 * wait - 1000);
  expect(answers.size).toBe(1);
  answers.forget(1000 * wait);
  expect(answers.size).toBe(0);
});

test("what is dropped is given back to the budget", () => {
  const budget = new KeyBudget(4);
  const answers = new Answers(budget, HOUR);
  answers.add(0, entry(1), 0);
  expect(answers.isFull).toBe(false);
  answers.add(HOUR, entry(2), HOUR);
  answers.add(HOUR, entry(2), HOUR);
  expect([budget.used, answers.isFull]).toEqual([2, true]);
  answers.forget(1.5 * HOUR);
  expect([budget.used, answers.isFull]).toEqual([1, false]);
  answers.clear();
  expect(budget.used).toBe(0);
});

test("one inbox takes half of all keys at most, and each has some whatever the others have", () => {
  const budget = new KeyBudget(100_000);
  const [greedy, second, modest] = [new Answers(budget, HOUR), new Answers(budget, HOUR), new Answers(budget, HOUR)];
  const fill = (answers: Answers) => {
    let count = 0;
    for (; !answers.isFull; count++) answers.add(0, { id: randomBytes(16), print: randomBytes(16) }, 0);
    return count;
  };
  expect([fill(greedy), fill(second), fill(modest)]).toEqual([50_000, 50_000, 10_000]);
});

test.runIf(IS_WHOLE)("more keys than a table takes are all found", () => {
  const answers = new Answers(new KeyBudget(1_000_000), HOUR);
  const ids = Array.from({ length: 450_000 }, () => randomBytes(16));
  for (const id of ids) answers.add(0, { id, print: id }, 0);
  expect(ids.filter((id) => !answers.find(id, 0)?.isSame(id))).toEqual([]);
  expect(answers.find(randomBytes(16), 0)).toBeNull();
});

test("what is over already is not taken in", () => {
  const answers = new Answers(new KeyBudget(2), HOUR);
  answers.add(0, entry(1), 3 * HOUR);
  expect(answers.find(entry(1).id, 0)).toBeNull();
});
