// Source: Prometheus prompb/types.proto (MetricMetadata). Suffixes of families: OpenMetrics 1.0; the text format.

import { METRIC_TYPES, type Metadata, type MetricType } from '../model/metadata.ts'
import type { MessageShape, WireReader } from './wire-reader.ts'

const TYPE = 0x08
const NAME = 0x12
const HELP = 0x22
const UNIT = 0x2a

const SHAPE: MessageShape = { name: 'MetricMetadata', fields: { 1: 'Type', 2: 'MetricFamilyName', 4: 'Help', 5: 'Unit' } }

/** Names of series that belong to a family of another name. */
const SUFFIXES = ['_bucket', '_sum', '_count', '_total', '_created', '_gsum', '_gcount', '_info']

/** Texts that are remembered, in characters. What comes then is forgotten. */
const LENGTH_MAX = 32 * 1024 * 1024
/** What an entry takes beside its texts, in their characters: a million names of a few letters must not cost more than long texts. */
const ENTRY_LENGTH = 200

/** The type of a number, in both versions; one that has none is unknown. */
export function metricType(sent: number): MetricType {
  return METRIC_TYPES[sent] ?? 'unknown'
}

/** What senders of 1.0 say about metrics, by name of the metric: they say it in requests of their own, without series. */
export class MetricMetadata {
  readonly #byName = new Map<string, Metadata>()
  #length = 0

  get size(): number {
    return this.#byName.size
  }

  /** Reads one of them from the reader's position up to `end` and keeps it. Whether the metric was not known before. */
  read(reader: WireReader, end: number): boolean {
    let type = 0
    let name = ''
    let help = ''
    let unit = ''
    while (reader.position < end && reader.fault === undefined) {
      const tag = reader.varint(end)
      if (tag === TYPE) type = reader.varint(end)
      else if (tag === NAME) name = reader.text(end)
      else if (tag === HELP) help = reader.text(end)
      else if (tag === UNIT) unit = reader.text(end)
      else reader.skip(tag, end, SHAPE)
    }
    if (reader.fault !== undefined || name === '') return false
    const before = this.#byName.get(name)
    const metadata: Metadata = { type: metricType(type), unit, help }
    const length = this.#length - lengthOf(name, before) + lengthOf(name, metadata)
    if (length > LENGTH_MAX) return false
    this.#length = length
    this.#byName.set(name, metadata)
    return before === undefined
  }

  /** What is known about the metric of a series. */
  of(seriesName: string): Metadata | undefined {
    const whole = this.#byName.get(seriesName)
    if (whole !== undefined || this.#byName.size === 0) return whole
    const suffix = SUFFIXES.find((text) => seriesName.endsWith(text))
    return suffix === undefined ? undefined : this.#byName.get(seriesName.slice(0, -suffix.length))
  }
}

function lengthOf(name: string, metadata: Metadata | undefined): number {
  return metadata === undefined ? 0 : ENTRY_LENGTH + name.length + metadata.help.length + metadata.unit.length
}
