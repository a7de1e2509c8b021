// Any bytes given to the OTLP receiver: an answer, in bounded time, and never anything else. Used by its test and by `npm run prove`.
import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { OtlpReceiver } from '../../src/remote/otlp/otlp-receiver.ts'
import { toOtlpConfig } from '../../src/remote/otlp/otlp-schema.ts'
import { MemoryAppendable } from './memory-appendable.ts'
import { OTLP_JSON, OTLP_PROTOBUF, otlpJson, otlpProtobuf, randomOtlpRequest } from './otlp-requests.ts'

export type OtlpForm = 'protobuf' | 'json' | 'gzip'

export interface FuzzedOtlpRequest {
  readonly form: OtlpForm
  readonly body: Uint8Array
}

const CONFIGS = [
  toOtlpConfig(undefined),
  toOtlpConfig({ translation_strategy: 'NoTranslation', promote_all_resource_attributes: true, convert_histograms_to_nhcb: true }),
]

/** A receiver that takes one body after the other, as a server does; with one configuration after the other. */
export class FuzzedOtlpReceiver {
  readonly #receiver: OtlpReceiver
  #count = 0

  constructor() {
    this.#receiver = new OtlpReceiver({
      env: virtualEnv(),
      appendable: new MemoryAppendable(),
      config: () => CONFIGS[this.#count++ % CONFIGS.length],
      deltas: 'added up',
      zeroSamples: true,
      typeAndUnitLabels: true,
      lookbackMs: 300_000,
    })
  }

  /** Throws when the answer is none that a sender understands, or when it took longer than `timeoutMs`. Returns the status. */
  async check({ form, body }: FuzzedOtlpRequest, timeoutMs = 20_000): Promise<number> {
    const start = performance.now()
    const { status, text } = await this.#receiver.receive({
      contentType: form === 'json' ? OTLP_JSON : OTLP_PROTOBUF,
      contentEncoding: form === 'gzip' ? 'gzip' : undefined,
      body,
    })
    assert.ok(status === 200 || status === 400, `status ${status}: ${text}`)
    assert.equal(text === undefined, status === 200)
    assert.ok(text === undefined || (text.length > 0 && text.length < 2 ** 18), `text of ${text?.length} characters`)
    const tookMs = performance.now() - start
    assert.ok(tookMs < timeoutMs, `took ${tookMs} ms`)
    return status
  }
}

const timeMs = Math.floor(virtualEnv().clock.now())
const message = fc.nat({ max: 50 }).chain((i) => randomOtlpRequest({ timeMs: timeMs + i, service: 'f' }))
const bytes = fc
  .tuple(message, fc.constantFrom<OtlpForm>('protobuf', 'json', 'gzip'))
  .map(([request, form]) => ({ form, bytes: form === 'json' ? otlpJson(request) : otlpProtobuf(request) }))

/** Bytes written over a message here and there, or its end cut off. */
const damage = fc.record({ edits: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }), cut: fc.option(fc.nat()) })

function damaged(whole: Uint8Array, { edits, cut }: { edits: [number, number][]; cut: number | null }): Buffer {
  const out = Buffer.from(whole)
  if (out.length > 0) for (const [at, byte] of edits) out[at % out.length] = byte
  return cut === null || out.length === 0 ? out : out.subarray(0, cut % out.length)
}

const zipped = (form: OtlpForm, plain: Uint8Array) => (form === 'gzip' ? gzipSync(plain) : plain)

/** Requests from well-formed to nonsense: whole, damaged before and after compression, and bytes at random. */
export const fuzzedOtlpRequests: fc.Arbitrary<FuzzedOtlpRequest> = fc.oneof(
  bytes.map(({ form, bytes }) => ({ form, body: zipped(form, bytes) })),
  fc.tuple(bytes, damage).map(([{ form, bytes }, how]) => ({ form, body: zipped(form, damaged(bytes, how)) })),
  fc.tuple(bytes, damage).map(([{ form, bytes }, how]) => ({ form, body: damaged(zipped(form, bytes), how) })),
  fc.record({ form: fc.constantFrom<OtlpForm>('protobuf', 'json', 'gzip'), body: fc.uint8Array({ maxLength: 300 }) }),
  fc.json({ maxDepth: 6 }).map((text) => ({ form: 'json' as const, body: Buffer.from(text) })),
)
