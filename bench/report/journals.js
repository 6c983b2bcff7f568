// What bench/journals.js and bench/soak.js have to say.

import { primitivesText } from "../machine.js";
import { median, pairedRatio } from "../stats.js";
import { axis, BARS, draw, INK, lineColor } from "./chart.js";
import { memoryText, table, timeText } from "./format.js";

const MILLION = 1e6;

/** @param {any[]} cases @param {string} work @param {number} [records] */
function found(cases, work, records) {
  return cases.find((each) => each.work === work && (records === undefined || each.records === records));
}

function rate({ records, seconds }) {
  return records / median(seconds);
}

function rateText(value) {
  return Math.round(value).toLocaleString("en").replaceAll(",", " ");
}

const mostMemory = ({ bytes }) => Math.max(...bytes);

/** Records a second, at least. */
function fast(name, least, find) {
  return {
    name,
    wanted: `≥ ${rateText(least)} records/s`,
    look: (results) => {
      const result = find(results);
      const value = rate(result);
      return { text: `${rateText(value)} (${rateText(result.records)} records)`, met: value >= least };
    },
  };
}

/** One million records, opened, against the same by another way: a sample of it. */
function against(name, tool, least) {
  return {
    name: `one million records opened, against ${name}`,
    wanted: `≥ ${least} × as fast`,
    look: ({ rates, single }) => {
      const other = single.find((each) => each.tool.startsWith(tool));
      if (!other) return null;
      const ratio = median(other.open) * rate(found(rates, "read"));
      return { text: `${ratio.toFixed(0)} ×`, met: ratio >= least };
    },
  };
}

function latency(delay) {
  const injected = delay > 0 ? `, with ${delay} ms added to each flush` : "";
  return {
    name: `a lone record: from the call to the acknowledgement, without the flush${injected}, median`,
    wanted: "≤ 5 ms",
    look: ({ trickle }) => {
      const { median: middle, p99 } = trickle.find((each) => each.delay === delay).beyond;
      return { text: `${middle.toFixed(2)} ms (99 %: ${p99.toFixed(2)} ms)`, met: middle <= 5 };
    },
  };
}

const LARGE = {
  name: "memory of reading the large journal, against the smaller one",
  wanted: "± 10 %",
  look: ({ large, how }) => {
    const [small, most] = [how.records, how.large].map((count) => mostMemory(found(large, "read", count)));
    return { text: `${memoryText(most)} against ${memoryText(small)}`, met: Math.abs(most / small - 1) <= 0.1 };
  },
};

const PICK_UP = {
  name: "reading the last 1 000 records of the large journal, against the smaller one",
  wanted: "≤ 1.2 × the time",
  look: ({ large, how }) => {
    const [small, most] = [how.records, how.large].map((count) => pickUp(large, count).seconds);
    const ratio = pairedRatio(most, small);
    return { text: `${ratio.median.toFixed(2)} × (${timeText(median(most))})`, met: ratio.median <= 1.2 };
  },
};

function pickUp(large, count) {
  return large.find(({ work, records }) => work.startsWith("pick-up") && records === count);
}

const POSTS = {
  name: "inbox: acknowledged POSTs of one record, 64 connections",
  wanted: "≥ 5 000 per second",
  look: ({ inbox }) => {
    const rates = inbox.slice(0, -1).map(({ perSecond }) => perSecond);
    const all = `${rateText(median(rates))} (${rateText(Math.min(...rates))} – ${rateText(Math.max(...rates))})`;
    return { text: all, met: median(rates) >= 5000 };
  },
};

const INBOX_MEMORY = {
  name: "inbox: memory over a million POSTs, the last tenth against the second",
  wanted: "± 10 %",
  look: ({ inbox }) => {
    const { memory } = inbox.at(-1);
    const tenth = (which) => {
      const length = memory.length / 10;
      return median(memory.slice(Math.floor(which * length), Math.ceil((which + 1) * length)));
    };
    const [early, late] = [tenth(1), tenth(9)];
    return { text: `${late} MiB against ${early} MiB`, met: Math.abs(late / early - 1) <= 0.1 };
  },
};

