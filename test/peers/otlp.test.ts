// The same requests of OTLP to VictoriaMetrics and to us, in both forms: the same names, values and times. The Prometheus that Debian packages has no OTLP.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { OTLP_JSON, OTLP_PROTOBUF, otlpJson, otlpProtobuf, randomOtlpRequest } from '../support/otlp-requests.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 7)
const ROUNDS = 60

/** What the other one does not have. */
const OURS_ALONE = ['job', 'instance']

function line(metric: Readonly<Record<string, string>>, timeMs: number, value: number): string {
  const labels = Object.entries(metric)
    .filter(([name]) => !OURS_ALONE.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `${JSON.stringify(labels)} ${value} @ ${timeMs}`
}

async function post(url: string, contentType: string, body: Uint8Array, isZipped: boolean): Promise<void> {
  const headers = { 'content-type': contentType, ...(isZipped ? { 'content-encoding': 'gzip' } : {}) }
  const sent = isZipped ? gzipSync(body) : body
  const answer = await fetch(url, { method: 'POST', headers, body: new Blob([Uint8Array.from(sent)]) })
  assert.equal(`${answer.status} ${await answer.text()}`, '200 ')
}

test('metrics of OTLP become the series that VictoriaMetrics makes of them', { timeout: 600_000 }, async (t) => {
  const binary = peer(t, 'victoria-metrics')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-otlp-'))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, '')
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags: ['--web.enable-otlp-receiver'] })
  const port = await freePort()
  const theirs = new Program(
    binary,
    [
      `-storageDataPath=${join(directory, 'theirs')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-opentelemetry.usePrometheusNaming',
      '-opentelemetry.promoteAllResourceAttributes=false',
      '-opentelemetry.promoteScopeMetadata=false',
    ],
    `http://127.0.0.1:${port}`,
  )
  try {
    await ours.ready()
    await theirs.ready('/health')
    const timeMs = Date.now() - 1000
    for (let round = 0; round < ROUNDS; round++) {
      const service = `round${round}`
      const [request] = fc.sample(randomOtlpRequest({ timeMs, service, isPlain: true }), { seed: SEED + round, numRuns: 1 })
      const named = { resourceMetrics: request.resourceMetrics.map((one, i) => withSerials(one, `${round}-${i}`)) }
      const [form, body] = round % 2 === 0 ? [OTLP_PROTOBUF, otlpProtobuf(named)] : [OTLP_JSON, otlpJson(named)]
      await post(`${ours.url}/api/v1/otlp/v1/metrics`, form, body, round % 3 === 0)
      // The other one takes JSON only from a cloud's stream.
      await post(`${theirs.url}/opentelemetry/v1/metrics`, OTLP_PROTOBUF, otlpProtobuf(named), round % 3 === 0)
    }
    const { result } = await ours.api<{ result: { metric: Record<string, string>; values: [number, string][] }[] }>('query', {
      query: '{serial!=""}[10m]',
      time: timeMs / 1000 + 60,
    })
    const our = result.flatMap(({ metric, values }) => values.map(([t, v]) => line(metric, Math.round(t * 1000), Number(v)))).sort()
    assert.ok(our.length > 500, `${our.length} samples`)
    const read = async () => {
      const text = await theirs.text('/api/v1/export?match[]={serial!=""}&reduce_mem_usage=1')
      const their = text
        .split('\n')
        .filter((one) => one !== '')
        .flatMap((one) => {
          const { metric, values, timestamps } = JSON.parse(one) as {
            metric: Record<string, string>
            values: number[]
            timestamps: number[]
          }
          return values.map((value, i) => line(metric, timestamps[i], value))
        })
        .sort()
      return their.length >= our.length ? their : undefined
    }
    const their = await until('the other one shows what it has', 60_000, read).catch(async () => [])
    assert.deepEqual(our, their)
  } finally {
    await theirs.stop()
    await ours.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

type Resource =
  ReturnType<typeof randomOtlpRequest> extends fc.Arbitrary<infer R extends { resourceMetrics: readonly unknown[] }>
    ? R['resourceMetrics'][number]
    : never

/** Metrics get names that no other request has: the other server knows series by point alone. */
function withSerials(resource: Resource, prefix: string): Resource {
  return {
    ...resource,
    scopeMetrics: resource.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => ({ ...metric, name: `r${prefix}.${metric.name}` })),
    })),
  }
}
