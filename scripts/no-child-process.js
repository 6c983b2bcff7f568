// In place of node:child_process in the bundle, where nothing starts a process.
export function spawn() {
  throw new Error("the program starts no other");
}
