// Some of a file's stanzas, on the thread that calls it.

import { concat } from "../bytes.js";
import { hpkeOpen, hpkeOpenBy, hpkeSeal } from "../crypto/hpke.js";
import { ENC_BYTES } from "../crypto/kem.js";
import { loadKem } from "../crypto/kems.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import type {
  StanzaMaker,
  StanzaOpener,
  StanzasResult,
  StanzasTask,
  TrialKeys,
  TrialsResult,
  TrialsTask,
} from "./engine.js";

/** The file key is erased, however it ends. */
export async function runStanzas(
  suite: Suite,
  { kem: name, recipients, info, fileKey, forgets }: StanzasTask,
): Promise<StanzasResult> {
  const forget = forgets ? suite.forgetting() : null;
  try {
    const kem = await loadKem(suite, name);
    const bodies = recipients.map((recipient) => {
      const { enc, ciphertext } = hpkeSeal(suite, kem, recipient, info, fileKey);
      return concat(enc, ciphertext);
    });
    return { bodies };
  } finally {
    erase(fileKey);
    await forget?.();
  }
}

/** Each stanza is tried with each key of its kind, one stanza after the other. Waits for `pace` before each. */
export async function runTrials(
  suite: Suite,
  { keys, info }: TrialKeys,
  { kem, bodies, length }: TrialsTask,
  pace?: () => Promise<void>,
): Promise<TrialsResult> {
  const fitting = keys.filter((key) => key.kem === kem);
  const encLength = ENC_BYTES[kem];
  for (let at = 0; at < bodies.length; at += length) {
    const body = bodies.subarray(at, at + length);
    for (const key of fitting) {
      if (pace) await pace();
      const fileKey = hpkeOpen(suite, key, body.subarray(0, encLength), info, body.subarray(encLength));
      if (fileKey) return { fileKey };
    }
  }
  return { fileKey: null };
}

/** How many trials are begun before the first of them is looked at. */
const AHEAD = 16;

interface Trial {
  /** What is decapsulated beside this thread. */
  readonly aside: Promise<Secret | null>;
  readonly ciphertext: Uint8Array;
}

/** As `runTrials`, but what takes longest is done beside this thread, which the keys must be able to. */
export async function runTrialsAside(
  suite: Suite,
  trialKeys: TrialKeys,
  task: TrialsTask,
  pace?: () => Promise<void>,
): Promise<TrialsResult> {
  const trials = trialsAside(trialKeys, task);
  const begun: Trial[] = [];
  try {
    for (;;) {
      while (begun.length < AHEAD) {
        const { value: next } = trials.next();
        if (!next) break;
        // Whoever waits for it is told.
        next.aside.catch(() => undefined);
        begun.push(next);
      }
      const [first] = begun;
      if (!first) return { fileKey: null };
      if (pace) await pace();
      const sharedSecret = await first.aside;
      begun.shift();
      const fileKey = hpkeOpenBy(suite, task.kem, sharedSecret, trialKeys.info, first.ciphertext);
      if (fileKey) return { fileKey };
    }
  } finally {
    for (const each of await Promise.allSettled(begun.map(({ aside }) => aside))) {
      if (each.status === "fulfilled" && each.value) erase(each.value);
    }
  }
}

/** Begins with a trial when it is asked for. */
function* trialsAside({ keys }: TrialKeys, { kem, bodies, length }: TrialsTask): Generator<Trial, null> {
  const fitting = keys.filter((key) => key.kem === kem);
  const encLength = ENC_BYTES[kem];
  for (let at = 0; at < bodies.length; at += length) {
    const enc = bodies.subarray(at, at + encLength);
    const ciphertext = bodies.subarray(at + encLength, at + length);
    for (const key of fitting) yield { aside: key.decapsulateAside!(enc), ciphertext };
  }
  return null;
}

/** Without threads. What is left of ephemeral keys is the caller's to have collected. */
export function stanzaMakerHere(suite: Suite): StanzaMaker {
  return { width: 1, make: (task) => runStanzas(suite, { ...task, forgets: false }) };
}

/** Without threads. */
export function stanzaOpenerHere(suite: Suite, keys: TrialKeys): StanzaOpener {
  return { width: 1, open: (task, pace) => runTrials(suite, keys, task, pace), close: () => {} };
}
