// Order is kept whatever finishes first, failures included; and nothing runs on afterwards.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { abortable, inAnyOrder, inOrder } from "../../src/flow/order.js";

/** A promise that is settled from outside. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** Lets everything happen that can happen without something from outside. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Tasks that are finished by hand, and an input that gives them by hand. */
function stage(count: number) {
  const results = Array.from({ length: count }, () => deferred<number>());
  const inputs = Array.from({ length: count + 1 }, () => deferred<void>());
  const started: number[] = [];
  let asked = 0;
  const tasks = (async function* () {
    for (let i = 0; ; i++) {
      asked += 1;
      await inputs[i]!.promise;
      if (i === count) return;
      yield () => {
        started.push(i);
        return results[i]!.promise;
      };
    }
  })();
  const give = (...indices: number[]) => {
    for (const i of indices) inputs[i]!.resolve();
  };
  return { tasks, results, inputs, give, started, asked: () => asked };
}

interface Seen {
  readonly yielded: number[];
  ended: boolean;
  error: unknown;
  readonly done: Promise<void>;
}

/** Consumes results into a list, as fast as they come. */
function consume(results: AsyncGenerator<number>): Seen {
  const seen = { yielded: [] as number[], ended: false, error: undefined as unknown };
  const all = async () => {
    try {
      for await (const result of results) seen.yielded.push(result);
    } catch (error) {
      seen.error = error;
    }
    seen.ended = true;
  };
  return Object.assign(seen, { done: all() });
}

async function* from<T>(tasks: readonly (() => Promise<T>)[]): AsyncGenerator<() => Promise<T>> {
  yield* tasks;
}

