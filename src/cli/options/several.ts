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
 * The name of the output of each FILE by its index, where `nameOf` throws what is wrong with it. Throws `usage` for one
 * that has none, or one that is another FILE or another's output.
 */
export function outputNames(files: readonly string[], nameOf: (file: string) => string): (index: number) => string {
  // One alone needs no comparing, nor the current directory, which may be gone.
  if (files.length === 1) return () => nameOf(files[0]!);
  const sources = new Set(files.map((file) => absolute(file)));
  const first = new Map<string, number>();
  for (const [index, file] of files.entries()) {
    const place = placeOf(file, nameOf);
    if (place !== null && !first.has(place)) first.set(place, index);
  }
  return (index) => {
    const name = nameOf(files[index]!);
    const place = absolute(name);
    if (first.get(place) !== index) throw new SealError("usage", `${name} is written for another FILE already`);
    if (sources.has(place)) throw new SealError("usage", `${name} is one of the FILEs`);
    return name;
  };
}

/** null where there is none, which is told when it is that file's turn. */
function placeOf(file: string, nameOf: (file: string) => string): string | null {
  try {
    return absolute(nameOf(file));
  } catch {
    return null;
  }
}
