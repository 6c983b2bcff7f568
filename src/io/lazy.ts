// Modules of Node's that only some runs need. What is imported is loaded at every start, and these with what they load
// themselves are a good part of a short run; here they are loaded when they are first asked for.

export const childProcess = () => process.getBuiltinModule("node:child_process");
export const net = () => process.getBuiltinModule("node:net");
export const stream = () => process.getBuiltinModule("node:stream");
export const tty = () => process.getBuiltinModule("node:tty");
