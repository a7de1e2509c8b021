// OpenTelemetry's SDK pushes what it measures, as its users set it up.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { startServer } from '../support/program.ts'

const FORMS: readonly (readonly [string, (url: string) => PushMetricExporter])[] = [
  ['protobuf', (url) => new ProtobufExporter({ url, compression: 'gzip' as never })],
  ['json', (url) => new JsonExporter({ url })],
]

/** Measures one of everything, and hands it over. */
async function measure(exporter: PushMetricExporter, service: string): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': 'one', 'host.name': 'h' }),
    readers: [reader],
    views: [{ instrumentName: 'payload.size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  })
  const meter = provider.getMeter('shop', '1.0')
  const requests = meter.createCounter('http.server.requests', { description: 'Requests served.', unit: '{request}' })
  requests.add(3, { 'http.method': 'GET' })
  requests.add(2, { 'http.method': 'GET' })
  requests.add(1, { 'http.method': 'POST' })
  meter.createUpDownCounter('queue.length').add(-4)
  meter.createGauge('temperature', { unit: 'Cel' }).record(21.5)
  const latency = meter.createHistogram('latency', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1] } })
  for (const seconds of [0.05, 0.5, 5]) latency.record(seconds)
  const size = meter.createHistogram('payload.size', { unit: 'By' })
  for (const bytes of [1, 2, 4, 1000]) size.record(bytes)
  await reader.forceFlush()
  await provider.shutdown()
}

test('an OpenTelemetry SDK pushes metrics', { timeout: 600_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-otlp-'))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'otlp: {promote_resource_attributes: [host.name]}\n')
  const server = await startServer({ configFile, dataDir: join(directory, 'data'), flags: ['--web.enable-otlp-receiver'] })
  try {
    await server.ready()
    for (const [service, exporter] of FORMS) {
      await measure(exporter(`${server.url}/api/v1/otlp/v1/metrics`), service)
      const check = async (query: string, want: readonly string[]) => {
        const { result } = await server.api<{ result: { metric: Record<string, string>; value: [number, string] }[] }>('query', { query })
        const found = result.map(({ metric, value }) => `${Object.values(metric).join(' ')} ${value[1]}`.trim()).sort()
        assert.deepEqual(found, want, `${service}: ${query}`)
      }
      const of = `{job="${service}",instance="one",host_name="h"}`
      await check(`sum by (http_method) (http_server_requests_total${of})`, ['GET 5', 'POST 1'])
      await check(`sum(queue_length${of})`, ['-4'])
      await check(`sum(temperature_celsius${of})`, ['21.5'])
      await check(`sum by (le) (latency_seconds_bucket${of})`, ['+Inf 3', '0.1 1', '1 2'])
      await check(`sum(latency_seconds_sum${of})`, ['5.55'])
      await check(`histogram_count(payload_size_bytes${of})`, [`h one ${service} 4`])
      await check(`histogram_sum(sum(payload_size_bytes${of}))`, ['1007'])
      await check(`count(target_info{job="${service}",instance="one",host_name="h"})`, ['1'])
    }
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
