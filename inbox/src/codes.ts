// Codes of the system's errors.

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/** Whether an error of the store's says that there is nothing. */
export function isNotThere(error: unknown): boolean {
  return error instanceof Error && codeOf(error.cause) === "ENOENT";
}

/** The cause of an error by which nothing has failed: others were faster, and it may be tried again. */
export class Overtaken extends Error {}

export function isOvertaken(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Overtaken;
}
