/** How often values fell under which bound. */
export class BucketCounts {
  /** Upper bounds, inclusive, rising. */
  readonly bounds: Float64Array
  /** Not cumulated; one more for what is beyond the last bound. */
  readonly counts: Float64Array
  sum = 0

  constructor(first: number, factor: number, count: number) {
    this.bounds = Float64Array.from({ length: count }, (_, i) => first * factor ** i)
    this.counts = new Float64Array(count + 1)
  }

  /** Hot: once a chunk. */
  add(value: number): void {
    const { bounds, counts } = this
    let i = 0
    while (i < bounds.length && value > bounds[i]) i++
    counts[i]++
    this.sum += value
  }
}

/** What the chunks are that blocks of windows are made of. Bounds: Prometheus tsdb/compact.go, NewCompactorMetrics. */
export class ChunkCounts {
  readonly sizeBytes = new BucketCounts(32, 1.5, 12)
  readonly samples = new BucketCounts(4, 1.5, 12)
  /** Upstream's name says seconds, and upstream counts ms. */
  readonly rangeMs = new BucketCounts(100, 4, 10)
}
