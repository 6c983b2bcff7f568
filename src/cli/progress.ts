// A progress bar on the terminal, for work that lasts longer than a moment.

import type { SingleBar } from "cli-progress";
import type { Progress } from "../ops/io.js";
import { escaped } from "./escape.js";
import type { Report } from "./report.js";
import { humanBytes } from "./values.js";

const MOMENT = 400;

/** Runs `work` with a progress callback, which is undefined where no bar is wanted; `mayShow` says when the terminal is free for it. */
export async function withProgress<T>(
  report: Report,
  name: string,
  work: (progress: Progress | undefined) => Promise<T>,
  mayShow: () => boolean = () => true,
): Promise<T> {
  if (!report.progress) return work(undefined);
  const { SingleBar } = (await import("cli-progress")).default;
  const started = performance.now();
  let bar: SingleBar | undefined;
  const progress: Progress = (done, total) => {
    const elapsed = performance.now() - started;
    if (!bar && (elapsed < MOMENT || !mayShow())) return;
    const isNew = !bar;
    if (!bar) {
      bar = new SingleBar({
        format: total === null ? "{name}  {done}  {rate}/s" : "{name}  {bar} {percentage}%  {done}  {rate}/s  {left}",
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
        fps: 8,
      });
    }
    const rate = (1000 * done) / Math.max(1, elapsed);
    const left = total === null ? "" : `${Math.ceil(Math.max(0, total - done) / Math.max(1, rate))} s left`;
    const shown = { name: escaped(name), done: humanBytes(done), rate: humanBytes(rate), left };
    if (isNew) bar.start(total ?? 0, 0, shown);
    bar.update(Math.min(done, total ?? done), shown);
  };
  try {
    return await work(progress);
  } finally {
    bar?.stop();
  }
}
