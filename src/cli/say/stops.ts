// The terminal while this program has changed something about it: put right whenever the program stops, goes on, or
// ends.

/** What a part of the program has changed: how it is put right, and done again. */
export interface Hold {
  leave(): void;
  comeBack(): void;
}

/** After so many milliseconds, a stop that did not come, as nobody could have continued the program, is over. */
const STOPPED = 100;

const holds = new Set<Hold>();

/** Keeps a hold on the terminal until what it gives back is called, which leaves it. */
export function holdTerminal(hold: Hold): () => void {
  if (holds.size === 0) process.on("SIGTSTP", stop).on("SIGCONT", comeBack).on("exit", restoreTerminal);
  holds.add(hold);
  return () => release(hold);
}

/** Puts the terminal right, for good: whatever ends the program, this is to be called before. */
export function restoreTerminal(): void {
  for (const hold of holds) release(hold);
}

function release(hold: Hold): void {
  if (!holds.delete(hold)) return;
  hold.leave();
  if (holds.size === 0) process.off("SIGTSTP", stop).off("SIGCONT", comeBack).off("exit", restoreTerminal);
}

/** Does `work`, which prints, with the terminal as it was. */
export function asideFromTerminal(work: () => void): void {
  for (const hold of holds) hold.leave();
  work();
  for (const hold of holds) hold.comeBack();
}

/** Stops this program and whatever runs with it, as Ctrl-Z does where it is no key like others. */
export function stopGroup(): void {
  process.kill(0, "SIGTSTP");
}

/** Without a handler of ours the signal does what it does to other programs. */
function stop(): void {
  for (const hold of holds) hold.leave();
  process.off("SIGTSTP", stop);
  process.kill(process.pid, "SIGTSTP");
  setTimeout(() => {
    if (holds.size > 0 && !process.listeners("SIGTSTP").includes(stop)) comeBack();
  }, STOPPED).unref();
}

function comeBack(): void {
  process.off("SIGTSTP", stop).on("SIGTSTP", stop);
  for (const hold of holds) hold.comeBack();
}
