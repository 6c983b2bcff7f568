// Which input is read and which output is written, from FILE and -o.

import { fstatSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { SealError } from "../../errors.js";
import type { Source } from "../../flow/io.js";
import type { OutputSink } from "../../io/descriptor.js";
import { type FileId, type FileSource, openSource } from "../../io/files.js";
import type { UrlOptions } from "../../io/http/http.js";
import { refuseScheme } from "../../io/http/scheme.js";
import { fileNameOf, isUrl, parseUrl, shownUrl } from "../../io/http/url.js";
import { type OutputOptions, openOutput } from "../../io/output.js";
import { stat } from "../../io/promises.js";
import { stdinSource, stdoutSink } from "../../io/stdio.js";

const SUFFIX = ".sealed";

/** Whether an -o means standard output, be it called `-`, /dev/stdout or /dev/fd/1. */
export function isStdout(output: string | undefined): boolean {
  if (output === undefined || output === "-") return output === "-";
  if (!output.startsWith("/dev/") && !output.startsWith("/proc/")) return false;
  const there = statSync(output, { throwIfNoEntry: false });
  const stdout = fstatSync(1);
  return there !== undefined && !there.isCharacterDevice() && there.dev === stdout.dev && there.ino === stdout.ino;
}

/** What -o names: `-` for standard output, a directory, or the output itself; undefined where it was not given. */
export type OutputPlace = { readonly name: string; readonly isDirectory: boolean } | undefined;

export async function outputPlace(output: string | undefined): Promise<OutputPlace> {
  if (output === undefined) return undefined;
  if (isStdout(output)) return { name: "-", isDirectory: false };
  return { name: output, isDirectory: await isDirectory(output) };
}

/** FILE, or `-` for standard input. Throws `io`, `usage`. */
export async function openInput(file: string): Promise<FileSource> {
  if (file === "-") return stdinSource();
  refuseScheme(file);
  return openSource(file);
}

/** An input; `id` is null where it is no file of this machine. */
export type AnySource = Source & { readonly id: FileId | null };

/** FILE, URL, or `-` for standard input. Throws `io`, `usage`. */
export async function openInputOrUrl(file: string, signal: AbortSignal, options: UrlOptions): Promise<AnySource> {
  if (!isUrl(file)) return openInput(file);
  const { openUrl } = await import("../../io/http/http.js");
  return { ...(await openUrl(file, { ...options, signal })), id: null };
}

/** An input as it may be shown. */
export function shownInput(file: string): string {
  if (!isUrl(file)) return file.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
  return URL.canParse(file) ? shownUrl(new URL(file)) : "the address";
}

/** Where sealing FILE goes: `-o`, a file in it where it is a directory, else FILE.sealed; stdin goes to stdout. */
export function sealedName(file: string, output: OutputPlace): string {
  if (output) return inDirectory(output, file === "-" ? null : `${basename(file)}${SUFFIX}`);
  return file === "-" ? "-" : `${file}${SUFFIX}`;
}

/**
 * Where opening FILE goes: `-o`, a file in it where it is a directory, else FILE, or the last segment of a URL, without
 * `.sealed`. Throws `usage`.
 */
export function openedName(input: string, output: OutputPlace): string {
  const file = isUrl(input) ? (fileNameOf(parseUrl(input)) ?? "") : input;
  const name = file.endsWith(SUFFIX) ? file.slice(0, -SUFFIX.length) : null;
  const usable = name !== null && !["", ".", ".."].includes(basename(`/${name}`)) && !name.endsWith("/") ? name : null;
  if (output) return inDirectory(output, usable && basename(usable));
  if (usable !== null) return usable === "-" ? "./-" : usable;
  throw new SealError("usage", "no name for the output", {
    input: shownInput(input),
    hint: `This is seal's open: it opens NAME${SUFFIX} to NAME. For other names use -o OUT, or -o - for standard output.`,
  });
}

/**
 * Where rewrapping FILE goes: `-o`, a file of its name in it where it is a directory, else FILE itself. Throws `usage`.
 */
export function rewrappedName(file: string, output: OutputPlace): string {
  if (output) return inDirectory(output, file === "-" ? null : basename(file));
  if (file !== "-") return file;
  throw new SealError("usage", "standard input cannot be replaced: -o is missing");
}

function inDirectory(output: NonNullable<OutputPlace>, name: string | null): string {
  return name !== null && output.isDirectory ? join(output.name, name) : output.name;
}

export async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}

/** The output of that name, `-` for standard output. Throws `usage`, `io`. */
export async function openSink(name: string, input: AnySource, options: OutputOptions): Promise<OutputSink> {
  return name === "-" ? stdoutSink(input.id) : openOutput(name, { ...options, input: input.id });
}
