// Source: Prometheus prompb/remote.proto; docs/protocols/remote-read.md has the layout.

import { Matcher, type MatchOperator } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import type { SelectHints } from '../../storage/series-source.ts'
import { type MessageShape, WireReader } from '../wire-reader.ts'
import { WireWriter } from '../write/wire-writer.ts'

/** What is no request, or one that cannot be answered. */
export class ReadRequestFault extends Error {}

export const ResponseType = { samples: 0, streamedChunks: 1 } as const
type ResponseType = (typeof ResponseType)[keyof typeof ResponseType]

export interface ReadQuery {
  /** Both inclusive. */
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly matchers: readonly Matcher[]
  readonly hints: SelectHints
}

export interface ReadRequest {
  readonly queries: readonly ReadQuery[]
  /** Numbers of upstream's enumeration, the most wanted first. */
  readonly accepted: readonly number[]
}

const OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~']

const REQUEST: MessageShape = { name: 'ReadRequest', fields: { 1: 'Queries', 2: 'AcceptedResponseTypes' } }
const QUERY: MessageShape = { name: 'Query', fields: { 1: 'StartTimestampMs', 2: 'EndTimestampMs', 3: 'Matchers', 4: 'Hints' } }
const MATCHER: MessageShape = { name: 'LabelMatcher', fields: { 1: 'Type', 2: 'Name', 3: 'Value' } }
const HINTS: MessageShape = {
  name: 'ReadHints',
  fields: { 1: 'StepMs', 2: 'Func', 3: 'StartMs', 4: 'EndMs', 5: 'Grouping', 6: 'By', 7: 'RangeMs' },
}

/** Queries and matchers in one request, whatever its size. */
const QUERIES_MAX = 10_000
const MATCHERS_MAX = 100_000
/** Response types that are looked at: an answer says which they were. */
const ACCEPTED_MAX = 100

/** Throws ReadRequestFault. */
export function decodeReadRequest(bytes: Uint8Array): ReadRequest {
  const reader = new WireReader()
  reader.open(bytes)
  const end = bytes.length
  const queries: ReadQuery[] = []
  const accepted: number[] = []
  let matcherCount = 0
  const accept = (type: number) => {
    if (accepted.length < ACCEPTED_MAX) accepted.push(type)
  }
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x0a) {
      const query = decodeQuery(reader, reader.fieldEnd(end))
      matcherCount += query.matchers.length
      queries.push(query)
      if (queries.length > QUERIES_MAX || matcherCount > MATCHERS_MAX)
        throw new ReadRequestFault('request has too many queries or matchers')
    } else if (tag === 0x12) {
      const runEnd = reader.fieldEnd(end)
      while (reader.position < runEnd && reader.fault === undefined) accept(reader.varint(runEnd))
    } else if (tag === 0x10) accept(reader.varint(end))
    else reader.skip(tag, end, REQUEST)
  }
  check(reader)
  return { queries, accepted }
}

function decodeQuery(reader: WireReader, end: number): ReadQuery {
  let [minTime, maxTime] = [0, 0]
  const matchers: Matcher[] = []
  let hints: SelectHints = {}
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x08) minTime = reader.int64(end)
    else if (tag === 0x10) maxTime = reader.int64(end)
    else if (tag === 0x1a) matchers.push(decodeMatcher(reader, reader.fieldEnd(end)))
    else if (tag === 0x22) hints = decodeHints(reader, reader.fieldEnd(end))
    else reader.skip(tag, end, QUERY)
  }
  return { minTime, maxTime, matchers, hints }
}

function decodeMatcher(reader: WireReader, end: number): Matcher {
  let [type, name, value] = [0, '', '']
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x08) type = reader.varint(end)
    else if (tag === 0x12) name = reader.text(end)
    else if (tag === 0x1a) value = reader.text(end)
    else reader.skip(tag, end, MATCHER)
  }
  check(reader)
  const operator = OPERATORS[type]
  if (operator === undefined) throw new ReadRequestFault('invalid matcher type')
  try {
    return new Matcher(operator, name, value)
  } catch (cause) {
    throw new ReadRequestFault((cause as Error).message, { cause })
  }
}

/** Of the times the query's own count. */
function decodeHints(reader: WireReader, end: number): SelectHints {
  let [stepMs, rangeMs, func, by] = [0, 0, '', false]
  const grouping: string[] = []
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === 0x08) stepMs = reader.int64(end)
    else if (tag === 0x12) func = reader.text(end)
    else if (tag === 0x18 || tag === 0x20) reader.int64(end)
    else if (tag === 0x2a) grouping.push(reader.text(end))
    else if (tag === 0x30) by = reader.varint(end) !== 0
    else if (tag === 0x38) rangeMs = reader.int64(end)
    else reader.skip(tag, end, HINTS)
  }
  return { func, stepMs, rangeMs, grouping, by }
}

function check(reader: WireReader): void {
  if (reader.fault !== undefined) throw new ReadRequestFault(reader.fault)
}

/** The first that is accepted and known; samples where nothing is said. Throws ReadRequestFault. Source: codec.go, NegotiateResponseType. */
export function responseType(accepted: readonly number[]): ResponseType {
  if (accepted.length === 0) return ResponseType.samples
  for (const type of accepted) if (type === ResponseType.samples || type === ResponseType.streamedChunks) return type
  throw new ReadRequestFault(
    `server does not support any of the requested response types: [${accepted.join(' ')}]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]`,
  )
}

/** A request of one query that takes streamed chunks, and samples as well. */
export function encodeReadRequest({ minTime, maxTime, matchers, hints }: ReadQuery): Uint8Array {
  const writer = new WireWriter()
  const text = (tag: number, value: string) => {
    const bytes = Buffer.from(value)
    writer.reserve(bytes.length + 16)
    writer.byte(tag)
    writer.varint(bytes.length)
    writer.copy(bytes, 0, bytes.length)
  }
  const message = (tag: number, write: () => void) => {
    writer.reserve(128)
    writer.byte(tag)
    const start = writer.length++
    write()
    writer.closeLength(start)
  }
  const number = (tag: number, value: number) => {
    writer.reserve(16)
    writer.byte(tag)
    writer.int64(value)
  }
  message(0x0a, () => {
    number(0x08, minTime)
    number(0x10, maxTime)
    for (const matcher of matchers) {
      message(0x1a, () => {
        number(0x08, OPERATORS.indexOf(matcher.operator))
        text(0x12, matcher.name)
        text(0x1a, matcher.value)
      })
    }
    message(0x22, () => {
      number(0x08, hints.stepMs ?? 0)
      if (hints.func) text(0x12, hints.func)
      number(0x18, minTime)
      number(0x20, maxTime)
      for (const name of hints.grouping ?? []) text(0x2a, name)
      if (hints.by) number(0x30, 1)
      number(0x38, hints.rangeMs ?? 0)
    })
  })
  writer.reserve(8)
  writer.byte(0x12)
  writer.varint(2)
  writer.byte(ResponseType.streamedChunks)
  writer.byte(ResponseType.samples)
  return writer.bytes.slice(0, writer.length)
}
