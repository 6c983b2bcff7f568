// A thread that seals small files: it gets their names, and says what became of each.

import { setMaxListeners } from "node:events";
import type { Bytes } from "../bytes.js";
import { type Suite, suiteNamed } from "../crypto/index.js";
import type { KeyHandle } from "../crypto/suite.js";
import { type Failure, toFailure } from "../engine/messages.js";
import { poolEngine } from "../engine/pool.js";
import { ownThread } from "../engine/thread.js";
import { SealError } from "../errors.js";
import type { Sealed } from "../files/seal.js";
import { remembering } from "../io/output.js";
import { asSealError } from "./exit.js";
import { type FileSealing, sealFile } from "./seal-file.js";

/** What all of its files are sealed with. */
export interface SealerData extends Pick<FileSealing, "recipients" | "label" | "armor"> {
  readonly suite: Suite["name"];
  readonly signer: { readonly publicKey: Bytes; readonly handle: KeyHandle } | null;
  readonly force: boolean | undefined;
}

interface SealMessage {
  readonly say: "seal";
  readonly id: number;
  readonly file: string;
  /** The output's. */
  readonly name: string;
  readonly temporary: string;
}

/** What it is asked. */
export type ToSealer = SealMessage | { readonly say: "abort" };

/** What it answers. */
export type FromSealer =
  | { readonly ready: true }
  | { readonly note: string }
  | { readonly id: number; readonly sealed: Sealed }
  | { readonly id: number; readonly failure: Failure };

/** Does what the thread that has started this one asks, until it is ended. */
export async function sealOnThread(): Promise<void> {
  const { data, say, hear } = ownThread<ToSealer, FromSealer>();
  const interruption = new AbortController();
  setMaxListeners(0, interruption.signal);
  const sealing = await sealingOf(data as SealerData, interruption.signal, (note) => say({ note }));

  const seal = async ({ id, file, name, temporary }: SealMessage) => {
    const outputs = { ...sealing.outputs, temporary };
    const answer = await sealFile(file, name, { ...sealing, outputs }).then(
      (sealed): FromSealer => ({ id, sealed }),
      (error): FromSealer => ({ id, failure: toFailure(asSealError(error)) }),
    );
    say(answer);
  };
  hear((message) => {
    if (message.say === "seal") void seal(message);
    else interruption.abort(new SealError("interrupted", "interrupted"));
  });
  say({ ready: true });
}

async function sealingOf(
  { suite: name, signer, force, ...same }: SealerData,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<FileSealing> {
  const suite = await suiteNamed(name);
  return {
    ...same,
    suite,
    engine: poolEngine(1),
    signer: signer && suite.sharedSigningKey!(signer.handle, signer.publicKey),
    outputs: { ...remembering(), force, signal, note },
    signal,
  };
}
