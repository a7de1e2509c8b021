import { ChunkWriter } from '../../base/chunk-writer.ts'
import { formatFloatText } from '../../exposition/float.ts'
import { quoted, typeLine } from '../../exposition/text-writer.ts'
import { compareStrings, isLegacyLabelName, isLegacyMetricName, type Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'

/**
 * The page of /federate in the text format, written while the series come: of each nothing is held but its line. Only for series that come in
 * order of their names, as they nearly always do, with names of the old alphabet. Earned by `npm run prove federate`.
 */
export class FederatedText {
  readonly #writer = new ChunkWriter()
  /** Flat pairs of what series get that do not have it: external labels, and an empty instance. */
  readonly #added: readonly string[]
  readonly #knownNames = new Set<string>()
  #name = ''

  constructor(added: readonly (readonly [string, string])[]) {
    this.#added = added.flat()
  }

  /** False: the series is none for this page, which is then of no use. */
  add(labels: Labels, t: Timestamp, v: number): boolean {
    const { pairs } = labels
    if (pairs[0] !== METRIC_NAME) return false
    const name = pairs[1]
    let line = ''
    if (name !== this.#name) {
      if (!isLegacyMetricName(name) || compareStrings(this.#name, name) > 0) return false
      this.#name = name
      line = typeLine(name, 'untyped')
    }
    line += `${name}{`
    for (let i = 2; i < pairs.length; i += 2) {
      if (!this.#isKnown(pairs[i])) return false
      line += `${i > 2 ? ',' : ''}${pairs[i]}=${quoted(pairs[i + 1])}`
    }
    let isFirst = pairs.length === 2
    for (let i = 0; i < this.#added.length; i += 2) {
      if (labels.has(this.#added[i])) continue
      line += `${isFirst ? '' : ','}${this.#added[i]}=${quoted(this.#added[i + 1])}`
      isFirst = false
    }
    // Upstream writes both zeros as 0 here. Without an instance of its own a series has an empty one: braces are never empty.
    this.#writer.text(`${line}} ${formatFloatText(v === 0 ? 0 : v)} ${t}\n`)
    return true
  }

  end(): readonly Uint8Array[] {
    return [...this.#writer.take(), ...this.#writer.end()]
  }

  #isKnown(name: string): boolean {
    if (this.#knownNames.has(name)) return true
    if (!isLegacyLabelName(name)) return false
    if (this.#knownNames.size < 1000) this.#knownNames.add(name)
    return true
  }
}
