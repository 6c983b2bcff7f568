// A system that gives no thread, or only one: the work is done all the same.

import { afterEach, expect, test } from "vitest";
import { native } from "../../src/crypto/native.js";
import { poolEngine } from "../../src/engine/pool.js";
import { CHUNK, content, opened, sealed } from "../files/samples.js";

const real = process.getBuiltinModule;

afterEach(() => {
  process.getBuiltinModule = real;
});

/** From the `given`-th on, no thread is started. */
function giving(given: number): { refused: number } {
  const seen = { started: 0, refused: 0 };
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  class Scarce extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      if (seen.started >= given) {
        seen.refused += 1;
        throw Object.assign(new Error("EAGAIN"), { code: "ERR_WORKER_INIT_FAILED" });
      }
      seen.started += 1;
      super(...args);
    }
  }
  process.getBuiltinModule = ((name: string) =>
    name === "node:worker_threads" ? { Worker: Scarce } : real(name)) as typeof real;
  return seen;
}

test.each([0, 1])("with %i threads where three are wanted", async (given) => {
  const seen = giving(given);
  const engine = poolEngine(3, { small: 0 });
  engine.start(native);
  const plaintext = content(9 * CHUNK + 5);
  const { file } = await sealed(plaintext, { engine });
  expect((await opened(file, { engine })).plaintext.equals(plaintext)).toBe(true);
  expect(seen.refused).toBeGreaterThan(1);
  await engine.close();
});

test("another fault of a thread's is no lack of one", () => {
  process.getBuiltinModule = (() => ({
    Worker: class {
      constructor() {
        throw new TypeError("a bug");
      }
    },
  })) as unknown as typeof real;
  expect(() => poolEngine(2, { small: 0 }).start(native)).toThrow("a bug");
});
