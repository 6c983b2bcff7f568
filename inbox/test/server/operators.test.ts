// What operators are told: whether requests should be sent here, figures, and under which id a request stands in the
// log.

import { expect, onTestFinished, test } from "vitest";
import { makeOperatorsApp } from "../../src/server/app.js";
import { Histogram } from "../../src/server/exposition.js";
import { timed } from "../../src/server/flushes.js";
import { requestIdOf } from "../../src/server/request-id.js";
import type { SealedFrame } from "../../src/writer.js";
import { fakeDisk } from "../fake-writer.js";
import { folder } from "../folder.js";
import { logged } from "../log.js";
import { capturing, type Running, startService } from "../service.js";

async function operatorsOf({ service, log }: Running): Promise<string> {
  const app = await makeOperatorsApp(service, { logger: capturing(log), version: "test" });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  return url;
}

const figuresOf = async (url: string) => (await (await fetch(`${url}/metrics`)).text()).split("\n");

test("figures are as Prometheus has them: each family is described, and counters are called so", async () => {
  const running = await startService(fakeDisk().openWriter);
  expect((await running.post("x")).status).toBe(201);
  const lines = await figuresOf(running.url);
  const described = [...lines.join("\n").matchAll(/^# TYPE (\S+) (\w+)$/gm)];
  const types = new Map(described.map(([, name, type]) => [name!, type!]));
  const helps = lines.flatMap((line) => /^# HELP (\S+) \S/.exec(line)?.[1] ?? []);
  expect(helps).toEqual([...types.keys()]);
  expect(new Set(helps).size).toBe(helps.length);
  const series = lines.filter((line) => line !== "" && !line.startsWith("#"));
  for (const line of series) {
    const [, name, labels, value] = /^([a-z_]+)(\{(?:[a-z]+="[^"\\]*",?)+\})? (\S+)$/.exec(line) ?? [line];
    const base = types.has(name!) ? name! : name!.replace(/_(?:bucket|sum|count)$/, "");
    expect(types.has(base), line).toBe(true);
    expect(types.get(base) === "counter", line).toBe(/_total$/.test(base));
    expect(Number.isFinite(Number(value)) && `${labels}` !== "{}", line).toBe(true);
  }
  expect(new Set(series.map((line) => line.replace(/ \S+$/, ""))).size).toBe(series.length);
  expect(series).toContain(`seal_inbox_build_info{version="test",node="${process.version}"} 1`);
  expect(series).toContain("seal_inbox_flush_seconds_count 1");
  expect(series).toContain('seal_inbox_storage_failures_total{problem="full"} 0');
  const common = ["cpu_seconds_total", "resident_memory_bytes", "start_time_seconds"];
  if (process.platform === "linux") common.push("open_fds", "max_fds", "virtual_memory_bytes");
  for (const name of common)
    expect(
      series.some((line) => line.startsWith(`process_${name} `)),
      name,
    ).toBe(true);
});

test("the event loop is looked at as long as the service runs", async () => {
  const running = await startService(fakeDisk().openWriter);
  const looks = async () => Number(/lag_seconds_count (\d+)/.exec((await figuresOf(running.url)).join("\n"))![1]);
  await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(2);
});

test("a histogram counts up to each bound, and what is beyond all", () => {
  const histogram = new Histogram([0.1, 1]);
  for (const seconds of [0.1, 0.25, 0.25, 4]) histogram.observe(seconds);
  expect(histogram.family("x_seconds", "Of x")).toEqual([
    "# HELP x_seconds Of x",
    "# TYPE x_seconds histogram",
    'x_seconds_bucket{le="0.1"} 1',
    'x_seconds_bucket{le="1"} 3',
    'x_seconds_bucket{le="+Inf"} 4',
    "x_seconds_sum 4.6",
    "x_seconds_count 4",
  ]);
});

test("a frame is timed once, whoever had records in it, and one that failed is not", async () => {
  let beforeFrame!: (frame: SealedFrame) => Promise<void>;
  let fate: Promise<void> = Promise.resolve();
  const told: number[] = [];
  const open = timed(
    async (options) => {
      beforeFrame = options.beforeFrame;
      return { ...(await fakeDisk().openWriter(options)), append: () => fate };
    },
    (seconds) => told.push(seconds),
  );
  const journal = { path: `${await folder()}/journal` };
  const writer = await open({ journal, to: async () => [], label: "", beforeFrame: async () => undefined });
  const [one, other] = [{}, {}];
  const frameOf = (...tags: object[]) => ({ tags }) as unknown as SealedFrame;
  await beforeFrame(frameOf(one, other));
  await Promise.all([writer.append([], one), writer.append([], other)]);
  expect(told.length).toBe(1);
  await beforeFrame(frameOf(one));
  fate = Promise.reject(new Error("no disk"));
  await expect(writer.append([], one)).rejects.toThrow("no disk");
  fate = Promise.resolve();
  await writer.append([], one);
  expect(told.length).toBe(1);
});

test("who is not let in is counted, by reason", async () => {
  const running = await startService(fakeDisk().openWriter);
  const { post, reader, url } = running;
  await fetch(`${url}/v1/inboxes/till/records`, { method: "POST", body: "x" });
  await post("x", { authorization: "Bearer x" });
  await post("x", { authorization: "Basic eDp5" });
  await post("x", { authorization: `Bearer ${reader}` });
  const counted = (await figuresOf(url)).filter((line) => line.startsWith("seal_inbox_authentication_failures_total"));
  expect(counted).toEqual([
    'seal_inbox_authentication_failures_total{reason="missing"} 1',
    'seal_inbox_authentication_failures_total{reason="unknown"} 2',
    'seal_inbox_authentication_failures_total{reason="role"} 1',
    'seal_inbox_authentication_failures_total{reason="signature"} 0',
  ]);
});

test("a request keeps the id that it brings, in the answer and the log; what can be none is replaced", async () => {
  const { url, post, log } = await startService(fakeDisk().openWriter);
  const answer = await post("x", { "x-request-id": "proxy/17:a=b" });
  expect([answer.status, answer.headers.get("x-request-id")]).toEqual([201, "proxy/17:a=b"]);
  const refused = await fetch(`${url}/nowhere`, { headers: { "x-request-id": "another-17" } });
  expect([refused.status, refused.headers.get("x-request-id")]).toEqual([404, "another-17"]);
  for (const id of ["proxy/17:a=b", "another-17"]) await logged(log, `"requestId":"${id}"`);
  const fresh = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  expect((await post("x")).headers.get("x-request-id")).toMatch(fresh);
  for (const id of ["", "a b", 'a"b', "a\nb", "\u00fc", "x".repeat(129)])
    expect(requestIdOf({ headers: { "x-request-id": id } })).toMatch(fresh);
});

test("before it stops, a service is not ready, but serves", async () => {
  const { url, post, service } = await startService(fakeDisk().openWriter);
  const statuses = async () =>
    Promise.all(["/livez", "/readyz", "/health"].map(async (path) => (await fetch(url + path)).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  service.leave();
  expect(await statuses()).toEqual([200, 503, 503]);
  const answer = await post("x");
  expect([answer.status, answer.headers.get("connection")]).toEqual([201, "keep-alive"]);
  service.stop();
  expect(await statuses()).toEqual([200, 503, 503]);
  expect((await post("x")).status).toBe(503);
});

test("operators have a listener of their own, on which nothing else is", async () => {
  const running = await startService(fakeDisk().openWriter, { hasMetrics: false });
  expect((await fetch(`${running.url}/metrics`)).status).toBe(404);
  expect((await running.post("x")).status).toBe(201);
  const url = await operatorsOf(running);
  expect(await figuresOf(url)).toContain("seal_inbox_records_total 1");
  for (const path of ["/livez", "/readyz", "/health"]) expect((await fetch(url + path)).status, path).toBe(200);
  const headers = { authorization: `Bearer ${running.producer}`, "content-type": "text/plain" };
  const post = await fetch(`${url}/v1/inboxes/till/records`, { method: "POST", body: "x", headers });
  const get = await fetch(`${url}/v1/inboxes/till/journal`, { headers: { authorization: `Bearer ${running.reader}` } });
  expect([post.status, get.status]).toEqual([404, 404]);
});
