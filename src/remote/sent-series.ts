import type { Labels } from '../model/labels.ts'
import { metricType } from './metric-metadata.ts'
import type { WireReader } from './wire-reader.ts'
import type { WriteColumns } from './write-columns.ts'
import { faultOfRefs, parseLabelFields, resolveLabelRefs, sizeOfRefs, upstreamText } from './write-labels.ts'
import type { WriteSymbols } from './write-symbols.ts'

/** Labels and metadata of series that are not known, spelled out, in one request of 2.0: a few symbols may be named very often. */
const SPELLED_BYTES_MAX = 32 * 1024 * 1024
/** Of a series with wrong references, this many are shown. */
const SHOWN_REFS_MAX = 1000

/** Source: Prometheus schema/labels.go. */
const TYPE_LABEL = '__type__'
const UNIT_LABEL = '__unit__'

/** A decoded request, as far as it says what its series are. */
export interface SentSeriesSource {
  readonly reader: WireReader
  readonly columns: WriteColumns
  readonly symbols: WriteSymbols
  /** Whether type and unit of a metric of 2.0 are labels of its series. */
  readonly typeAndUnitLabels: boolean
}

/** What one series of a decoded request is, in words: made when it is new, or something is wrong with it. */
export class SentSeries {
  readonly #source: SentSeriesSource
  readonly #isV2: boolean
  #spelledBytes = 0
  /** Which series of the request it is. */
  index = 0

  constructor(version: 1 | 2, source: SentSeriesSource) {
    this.#isV2 = version === 2
    this.#source = source
  }

  /** Whether there is room for some more bytes of texts; they count from now on. */
  maySpell(sizeBytes: number): boolean {
    this.#spelledBytes += sizeBytes
    return this.#spelledBytes <= SPELLED_BYTES_MAX
  }

  /** 2.0: where its references begin. */
  get refsStart(): number {
    return this.index === 0 ? 0 : this.#source.columns.labelRefsEnd[this.index - 1]
  }

  /** 2.0: where they end, exclusive. */
  get refsEnd(): number {
    return this.#source.columns.labelRefsEnd[this.index]
  }

  /** Its labels as upstream prints them, or what is wrong with them. */
  text(): string {
    const labels = this.labels()
    return typeof labels === 'string' ? labels : upstreamText(labels.pairs)
  }

  /** Its labels, or what is wrong with them. */
  labels(): Labels | string {
    const { columns, reader, symbols } = this.#source
    const series = this.index
    if (!this.#isV2) return parseLabelFields(reader, columns.labelsStart[series], columns.labelsEnd[series], 'series')
    const [start, end] = [this.refsStart, this.refsEnd]
    const fault = faultOfRefs(symbols, columns.labelRefs, start, end)
    if (fault !== undefined) return fault
    if (!this.maySpell(sizeOfRefs(symbols, columns.labelRefs, start, end)))
      return `labels of new series have more than ${SPELLED_BYTES_MAX} bytes in one request`
    const labels = resolveLabelRefs(symbols, columns.labelRefs, start, end, 'series')
    if (typeof labels === 'string' || !this.#hasTypeOrUnit()) return labels
    const type = metricType(columns.metricType[series])
    const unit = this.symbolBytes(columns.unitRef[series]) === 0 ? '' : symbols.text(columns.unitRef[series])
    return labels.with({ [TYPE_LABEL]: type === 'unknown' ? '' : type, [UNIT_LABEL]: unit })
  }

  /** What is wrong with the references of its metadata. */
  metadataFault(): string | undefined {
    const { columns, symbols } = this.#source
    const [helpRef, unitRef] = [columns.helpRef[this.index], columns.unitRef[this.index]]
    if (helpRef !== 0 && helpRef >= symbols.count) return `help_ref ${helpRef} outside of symbols table (size ${symbols.count})`
    if (unitRef !== 0 && unitRef >= symbols.count) return `unit_ref ${unitRef} outside of symbols table (size ${symbols.count})`
    return undefined
  }

  /** Without metadata the references are 0, also when there are no symbols. */
  symbolBytes(ref: number): number {
    return ref < this.#source.symbols.count ? this.#source.symbols.sizeBytes(ref) : 0
  }

  #hasTypeOrUnit(): boolean {
    const { columns, typeAndUnitLabels } = this.#source
    return typeAndUnitLabels && (columns.metricType[this.index] !== 0 || this.symbolBytes(columns.unitRef[this.index]) > 0)
  }

  /** What tells series apart beside the labels that were sent. */
  typeAndUnitSalt(): number {
    if (!this.#hasTypeOrUnit()) return 0
    const { columns, symbols } = this.#source
    const unitRef = columns.unitRef[this.index]
    return Math.imul(columns.metricType[this.index] + 1, 0x9e3779b1) ^ (unitRef < symbols.count ? symbols.hashes[unitRef * 4] : 0)
  }

  /** References as Go prints them. */
  refsText(): string {
    const refs = this.#source.columns.labelRefs.subarray(this.refsStart, this.refsEnd)
    return refs.length <= SHOWN_REFS_MAX ? `[${refs.join(' ')}]` : `[${refs.subarray(0, SHOWN_REFS_MAX).join(' ')} …]`
  }
}
