// What the service does where it cannot overwrite what it has read.

import { expect, test, vi } from "vitest";
import { fakeDisk } from "../fake-writer.js";
import { logged } from "../log.js";
import { startService } from "../service.js";

test("a record that is stored is answered 201 all the same, and the log says so", async () => {
  const disk = fakeDisk();
  const running = await startService(disk.openWriter);
  vi.spyOn(running.service.scrubber, "scrub").mockRejectedValue(new Error("connect EMFILE"));
  expect((await running.post("x")).status).toBe(201);
  expect(disk.written.length).toBe(1);
  expect(await logged(running.log, "connect EMFILE")).toHaveLength(1);
});
