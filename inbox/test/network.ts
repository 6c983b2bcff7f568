// Machines of the tests' own: network namespaces, joined by a bridge. What one sends to another is lost while that is
// asked for, without a word to either, in one direction or both: it goes to a hardware address that nobody has.

import { execFileSync, spawnSync } from "node:child_process";
import { networkInterfaces } from "node:os";

/** Nobody's. */
const NOWHERE = "02:00:00:00:00:00";
/** For measurements of networks (RFC 2544), so that it is no network that the machine is on. */
const PREFIX = "198.18";

/** The machine of the database, and the tests' own, are the one that runs the tests. */
export type Party = number | "database";

export interface Machine {
  /** Where producers and readers reach it, which nothing cuts off. */
  readonly front: string;
  /** Where the others reach it, and from where it reaches them. */
  readonly own: string;
  /** What a shell does before it becomes a program there. */
  readonly before: string;
}

export interface Network {
  readonly machines: readonly Machine[];
  /** The database's address. */
  readonly database: string;
  /** From now on, nothing that one sends reaches the other. */
  cut(from: Party, to: Party): void;
  /** All is reached again. */
  heal(): void;
  remove(): void;
}

function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Why there can be no such network here; null where it can. */
export function noNetwork(): string | null {
  try {
    const name = `seal${process.pid}-probe`;
    ip("netns", "add", name);
    ip("netns", "del", name);
    return null;
  } catch (error) {
    return `it needs ip(8) of iproute2, and the right to make network namespaces: ${(error as Error).message.trim()}`;
  }
}

/** With so many machines. Call `remove`, also where a test fails. */
export function makeNetwork(count: number): Network {
  removeLeft();
  const [bridge, net] = [`seal${process.pid}`, freeNet()];
  const [tests, database] = [`${net}.253`, `${net}.254`];
  const namespace = (i: number) => `${bridge}-${i}`;
  const own = (i: number) => `${net}.${1 + i}`;
  const front = (i: number) => `${net}.${101 + i}`;
  ip("link", "add", bridge, "type", "bridge");
  // From the first one comes what the tests send.
  for (const address of [tests, database]) ip("addr", "add", `${address}/24`, "dev", bridge);
  ip("link", "set", bridge, "up");
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (const i of numbers) {
    const [name, port] = [namespace(i), `${bridge}v${i}`];
    ip("netns", "add", name);
    ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
    ip("link", "set", port, "master", bridge, "up");
    for (const address of [own(i), front(i)]) ip("-n", name, "addr", "add", `${address}/24`, "dev", "eth0");
    for (const device of ["lo", "eth0"]) ip("-n", name, "link", "set", device, "up");
  }
  const lost: string[][] = [];
  const at = (party: Party) => (party === "database" ? [] : ["-n", namespace(party)]);
  return {
    machines: numbers.map((i) => ({
      front: front(i),
      own: own(i),
      before: `set -- ip netns exec ${namespace(i)} "$@"`,
    })),
    database,
    cut: (from, to) => {
      const [device, address] = [from === "database" ? bridge : "eth0", to === "database" ? database : own(to)];
      ip(...at(from), "neigh", "replace", address, "lladdr", NOWHERE, "dev", device, "nud", "permanent");
      lost.push([...at(from), "neigh", "del", address, "dev", device]);
    },
    heal: () => {
      for (const command of lost.splice(0)) ip(...command);
    },
    remove: () => removeAll(bridge),
  };
}

function freeNet(): string {
  const used = Object.values(networkInterfaces()).flatMap((all) => all!.map(({ address }) => address));
  for (let i = 0; i < 256; i++) {
    const net = `${PREFIX}.${(process.pid + i) % 256}`;
    if (!used.some((address) => address.startsWith(`${net}.`))) return net;
  }
  throw new Error(`no network is free in ${PREFIX}.0.0/16`);
}

const namespaces = () =>
  ip("netns", "list")
    .split("\n")
    .flatMap((line) => /^\S+/.exec(line) ?? []);

const links = () => [...ip("-o", "link", "show").matchAll(/^\d+: (seal(\d+)[^:@]*)/gm)];

/** A namespace, and its ends of the pairs, may live on for a while after its name is gone: so these go one by one. */
function removeAll(bridge: string): void {
  for (const name of namespaces()) if (name.startsWith(`${bridge}-`)) ip("netns", "del", name);
  const isOf = (name: string) => name === bridge || name.startsWith(`${bridge}v`);
  for (const [, name] of links()) if (isOf(name!)) spawnSync("ip", ["link", "del", name!]);
  const left = links().filter(([, name]) => isOf(name!));
  if (left.length > 0) throw new Error(`not removed: ${left.map(([, name]) => name).join()}`);
}

/** What a process made that was killed before it could remove it. */
function removeLeft(): void {
  for (const [, , pid] of links()) if (!isAlive(Number(pid))) removeAll(`seal${pid}`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
