// Codes of the system's errors.

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/** Whether an error of the store's says that there is nothing. */
export function isNotThere(error: unknown): boolean {
  return error instanceof Error && codeOf(error.cause) === "ENOENT";
}
