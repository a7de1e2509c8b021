import type { RestOfLog } from '../wal/replay.ts'

/** Numbers that one call looks at: this is asked right after a start, and code that is called often is compiled sooner than code that loops long. */
const STRIDE = 2048

/** Samples of the log that come into the windows in turn; those of a series come at once where somebody asks for it. */
export class UnappliedSamples {
  readonly #rest: RestOfLog

  constructor(rest: RestOfLog) {
    this.#rest = rest
  }

  /** Applies what the series of some slots have here; by slot: 1 where it is wanted. False, and nothing is done: see `RestOfLog`. */
  async bring(isWanted: Uint8Array): Promise<boolean> {
    const { refs } = this.#rest
    const numbers: number[] = []
    for (let from = 0; from < refs.length; from += STRIDE) addWanted(refs, from, Math.min(refs.length, from + STRIDE), isWanted, numbers)
    return this.#rest.bring(numbers)
  }
}

/** Adds the numbers from `from` up to, not including, `to` whose slots are wanted; several may be of one slot. */
function addWanted(refs: Float64Array, from: number, to: number, isWanted: Uint8Array, numbers: number[]): void {
  for (let number = from; number < to; number++) {
    const known = refs[number]
    if (known !== 0 && isWanted[(known - 1) >>> 0] === 1) numbers.push(number)
  }
}
