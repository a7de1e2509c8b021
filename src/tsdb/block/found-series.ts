import type { Breather } from '../../base/breather.ts'
import { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { matchesAll } from '../../storage/memory-source.ts'
import { type QueryContext, SERIES_BATCH } from '../../storage/series-source.ts'
import { peekLabels, readLabels } from './block-index.ts'
import type { SeriesEntry } from './series-entry.ts'
import type { SymbolTable } from './symbol-table.ts'
import { isAllDeleted, type TimeInterval, type Tombstones } from './tombstones.ts'

const NOT_DELETED: readonly TimeInterval[] = []

/** Which series are looked for, and where. */
export interface SoughtSeries {
  readonly entry: SeriesEntry
  readonly symbols: SymbolTable
  readonly tombstones: Tombstones
  /** Their numbers, in label order. */
  readonly numbers: Uint32Array
  /** What their labels must still be matched by. */
  readonly late: readonly Matcher[]
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
}

/**
 * Goes through the series of a block that have something between two times that is not deleted, in label order. What it shows is good until
 * the next one. To be closed.
 */
export class FoundSeries {
  readonly entry: SeriesEntry
  series = 0
  labels = Labels.empty
  deleted = NOT_DELETED
  readonly #sought: SoughtSeries
  readonly #breather: Breather
  readonly #ctx: QueryContext
  #next = 0

  constructor(sought: SoughtSeries, breather: Breather, ctx: QueryContext) {
    this.entry = sought.entry
    this.#sought = sought
    this.#breather = breather
    this.#ctx = ctx
    ctx.budget.chargeBytes(sought.numbers.byteLength)
  }

  close(): void {
    this.#ctx.budget.releaseBytes(this.#sought.numbers.byteLength)
  }

  /** Goes to the next series; false where there is none. A promise only when it has to wait: with a whole block in memory none is made. */
  next(): boolean | Promise<boolean> {
    return this.#nextInMemory() ?? this.#nextSlowly()
  }

  /** Undefined: it has to wait, to let others run or for the disk. */
  #nextInMemory(): boolean | undefined {
    const { entry, numbers, symbols } = this.#sought
    while (this.#next < numbers.length) {
      if (this.#next % SERIES_BATCH === 0) {
        this.#ctx.signal.throwIfAborted()
        if (this.#breather.isDue()) return undefined
      }
      if (!entry.peek(numbers[this.#next])) return undefined
      if (this.#hasSome()) {
        const labels = peekLabels(entry, symbols)
        if (labels === undefined) return undefined
        if (this.#show(labels)) return true
      } else this.#next++
    }
    return false
  }

  async #nextSlowly(): Promise<boolean> {
    const { entry, numbers, symbols } = this.#sought
    for (;;) {
      if (this.#breather.isDue()) await this.#breather.rest()
      if (!entry.peek(numbers[this.#next])) await entry.read(numbers[this.#next])
      if (!this.#hasSome()) this.#next++
      else if (this.#show(await readLabels(entry, symbols))) return true
      const found = this.#nextInMemory()
      if (found !== undefined) return found
    }
  }

  /** Whether the labels are those of a series that is looked for. */
  #show(labels: Labels): boolean {
    const { numbers, tombstones, late } = this.#sought
    this.series = numbers[this.#next++]
    if (late.length > 0 && !matchesAll(labels, late)) return false
    this.labels = labels
    this.deleted = tombstones.get(this.series) ?? NOT_DELETED
    return true
  }

  /** Whether the series of the entry has something in the range. */
  #hasSome(): boolean {
    const { entry, numbers, tombstones, minTime, maxTime } = this.#sought
    const deleted = tombstones.size === 0 ? undefined : tombstones.get(numbers[this.#next])
    for (let i = 0; i < entry.chunkCount; i++) {
      if (entry.maxTimes[i] < minTime || entry.minTimes[i] > maxTime) continue
      if (deleted === undefined || !isAllDeleted(deleted, entry.minTimes[i], entry.maxTimes[i])) return true
    }
    return false
  }
}
