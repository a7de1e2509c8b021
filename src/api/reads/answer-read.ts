import { parseMetricSelector } from '../../promql/parser/parse.ts'
import type { LabelRequest } from '../../storage/series-source.ts'
import { encodeQuery } from '../json/encode-query.ts'
import { encodeLabelSets, encodeTexts, JSON_CONTENT_TYPE, type Remarks } from '../json/envelope.ts'
import { federate } from './federated-page.ts'
import type { LabelNamesRead, LabelValuesRead, QueryRead, Read, ReadPlace, ReadResult, SeriesRead } from './read.ts'
import { selectLabelSets } from './select-label-sets.ts'
import { TRUNCATED, truncated } from './truncate.ts'
import { encodeInstant } from './vector-bytes.ts'
import { writeSeries } from './write-series.ts'

/** Answers a read. Throws CodedErrors for what is wrong with it, and what sources and the engine throw. */
export function answerRead(read: Read, place: ReadPlace): Promise<ReadResult> {
  switch (read.kind) {
    case 'query':
      return answerQuery(read, place)
    case 'series':
      return answerSeries(read, place)
    case 'labelNames':
    case 'labelValues':
      return answerLabels(read, place)
    case 'federate':
      return federate(read, place)
  }
}

async function answerQuery({ question, limit, stats, form }: QueryRead, place: ReadPlace): Promise<ReadResult> {
  const evaluated = await place.evaluate(question)
  const missing = place.missing()
  const { stats: cost } = evaluated
  if (form === 'bytes') return { contentType: 'application/octet-stream', body: [encodeInstant(evaluated.value, missing)], stats: cost }
  const result = { ...evaluated, warnings: [...evaluated.warnings, ...missing] }
  return { contentType: JSON_CONTENT_TYPE, body: encodeQuery(truncated(result, limit), { stats }), stats: result.stats }
}

async function answerSeries(read: SeriesRead, { source, context, missing }: ReadPlace): Promise<ReadResult> {
  const { selectors, limit } = read
  const matcherSets = selectors.map((text) => parseMetricSelector(text))
  if (matcherSets.length === 1) {
    const { minTime, maxTime } = read
    const request = { minTime, maxTime, matchers: matcherSets[0], countMax: limit === 0 ? Infinity : limit }
    const { list, isTruncated } = await writeSeries(source, request, context)
    return { contentType: JSON_CONTENT_TYPE, body: list.end(remarksOf(missing(), isTruncated)) }
  }
  const found = await selectLabelSets(source, { ...read, matcherSets, countMax: limit === 0 ? Infinity : limit + 1 }, context)
  return listOf(found, limit, missing(), encodeLabelSets)
}

async function answerLabels(read: LabelNamesRead | LabelValuesRead, { source, context, missing }: ReadPlace): Promise<ReadResult> {
  const { minTime, maxTime, selectors, limit } = read
  const matcherSets = selectors.map((text) => parseMetricSelector(text))
  // One more than asked for tells whether something was cut off.
  const request: LabelRequest = { minTime, maxTime, matcherSets, limit: limit === 0 ? 0 : limit + 1 }
  const names = async () => {
    if (minTime > maxTime) return []
    return read.kind === 'labelNames' ? source.labelNames(request, context) : source.labelValues(read.name, request, context)
  }
  return listOf(await names(), limit, missing(), encodeTexts)
}

function listOf<T>(
  found: readonly T[],
  limit: number,
  missing: readonly string[],
  encode: (shown: readonly T[], remarks: Remarks) => Iterable<Uint8Array>,
): ReadResult {
  const isTruncated = limit > 0 && found.length > limit
  const shown = isTruncated ? found.slice(0, limit) : found
  return { contentType: JSON_CONTENT_TYPE, body: encode(shown, remarksOf(missing, isTruncated)) }
}

function remarksOf(missing: readonly string[], isTruncated: boolean): Remarks {
  const warnings = [...missing, ...(isTruncated ? [TRUNCATED] : [])]
  return warnings.length > 0 ? { warnings } : {}
}
