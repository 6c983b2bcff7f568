// What requests take of memory, and give back.

import { connect } from "node:net";
import type { JournalRecord } from "@sealed-files/seal";
import { describe, expect, test, vi } from "vitest";
import type { OpenWriter } from "../../../src/writer.js";
import { fakeDisk } from "../../fake-writer.js";
import { startService } from "../../service.js";
import { postOf, start } from "./shared.js";

test("records that wait for the disk are held once, by the writer", async () => {
  const disk = fakeDisk();
  const given: (readonly JournalRecord[])[] = [];
  const openWriter: OpenWriter = async (options) => {
    const writer = await disk.openWriter(options);
    const { append } = writer;
    writer.append = (records, tag) => {
      given.push(records);
      return append(records, tag);
    };
    return writer;
  };
  const { post } = await startService(openWriter);
  let go!: () => void;
  disk.gate = new Promise((resolve) => {
    go = resolve;
  });
  const answer = post("a\nb\n", { "content-type": "application/x-ndjson" });
  await expect.poll(() => given.length).toBe(1);
  expect(given[0]).toEqual([]);
  go();
  expect(await (await answer).json()).toMatchObject({ records: 2 });
  expect(disk.written[0]!.length).toBe(2);
});

describe("room for bodies is given back", () => {
  test("where the client goes while its token is looked up", async () => {
    const { url, producer, service, disk } = await start();
    const authorize = service.authorize.bind(service);
    const hold = vi.spyOn(service.admission, "hold");
    service.authorize = async (...args) => {
      const bearer = await authorize(...args);
      const gone = new Promise((resolve) => args[0].raw.once("close", resolve));
      socket.destroy();
      await gone;
      return bearer;
    };
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(postOf(producer, 10, "0123"));
    await expect.poll(() => hold).toHaveBeenCalled();
    await expect.poll(() => service.admission.held).toBe(0);
    expect(disk.written).toEqual([]);
  });

  test("where it goes while others of its requests are before this one", async () => {
    const { url, producer, service, disk } = await start();
    let go!: () => void;
    disk.gate = new Promise((resolve) => {
      go = resolve;
    });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(postOf(producer, 10, "0123456789").repeat(3));
    await expect.poll(() => service.admission.held).toBe(30);
    socket.destroy();
    go();
    await expect.poll(() => service.admission.held).toBe(0);
  });
});
