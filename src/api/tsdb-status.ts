import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { formatMeta } from '../tsdb/block/block-meta.ts'
import type { NamedCount } from '../tsdb/cardinality.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { dataAnswer, JSON_HEADERS } from './json/envelope.ts'
import { jsonText } from './json/text.ts'
import { wholeNumber } from './parameters.ts'
import type { BlockData, NamedValue, TsdbBlocksData, TsdbData, WalReplayData } from './types/status.ts'

const LIMIT_DEFAULT = 10
/** Source: Prometheus docs/querying/api.md, "TSDB Stats", from 3.6 on. */
const LIMIT_MAX = 10_000

/** The times of a database without samples are the ends of Go's int64, which no number holds. */
const MIN_TIME_OF_NONE = '9223372036854775807'
const MAX_TIME_OF_NONE = '-9223372036854775808'

/** /api/v1/status/tsdb: which metrics, labels and values make the series. */
export async function tsdbStatus({ database }: ApiDeps, { form, signal }: RouteRequest): Promise<Answer> {
  const counts = await database.cardinality(listLimit(form.get('limit')), signal)
  const { chunkCount, minTime, maxTime } = database.stats()
  const data: TsdbData = {
    headStats: { numSeries: counts.seriesCount, numLabelPairs: counts.labelPairCount, chunkCount, minTime, maxTime },
    seriesCountByMetricName: counts.seriesByMetric.map(named),
    labelValueCountByLabelName: counts.valuesByLabel.map(named),
    memoryInBytesByLabelName: counts.bytesByLabel.map(named),
    seriesCountByLabelValuePair: counts.seriesByPair.map(named),
  }
  if (minTime <= maxTime) return dataAnswer(data)
  // JSON.stringify makes null of the infinities.
  const text = jsonText(data).replace('"minTime":null,"maxTime":null', `"minTime":${MIN_TIME_OF_NONE},"maxTime":${MAX_TIME_OF_NONE}`)
  return { status: 200, headers: JSON_HEADERS, body: Buffer.from(`{"status":"success","data":${text}}`) }
}

/** /api/v1/status/tsdb/blocks: what the blocks are, as their meta.json say it, and which of them cannot be read. Source: Prometheus web/api/v1/api.go (3.6), serveTSDBBlocks. */
export function tsdbBlocksStatus({ database }: ApiDeps): Answer {
  const leftOut = database.leftOutBlocks().map(({ directory, problem }) => ({ path: directory, error: problem }))
  const data: TsdbBlocksData = {
    blocks: database.blockMetas().map((meta) => JSON.parse(formatMeta(meta)) as BlockData),
    ...(leftOut.length > 0 && { leftOut }),
  }
  return dataAnswer(data)
}

/** Entries of a list of a status page. */
export function listLimit(text: string): number {
  if (text === '') return LIMIT_DEFAULT
  const limit = wholeNumber(text)
  if (limit === undefined || limit < 1) throw badData('limit must be a positive number')
  if (limit > LIMIT_MAX) throw badData(`limit must not exceed ${LIMIT_MAX}`)
  return limit
}

function named({ name, count }: NamedCount): NamedValue {
  return { name, value: count }
}

/** /api/v1/status/walreplay: how far the write-ahead log has been read. */
export function walReplayStatus({ database }: ApiDeps): Answer {
  const { segmentsDone, segmentsTotal, done } = database.replayStatus()
  const last = Math.max(0, segmentsTotal - 1)
  const data: WalReplayData = { min: 0, max: last, current: done ? last : Math.min(segmentsDone, last) }
  return dataAnswer(data)
}
