// What seal journal read says when it is done.

import type { Delivered } from "../../../journal/reading/deliver.js";
import { encodeSigner } from "../../../keys/text.js";
import { escaped } from "../../say/escape.js";
import { removedFacts } from "./options.js";

/** What is printed with --json; of what was skipped where that was asked for. */
export function factsOf(
  { core, base, epochs, frames, skippedEpochs, skippedFrames, records, tail, digest }: Delivered,
  skips: boolean,
) {
  return {
    epochs,
    frames,
    ...(skips ? { skippedEpochs, skippedFrames } : {}),
    records,
    tail,
    ...removedFacts(base),
    signer: encodeSigner(core.signer!),
    label: core.label,
    digest,
  };
}

export function inWords(
  shown: string,
  { records, frames, skippedEpochs = 0, skippedFrames = 0, tail, label, signer }: ReturnType<typeof factsOf>,
): string {
  const skipped =
    skippedEpochs > 0
      ? `, skipped ${counted(skippedEpochs, "epoch")} (${counted(skippedFrames, "frame")}) that none of the keys opens`
      : "";
  const end = tail > 0 ? `; an incomplete end of ${tail} bytes, which may still be being written` : "";
  const of = label ? `, label "${escaped(label)}"` : "";
  return `read ${escaped(shown)}: ${counted(records, "record")} in ${counted(frames, "frame")}, signed by ${signer}${of}${skipped}${end}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
