import type { QueryResult } from '../../promql/value.ts'

export const TRUNCATED = 'results truncated due to limit'

/** At most `limit` series of a result, with a warning when there were more; 0: all. */
export function truncated(result: QueryResult, limit: number): QueryResult {
  const { value } = result
  if (limit === 0) return result
  const warnings = [...result.warnings, TRUNCATED]
  if (value.type === 'vector' && value.samples.length > limit)
    return { ...result, warnings, value: { ...value, samples: value.samples.slice(0, limit) } }
  if (value.type === 'matrix' && value.series.length > limit)
    return { ...result, warnings, value: { ...value, series: value.series.slice(0, limit) } }
  return result
}
