import { CodedError } from '../../base/errors.ts'
import type { PositionRange } from './ast.ts'

/** A query that does not parse or type-check. `message` is upstream's: `line:column: parse error: what`. */
export class ParseError extends CodedError {
  /** Bytes of UTF-8. */
  readonly range: PositionRange

  constructor(query: string, range: PositionRange, what: string, options?: ErrorOptions) {
    super('bad_data', `${position(query, range.start)}: parse error: ${what}`, options)
    this.name = 'ParseError'
    this.range = range
  }
}

/** A query that uses what upstream has behind a feature flag, where that is not enabled. */
export class FeatureError extends ParseError {
  /** The name of the flag, as `--enable-feature` takes it. */
  readonly feature: string

  constructor(query: string, range: PositionRange, what: string, feature: string) {
    super(query, range, what)
    this.name = 'FeatureError'
    this.feature = feature
  }
}

/** `line:column`, both from 1, the column in bytes. Source: Prometheus promql/parser/posrange, StartPosInput. */
function position(query: string, start: number): string {
  if (query === '') return 'unknown position'
  const before = Buffer.from(query).subarray(0, start)
  let line = 1
  let lineStart = 0
  for (let i = 0; i < before.length; i++) {
    if (before[i] !== 0x0a) continue
    line++
    lineStart = i + 1
  }
  return `${line}:${start - lineStart + 1}`
}