describe("whatever the order in which tasks and inputs come", () => {
  /** Each task waits for the scheduler; so does each input. `fails` is the first one to fail, if any. */
  const scheduled = fc.record({
    count: fc.integer({ min: 0, max: 12 }),
    width: fc.integer({ min: 1, max: 5 }),
    failures: fc.uniqueArray(fc.nat(14), { maxLength: 3 }),
    iteratorFails: fc.option(fc.nat(12)),
    scheduler: fc.scheduler(),
  });

  test("results come in order up to the first failure, which is thrown, and at most `width` tasks run", async () => {
    await fc.assert(
      fc.asyncProperty(scheduled, async ({ count, width, failures, iteratorFails, scheduler }) => {
        let [running, most] = [0, 0];
        const end = Math.min(count, iteratorFails ?? count);
        const tasks = (async function* () {
          for (let i = 0; i < end; i++) {
            await scheduler.schedule(Promise.resolve(), `input ${i}`);
            yield async () => {
              running += 1;
              most = Math.max(most, running);
              await scheduler.schedule(Promise.resolve(), `task ${i}`);
              running -= 1;
              if (failures.includes(i)) throw new Error(`task ${i}`);
              return i;
            };
          }
          if (iteratorFails !== null) throw new Error("input");
        })();

        const seen = consume(inOrder(tasks, { width }));
        const stop = seen.done.then(() => "done");
        await scheduler.waitFor(stop);

        const failed = failures.filter((i) => i < end).sort((a, b) => a - b)[0];
        expect(seen.yielded).toEqual([...Array(failed ?? end).keys()]);
        const expected = failed !== undefined ? `task ${failed}` : iteratorFails !== null ? "input" : undefined;
        expect((seen.error as Error | undefined)?.message).toBe(expected);
        expect(most).toBeLessThanOrEqual(width);
        expect(running, "tasks that still run").toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("width", () => {
  test.each([1, 2, 5])(
    "%i tasks are started while the first is running, and the next when it is out",
    async (width) => {
      const { tasks, results, give, started } = stage(8);
      give(0, 1, 2, 3, 4, 5, 6, 7, 8);
      const seen = consume(inOrder(tasks, { width }));
      await settled();
      expect(started).toEqual([...Array(width).keys()]);
      if (width > 1) {
        results[1]!.resolve(1);
        await settled();
        expect(started, "a later one that has finished keeps its place until its turn").toHaveLength(width);
      }
      results[0]!.resolve(0);
      await settled();
      expect(started.length).toBe(Math.min(8, width + (width > 1 ? 2 : 1)));
      for (const [i, result] of results.entries()) result.resolve(i);
      await seen.done;
      expect(seen.yielded).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    },
  );

  test("a consumer that dawdles is not overrun", async () => {
    const { tasks, results, give, started } = stage(8);
    give(0, 1, 2, 3, 4, 5, 6, 7, 8);
    for (const [i, result] of results.entries()) result.resolve(i);
    const ordered = inOrder(tasks, { width: 3 });
    expect((await ordered.next()).value).toBe(0);
    await settled();
    await settled();
    expect(started.length).toBeLessThanOrEqual(3);
    await ordered.return(undefined);
  });
});

describe("a slow input", () => {
  test("does not hold back a result that is there", async () => {
    const { tasks, results, give, started } = stage(2);
    const seen = consume(inOrder(tasks, { width: 4 }));
    give(0);
    await settled();
    results[0]!.resolve(0);
    await settled();
    expect(seen.yielded).toEqual([0]);
    give(1);
    await settled();
    expect(started).toEqual([0, 1]);
    results[1]!.resolve(1);
    await settled();
    expect(seen.yielded).toEqual([0, 1]);
    expect(seen.ended).toBe(false);
    give(2);
    await seen.done;
  });

  test("does not hold back a failure", async () => {
    const { tasks, results, give } = stage(2);
    const seen = consume(inOrder(tasks, { width: 4 }));
    give(0);
    await settled();
    results[0]!.reject(new Error("task 0"));
    await settled();
    expect(seen.error).toMatchObject({ message: "task 0" });
  });

  test("is asked for the next task while others run, and once at a time", async () => {
    const { tasks, results, give, asked } = stage(3);
    const seen = consume(inOrder(tasks, { width: 3 }));
    await settled();
    expect(asked()).toBe(1);
    give(0);
    await settled();
    expect(asked()).toBe(2);
    results[0]!.resolve(0);
    await settled();
    expect(asked()).toBe(2);
    give(1, 2, 3);
    results[1]!.resolve(1);
    results[2]!.resolve(2);
    await seen.done;
    expect(seen.yielded).toEqual([0, 1, 2]);
  });
});

describe("failures", () => {
  test("of a later task that came first wait for the earlier tasks", async () => {
    const { tasks, results, give } = stage(3);
    give(0, 1, 2, 3);
    const seen = consume(inOrder(tasks, { width: 3 }));
    await settled();
    results[2]!.reject(new Error("task 2"));
    results[1]!.reject(new Error("task 1"));
    await settled();
    expect(seen.ended).toBe(false);
    results[0]!.resolve(0);
    await seen.done;
    expect(seen.yielded).toEqual([0]);
    expect(seen.error).toMatchObject({ message: "task 1" });
  });

  test("of the input come after the results of the tasks before", async () => {
    const { tasks, results, inputs, give, started } = stage(5);
    const seen = consume(inOrder(tasks, { width: 4 }));
    give(0, 1);
    await settled();
    inputs[2]!.reject(new Error("input 2"));
    await settled();
    expect(seen.ended).toBe(false);
    expect(started).toEqual([0, 1]);
    results[1]!.resolve(1);
    results[0]!.resolve(0);
    await seen.done;
    expect(seen.yielded).toEqual([0, 1]);
    expect(seen.error).toMatchObject({ message: "input 2" });
  });

  test("of the input are its last word: it is not asked again", async () => {
    let asked = 0;
    const first = deferred<number>();
    const next = async (): Promise<IteratorResult<() => Promise<number>>> => {
      asked += 1;
      if (asked === 1) return { value: () => first.promise };
      throw new Error(`call ${asked}`);
    };
    const seen = consume(inOrder({ next }, { width: 5 }));
    await settled();
    first.resolve(0);
    await seen.done;
    expect(seen.yielded).toEqual([0]);
    expect(seen.error).toMatchObject({ message: "call 2" });
    expect(asked).toBe(2);
  });

  test("of a task that throws before it gives a promise are a task's", async () => {
    const failing = () => {
      throw new Error("at once");
    };
    const seen = consume(inOrder(from([async () => 0, failing, async () => 2]), { width: 3 }));
    await seen.done;
    expect(seen.yielded).toEqual([0]);
    expect(seen.error).toMatchObject({ message: "at once" });
  });

  test("end it only when no task is running any more, and start none", async () => {
    const { tasks, results, give, started } = stage(6);
    give(0, 1, 2, 3, 4, 5, 6);
    const seen = consume(inOrder(tasks, { width: 3 }));
    await settled();
    results[0]!.reject(new Error("task 0"));
    await settled();
    expect(seen.ended).toBe(false);
    results[1]!.resolve(1);
    await settled();
    expect(seen.ended).toBe(false);
    results[2]!.reject(new Error("task 2"));
    await seen.done;
    expect(seen.error).toMatchObject({ message: "task 0" });
    expect(started).toEqual([0, 1, 2]);
  });
});

describe("a consumer that leaves early", () => {
  test("waits for the tasks that run, and no more are started", async () => {
    const { tasks, results, give, started } = stage(6);
    give(0, 1, 2);
    results[0]!.resolve(0);
    const ordered = inOrder(tasks, { width: 3 });
    expect((await ordered.next()).value).toBe(0);
    await settled();
    const running = started.slice(1);
    expect(running).toContain(1);
    let left = false;
    const leaving = ordered.return(undefined).then(() => {
      left = true;
    });
    for (const i of running) {
      await settled();
      expect(left).toBe(false);
      results[i]!.reject(new Error("nobody cares"));
    }
    await leaving;
    give(3, 4, 5, 6);
    await settled();
    expect(started).toEqual([0, ...running]);
  });

  test("does not wait for an input that does not come, and a task that it then gives is not started", async () => {
    const { tasks, results, give, started } = stage(3);
    give(0);
    results[0]!.resolve(0);
    const ordered = inOrder(tasks, { width: 3 });
    expect((await ordered.next()).value).toBe(0);
    await ordered.return(undefined);
    give(1);
    await settled();
    expect(started).toEqual([0]);
  });
});

describe("abortable", () => {
  test("is the promise itself where nothing is aborted", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(7), signal)).toBe(7);
    expect(await abortable(Promise.resolve(7), undefined)).toBe(7);
    await expect(abortable(Promise.reject(new Error("own")), signal)).rejects.toThrow("own");
  });

  test.each([[new Error("a reason")], ["a text"], [undefined]])("is rejected with the reason: %s", async (reason) => {
    const controller = new AbortController();
    const waiting = abortable(new Promise(() => undefined), controller.signal).catch((error) => ({ error }));
    controller.abort(reason);
    expect(await waiting).toEqual({ error: controller.signal.reason });
    const late = abortable(new Promise(() => undefined), controller.signal).catch((error) => ({ error }));
    expect(await late).toEqual({ error: controller.signal.reason });
  });

  test("leaves no listener behind, and no rejection unhandled", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let i = 0; i < 5; i++) await abortable(Promise.resolve(i), signal);
    await abortable(Promise.reject(new Error("own")), signal).catch(() => undefined);
    await settled();
    expect(listeners).toBe(0);

    const late = deferred<void>();
    const waiting = abortable(late.promise, signal);
    controller.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    late.reject(new Error("too late"));
    await settled();
  });
});

describe("in any order", () => {
  const doing = (count: number, width: number) => {
    const { tasks, results, give, started } = stage(count);
    const done: number[] = [];
    const all = async function* () {
      for await (const task of tasks) {
        yield async () => {
          done.push(await task());
        };
      }
    };
    const over = { state: "running" as string };
    const ended = inAnyOrder(all(), { width }).then(
      () => {
        over.state = "done";
      },
      (error: unknown) => {
        over.state = `failed: ${error}`;
      },
    );
    give(...Array.from({ length: count + 1 }, (_, i) => i));
    return { results, started, done, over, ended };
  };

  test("as many run as are to, and the next begins when any of them is done", async () => {
    const { results, started, done, over, ended } = doing(5, 2);
    await settled();
    expect(started).toEqual([0, 1]);
    results[1]!.resolve(1);
    await settled();
    expect([started, done]).toEqual([[0, 1, 2], [1]]);
    for (const i of [2, 3, 4]) results[i]!.resolve(i);
    await settled();
    expect([done, over.state]).toEqual([[1, 2, 3, 4], "running"]);
    results[0]!.resolve(0);
    await ended;
    expect([done, over.state]).toEqual([[1, 2, 3, 4, 0], "done"]);
  });

  test("after a failure none begins, and it is told when none is running any more", async () => {
    const { results, started, over, ended } = doing(5, 2);
    await settled();
    results[1]!.reject("broken");
    await settled();
    expect([started, over.state]).toEqual([[0, 1], "running"]);
    results[0]!.resolve(0);
    await ended;
    expect([started, over.state]).toEqual([[0, 1], "failed: broken"]);
  });

  const boom = async () => {
    throw new Error("broken");
  };

  test.each([
    ["while more could run", [boom, async () => {}]],
    ["as the last", [async () => {}, boom]],
    ["alone", [boom]],
  ])("a failure is told also %s", async (_, tasks) => {
    const all = async function* () {
      yield* tasks;
    };
    await expect(inAnyOrder(all(), { width: 3 })).rejects.toThrow("broken");
  });

  test("a failure is told also where it comes while the next is waited for, which does not begin", async () => {
    let begun = false;
    const all = async function* () {
      yield boom;
      await settled();
      yield async () => {
        begun = true;
      };
    };
    await expect(inAnyOrder(all(), { width: 3 })).rejects.toThrow("broken");
    expect(begun).toBe(false);
  });

  test("a failure of what yields them is told like one of theirs", async () => {
    const result = deferred<void>();
    const tasks = (async function* () {
      yield () => result.promise;
      throw new Error("no more");
    })();
    let isOver = false;
    const ended = inAnyOrder(tasks, { width: 3 }).catch(({ message }) => {
      isOver = true;
      return message;
    });
    await settled();
    expect(isOver).toBe(false);
    result.resolve();
    expect(await ended).toBe("no more");
  });
});
