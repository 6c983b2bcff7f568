// The text format in which Prometheus reads figures, version 0.0.4.

/** What follows the family's name, such as `{status="201"}`; and the value. */
export type Sample = readonly [suffix: string, value: number];

/** The lines of one family of figures. */
export function family(
  name: string,
  type: "counter" | "gauge" | "histogram",
  help: string,
  samples: readonly Sample[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([suffix, value]) => `${name}${suffix} ${value}`),
  ];
}

/** How often something took how long, in seconds. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `bounds`: of the buckets, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(seconds: number): void {
    this.#count++;
    this.#sum += seconds;
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) this.#counts[bucket]!++;
  }

  family(name: string, help: string): string[] {
    let below = 0;
    const buckets = this.#bounds.map((bound, i): Sample => {
      below += this.#counts[i]!;
      return [`_bucket{le="${bound}"}`, below];
    });
    const rest: Sample[] = [
      ['_bucket{le="+Inf"}', this.#count],
      ["_sum", this.#sum],
      ["_count", this.#count],
    ];
    return family(name, "histogram", help, [...buckets, ...rest]);
  }
}
