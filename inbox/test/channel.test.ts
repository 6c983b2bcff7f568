// The channel on which one service passes records on to another.

import { expect, test } from "vitest";
import { Channels, Sending } from "../src/peers/channel.js";

const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString();

async function channel(channels: Channels) {
  return Sending.open(async (publicKey) => channels.accept(publicKey));
}

test("a message comes through once, in whatever order, and nothing else does", async () => {
  const channels = await Channels.open();
  const sending = await channel(channels);
  const sealed = ["a", "b", "c"].map((each) => sending.seal(Buffer.from(each), Buffer.from(" record")));
  expect(sealed.every(({ bytes }) => !Buffer.from(bytes).includes("record"))).toBe(true);
  for (const i of [2, 0, 1]) expect(text(channels.unseal(sealed[i]!))).toBe(`${"abc"[i]} record`);
  for (const each of sealed) expect(channels.unseal(each)).toBe(null);
  const { name, bytes } = sending.seal(Buffer.from("d"));
  const altered = Uint8Array.from(bytes);
  altered[0]! ^= 1;
  expect(() => channels.unseal({ name, bytes: altered })).toThrow("no message");
  // Its key is gone with what was taken for it.
  expect(channels.unseal({ name, bytes })).toBe(null);
  const next = sending.seal(Buffer.from("e"));
  const beyond = next.name.replace(/\d+$/, (count) => String(Number(count) + 1024));
  for (const wrong of ["", "undefined", `${"0".repeat(32)}.0`, beyond, next.name.replace(/\d+$/, "-1")])
    expect(channels.unseal({ ...next, name: wrong }), wrong).toBe(null);
  expect(text(channels.unseal(next))).toBe("e");
});

test("a channel that is closed seals nothing, and others are strangers to it", async () => {
  const channels = await Channels.open();
  const [one, other] = [await channel(channels), await channel(channels)];
  const [sealed, elsewhere] = [one.seal(Buffer.from("x")), other.seal(Buffer.from("x"))];
  expect(() => channels.unseal({ ...sealed, bytes: elsewhere.bytes })).toThrow("no message");
  one.erase();
  expect(() => one.seal(Buffer.from("x"))).toThrow("closed");
  for (const key of [new Uint8Array(), new Uint8Array(1216).fill(255), new Uint8Array(32)])
    await expect(channels.accept(key)).rejects.toThrow("no key");
});

test("of many channels, those are kept that were used last", { timeout: 120_000 }, async () => {
  const channels = await Channels.open();
  const first = await channel(channels);
  const { key } = await recorded(channels);
  const second = await channel(channels);
  expect(text(channels.unseal(first.seal(Buffer.from("x"))))).toBe("x");
  for (let i = 0; i < 254; i++) await channels.accept(key);
  expect(text(channels.unseal(first.seal(Buffer.from("y"))))).toBe("y");
  expect(text(channels.unseal(second.seal(Buffer.from("x"))))).toBe("x");
  for (let i = 0; i < 255; i++) await channels.accept(key);
  expect(channels.unseal(first.seal(Buffer.from("z")))).toBe(null);
  expect(text(channels.unseal(second.seal(Buffer.from("y"))))).toBe("y");
});

async function recorded(channels: Channels) {
  let key = new Uint8Array();
  await Sending.open(async (publicKey) => {
    key = Uint8Array.from(publicKey);
    return channels.accept(publicKey);
  });
  return { key };
}
