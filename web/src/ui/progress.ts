// How far the work is: bytes, rate, time left; pausing and stopping it.

import type { Gate } from "../save/gate.js";
import { TEXT } from "../text.js";
import { h } from "./dom.js";
import { button } from "./parts.js";
import { durationText, sizeText } from "./quantities.js";

export interface Meter {
  readonly element: HTMLElement;
  update(done: number, total: number | null): void;
}

/** Milliseconds over which the rate is measured. */
const WINDOW = 3000;
/** Milliseconds between two changes of what is shown. */
const PACE = 100;
/** Percent after which a screen reader is told. */
const TOLD = 25;

export function meter(
  heading: string,
  { gate, stop }: { readonly gate: Gate | null; readonly stop: () => void },
): Meter {
  const bar = h("progress", { max: 1, "aria-label": TEXT.progress.label });
  const line = h("p", { class: "quiet" });
  const told = h("span", { class: "unseen", role: "status" });
  const pause = button(TEXT.common.pause, () => {
    if (!gate) return;
    if (gate.isClosed) gate.open();
    else gate.close();
    pause.textContent = gate.isClosed ? TEXT.common.resume : TEXT.common.pause;
    line.textContent = gate.isClosed ? TEXT.progress.paused : "";
    told.textContent = gate.isClosed ? TEXT.progress.paused : "";
    samples.length = 0;
  });
  const samples: { readonly at: number; readonly done: number }[] = [];
  let [shownAt, toldAt] = [0, 0];
  return {
    element: h(
      "section",
      {},
      h("h2", {}, heading),
      bar,
      line,
      told,
      h("div", { class: "row" }, gate && pause, button(TEXT.common.stop, stop)),
    ),
    update(done, total) {
      const now = performance.now();
      if (now - shownAt < PACE && done !== total) return;
      shownAt = now;
      samples.push({ at: now, done });
      while (samples.length > 2 && now - samples[0]!.at > WINDOW) samples.shift();
      if (total !== null) bar.value = total === 0 ? 1 : done / total;
      if (!gate?.isClosed) line.textContent = words(done, total, rateOf(samples));
      const percent = total ? Math.floor((100 * done) / total) : 0;
      if (percent < toldAt + TOLD) return;
      toldAt = percent - (percent % TOLD);
      told.textContent = TEXT.progress.percent(toldAt);
    },
  };
}

/** Bytes a second; null where too little is known. */
function rateOf(samples: readonly { readonly at: number; readonly done: number }[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < 200 || last.done <= first.done) return null;
  return (1000 * (last.done - first.done)) / (last.at - first.at);
}

function words(done: number, total: number | null, rate: number | null): string {
  const { done: doneText, rate: rateText, left } = TEXT.progress;
  const parts = [doneText(sizeText(done), total === null ? null : sizeText(total))];
  if (rate !== null) parts.push(rateText(sizeText(rate)));
  if (rate !== null && total !== null && done < total) parts.push(left(durationText((total - done) / rate)));
  return parts.join(" · ");
}
