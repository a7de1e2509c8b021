import type { SampleBatch } from './sample-batch.ts'
import type { SeriesSlots } from './series-slots.ts'
import { histogramKind } from './window/sample-kind.ts'

/**
 * Batches that are in the log, and are applied behind all that is still to be read of it. There may be thousands of them, of millions of samples: what is
 * to be known of a series when another batch is given up is found by its slot. The table for that is made when it is first asked for, for
 * few ever do, and of each batch once.
 */
export class EarlyBatches {
  /** Undefined: it was applied. */
  readonly #batches: (SampleBatch | undefined)[] = []
  /** By slot: the number of the batch that has its newest sample, from 1 on, and which sample of it that is; histograms come behind floats. */
  #batchOf = new Uint32Array(0)
  #placeOf = new Uint32Array(0)
  /** Of batches in the table. */
  #known = 0
  /** As `SampleBatch` counts it, of all that ever were here. */
  weight = 0

  get length(): number {
    return this.#batches.length
  }

  add(batch: SampleBatch): void {
    batch.trim()
    batch.isEarly = true
    this.#batches.push(batch)
    this.weight += batch.weight
  }

  /** Those that are here, oldest first. */
  *waiting(): Generator<SampleBatch, void> {
    for (const batch of this.#batches) if (batch !== undefined) yield batch
  }

  /** Lets a batch go that is to be applied now. */
  take(at: number): SampleBatch {
    const batch = this.#batches[at]!
    batch.isEarly = false
    this.#batches[at] = undefined
    return batch
  }

  /** Makes what the batches here have the newest sample of the slots of another one, where nothing newer is known. */
  setNewest({ slots: named, count, histograms }: SampleBatch, slots: SeriesSlots): void {
    this.#fill(slots.count)
    for (let i = 0; i < count; i++) this.#setOne(named[i], slots)
    for (let i = 0; i < histograms.count; i++) this.#setOne(histograms.slots[i], slots)
  }

  #setOne(slot: number, slots: SeriesSlots): void {
    const batch = this.#batchWith(slot)
    if (batch === undefined) return
    const { count, times, values, histograms } = batch
    const place = this.#placeOf[slot]
    const t = timeOf(batch, place)
    if (t <= slots.lastTime(slot)) return
    if (place < count) slots.setLast(slot, times[place], values[place])
    else {
      const i = place - count
      slots.setLastBits(slot, t, histogramKind(histograms.isFloat[i] === 1), histograms.digests[2 * i + 1], histograms.digests[2 * i])
    }
  }

  #batchWith(slot: number): SampleBatch | undefined {
    return this.#batchOf[slot] === 0 ? undefined : this.#batches[this.#batchOf[slot] - 1]
  }

  #fill(slotCount: number): void {
    if (slotCount > this.#batchOf.length) {
      const [batchOf, placeOf] = [this.#batchOf, this.#placeOf]
      this.#batchOf = new Uint32Array(slotCount)
      this.#placeOf = new Uint32Array(slotCount)
      this.#batchOf.set(batchOf)
      this.#placeOf.set(placeOf)
    }
    for (; this.#known < this.#batches.length; this.#known++) {
      const batch = this.#batches[this.#known]
      if (batch === undefined) continue
      const { slots, count, histograms } = batch
      for (let i = 0; i < count; i++) this.#note(slots[i], i, batch)
      for (let i = 0; i < histograms.count; i++) this.#note(histograms.slots[i], count + i, batch)
    }
  }

  #note(slot: number, place: number, batch: SampleBatch): void {
    const other = this.#batchWith(slot)
    if (other !== undefined && timeOf(other, this.#placeOf[slot]) >= timeOf(batch, place)) return
    this.#batchOf[slot] = this.#known + 1
    this.#placeOf[slot] = place
  }
}

function timeOf({ count, times, histograms }: SampleBatch, place: number): number {
  return place < count ? times[place] : histograms.times[place - count]
}
