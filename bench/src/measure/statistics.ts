/** The value below which the share `p` of the samples lies; NaN without samples. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [upper = Number.NaN] = sorted.slice(middle);
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** The same quantity of two subjects, measured alternately. */
export interface Comparison {
  ours: number;
  reference: number;
  /** Median of the rounds' ratios, because a disturbance affects both sides of a round. */
  ratio: number;
  /** Lowest and highest ratio of a round. */
  spread: [number, number];
}

export function compare(ours: readonly number[], reference: readonly number[]): Comparison {
  const ratios = ours.map((value, round) => value / (reference[round] ?? Number.NaN));
  return {
    ours: median(ours),
    reference: median(reference),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}
