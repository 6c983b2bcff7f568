// A package that is not installed would be left out of what is built, and be missing only where that runs.

/** For `onLog` of rolldown: an import that leads nowhere ends the build. */
export function refuseMissing(level, log, write) {
  if (log.code === "UNRESOLVED_IMPORT") throw new Error(`${log.message}\nnpm ci installs what is missing`);
  write(level, log);
}
