// Any bytes given to the remote write receiver: an answer, in bounded time, and never anything else. Used by its test and by `npm run prove`.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Env } from '../../src/base/env.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { WriteReceiver } from '../../src/remote/write-receiver.ts'
import type { Appendable } from '../../src/storage/appender.ts'
import { MemoryAppendable } from './memory-appendable.ts'
import { messageV1, messageV2, snappyBlock, V1, V2 } from './write-requests.ts'

/** What the receiver is given: a body of either version. */
export interface FuzzedRequest {
  readonly version: 1 | 2
  readonly body: Uint8Array
}

/** A receiver that takes one body after the other, as a server does; into `appendable`, or into memory. */
export class FuzzedReceiver {
  readonly #receiver: WriteReceiver

  constructor(env: Env = virtualEnv(), appendable: Appendable = new MemoryAppendable()) {
    this.#receiver = new WriteReceiver({ env, appendable, zeroSamples: true })
  }

  /** Throws when the answer is none that a sender understands, or when it took longer than `timeoutMs`. Returns the status. */
  async check({ version, body }: FuzzedRequest, timeoutMs = 20_000): Promise<number> {
    const start = performance.now()
    const { status, text, headers } = await this.#receiver.receive({
      contentType: version === 1 ? V1 : V2,
      contentEncoding: 'snappy',
      body,
    })
    const tookMs = performance.now() - start
    assert.ok(status === 204 || status === 400, `status ${status}: ${text}`)
    assert.equal(text === undefined, status === 204)
    assert.ok(text === undefined || (text.length > 0 && text.length < 2 ** 18), `text of ${text?.length} characters`)
    for (const [name, value] of Object.entries(headers)) assert.match(`${name}: ${value}`, /^x-prometheus-remote-write-\w+-written: \d+$/)
    assert.ok(tookMs < timeoutMs, `took ${tookMs} ms`)
    return status
  }
}

const now = virtualEnv().clock.now()
const text = fc.oneof(fc.constantFrom('', '__name__', 'a', 'job', 'le', 'trace_id'), fc.string({ maxLength: 12, unit: 'binary' }))
const labels = fc.array(fc.tuple(text, text), { maxLength: 5 })
const t = fc.oneof(fc.integer({ min: now - 5, max: now + 5 }), fc.constantFrom(0, 1, -1, now + 10 ** 9, -(2 ** 52), 2 ** 53 - 1))
const spans = fc.array(fc.tuple(fc.integer({ min: -3, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 5 })), { maxLength: 3 })
/** Its parts agree. */
const goodHistogram = fc
  .record({
    t,
    schema: fc.integer({ min: -4, max: 12 }),
    counts: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 8 }),
    offset: fc.integer({ min: -9, max: 9 }),
    isFloat: fc.boolean(),
  })
  .map(({ counts, offset, isFloat, ...rest }) => ({
    ...rest,
    isFloat,
    count: counts.reduce((sum, count) => sum + count, 0),
    sum: 1.5,
    positiveSpans: [[offset, counts.length]] as [number, number][],
    positive: isFloat ? counts : counts.map((count, i) => count - (counts[i - 1] ?? 0)),
  }))
const anyHistogram = fc.record(
  {
    t,
    startTime: t,
    count: fc.nat(),
    isFloat: fc.boolean(),
    sum: fc.oneof(fc.double(), fc.constant('stale' as const)),
    schema: fc.integer({ min: -60, max: 60 }),
    zeroThreshold: fc.double(),
    zeroCount: fc.nat(),
    positiveSpans: spans,
    positive: fc.array(fc.integer(), { maxLength: 6 }),
    negativeSpans: spans,
    negative: fc.array(fc.integer(), { maxLength: 6 }),
    hint: fc.nat({ max: 9 }),
    customValues: fc.array(fc.double(), { maxLength: 4 }),
  },
  { requiredKeys: [] },
)
const histogram = fc.oneof(goodHistogram, anyHistogram)
const series = fc.record(
  {
    labels,
    samples: fc.array(fc.tuple(t, fc.oneof(fc.double(), fc.constant('stale' as const)), t), { maxLength: 4 }),
    histograms: fc.array(histogram, { maxLength: 2 }),
    exemplars: fc.array(fc.record({ labels, value: fc.double(), t }), { maxLength: 2 }),
    metadata: fc.record({ type: fc.nat({ max: 9 }), help: text, unit: text }),
    createdTime: t,
    refs: fc.option(fc.array(fc.nat({ max: 30 }), { maxLength: 6 }), { nil: undefined, freq: 1 }),
    helpRef: fc.option(fc.nat({ max: 30 }), { nil: undefined, freq: 1 }),
  },
  { requiredKeys: ['labels'] },
)
const message = fc
  .tuple(fc.constantFrom(1 as const, 2 as const), fc.array(series, { maxLength: 6 }))
  .map(([version, all]) => ({ version, bytes: version === 1 ? messageV1(all) : messageV2(all) }))

/** Bytes written over a message here and there, or its end cut off. */
const damage = fc.record({ edits: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }), cut: fc.option(fc.nat()) })

function damaged(bytes: Uint8Array, { edits, cut }: { edits: [number, number][]; cut: number | null }): Buffer {
  const out = Buffer.from(bytes)
  if (out.length > 0) for (const [at, byte] of edits) out[at % out.length] = byte
  return cut === null || out.length === 0 ? out : out.subarray(0, cut % out.length)
}

/** Requests from well-formed to nonsense: whole, damaged before compression, damaged after it, and bytes at random. */
export const fuzzedRequests: fc.Arbitrary<FuzzedRequest> = fc.oneof(
  message.map(({ version, bytes }) => ({ version, body: snappyBlock(bytes) })),
  fc.tuple(message, damage).map(([{ version, bytes }, how]) => ({ version, body: snappyBlock(damaged(bytes, how)) })),
  fc.tuple(message, damage).map(([{ version, bytes }, how]) => ({ version, body: damaged(snappyBlock(bytes), how) })),
  fc.record({ version: fc.constantFrom(1 as const, 2 as const), body: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ version: fc.constantFrom(1 as const, 2 as const), body: fc.uint8Array({ maxLength: 300 }).map(snappyBlock) }),
)
