// Several FILEs at once: where the output of each goes, and what cannot be.

import { SealError } from "../../errors.js";
import { absolute } from "../../io/paths.js";
import { isDirectory, isStdout } from "./outputs.js";

/** Throws `usage` for what several FILEs cannot have. */
export async function checkSeveral(files: readonly string[], output: string | undefined): Promise<void> {
  if (files.length === 1) return;
  if (files.includes("-")) throw new SealError("usage", "standard input cannot be one of several FILEs");
  if (output !== undefined && (isStdout(output) || !(await isDirectory(output)))) {
    throw new SealError("usage", "with several FILEs, -o must be an existing directory");
  }
}

/**
 * The name of the output of each FILE by its index. Throws `usage` for one that has none, or one that is another FILE
 * or another's output.
 */
export async function outputNames(
  files: readonly string[],
  nameOf: (file: string) => Promise<string>,
): Promise<(index: number) => string> {
  const found = await Promise.all(files.map((file) => nameOf(file).catch((fault: unknown) => ({ fault }))));
  // One alone needs no comparing, nor the current directory, which may be gone.
  const isAlone = files.length === 1;
  const places = found.map((name) => (typeof name === "string" && !isAlone ? absolute(name) : null));
  const sources = new Set(isAlone ? [] : files.map((file) => absolute(file)));
  return (index) => {
    const name = found[index]!;
    if (typeof name !== "string") throw name.fault;
    const place = places[index]!;
    if (places.indexOf(place) !== index) throw new SealError("usage", `${name} is written for another FILE already`);
    if (place !== null && sources.has(place)) throw new SealError("usage", `${name} is one of the FILEs`);
    return name;
  };
}
