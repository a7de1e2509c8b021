import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { seededRandom } from '../../src/base/virtual/random.ts'
import type { ExposedFamily, ExposedMetric } from '../../src/exposition/exposed-family.ts'
import { protobufFamily } from '../../src/exposition/protobuf-writer.ts'
import { peer } from '../support/peers.ts'
import { eventually, freePort, Program, startServer } from '../support/program.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 7)
const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

interface Request {
  readonly method: string
  readonly path: string
  readonly body?: string | Uint8Array
  readonly type?: string
}

const random = seededRandom(SEED)
const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]
const chance = (probability: number) => random.next() < probability

const NAMES = [
  'jobs_done',
  'jobs_failed',
  'duration_seconds',
  'size_bytes',
  'duration_seconds_count',
  'duration_seconds_bucket',
  'last',
  'size_bytes_sum',
]
const TYPES = ['counter', 'gauge', 'untyped', 'summary', 'histogram'] as const
/** Mostly the same type for a name, so that most pushes are good ones. */
const usualType = (name: string) =>
  name === 'duration_seconds'
    ? 'histogram'
    : name === 'size_bytes'
      ? 'summary'
      : (['counter', 'gauge', 'untyped'] as const)[name.length % 3]
const VALUES = ['1', '0', '-2.5', '1e21', '123456789', 'NaN', '+Inf', '3.0000000000000004', '1e-07']
const LABELS = ['a', 'b', 'instance', 'job', 'zone']
const TEXTS = ['x', 'y', 'ä ö', 'with \\"quotes\\"', 'back\\\\slash', '']

function labelsText(extra = ''): string {
  const names = LABELS.filter(() => chance(0.3))
  const pairs = names.map((name) => `${name}="${pick(TEXTS)}"`)
  if (extra !== '') pairs.push(extra)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function textBody(): string {
  const lines: string[] = []
  for (const name of new Set(Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => pick(NAMES)))) {
    const type = chance(0.9) ? usualType(name) : pick(TYPES)
    // Of different ones upstream takes that of whichever group comes first in a map of Go.
    lines.push(`# HELP ${name} About ${name}.`)
    if (type !== 'untyped' || chance(0.5)) lines.push(`# TYPE ${name} ${type}`)
    for (let i = 0; i < 1 + Math.floor(random.next() * 2); i++) {
      const labels = labelsText()
      const inside = labels.slice(1, -1)
      const time = chance(0.03) ? ' 1700000000000' : ''
      if (type === 'summary') {
        lines.push(`${name}{${[inside, 'quantile="0.5"'].filter((text) => text !== '').join(',')}} ${pick(VALUES)}`)
        lines.push(`${name}_sum${labels} ${pick(VALUES)}`, `${name}_count${labels} 7`)
      } else if (type === 'histogram') {
        for (const [bound, count] of [['0.1', 1], ['5', 3], ...(chance(0.5) ? [['+Inf', 4] as const] : [])] as const)
          lines.push(`${name}_bucket{${[inside, `le="${bound}"`].filter((text) => text !== '').join(',')}} ${count}`)
        lines.push(`${name}_sum${labels} ${pick(VALUES)}`, `${name}_count${labels} 4`)
      } else lines.push(`${name}${labels} ${pick(VALUES)}${time}`)
    }
  }
  if (chance(0.03)) lines.push('this is no metric')
  return `${lines.join('\n')}\n`
}

function protobufBody(): Uint8Array {
  const name = pick(NAMES)
  const type = usualType(name)
  const labels = LABELS.filter(() => chance(0.3)).map((label) => [label, pick(['x', 'y', ''])] as const)
  const metric: ExposedMetric =
    type === 'histogram'
      ? { kind: 'histogram', labels, count: 4, sum: 9.5, buckets: [{ upperBound: 1, count: 3, exemplar: undefined }] }
      : type === 'summary'
        ? { kind: 'summary', labels, count: 4, sum: 9.5, quantiles: [[0.9, 3]] }
        : { kind: 'value', labels, value: 5.5, timestamp: chance(0.05) ? 1_700_000_000_000 : undefined }
  const family: ExposedFamily = { name, type: type === 'untyped' ? 'unknown' : type, help: `About ${name}.`, unit: '', metrics: [metric] }
  const bytes = protobufFamily(family)
  return chance(0.05) ? bytes.subarray(0, bytes.length - 1) : bytes
}

