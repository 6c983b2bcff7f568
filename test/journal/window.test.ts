// What a header costs its reader: a reader meets it field by field, and moves each byte a fixed number of times.

import { afterEach, expect, test, vi } from "vitest";
import { native } from "../../src/crypto/native.js";
import { HeaderReading } from "../../src/journal/reading/header.js";
import { Window } from "../../src/journal/reading/window.js";
import { Maker, memoryJournal } from "./maker.js";

afterEach(() => vi.restoreAllMocks());

test.each([512, 64 * 1024, 4 * 1024 * 1024])("a long header is copied once, in pieces of %i bytes", async (piece) => {
  const stanzas = Array.from({ length: 4096 }, () => ({ type: 9, body: new Uint8Array(200) }));
  const maker = new Maker({ stanzas });
  maker.epoch();
  const bytes = maker.bytes();
  const copies = vi.spyOn(Window.prototype, "copy");
  const reading = new HeaderReading(new Window(memoryJournal(bytes), 0, bytes.length, { piece, ahead: false }));
  const header = (await reading.rest(native, (await reading.core())!))!;
  expect(header.stanzas.length).toBe(4096);
  expect(copies.mock.calls.reduce((sum, [, length]) => sum + length, 0)).toBeLessThanOrEqual(bytes.length);
});

test("nothing that leaves a window keeps a piece of the journal alive", async () => {
  const source = memoryJournal(new Uint8Array(10_000).fill(7));
  const window = new Window(source, 0, 10_000, { piece: 4000, ahead: false });
  await window.need(6000);
  expect([window.copy(0, 10).buffer.byteLength, window.copy(3990, 20).buffer.byteLength]).toEqual([10, 20]);
});
