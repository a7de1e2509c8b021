import type { Timestamp } from '../../model/time.ts'
import { DamageError } from './damage.ts'
import { isUlid, type Ulid } from './ulid.ts'

export const META_FILE = 'meta.json'
const META_VERSION = 1

/** What a block is. docs/formats/blocks.md, meta.json. Source: Prometheus tsdb/block.go, BlockMeta. */
export interface BlockMeta {
  readonly ulid: Ulid
  /** Samples have `minTime` <= t < `maxTime`. */
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly stats: BlockStats
  readonly compaction: BlockCompaction
  /** What the file has besides, kept as it is. */
  readonly others: Readonly<Record<string, unknown>>
}

export interface BlockStats {
  readonly numSamples: number
  readonly numFloatSamples: number
  readonly numHistogramSamples: number
  readonly numSeries: number
  readonly numChunks: number
  readonly numTombstones: number
}

export interface BlockCompaction {
  readonly level: number
  readonly sources: readonly Ulid[]
  readonly parents: readonly BlockParent[]
  readonly deletable: boolean
  readonly failed: boolean
  readonly hints: readonly string[]
}

export interface BlockParent {
  readonly ulid: Ulid
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
}

/** What a meta.json says. Throws DamageError, naming `path`. */
export function parseMeta(text: string, path: string): BlockMeta {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new DamageError(path, 0, 'content', error instanceof Error ? error.message : 'something else', 'JSON')
  }
  const read = new FieldReader(path)
  const { ulid, minTime, maxTime, stats, compaction, version, ...others } = read.object(parsed, 'content')
  if (version !== META_VERSION) throw new DamageError(path, 0, 'version', JSON.stringify(version) ?? 'missing', META_VERSION)
  const statsFields = read.object(stats ?? {}, 'stats')
  const compactionFields = read.object(compaction ?? {}, 'compaction')
  const block: BlockMeta = {
    ulid: read.ulid(ulid, 'ulid'),
    minTime: read.integer(minTime, 'minTime'),
    maxTime: read.integer(maxTime, 'maxTime'),
    stats: {
      numSamples: read.count(statsFields.numSamples, 'stats.numSamples'),
      numFloatSamples: read.count(statsFields.numFloatSamples, 'stats.numFloatSamples'),
      numHistogramSamples: read.count(statsFields.numHistogramSamples, 'stats.numHistogramSamples'),
      numSeries: read.count(statsFields.numSeries, 'stats.numSeries'),
      numChunks: read.count(statsFields.numChunks, 'stats.numChunks'),
      numTombstones: read.count(statsFields.numTombstones, 'stats.numTombstones'),
    },
    compaction: {
      level: read.count(compactionFields.level, 'compaction.level'),
      sources: read.list(compactionFields.sources, 'compaction.sources').map((one) => read.ulid(one, 'compaction.sources')),
      parents: read.list(compactionFields.parents, 'compaction.parents').map((one) => {
        const parent = read.object(one, 'compaction.parents')
        return {
          ulid: read.ulid(parent.ulid, 'compaction.parents.ulid'),
          minTime: read.integer(parent.minTime, 'compaction.parents.minTime'),
          maxTime: read.integer(parent.maxTime, 'compaction.parents.maxTime'),
        }
      }),
      deletable: compactionFields.deletable === true,
      failed: compactionFields.failed === true,
      hints: read.list(compactionFields.hints, 'compaction.hints').map(String),
    },
    others,
  }
  if (block.minTime > block.maxTime) throw new DamageError(path, 0, 'minTime', block.minTime, `at most maxTime, ${block.maxTime}`)
  return block
}

/** The text of a meta.json, byte for byte as upstream writes it. */
export function formatMeta({ ulid, minTime, maxTime, stats, compaction, others }: BlockMeta): string {
  const { level, sources, parents, deletable, failed, hints } = compaction
  return JSON.stringify(
    {
      ulid,
      minTime,
      maxTime,
      stats: Object.fromEntries(Object.entries(stats).filter(([, count]) => count !== 0)),
      compaction: {
        level,
        ...(sources.length > 0 && { sources }),
        ...(deletable && { deletable }),
        ...(parents.length > 0 && { parents }),
        ...(failed && { failed }),
        ...(hints.length > 0 && { hints }),
      },
      version: META_VERSION,
      ...others,
    },
    undefined,
    '\t',
  )
}

class FieldReader {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  object(value: unknown, name: string): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#damage(name, value, 'an object')
    return value as Record<string, unknown>
  }

  list(value: unknown, name: string): readonly unknown[] {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) throw this.#damage(name, value, 'a list')
    return value
  }

  ulid(value: unknown, name: string): Ulid {
    if (typeof value !== 'string' || !isUlid(value)) throw this.#damage(name, value, 'a ULID')
    return value
  }

  integer(value: unknown, name: string): number {
    if (!Number.isSafeInteger(value)) throw this.#damage(name, value, 'an integer up to 2^53')
    return value as number
  }

  /** 0 where it is missing. */
  count(value: unknown, name: string): number {
    if (value === undefined) return 0
    const count = this.integer(value, name)
    if (count < 0) throw this.#damage(name, value, 'not negative')
    return count
  }

  #damage(name: string, found: unknown, wanted: string): DamageError {
    return new DamageError(this.#path, 0, name, found === undefined ? 'missing' : JSON.stringify(found).slice(0, 100), wanted)
  }
}