const encoded = (text: string) => Buffer.from(text).toString('base64url')

function groupPath(): string {
  const job = pick(['batch', 'backup', 'some job', 'a%2Fb', 'ä'])
  const parts = [chance(0.2) ? `job@base64/${encoded(job)}${pick(['', '='])}` : `job/${encodeURIComponent(job)}`]
  if (chance(0.4)) parts.push(`instance/${pick(['one', 'two'])}`)
  if (chance(0.2))
    parts.push(pick(['zone/x', `zone@base64/${encoded('path/with/slashes')}`, 'zone@base64/=', 'zone@base64/!!', 'zone@base64/YWJjZ']))
  if (chance(0.04)) parts.push(pick(['odd', '__name__/x', 'bad-name/x', 'a//', 'job/other', '', '../up', 'instance/..']))
  return `/metrics/${parts.join('/')}`
}

function anyRequest(): Request {
  const path = groupPath()
  if (chance(0.15)) return { method: 'DELETE', path }
  const method = chance(0.5) ? 'PUT' : 'POST'
  if (chance(0.05)) return { method, path, body: '' }
  return chance(0.2) ? { method, path, body: protobufBody(), type: PROTOBUF } : { method, path, body: textBody() }
}

/** Fixed ones, beside what chance brings. */
const FIXED: readonly Request[] = [
  { method: 'PUT', path: '/metrics/job@base64/=', body: 'a 1\n' },
  { method: 'PUT', path: '/metrics/job/fixed/', body: 'a 1\n' },
  { method: 'PUT', path: '/metrics/job/fixed', body: 'a 1' },
  { method: 'PUT', path: '/metrics/job/fixed', body: 'push_time_seconds 1\na 2\n' },
  { method: 'POST', path: '/metrics/job/fixed', body: 'b{quantile="1"} 1\n' },
  { method: 'POST', path: '/metrics/job/fixed', body: '# TYPE c summary\nc_count{x="1"} 1\n' },
  { method: 'POST', path: '/metrics/job/fixed', body: 'd{x="1"} 1\nd{x="1"} 2\n' },
  { method: 'POST', path: '/metrics/job/fixed', body: 'd{x="1",__y="z"} 1\n' },
  { method: 'PUT', path: '/metrics/job/fixed//', body: 'a 1\n' },
  { method: 'PUT', path: '/metrics/job/empty/instance@base64/=', body: 'a 1\n' },
  { method: 'PUT', path: '/metrics/job/slash/instance/', body: 'a 1\n' },
  { method: 'GET', path: '/metrics/job/fixed' },
  { method: 'DELETE', path: '/metrics/job/nowhere' },
  { method: 'PATCH', path: '/metrics/job/fixed', body: 'a 1\n' },
]

async function send(url: string, { method, path, body, type }: Request): Promise<{ status: number; text: string }> {
  const response = await fetch(url + path, {
    method,
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
    headers: type === undefined ? {} : { 'content-type': type },
  })
  return { status: response.status, text: await response.text() }
}

/** Families of a page; times of pushes as whether there was one. */
function families(page: string): string {
  const found = new Map<string, string[]>()
  let name = ''
  for (const line of page.trim().split('\n')) {
    name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1] ?? name
    found.set(name, [...(found.get(name) ?? []), /^push_\w+seconds\{/.test(line) ? line.replace(/ [1-9]\S*$/, ' some') : line])
  }
  return [...found]
    .filter(([family]) => !/^(?:go_|process_|pushgateway_|promhttp_)/.test(family))
    .map(([, lines]) => lines.join('\n'))
    .join('\n')
}

