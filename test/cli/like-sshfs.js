// Loaded before a program: what it sees is like sshfs, which has no sockets, and numbers its files anew for each who
// looks.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";

const FUSE = 0x65735546;
const { statfsSync, fstatSync, readlinkSync } = fs;
const listen = net.Server.prototype.listen;

fs.statfsSync = (...args) => Object.assign(statfsSync(...args), { type: FUSE });
fs.fstatSync = (fd, options) => {
  const stat = fstatSync(fd, options);
  const isLock = options?.bigint && /\.lock\.[0-9a-f]+$/.test(readlinkSync(`/proc/self/fd/${fd}`));
  return isLock ? Object.assign(stat, { ino: stat.ino + BigInt(process.pid) }) : stat;
};
net.Server.prototype.listen = function (options, ...rest) {
  if (!options?.path) return listen.call(this, options, ...rest);
  process.nextTick(() => this.emit("error", Object.assign(new Error("EPERM"), { code: "EPERM" })));
  return this;
};
syncBuiltinESMExports();
