// Sealing one file to another, on whatever thread.

import { armoredSink } from "../files/armor.js";
import { type Sealed, type Sealing, sealTo } from "../files/seal.js";
import type { OutputOptions } from "../io/output.js";
import { openInput, openSink } from "./options/outputs.js";
import { refuseTerminal } from "./say/terminal.js";

/** What files are sealed with, one like the other. */
export interface FileSealing extends Omit<Sealing, "now" | "ends"> {
  readonly armor?: true | undefined;
  readonly outputs: OutputOptions;
}

/** Seals FILE, or `-`, to the output of that name. Throws as `sealTo`, and what opening either throws. */
export async function sealFile(
  file: string,
  name: string,
  { armor, outputs, ...sealing }: FileSealing,
): Promise<Sealed> {
  const source = await openInput(file);
  try {
    const output = await openSink(name, source, outputs);
    if (output.isTerminal && !armor) await refuseTerminal(output);
    const sink = armor ? armoredSink(output) : output;
    return await sealTo(source, sink, { ...sealing, now: Date.now(), ends: true });
  } finally {
    await source.close();
  }
}
