import type { Timestamp } from '../../model/time.ts'
import type { HeldSamples } from '../wal/replay.ts'

/** Numbers that one call looks at: this is asked right after a start, and code that is called often is compiled sooner than code that loops long. */
const STRIDE = 2048

/** Samples of the log that were read and come into the windows in turn; those of a series come at once where somebody asks for it. */
export class UnappliedSamples {
  readonly #held: HeldSamples

  constructor(held: HeldSamples) {
    this.#held = held
  }

  /** No sample is older. */
  get minTime(): Timestamp {
    return this.#held.minTime
  }

  /** Applies what the series of some slots have here; by slot: 1 where it is wanted. */
  applyOf(isWanted: Uint8Array): void {
    const { refs } = this.#held
    const numbers: number[] = []
    for (let from = 0; from < refs.length; from += STRIDE) addWanted(refs, from, Math.min(refs.length, from + STRIDE), isWanted, numbers)
    this.#held.applyOf(numbers)
  }
}

/** Adds the numbers from `from` up to, not including, `to` whose slots are wanted; several may be of one slot. */
function addWanted(refs: Float64Array, from: number, to: number, isWanted: Uint8Array, numbers: number[]): void {
  for (let number = from; number < to; number++) {
    const known = refs[number]
    if (known !== 0 && isWanted[(known - 1) >>> 0] === 1) numbers.push(number)
  }
}
