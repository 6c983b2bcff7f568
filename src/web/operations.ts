// The operations on files as a browser has them: those of src/api/operations.ts, with other inputs and outputs.

import { ending } from "../api/ending.js";
import { withInput } from "../api/given-bytes.js";
import type {
  InspectResult,
  OpenOptions,
  OpenResult,
  SealOptions,
  SealResult,
  VerifyOptions,
  VerifyResult,
} from "../api/options.js";
import { platform } from "../api/platform.js";
import { erasing, shown, toldOf } from "../api/results.js";
import {
  inspectGiven,
  openGiven,
  openSettings,
  sealGiven,
  sealSettings,
  verifyGiven,
  verifySettings,
} from "../api/settings.js";
import { SealError } from "../errors.js";
import { armoredSink, unarmored } from "../files/armor.js";
import { inspectSource } from "../files/inspect.js";
import { openTo } from "../files/open.js";
import { sealTo } from "../files/seal.js";
import { verifySource } from "../files/verify.js";
import type { Source } from "../flow/io.js";
import { type GivenWebInput, nameOfWeb, type WebInput, webInputOf, webSourceFor } from "./inputs.js";
import { type WebOutput, webOutputOf, webSinkOf } from "./outputs.js";

/** As on Node, but for `resume`, which needs a partial file. */
export type WebOpenOptions = Omit<OpenOptions, "resume">;

export function sealInBrowser(input: WebInput, output: WebOutput, options: SealOptions): Promise<SealResult> {
  return ending([input, output], async () => {
    const [from, to, given] = [webInputOf(input), webOutputOf(output), sealGiven(options)];
    return erasing(given, async () => {
      const settings = await sealSettings(given);
      return reading(from, given, async (source) => {
        const sink = await webSinkOf(to, given.signal);
        return shown(await sealTo(source, given.armor ? armoredSink(sink) : sink, settings));
      });
    });
  });
}

export function openInBrowser(input: WebInput, output: WebOutput, options: WebOpenOptions): Promise<OpenResult> {
  return ending([input, output], async () => {
    const [from, to, given] = [webInputOf(input), webOutputOf(output), openGiven(options)];
    return erasing(given, async () => {
      if (given.resume) throw new SealError("usage", "options has no resume in a browser");
      const settings = await openSettings(given);
      return reading(from, given, async (source) => {
        const sealed = await unarmored(source, given.signal);
        const opened = await openTo(sealed, await webSinkOf(to, given.signal), settings);
        return { ...shown(opened), trusted: opened.signer !== null && given.from !== "any" };
      });
    });
  });
}

export function verifyInBrowser(input: WebInput, options: VerifyOptions): Promise<VerifyResult> {
  return ending([input], async () => {
    const [from, given] = [webInputOf(input), verifyGiven(options)];
    const settings = await verifySettings(given);
    return reading(from, given, async (source) => {
      return shown(await verifySource(await unarmored(source, given.signal), settings));
    });
  });
}

export function inspectInBrowser(
  input: WebInput,
  options: { readonly signal?: AbortSignal } = {},
): Promise<InspectResult> {
  return ending([input], async () => {
    const [from, given] = [webInputOf(input), inspectGiven(options)];
    const suite = await platform().suite();
    return reading(from, given, async (source) => {
      const { core, stanzaTypes, ...sizes } = await inspectSource(
        await unarmored(source, given.signal),
        suite,
        given.signal,
      );
      return { ...sizes, ...toldOf(core, stanzaTypes) };
    });
  });
}

async function reading<T>(
  from: GivenWebInput,
  running: { readonly range?: unknown; readonly signal?: AbortSignal | undefined },
  work: (source: Source) => Promise<T>,
): Promise<T> {
  try {
    const source = await webSourceFor(from, running);
    try {
      return await work(source);
    } finally {
      await source.close();
    }
  } catch (error) {
    throw withInput(nameOfWeb(from), error);
  }
}
