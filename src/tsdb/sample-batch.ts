/** Samples that were taken and wait for their commit: three columns of equal use. */
export class SampleBatch {
  slots = new Uint32Array(256)
  times = new Float64Array(256)
  values = new Float64Array(256)
  count = 0

  push(slot: number, t: number, v: number): void {
    if (this.count === this.slots.length) this.#grow()
    this.slots[this.count] = slot
    this.times[this.count] = t
    this.values[this.count] = v
    this.count++
  }

  #grow(): void {
    const capacity = this.slots.length * 2
    const { slots, times, values } = this
    this.slots = new Uint32Array(capacity)
    this.times = new Float64Array(capacity)
    this.values = new Float64Array(capacity)
    this.slots.set(slots)
    this.times.set(times)
    this.values.set(values)
  }
}

const KEPT_MAX = 32
const KEPT_SAMPLES_MAX = 16384

/** Batches for use again; the large ones go. */
export class BatchPool {
  readonly #free: SampleBatch[] = []
  readonly #taken = new Set<SampleBatch>()

  /** Batches that are filled, or wait for their commit. */
  get taken(): Iterable<SampleBatch> {
    return this.#taken
  }

  take(): SampleBatch {
    const batch = this.#free.pop() ?? new SampleBatch()
    this.#taken.add(batch)
    return batch
  }

  giveBack(batch: SampleBatch): void {
    this.#taken.delete(batch)
    batch.count = 0
    if (this.#free.length < KEPT_MAX && batch.slots.length <= KEPT_SAMPLES_MAX) this.#free.push(batch)
  }
}
