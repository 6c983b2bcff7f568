// Stands in for vitest where mutants are tried: collects tests, and runs some of them, again and again, in modules that
// stay loaded. What tests expect is judged by vitest's own packages.

import { inspect } from "node:util";
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  customMatchers,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from "@vitest/expect";
import * as spies from "@vitest/spy";
import * as chai from "chai";
import { skipped } from "./parts.js";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
export const expect = (value, message) => chai.expect(value, message);
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
chai.expect.extend(expect, customMatchers);

export const vi = { spyOn: spies.spyOn, fn: spies.fn, restoreAllMocks: spies.restoreAllMocks };

/** Types are checked elsewhere. */
export const expectTypeOf = () => NO_TYPES;
const NO_TYPES = new Proxy(() => NO_TYPES, { get: () => NO_TYPES });

class Suite {
  constructor(parent, name) {
    this.parent = parent;
    this.name = name;
    this.entries = [];
    this.hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
  }
}

let files = [];
let current = null;
const ids = new Set();

/** Called where a file of tests begins. */
globalThis.beginTestFile = (name) => {
  current = new Suite(null, name);
  files.push(current);
};

/** The files of tests that were loaded since the last call. */
export function collected() {
  const found = files;
  [files, current] = [[], null];
  ids.clear();
  return found;
}

function declareTest(name, options, run) {
  const suites = [];
  for (let suite = current; suite; suite = suite.parent) suites.unshift(suite.name);
  const title = [...suites, name].join(" > ");
  if (skipped?.test(title)) return;
  let id = title;
  for (let i = 2; ids.has(id); i++) id = `${title} (${i})`;
  ids.add(id);
  current.entries.push({ id, run: typeof options === "function" ? options : run });
}

function declareSuite(name, options, fill) {
  const suite = new Suite(current, name);
  suite.parent.entries.push(suite);
  current = suite;
  const filled = (typeof options === "function" ? options : fill)();
  if (filled instanceof Promise) throw new Error(`the suite ${name} is filled asynchronously`);
  current = suite.parent;
}

function withVariants(declare) {
  const skipped = Object.assign(() => undefined, { each: () => () => undefined });
  const each = (rows) => (name, options, run) => {
    for (const [i, row] of rows.entries()) {
      const args = Array.isArray(row) ? row : [row];
      const work = typeof options === "function" ? options : run;
      declare(`${name} [${i}] ${inspect(row, { depth: 1, maxStringLength: 60 }).slice(0, 80)}`, () => work(...args));
    }
  };
  const variants = Object.assign(declare, { each });
  return Object.assign(variants, {
    skipIf: (isSkipped) => (isSkipped ? skipped : variants),
    runIf: (isRun) => (isRun ? variants : skipped),
  });
}

export const test = withVariants(declareTest);
export const describe = withVariants(declareSuite);

const hook = (kind) => (run) => current.hooks[kind].push(run);
export const [beforeAll, afterAll] = [hook("beforeAll"), hook("afterAll")];
export const [beforeEach, afterEach] = [hook("beforeEach"), hook("afterEach")];

/** Every test of a suite, in order. */
export function testsOf(suite) {
  return suite.entries.flatMap((entry) => (entry instanceof Suite ? testsOf(entry) : [entry]));
}

/**
 * Runs the tests of a suite that are wanted. `around` runs each, and may throw to end it all; hooks that fail throw.
 */
export async function runSuite(suite, isWanted, around) {
  if (!testsOf(suite).some(isWanted)) return;
  const cleaning = [];
  try {
    for (const before of suite.hooks.beforeAll) cleaning.push(await before());
    for (const entry of suite.entries) {
      if (entry instanceof Suite) await runSuite(entry, isWanted, around);
      else if (isWanted(entry)) await around(entry, () => runTest(suite, entry));
    }
  } finally {
    for (const after of [...suite.hooks.afterAll, ...cleaning].toReversed()) await after?.();
  }
}

async function runTest(suite, entry) {
  const suites = [];
  for (let at = suite; at; at = at.parent) suites.unshift(at);
  try {
    for (const { hooks } of suites) for (const before of hooks.beforeEach) await before();
    await entry.run();
  } finally {
    for (const { hooks } of suites.toReversed()) for (const after of hooks.afterEach) await after();
  }
}
