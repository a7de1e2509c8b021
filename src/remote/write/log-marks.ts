import type { LogPlace } from '../../storage/log-reader.ts'

interface Mark {
  readonly sequence: number
  readonly place: LogPlace
}

/**
 * Where in the log entries stand that were read, by how many were read before them. A mark for every record of which something is still to be
 * sent, and none for those before.
 */
export class LogMarks {
  readonly #marks: Mark[] = []
  /** Before it nothing counts any more. */
  #first = 0

  /** What is read from now on stands there. */
  add(sequence: number, place: LogPlace): void {
    const last = this.#marks.at(-1)
    if (last !== undefined && last.sequence === sequence && this.#marks.length > this.#first) this.#marks.pop()
    this.#marks.push({ sequence, place })
  }

  /** Where the entry stands that was read after so many. */
  place(sequence: number): LogPlace {
    let low = this.#first
    let high = this.#marks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#marks[middle].sequence <= sequence) low = middle
      else high = middle - 1
    }
    const { sequence: from, place } = this.#marks[low]
    return sequence === from ? place : { ...place, entry: place.entry + sequence - from }
  }

  /** Nobody asks for what was read before it any more. */
  forgetBefore(sequence: number): void {
    while (this.#first + 1 < this.#marks.length && this.#marks[this.#first + 1].sequence <= sequence) this.#first++
    if (this.#first < 1024) return
    this.#marks.splice(0, this.#first)
    this.#first = 0
  }
}

/** Whether an entry stands before a place. */
export function isBefore(place: LogPlace, other: LogPlace): boolean {
  if (place.segment !== other.segment) return place.segment < other.segment
  return place.offset !== other.offset ? place.offset < other.offset : place.entry < other.entry
}
