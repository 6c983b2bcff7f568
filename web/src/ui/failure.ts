// What was refused and why, at which byte, and that nothing unverified was saved.

import { SealError } from "../library.js";
import { TooLarge } from "../save/target.js";
import { PLACE } from "../state/place.js";
import { revocationOf } from "../state/senders.js";
import { TEXT } from "../text.js";
import { type Child, h } from "./dom.js";
import { facts, paragraph, says } from "./parts.js";
import { bdi } from "./safe.js";

export interface FailureOf {
  /** Whether something was to be saved, and was not. */
  readonly saves?: boolean;
  /** Whether what came before the fault is shown. */
  readonly shows?: boolean;
  /** Whether it came from an address, whose server may not allow this page. */
  readonly remote?: boolean;
}

export function failure(error: unknown, of: FailureOf = {}): HTMLElement {
  const { failure: text, pickup } = TEXT;
  const full = causes(error).some((cause) => nameOf(cause) === "QuotaExceededError");
  const large = causes(error).some((cause) => cause instanceof TooLarge);
  const stopped = causes(error).some((cause) => nameOf(cause) === "AbortError");
  if (stopped) return says("note", text.interrupted, of.saves && paragraph(text.nothingSaved));
  const found = causes(error).find((cause) => cause instanceof SealError) ?? null;
  const heading = full ? text.full : large ? text.tooLarge : headingOf(found, of);
  // Of what was changed, nobody can say who signed it.
  const signer = found?.code === "tampered" ? null : found?.signer;
  const cors = of.remote && found?.code === "io" && found.reason !== "credentials";
  return says(
    "bad",
    heading,
    full && paragraph(text.fullHint),
    large && paragraph(text.tooLargeHint),
    of.saves && paragraph(text.nothingSaved),
    of.shows && paragraph(text.before),
    facts([
      [text.at, found && placeOf(found)],
      [text.why, full || large ? null : reasonOf(error, found)],
      [text.signer, signer && bdi(signer, { class: "key" })],
    ]),
    cors && paragraph(pickup.cors(PLACE.origin)),
    cors && PLACE.isFile && paragraph(pickup.corsDisk),
    !found && !full && !large && paragraph(text.internalHint),
  );
}

function headingOf(error: SealError | null, { remote = false }: FailureOf): string {
  const { failure: text } = TEXT;
  switch (error?.code) {
    case "tampered":
      return text.tampered;
    case "untrusted":
      if (error.signer && revocationOf(error.signer) !== null) return text.revoked;
      return error.reason === "not-accepted" ? text.notAccepted : text.untrusted;
    case "no-key":
      return text.noKey;
    case "malformed":
      if (error.reason === "is-journal") return TEXT.open.journal;
      return error.reason === "is-file" ? text.isFile : text.malformed;
    case "unsupported":
      return text.unsupported;
    case "io":
      if (error.reason === "credentials") return text.credentials;
      return remote ? text.broken : text.io;
    case "usage":
      return text.usage;
    default:
      return text.internal;
  }
}

function placeOf({ offset, chunk, frame }: SealError): string | null {
  if (offset === undefined) return null;
  if (frame !== undefined) return TEXT.failure.atFrame(offset, frame);
  return TEXT.failure.atByte(offset, chunk ?? null);
}

/** The library's own words, which hold no secret. */
function reasonOf(error: unknown, found: SealError | null): Child {
  if (!found) return bdi(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  const revoked = found.signer && revocationOf(found.signer);
  return h("span", {}, bdi(found.message), revoked ? " · " : null, revoked ? bdi(revoked) : null);
}

/** The error and what it came from. */
function causes(error: unknown): unknown[] {
  const all: unknown[] = [];
  for (let at = error; at !== undefined && at !== null && all.length < 10; at = (at as { cause?: unknown }).cause)
    all.push(at);
  return all;
}

function nameOf(error: unknown): unknown {
  return (error as { name?: unknown } | null)?.name;
}
