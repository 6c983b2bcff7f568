// An operation under way, from the click to its end: the meter, pausing, stopping, the output that is kept or removed.

import { download } from "../save/download.js";
import { Gate, gated } from "../save/gate.js";
import { NoPlace, type Target, targetFor } from "../save/target.js";
import { whileRunning } from "../state/running.js";
import { TEXT } from "../text.js";
import type { Child } from "../ui/dom.js";
import { h } from "../ui/dom.js";
import { type FailureOf, failure } from "../ui/failure.js";
import { button, paragraph, says } from "../ui/parts.js";
import { meter } from "../ui/progress.js";
import { safeName } from "../ui/safe.js";
import type { Stage, Task } from "./view.js";

export interface Controls {
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number | null) => void;
}

export interface Work {
  readonly stage: Stage;
  readonly heading: string;
  readonly remote?: boolean;
  /** Shown beneath whatever the end is: how to begin anew. */
  readonly again: () => HTMLElement;
}

/** Work whose output is saved. */
export interface SavingWork<T> extends Work {
  /** The output's name, and what it is called where nothing is left of that. */
  readonly name: string;
  readonly otherwise: string;
  readonly work: (output: WritableStream<Uint8Array>, controls: Controls) => Promise<T>;
  readonly done: (result: T) => { readonly heading: string; readonly children: readonly Child[] };
  /** Where it is: where the user chose, or in the downloads. */
  readonly where?: { readonly doneSaved: string; readonly doneDownload: string };
}

export async function saving<T>(given: SavingWork<T>): Promise<void> {
  const { stage, again } = given;
  const task = stage.task();
  let target: Target;
  try {
    target = await targetFor(given.name, given.otherwise);
  } catch (error) {
    if (!(error instanceof NoPlace)) task.turn(failure(error, { saves: true }), again());
    return;
  }
  const gate = new Gate();
  const output = gated(target.stream, gate);
  try {
    const { result, blob } = await whileRunning(async () => {
      const result = await under(given, task, gate, (controls) => given.work(output, controls));
      return { result, blob: await target.result() };
    });
    if (task.over.aborted) return await target.discard();
    // Whoever begins anew has what came before.
    task.over.addEventListener("abort", () => void target.discard());
    task.turn(saved(given, result, target, blob), again());
  } catch (error) {
    // Work that has failed before it wrote has left its output open, which then cannot be removed.
    await output.abort(error).catch(() => undefined);
    await target.discard();
    task.turn(failure(error, { saves: true, ...remoteOf(given) }), again());
  }
}

function remoteOf({ remote = false }: { readonly remote?: boolean }): FailureOf {
  return { remote };
}

/** Shows the meter while it works. */
async function under<R>(
  { heading }: Work,
  task: Task,
  gate: Gate | null,
  work: (controls: Controls) => Promise<R>,
): Promise<R> {
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort(new DOMException("stopped", "AbortError"));
    gate?.open();
  };
  if (task.over.aborted) stop();
  task.over.addEventListener("abort", stop);
  const shown = meter(heading, { gate, stop });
  task.turn(shown.element);
  return work({ signal: stopping.signal, progress: shown.update });
}

function saved<T>(
  { name, otherwise, done, where = TEXT.open }: SavingWork<T>,
  result: T,
  target: Target,
  blob: Blob | null,
): HTMLElement {
  const { heading, children } = done(result);
  if (blob === null) return says("good", heading, paragraph(where.doneSaved), ...children);
  const again = () => download(blob, safeName(name, otherwise));
  again();
  const forget = h("div", { class: "row" }, button(TEXT.open.downloadAgain, again));
  const kept = h("div", {}, paragraph(TEXT.open.copyKept, "quiet"), forget);
  const remove = async () => {
    await target.discard();
    kept.replaceChildren(h("p", { role: "status" }, TEXT.open.forgotten));
  };
  forget.append(button(TEXT.open.forgetCopy, () => void remove()));
  return says("good", heading, paragraph(where.doneDownload), ...children, kept);
}

/** Work that saves nothing. */
export interface LookingWork<T> extends Work {
  readonly work: (controls: Controls) => Promise<T>;
  readonly done: (result: T) => Child;
}

export async function looking<T>(given: LookingWork<T>): Promise<void> {
  const { stage, again } = given;
  const task = stage.task();
  try {
    const result = await whileRunning(() => under(given, task, null, given.work));
    task.turn(given.done(result), again());
  } catch (error) {
    task.turn(failure(error, remoteOf(given)), again());
  }
}
