import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { PLAIN_HTTP_CLIENT } from '../../http-client/client-config.ts'
import { Labels } from '../../model/labels.ts'
import { instantQuestion } from '../../promql/evaluate.ts'
import { QueryDesk } from '../../promql/query-desk.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import type { Read } from './read.ts'
import { RemoteReads } from './remote-reads.ts'

const T = 1_700_000_000_000

test('queries and lists of series warn of a remote server that fails, and of what cannot be read here', async () => {
  const env = virtualEnv({ startTime: T })
  const failing = async () => ({ status: 503, headers: {}, body: (async function* () {})(), close: () => {} })
  const http = { ...env.http, stream: failing } as unknown as typeof env.http
  const own = new MemorySource([{ labels: Labels.of({ __name__: 'm' }), timestamps: Float64Array.of(T), values: Float64Array.of(1) }])
  const reads = new RemoteReads({
    env: { ...env, http },
    desk: new QueryDesk({ env }),
    db: Object.assign(own, { missing: () => ['block x cannot be read'], isReadable: true, untilReadable: async () => {} }),
    own: { answer: () => assert.fail('the remote server is to be asked') },
    settings: () => ({}),
    limits: { samplesMax: 1000, bytesMax: 1e6 },
    localMarginMs: 0,
  })
  await reads.apply([
    {
      name: 'far',
      url: 'http://far/api/v1/read',
      timeoutMs: 1000,
      frameBytesMax: 1024,
      headers: {},
      readRecent: true,
      requiredMatchers: {},
      externalLabels: Labels.empty,
      http: PLAIN_HTTP_CLIENT,
    },
  ])
  const query: Read = { kind: 'query', question: instantQuestion('m', T, {}), timeoutMs: undefined, limit: 0, stats: false }
  const series: Read = { kind: 'series', selectors: ['m'], minTime: T, maxTime: T, limit: 0 }
  for (const read of [query, series]) {
    const { body } = await reads.answer(read, { signal: new AbortController().signal, client: undefined })
    const parts: Uint8Array[] = []
    for (const part of body as Iterable<Uint8Array>) parts.push(part)
    const { warnings, data } = JSON.parse(Buffer.concat(parts).toString())
    assert.deepEqual(warnings, ['block x cannot be read', 'remote_read: remote server http://far/api/v1/read returned http status 503: '])
    assert.equal((data.result ?? data).length, 1)
  }
})
