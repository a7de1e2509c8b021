import { type Labels, LabelsBuilder } from '../../model/labels.ts'
import { METRIC_TYPES, type Metadata } from '../../model/metadata.ts'
import { type RelabelConfig, relabelBuilder } from '../../model/relabel.ts'
import { grown, SymbolBytes } from './symbol-bytes.ts'

/** What is done to labels on their way out. */
export interface Relabeling {
  readonly externalLabels: Labels
  readonly steps: readonly RelabelConfig[]
}

/** What becomes of the samples of a series. */
export const SeriesFate = { unknown: 0, dropped: 1, sent: 2 } as const

/**
 * The series of one segment of the log as one destination sees them: by their number in the segment, with the labels that leave. Columns and
 * bytes, no object a series.
 */
export class OutgoingSeries {
  readonly segment: number
  readonly symbols = new SymbolBytes()
  readonly #relabeling: Relabeling
  readonly #builder: LabelsBuilderOf
  fates = new Uint8Array(1024)
  /** What a shard is chosen by: of the labels in the log, and the same in every process. */
  hashes = new Uint32Array(1024)
  /** Where the references of a series begin in `refs`; how many there are. */
  refStarts = new Uint32Array(1024)
  refCounts = new Uint32Array(1024)
  /** Symbols of label names and values. */
  refs = new Uint32Array(16 * 1024)
  #refCount = 0
  /** Number of metadata, 0: none is known. */
  metadata = new Uint32Array(1024)
  /** By number: type, help, unit. */
  readonly described: { readonly type: number; readonly help: number; readonly unit: number }[] = [{ type: 0, help: 0, unit: 0 }]
  readonly #metadataNumbers = new Map<string, number>()
  /** The batch that has the newest sample of a series, by its number. */
  lastBatches = new Uint32Array(1024)
  /** Scratch of who encodes a batch, by series: see `encode-batch.ts`. */
  stamps = new Uint32Array(1024)
  heads = new Uint32Array(1024)
  stamp = 0

  constructor(segment: number, relabeling: Relabeling) {
    this.segment = segment
    this.#relabeling = relabeling
    this.#builder = builderOf(relabeling.externalLabels)
  }

  add(number: number, labels: Labels): void {
    while (number >= this.fates.length) this.#grow()
    this.hashes[number] = shardHash(labels)
    const sent = this.#relabeled(labels)
    if (sent === undefined) {
      this.fates[number] = SeriesFate.dropped
      return
    }
    const { pairs } = sent
    while (this.#refCount + pairs.length > this.refs.length) this.refs = grown(this.refs)
    this.refStarts[number] = this.#refCount
    this.refCounts[number] = pairs.length
    for (const text of pairs) this.refs[this.#refCount++] = this.symbols.add(text)
    this.fates[number] = SeriesFate.sent
  }

  describe(number: number, { type, help, unit }: Metadata): void {
    if (number >= this.fates.length) return
    const key = `${type}\xff${unit}\xff${help}`
    let known = this.#metadataNumbers.get(key)
    if (known === undefined) {
      known = this.described.length
      this.#metadataNumbers.set(key, known)
      this.described.push({ type: METRIC_TYPES.indexOf(type), help: this.symbols.add(help), unit: this.symbols.add(unit) })
    }
    this.metadata[number] = known
  }

  fate(number: number): number {
    return number < this.fates.length ? this.fates[number] : SeriesFate.unknown
  }

  /** Undefined: nothing of it is sent. Source: Prometheus storage/remote/queue_manager.go, StoreSeries. */
  #relabeled(labels: Labels): Labels | undefined {
    const { steps } = this.#relabeling
    const withExternal = this.#builder(labels)
    if (steps.length === 0) return withExternal
    const builder = new LabelsBuilder(withExternal)
    if (!relabelBuilder(builder, steps)) return undefined
    const sent = builder.labels()
    return sent.size === 0 ? undefined : sent
  }

  #grow(): void {
    const fates = new Uint8Array(2 * this.fates.length)
    fates.set(this.fates)
    this.fates = fates
    this.hashes = grown(this.hashes)
    this.refStarts = grown(this.refStarts)
    this.refCounts = grown(this.refCounts)
    this.metadata = grown(this.metadata)
    this.lastBatches = grown(this.lastBatches)
    this.stamps = grown(this.stamps)
    this.heads = grown(this.heads)
  }
}

type LabelsBuilderOf = (labels: Labels) => Labels

/** Adds external labels where a series has none of the name. */
function builderOf(external: Labels): LabelsBuilderOf {
  if (external.size === 0) return (labels) => labels
  const pairs = Object.entries(external.toObject())
  return (labels) => {
    const builder = new LabelsBuilder(labels)
    for (const [name, value] of pairs) if (!labels.has(name)) builder.set(name, value)
    return builder.labels()
  }
}

/** 32 bits. Cursors on disk rely on it: another hash needs another `version` of theirs. */
export function shardHash({ pairs }: Labels): number {
  let hash = 0x811c9dc5
  for (const text of pairs) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ 0xff, 0x01000193)
  }
  return (hash ^ (hash >>> 15)) >>> 0
}