/** @type {{ name: string, wanted: string, look: (results: any) => { text: string, met: boolean } | null }[]} */
export const JOURNAL_TARGETS = [
  fast("append, from a pipe, to a disk", 400_000, ({ rates }) => found(rates, "append, to disk")),
  fast("read: verified and decrypted, into a pipe", MILLION, ({ large, how }) => found(large, "read", how.large)),
  fast("the same, from a shorter journal", MILLION, ({ large, how }) => found(large, "read", how.records)),
  against("one age file per record, opened by age", "age, ", 100),
  against("one age file per record, opened in one process", "age-encryption", 100),
  against("one HPKE seal per record", "HPKE", 20),
  latency(0),
  latency(5),
  POSTS,
  INBOX_MEMORY,
  LARGE,
  PICK_UP,
];

const HOW = `\`node bench/journals.js\` and \`node bench/soak.js\` write this section. Records have 256 bytes. Rates are those of whole processes, start included,
from a pipe and into a pipe. The time that age and HPKE need per record is measured on a sample; where one process handles all records, its start is left out.`;

/**
 * @param {any[]} journals @param {any[]} soaks
 * @param {(results: any, drawn: Record<string, string>) => (plot: string) => string} write draws what is there, and
 * gives the image of each
 */
export function journalSections(journals, soaks, write) {
  if (journals.length + soaks.length === 0) return [];
  return [
    "# Journals",
    HOW,
    ...journals.map((each) => journalSection(each, write)),
    ...soaks.map((each) => soakSection(each, write)),
  ];
}

function journalSection(results, write) {
  const { about, rates, large, trickle, single, inbox, how } = results;
  const image = write(results, { posts: memoryPlot(results), records: recordsPlot(results) });
  const timed = (each) => [
    each.work,
    rateText(each.records),
    timeText(median(each.seconds)),
    `${timeText(Math.min(...each.seconds))} – ${timeText(Math.max(...each.seconds))}`,
    // A pick-up reads none of those before.
    each.work.startsWith("pick-up") ? "" : rateText(rate(each)),
    memoryText(mostMemory(each)),
  ];
  const head = ["work", "records in it", "median", "min – max", "records/s", "memory"];
  const ms = ({ median: middle, p99, most }) => `${middle.toFixed(2)}, ${p99.toFixed(2)}, ${most.toFixed(2)}`;
  return [
    `## Journals, Node ${about.node}`,
    `${about.cpu}, ${about.cores} cores; ${how.rounds} rounds; ${about.date}; load at the start: ${about.load.toFixed(2)}. One core: ${primitivesText(about.primitives)}.`,
    table([head, ...rates.map(timed)], 1),
    "### One public-key operation per record",
    image("records"),
    table(
      [
        ["tool", "sample", "to seal one", "to open one", "to open a million"],
        ...single.map(({ tool, sample, seal, open }) => [
          tool,
          rateText(sample),
          micro(seal),
          micro(open),
          timeText(median(open) * MILLION),
        ]),
        ["seal journal read", "", "", "", timeText(MILLION / rate(found(rates, "read")))],
      ],
      1,
    ),
    "### Records that arrive one by one",
    "Milliseconds from the call to the acknowledgement, how much of that is the flush, and the rest: median, 99th percentile, maximum.",
    table(
      [
        ["delay added to each flush", "acknowledged", "flush", "the rest"],
        ...trickle.map(({ delay, acknowledged, flushed, beyond }) => [
          `${delay} ms`,
          ms(acknowledged),
          ms(flushed),
          ms(beyond),
        ]),
      ],
      1,
    ),
    "### A large journal",
    table([head, ...large.map(timed)], 1),
    "### The inbox",
    "One record per POST, each acknowledged once it is on disk. The load comes from the same machine.",
    table(
      [
        [
          "acknowledged",
          "per second",
          "per second of processor time",
          "latency: median",
          "99th percentile",
          "memory: 2nd second",
          "at the end",
        ],
        ...inbox.map((each) => [
          rateText(each.acknowledged),
          rateText(each.perSecond),
          rateText(each.perProcessorSecond),
          `${each.medianMs} ms`,
          `${each.p99Ms} ms`,
          `${each.residentMiB.first} MiB`,
          `${each.residentMiB.last} MiB`,
        ]),
      ],
      1,
    ),
    image("posts"),
  ].join("\n\n");
}

