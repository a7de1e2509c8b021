import type { SelectRequest } from '../../storage/series-source.ts'
import type { KeptSelection } from './kept-selection.ts'
import type { Window } from './window.ts'

/** Longer keys are of selections that nobody asks twice. */
const KEY_LENGTH_MAX = 4096

interface Entry {
  readonly kept: KeptSelection
  readonly ordinals: readonly number[]
}

/**
 * Selections that were found in windows, for those who ask for the same series again and again, as dashboards and rules do: which series they
 * are, never what samples these have. What was not asked for longest goes first.
 */
export class SelectionCache {
  readonly #bytesMax: number
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What is selected of windows, if that is known. */
  find(key: string, windows: readonly Window[]): KeptSelection | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.kept.isWhole(windows)) {
      this.#entries.set(key, entry)
      return entry.kept
    }
    this.#bytes -= sizeOf(key, entry.kept.bytes)
    return undefined
  }

  /** Whether it would keep as much. */
  takes(key: string, bytes: number): boolean {
    return key.length <= KEY_LENGTH_MAX && 2 * sizeOf(key, bytes) <= this.#bytesMax
  }

  keep(key: string, windows: readonly Window[], kept: KeptSelection): void {
    this.#forget(key)
    if (!this.takes(key, kept.bytes)) return
    this.#entries.set(key, { kept, ordinals: windows.map(({ ordinal }) => ordinal) })
    this.#bytes += sizeOf(key, kept.bytes)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#forget(oldest)
    }
  }

  /** Forgets what was selected of windows that are not among these. */
  keepWindows(ordinals: readonly number[]): void {
    for (const [key, entry] of this.#entries) if (!entry.ordinals.every((one) => ordinals.includes(one))) this.#forget(key)
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#bytes -= sizeOf(key, entry.kept.bytes)
    this.#entries.delete(key)
  }
}

/** With the key, which is a text of one byte a character but where a matcher has others. */
function sizeOf(key: string, keptBytes: number): number {
  return 2 * key.length + keptBytes
}

/** The same for requests that select the same series of the same windows, in the same order and with the same labels. */
export function selectionKey(windows: readonly Window[], { matchers, hints, labelRange }: SelectRequest): string {
  const conditions = matchers.map(({ name, operator, value }) => [name, operator, value])
  return JSON.stringify([windows.map(({ ordinal }) => ordinal), conditions, hints?.labelNames, hints?.anyOrder, labelRange])
}