/** The first line in which the two pages differ; empty when none does. */
async function pagesDiffer(ours: Program, theirs: Program): Promise<string> {
  const [ourPage, theirPage] = await Promise.all([ours.text('/pushgateway/metrics'), theirs.text('/metrics')])
  const [ourLines, theirLines] = [families(ourPage).split('\n'), families(theirPage).split('\n')]
  const at = ourLines.findIndex((line, i) => line !== theirLines[i])
  return at < 0 && ourLines.length === theirLines.length ? '' : `ours:   ${ourLines[at]}\ntheirs: ${theirLines[at]}`
}

test('the same pushes and deletions leave the same page, and are answered with the same status', async (t) => {
  const path = peer(t, 'debian pushgateway')
  if (path === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-push-'))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, '')
  const port = await freePort()
  const theirs = new Program(
    path,
    [`--web.listen-address=127.0.0.1:${port}`, '--web.enable-admin-api', '--persistence.file='],
    `http://127.0.0.1:${port}`,
  )
  const flags = ['--web.enable-pushgateway', '--web.enable-admin-api', '--web.pushgateway-persistence-interval=10ms']
  let ours = await startServer({ configFile, dataDir: join(directory, 'data'), flags })
  try {
    await Promise.all([theirs.ready(), ours.ready()])
    t.diagnostic(`seed ${SEED}`)
    const statuses = new Map<number, number>()
    const both = async (request: Request) => {
      const [our, their] = await Promise.all([send(ours.url, request), send(theirs.url, request)])
      const what = `${request.method} ${request.path}\n${String(request.body).slice(0, 2000)}\n--- ours ${our.text}--- theirs ${their.text}`
      assert.equal(our.status, their.status, what)
      statuses.set(our.status, (statuses.get(our.status) ?? 0) + 1)
      // Upstream answers 202 before it has done what was asked.
      await eventually(async () => {
        const difference = await pagesDiffer(ours, theirs)
        assert.equal(difference, '', `${what}\n${difference}`)
      }, 30_000)
    }
    // Behind the last one upstream's lock of such paths is never opened again.
    const last: Request = { method: 'PUT', path: '/metrics/job@base64/!', body: 'a 1\n' }
    const requests = [...FIXED, ...Array.from({ length: 400 }, anyRequest), last]
    for (const request of requests) await both(request)
    t.diagnostic(`statuses: ${[...statuses].map(([status, count]) => `${status}: ${count}`).join(', ')}`)
    assert.ok(statuses.get(200)! > 100 && statuses.get(202)! > 20 && statuses.get(400)! > 20)

    const sorted = (text: string) => {
      const { data } = JSON.parse(text) as { data: { labels: Record<string, string> }[] }
      const key = (labels: Record<string, string>) => JSON.stringify(Object.entries(labels).sort())
      const timeless = text.includes('time_stamp')
        ? JSON.parse(
            JSON.stringify(data)
              .replaceAll(/"time_stamp":"[^"]*"/g, '"time_stamp":""')
              .replaceAll(/"value":"1\.\d+e\+09"|"value":"1\d{9}(?:\.\d+)?"/g, '"value":"some"'),
          )
        : data
      return (timeless as typeof data).sort((a, b) => (key(a.labels) < key(b.labels) ? -1 : 1))
    }
    assert.deepEqual(sorted(await ours.text('/api/v1/metrics')), sorted(await theirs.text('/api/v1/metrics')))

    const zipped = gzipSync('zipped 1\n')
    const response = await fetch(`${ours.url}/metrics/job/zip`, { method: 'PUT', body: zipped, headers: { 'content-encoding': 'gzip' } })
    assert.equal(response.status, 200)
    const page = await ours.text('/pushgateway/metrics')
    assert.match(page, /^zipped\{instance="",job="zip"\} 1$/m)
    await ours.stop()
    ours = await startServer({ configFile, dataDir: join(directory, 'data'), flags })
    await ours.ready()
    assert.equal(await ours.text('/pushgateway/metrics'), page)

    for (const { url } of [ours, theirs]) assert.equal((await fetch(`${url}/api/v1/admin/wipe`, { method: 'PUT' })).status, 202)
    assert.equal(await ours.text('/pushgateway/metrics'), '')
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
    rmSync(directory, { recursive: true, force: true })
  }
})
