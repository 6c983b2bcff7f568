// The header: parsing, policy and signature, and what inspect says.

import { type Bytes, equal } from "../../src/bytes.js";
import { inspectSource } from "../../src/files/inspect.js";
import type { Source } from "../../src/flow/io.js";
import { encodeCore, parseCore } from "../../src/format/core.js";
import { parseBytes } from "../../src/format/parser.js";
import { encodeStanzas, parseStanzas } from "../../src/format/stanza.js";
import { geometryOf, parseHeader, readHeader } from "../../src/header/read.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { SUITES } from "../actors.js";
import { mutateHeader } from "../mutate/sealed.js";
import { judgeHeader } from "../oracle/header.js";
import { hashOf } from "../random.js";
import { anybody, sealedSeeds } from "../seeds.js";
import { split } from "../splits.js";
import { attempt, Broken, holds, kindOfMessage, type Target } from "../target.js";

const PARSING = ["malformed", "unsupported", "tampered"];
const NOW = 1_800_000_000_000;

export const header: Target = {
  name: "header",
  maxBytes: 16 * 1024,
  // What stands behind the header matters to inspect alone.
  seeds: async (withVectors) => (await sealedSeeds(withVectors)).map((bytes) => bytes.slice(0, 1024)),
  mutate: mutateHeader,
  run,
};

async function run(input: Bytes, thorough: boolean): Promise<string> {
  const parsed = await attempt(PARSING, () => parseHeader(bytesSource(input), SUITES.native));
  const verdict = judgeHeader(input);
  if ("refusal" in parsed) {
    const { code, message } = parsed.refusal;
    holds(code === verdict, `refused as ${code} (${message}) where the format says ${JSON.stringify(verdict)}`);
  } else {
    if (typeof verdict === "string") throw new Broken(`a header that is ${verdict} is taken`);
    const { headerLength } = geometryOf(parsed.value);
    holds(headerLength === verdict.length, `a header of ${verdict.length} bytes is taken for one of ${headerLength}`);
    checkEncoding(input, parsed.value.coreBytes.length);
  }

  const policy = { from: anybody(input), allowUnsigned: true, now: NOW };
  const read = (source: Source) =>
    attempt([...PARSING, "untrusted"], () => readHeader(source, SUITES.native, policy, undefined));
  const whole = await read(bytesSource(input));
  const cut = await read(streamSource(split(input), "the input"));
  holds(tell(whole) === tell(cut), `${tell(cut)} in pieces, ${tell(whole)} at once`);
  // An invalid key of a signer is found before what stands behind it.
  const isInvalidKey = tell(whole).includes("public key is not a valid");
  if ("refusal" in parsed && !isInvalidKey)
    holds(tell(parsed) === tell(whole), `${tell(whole)} when read, ${tell(parsed)} when parsed`);
  if (thorough || hashOf(input) % 256 === 0) {
    const other = await attempt([...PARSING, "untrusted"], () =>
      readHeader(bytesSource(input), SUITES.portable, policy, undefined),
    );
    holds(tell(whole) === tell(other), `${tell(other)} on the portable suite, ${tell(whole)} on the native one`);
  }
  return `${tell(whole)} ${await inspected(input)}`;
}

/** Parsing and encoding again gives the same bytes. */
function checkEncoding(input: Bytes, coreLength: number): void {
  const core = parseBytes(parseCore(), input);
  holds(core.length === coreLength, "a core has two lengths");
  holds(equal(encodeCore(core.value.core), input.subarray(0, core.length)), "a core is encoded in another way");
  const rest = input.subarray(core.length);
  const stanzas = parseBytes(parseStanzas(), rest);
  holds(
    equal(encodeStanzas(stanzas.value.stanzas), rest.subarray(0, stanzas.length)),
    "stanzas are encoded in another way",
  );
}

async function inspected(input: Bytes): Promise<string> {
  const whole = await attempt(PARSING, () => inspectSource(bytesSource(input), SUITES.native));
  const cut = await attempt(PARSING, () => inspectSource(streamSource(split(input), "the input"), SUITES.native));
  const told = (found: typeof whole) => ("value" in found ? JSON.stringify(found.value) : tell(found));
  holds(told(whole) === told(cut), "inspect tells different things of the same bytes");
  return "value" in whole ? `${Math.min(4, whole.value.chunks)} chunks` : tell(whole);
}

function tell(found: Awaited<ReturnType<typeof attempt>>): string {
  return "refusal" in found ? `${found.refusal.code}: ${kindOfMessage(found.refusal.message)}` : "good";
}