function micro(seconds) {
  return `${rateText(median(seconds) * 1e6)} µs`;
}

/** How long a million records take to open: out of one journal, and by other ways, of which a sample was measured. */
function recordsPlot({ about, rates, single }) {
  const others = single.map(({ tool, open }) => ({
    name: `sealed one by one: ${tool}`,
    seconds: median(open) * MILLION,
  }));
  const bars = [...others, { name: "one journal: seal journal read", seconds: MILLION / rate(found(rates, "read")) }];
  bars.sort((a, b) => b.seconds - a.seconds);
  const data = bars.map(({ name, seconds }) => ({
    value: Number(seconds.toPrecision(3)),
    itemStyle: { color: name.startsWith("one journal") ? BARS.seal : name.includes("age") ? BARS.age : BARS.other },
    label: { show: true, position: "right", color: INK, formatter: timeText(seconds) },
  }));
  return draw(
    `A million records of 256 bytes, opened, Node ${about.node.split(".")[0]}`,
    {
      grid: { left: 300, right: 90, top: 50, bottom: 50 },
      legend: { show: false },
      xAxis: axis({ type: "log", name: "seconds (logarithmic)", nameGap: 30 }),
      yAxis: axis({ type: "category", data: bars.map(({ name }) => name), axisTick: { show: false } }),
      series: [{ type: "bar", barWidth: "62%", data }],
    },
    { height: 120 + 34 * bars.length },
  );
}

function memoryPlot({ about, inbox }) {
  const { memory, acknowledged } = inbox.at(-1);
  const data = memory.map((resident, second) => [second, resident]);
  const title = `Memory of the inbox over ${rateText(acknowledged)} POSTs, Node ${about.node.split(".")[0]}`;
  return timeline(title, "seconds", [{ name: "seal-inbox", data }]);
}

function soakSection(results, write) {
  const { about, how, inbox, journal, samples } = results;
  const names = { service: "seal-inbox", reader: "journal read --follow", writer: "journal append" };
  const lines = Object.entries(names).map(([name, title]) => ({
    name: title,
    data: samples.map((sample) => [sample.second / 60, sample[name]]),
  }));
  const image = write(results, {
    soak: timeline(`Memory over ${how.minutes} minutes, Node ${about.node.split(".")[0]}`, "minutes", lines),
  });
  return [
    `## A soak of ${how.minutes} minutes, Node ${about.node}`,
    "An inbox that receives POSTs and is followed over HTTP; and a journal that is written in bursts, with an epoch per minute, and read with a cursor every ten seconds.",
    table(
      [
        ["", "acknowledged", "read"],
        ["inbox", rateText(inbox.acknowledged), rateText(inbox.followed)],
        ["journal", rateText(journal.acknowledged), `${rateText(journal.picked)}, in ${journal.pickUps} runs`],
      ],
      1,
    ),
    image("soak"),
  ].join("\n\n");
}

/**
 * @param {string} title @param {string} unit of the time @param {{ name: string, data: number[][] }[]} series times and
 * MiB
 */
function timeline(title, unit, series) {
  return draw(title, {
    xAxis: axis({ type: "value", name: unit, nameGap: 32 }),
    yAxis: axis({ type: "value", name: "MiB", nameGap: 44, min: 0 }),
    series: series.map(({ name, data }, index) => {
      const color = lineColor("seal", index);
      return { name, type: "line", symbol: "none", data, lineStyle: { width: 1.5, color }, itemStyle: { color } };
    }),
  });
}
