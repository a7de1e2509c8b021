import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import { ExpositionError } from './exposition-error.ts'
import { startsWith } from './line-bytes.ts'
import { Entry, type PageParser } from './page-parser.ts'

const CREATED = '_created'

/** Types whose samples count from a start. */
export function countsFromStart(type: MetricType): boolean {
  return type === 'counter' || type === 'histogram' || type === 'summary'
}

export function isCreatedName(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= CREATED.length && startsWith(bytes, end - CREATED.length, CREATED)
}

/** A parser of the same page that reads ahead. */
export interface CreatedScout extends PageParser {
  /** Goes on at a line inside of a family. */
  resumeAt(position: number, type: MetricType): void
  /** Where the name of the last series stands in the page. */
  readonly nameStart: number
  readonly nameEnd: number
  /** What a series and its `_created` line share: the first bytes of the name, the labels without the bounds. */
  createdKey(nameLength: number): string
}

/**
 * Finds start times: OpenMetrics has them in lines of their own, somewhere after the samples they are of and before the next family.
 * What is found is kept until the reader has passed it, so that all the looking ahead of a page reads it once more at most.
 */
export class CreatedLines {
  readonly #scout: CreatedScout
  /** The next `_created` line, seen from anywhere in [from, until]; without a key there is none before the next family. */
  #from = -1
  #until = -1
  #key: string | undefined
  #time: Timestamp = 0
  /** The last series for which there was one: it may go on behind that line. */
  #lastKey: string | undefined
  #lastTime: Timestamp = 0

  constructor(scout: CreatedScout, bytes: Uint8Array, length: number) {
    this.#scout = scout
    this.reset(bytes, length)
  }

  reset(bytes: Uint8Array, length: number): void {
    this.#scout.reset(bytes, length)
    this.#from = -1
    this.#until = -1
    this.#lastKey = undefined
  }

  /** Of the series `key`, after which the page goes on at `position` in a family of `type`. 0: it has none. */
  startTime(key: string, position: number, type: MetricType): Timestamp {
    if (key === this.#lastKey && this.#lastTime > 0) return this.#lastTime
    if (position < this.#from || position > this.#until) this.#look(position, type)
    if (key !== this.#key) {
      this.#lastKey = undefined
      return 0
    }
    this.#lastKey = key
    this.#lastTime = this.#time
    return this.#time
  }

  #look(position: number, type: MetricType): void {
    const scout = this.#scout
    scout.resumeAt(position, type)
    this.#from = position
    this.#key = undefined
    for (;;) {
      this.#until = scout.position
      let entry: Entry
      try {
        entry = scout.next()
      } catch (error) {
        // Whoever reads the page will come to it.
        if (error instanceof ExpositionError) return
        throw error
      }
      if (entry !== Entry.series) return
      if (!isCreatedName(scout.seriesBytes, scout.nameStart, scout.nameEnd)) continue
      const time = Math.trunc(scout.numbers[0] * 1000)
      if (!Number.isSafeInteger(time)) return
      this.#key = scout.createdKey(scout.nameEnd - scout.nameStart - CREATED.length)
      this.#time = time
      return
    }
  }
}
