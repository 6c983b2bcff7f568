// How far the work is: a bar on the terminal, for work that lasts longer than a moment; a line now and then where there
// is none; and an answer to who asks.

import type { Progress } from "../../flow/io.js";
import { barOf } from "./bar.js";
import { Meter } from "./meter.js";
import type { Report } from "./report.js";
import { working } from "./status.js";
import { inputName } from "./text.js";

/** Milliseconds between lines where there is no terminal. */
const NOW_AND_THEN = 60_000;

/** Runs `work` with a progress callback; `mayShow` says when the terminal is free for a bar. */
export async function withProgress<T>(
  report: Report,
  name: string,
  work: (progress: Progress) => Promise<T>,
  mayShow: () => boolean = () => true,
): Promise<T> {
  const meter = new Meter();
  const bar = report.progress === "bar" ? barOf(inputName(name), mayShow) : null;
  const line = () => `${inputName(name)}: ${meter.line()}`;
  const finished = working(line);
  const timer = report.progress === "lines" ? setInterval(() => report.note(line()), NOW_AND_THEN).unref() : undefined;
  try {
    return await work((done, total) => {
      meter.update(done, total);
      bar?.update(meter);
    });
  } finally {
    clearInterval(timer);
    finished();
    bar?.stop();
  }
}
