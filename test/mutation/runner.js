// Runs tests against mutants, for Stryker. Tests and source are loaded once, as one bundle: vitest would load their
// modules for each mutant anew, which takes a hundred times as long as most of the tests.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { bundleTests } from "./bundle.js";
import { collected, runSuite, testsOf } from "./registry.js";

const [SUCCESS, FAILED] = [0, 1];
/** Tests that take longer, in milliseconds, run after all others. */
const QUICK = 50;
/** Stryker takes for endless what is done a hundred times as often as by all tests together; five times is plenty. */
const LIMIT = 0.05;
const SLOW_TESTS = "coverage/mutation/slow-tests.json";

/** Ends a run at the first test that fails. */
class Failed extends Error {
  constructor(file, test, error) {
    super(String(error?.message ?? error).slice(0, 1000));
    Object.assign(this, { file, test });
  }
}

class LoadedRunner {
  #bundle = "";
  #loads = 0;
  #files = [];
  #slow = null;
  /** Takes what is thrown where nobody waits for it. */
  #stray = () => undefined;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    // What is mutated does not depend on the suite.
    process.env.SEAL_TEST_SUITE = "native";
    // The smallest input that shows a mutant is of no interest, and takes long to find.
    fc.configureGlobal({ endOnFailure: true });
    for (const event of ["unhandledRejection", "uncaughtException"]) process.on(event, (error) => this.#stray(error));
    this.#bundle = await bundleTests(process.cwd());
  }

  async dryRun() {
    const ns = activate(undefined);
    await this.#load();
    const tests = [];
    for (const file of this.#files) {
      const fileName = join(process.cwd(), file.name);
      await runSuite(file, all, async ({ id }, run) => {
        const begun = performance.now();
        ns.currentTestId = id;
        const error = await this.#errorOf(run);
        ns.currentTestId = undefined;
        const test = { id, name: id, fileName, timeSpentMs: performance.now() - begun };
        tests.push(error ? { ...test, status: FAILED, failureMessage: String(error) } : { ...test, status: SUCCESS });
      });
    }
    const slow = tests.filter(({ timeSpentMs }) => timeSpentMs > QUICK).map(({ id }) => id);
    writeFileSync(SLOW_TESTS, JSON.stringify(slow));
    return { status: "complete", tests, mutantCoverage: ns.mutantCoverage };
  }

  async mutantRun(options) {
    const { mutantActivation, activeMutant } = options;
    if (mutantActivation === "static") {
      activate(activeMutant.id);
      const failure = await this.#load().then(() => null, asFailure);
      if (failure) return killed(failure, 0);
    } else if (this.#files.length === 0) await this.#load();
    let result = await this.#try(options);
    // What a mutant has left in the modules, or what goes wrong anyway, is none that was found.
    if (result.failure && !(await this.#passes(result.failure))) {
      await this.#load();
      if (!(await this.#passes(result.failure))) throw new Error(`${result.failure.test} fails without a mutant`);
      result = await this.#try(options);
    }
    if (mutantActivation === "static" || result.isEndless) await this.#load();
    if (result.isEndless) return { status: "timeout", reason: "something is done without end" };
    return killed(result.failure, result.count);
  }

  /** Runs the tests that reach a mutant; the first that fails, how many ran, and whether there was no end of it. */
  async #try({ activeMutant, testFilter, hitLimit }) {
    this.#slow ??= new Set(JSON.parse(readFileSync(SLOW_TESTS, "utf8")));
    const wanted = testFilter && new Set(testFilter);
    const limit = hitLimit && Math.ceil(hitLimit * LIMIT);
    const ns = activate(activeMutant.id, limit);
    let [failure, count] = [null, 0];
    try {
      for (const isSlow of [false, true]) {
        const isWanted = ({ id }) => (!wanted || wanted.has(id)) && this.#slow.has(id) === isSlow;
        for (const file of this.#files) {
          await this.#run(file, isWanted, () => {
            count += 1;
          });
        }
      }
    } catch (error) {
      failure = asFailure(error);
    }
    if (!failure && count === 0) throw new Error("no test was run");
    return { failure, count, isEndless: limit !== undefined && ns.hitCount > limit };
  }

  async #run(file, isWanted, begins) {
    try {
      await runSuite(file, isWanted, async ({ id }, run) => {
        begins();
        const error = await this.#errorOf(run);
        if (error) throw new Failed(file, id, error);
      });
    } catch (error) {
      // A hook, where it is no test.
      throw error instanceof Failed ? error : new Failed(file, testsOf(file).find(isWanted).id, error);
    }
  }

  /** Whether that test passes without a mutant. */
  async #passes({ file, test }) {
    activate(undefined);
    const again = this.#files.find(({ name }) => name === file.name);
    return this.#run(again, ({ id }) => id === test, all).then(all, () => false);
  }

  /** What a test throws, or what is thrown meanwhile where nobody waits for it; null where it passes. */
  async #errorOf(run) {
    const stray = new Promise((resolve) => {
      this.#stray = resolve;
    });
    const error = await Promise.race([run().then(() => null, asError), stray.then(asError)]);
    this.#stray = () => undefined;
    return error;
  }

  /** Makes all modules anew. */
  async #load() {
    await import(`${pathToFileURL(this.#bundle).href}?${this.#loads++}`);
    this.#files = collected();
    if (this.#files.flatMap(testsOf).length === 0) throw new Error("there are no tests");
  }
}

const all = () => true;

function asError(error) {
  return error ?? new Error("something is thrown that is no error");
}

function asFailure(error) {
  return error instanceof Failed ? error : new Failed(null, "loading", error);
}

function killed(failure, nrOfTests) {
  if (!failure) return { status: "survived", nrOfTests };
  return { status: "killed", killedBy: [failure.test], failureMessage: failure.message, nrOfTests };
}

/** Where Stryker's code in the source looks which mutant is to act, and counts what it does. */
function activate(activeMutant, hitLimit) {
  globalThis.__stryker__ ??= {};
  return Object.assign(globalThis.__stryker__, { activeMutant, hitLimit, hitCount: 0 });
}

export const strykerPlugins = [{ kind: "TestRunner", name: "loaded", injectableClass: LoadedRunner }];
