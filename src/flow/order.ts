// Tasks that run several at a time: their results come out one after the other, or nobody cares.

/** Who does the tasks. */
export interface Doer {
  /** How many tasks are worth having at a time, which may change with the next. */
  readonly width: number;
}

/**
 * Starts the tasks that `tasks` yields, at most the doer's `width` at a time, and yields their results in the order of
 * the tasks, each as soon as it and all before it are there. The first failure in that order is thrown, be it a task's
 * or that of `tasks` itself. However it ends, no task is running any more afterwards.
 */
export async function* inOrder<T>(tasks: AsyncIterator<() => Promise<T>>, doer: Doer): AsyncGenerator<T> {
  const running: Promise<T>[] = [];
  let pull: Promise<void> | null = null;
  let exhausted = false;
  let stopped = false;

  const start = async (): Promise<void> => {
    try {
      const next = await tasks.next();
      if (next.done) exhausted = true;
      else if (!stopped) running.push(watched(next.value()));
    } catch (error) {
      exhausted = true;
      running.push(watched(Promise.reject(error)));
    }
  };

  try {
    for (;;) {
      if (!exhausted && !pull && running.length < doer.width) {
        pull = start().then(() => {
          pull = null;
        });
      }
      const head = running[0];
      if (!head && !pull) return;
      if (!head) await pull;
      else if (!pull || (await settlesFirst(head, pull))) {
        yield await head;
        running.shift();
      }
    }
  } finally {
    stopped = true;
    await Promise.allSettled(running);
  }
}

/**
 * Does the tasks that `tasks` yields, at most the doer's `width` at a time, whichever is done first. Throws the first
 * failure, be it a task's or that of `tasks` itself, after which no more begin. However it ends, no task is running any
 * more afterwards.
 */
export async function inAnyOrder(tasks: AsyncIterable<() => Promise<void>>, doer: Doer): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  };
  await attempt(async () => {
    for await (const task of tasks) {
      if (failures.length > 0) return;
      const done = attempt(task).then(() => void running.delete(done));
      running.add(done);
      while (running.size >= Math.max(1, doer.width)) await Promise.race(running);
    }
  });
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

/** A promise that may be looked at late: its rejection counts as seen. */
function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function settlesFirst(head: Promise<unknown>, pull: Promise<void>): Promise<boolean> {
  const settled = () => true;
  return Promise.race([head.then(settled, settled), pull.then(() => false)]);
}

/** `promise`, or the signal's reason as soon as it aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  watched(promise);
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
