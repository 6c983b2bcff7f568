// Figures of the process, under the names that Prometheus' own clients give them.

import { readdirSync, readFileSync } from "node:fs";
import { descriptorLimit } from "./descriptors.js";
import { family } from "./exposition.js";

const STARTED = Date.now() / 1000 - process.uptime();

export function processFamilies(): string[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  return [
    ...family("process_cpu_seconds_total", "counter", "Processor time, user and system", [["", (user + system) / 1e6]]),
    ...gauge("process_resident_memory_bytes", "Resident memory", rss),
    ...gauge("process_virtual_memory_bytes", "Virtual memory", virtualBytes()),
    ...gauge("process_open_fds", "Open file descriptors", openDescriptors()),
    ...gauge("process_max_fds", "The most that may be open", descriptorLimit()),
    ...gauge("process_start_time_seconds", "When the process started, Unix time", STARTED),
    ...gauge("nodejs_heap_size_used_bytes", "JavaScript heap in use", heapUsed),
    ...gauge("nodejs_heap_size_total_bytes", "JavaScript heap", heapTotal),
  ];
}

/** Nothing of what the system does not tell. */
function gauge(name: string, help: string, value: number | null): string[] {
  return value === null ? [] : family(name, "gauge", help, [["", value]]);
}

function openDescriptors(): number | null {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return null;
  }
}

function virtualBytes(): number | null {
  try {
    const [, kib] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}
