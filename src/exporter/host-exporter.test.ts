import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { sleep } from '../base/env.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { HostExporter } from './host-exporter.ts'
import { acceptsGzip, exporterHandler } from './http.ts'
import { DEFAULT_OPTIONS } from './options.ts'

async function exporterWith(files: Readonly<Record<string, string>>, collectors: readonly string[]) {
  const env = virtualEnv()
  await env.fs.mkdir('/textfiles')
  for (const [path, body] of Object.entries(files)) {
    await env.fs.mkdir(path.slice(0, path.lastIndexOf('/')))
    await env.fs.writeFile(path, body)
  }
  const exporter = new HostExporter(env, { ...DEFAULT_OPTIONS, textfileDirectories: ['/textfiles'], collectors: new Set(collectors) })
  const scrape = async () => (await exporter.scrape(exporter.select({ collect: [], exclude: [] }))).text
  return { env, exporter, scrape }
}

const LOADAVG = { '/proc/loadavg': '0.5 0.25 0.125 1/2 3\n' }

test('a collector that fails costs its own families only, and is logged once', async () => {
  const { env, scrape } = await exporterWith({ ...LOADAVG, '/proc/meminfo': 'MemTotal: 5 kB\nMemFree: many kB\n' }, [
    'loadavg',
    'meminfo',
    'pressure',
  ])
  await scrape()
  const text = await scrape()
  assert.match(text, /^node_load1 0.5$/m)
  assert.ok(!text.includes('node_memory_'), 'what a collector wrote before it failed is thrown away')
  assert.match(text, /^node_scrape_collector_success\{collector="loadavg"\} 1$/m)
  assert.match(text, /^node_scrape_collector_success\{collector="meminfo"\} 0$/m)
  assert.match(text, /^node_scrape_collector_success\{collector="pressure"\} 0$/m)
  assert.match(text, /^node_scrape_collector_duration_seconds\{collector="meminfo"\} 0$/m)
  assert.deepEqual(
    env.lines.map(({ level, fields }) => [level, fields.collector]),
    [
      ['error', 'meminfo'],
      ['debug', 'pressure'],
    ],
  )
  assert.equal(env.lines[0].fields.error, 'meminfo: MemFree: found "many", want a number')
})

test('collect[] and exclude[] choose among the collectors that are switched on', async () => {
  const { exporter } = await exporterWith({}, ['loadavg', 'meminfo'])
  const check = (collect: string[], exclude: string[], want: string[]) => assert.deepEqual([...exporter.select({ collect, exclude })], want)
  check([], [], ['loadavg', 'meminfo'])
  check(['meminfo'], [], ['meminfo'])
  check([], ['meminfo'], ['loadavg'])
  assert.throws(() => exporter.select({ collect: ['nfs'], exclude: [] }), /^CodedError: missing collector: nfs$/)
  assert.throws(() => exporter.select({ collect: ['cpu'], exclude: [] }), /^CodedError: disabled collector: cpu$/)
  assert.throws(() => exporter.select({ collect: ['meminfo'], exclude: ['loadavg'] }), /want one of them/)
})

test('textfiles: families of several files become one', async () => {
  const { scrape } = await exporterWith(
    {
      '/textfiles/a.prom': '# HELP disk_ok Whether "\\\\" is well.\n# TYPE disk_ok gauge\ndisk_ok{disk="a"} 1\n',
      '/textfiles/b.prom': '# TYPE disk_ok gauge\ndisk_ok{disk="b"} 0',
      '/textfiles/c.prom': '# TYPE took histogram\ntook_bucket{le="+Inf"} 2\ntook_sum 3\ntook_count 2\nplain 1\n',
      '/textfiles/ignored.txt': 'other 1\n',
    },
    ['textfile'],
  )
  const text = await scrape()
  assert.ok(
    text.startsWith(`# HELP disk_ok Whether "\\\\" is well.
# TYPE disk_ok gauge
disk_ok{disk="a"} 1
disk_ok{disk="b"} 0
# HELP took Metric read from /textfiles/c.prom
# TYPE took histogram
took_bucket{le="+Inf"} 2
took_sum 3
took_count 2
# HELP plain Metric read from /textfiles/c.prom
# TYPE plain untyped
plain 1
`),
    text,
  )
  assert.match(text, /^node_textfile_mtime_seconds\{file="\/textfiles\/a.prom"\} 1\.7672256e\+09$/m)
  assert.match(text, /^node_textfile_scrape_error 0$/m)
})

test('a textfile with a fault is left out whole, with its reason', async () => {
  const check = async (body: string, reason: RegExp) => {
    const { env, scrape } = await exporterWith({ ...LOADAVG, '/textfiles/bad.prom': body, '/textfiles/good.prom': 'good 1\n' }, [
      'loadavg',
      'textfile',
    ])
    const text = await scrape()
    assert.match(text, /^good 1$/m)
    assert.match(text, /^node_load1 0.5$/m)
    assert.match(text, /^node_textfile_scrape_error 1$/m)
    assert.ok(!text.includes('bad_'), text)
    assert.match(String(env.lines[0].fields.problem), reason)
    await scrape()
    assert.equal(env.lines.length, 1, 'logged once')
  }
  await check('bad_a 1\nbad_b one\n', /^\/textfiles\/bad.prom: line 2, column 7: /)
  await check('bad_a 1 1767225600000\n', /a timestamp in "bad_a 1 1767225600000", want none/)
  await check('bad_a{x="1",y="2"} 1\nbad_a{y="2",x="1"} 1\n', /bad_a\{x="1", y="2"\} is there twice/)
  await check('bad_a 1\n# TYPE bad_a gauge\n', /TYPE of bad_a stands after its samples/)
  await check('node_load1 7\n', /family node_load1 is one of this exporter's own/)
})

test('a textfile is read again when it has changed, and gone when it is gone', async () => {
  const { env, scrape } = await exporterWith({ '/textfiles/a.prom': 'a 1\n' }, ['textfile'])
  const read = env.fs.readFile.bind(env.fs)
  let reads = 0
  env.fs.readFile = (path) => {
    reads++
    return read(path)
  }
  await scrape()
  assert.match(await scrape(), /^a 1$/m)
  assert.equal(reads, 1)
  await env.clock.advance(1000)
  await env.fs.writeFile('/textfiles/a.prom', 'a 2\n')
  assert.match(await scrape(), /^a 2$/m)
  await env.fs.remove('/textfiles/a.prom')
  assert.doesNotMatch(await scrape(), /^a /m)
  await env.fs.remove('/textfiles')
  assert.match(await scrape(), /^node_textfile_scrape_error 1$/m)
})

test('pages over HTTP', async () => {
  const { env, exporter } = await exporterWith(LOADAVG, ['loadavg'])
  const options = { telemetryPath: '/metrics', ownMetrics: async () => 'own 1\n', version: '1.2.3', log: env.log }
  await env.http.listen({ host: '127.0.0.1', port: 9100 }, exporterHandler(exporter, options))
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = env.http.request({ url: `http://127.0.0.1:9100${path}`, headers, method })
    await env.clock.advance(10)
    return answer
  }
  const text = async (path: string) => Buffer.from((await get(path)).body).toString()
  const plain = await get('/metrics')
  assert.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.match(Buffer.from(plain.body).toString(), /^node_load1 0.5\n[\s\S]*^own 1\n$/m)
  const packed = await get('/metrics', { 'accept-encoding': 'gzip;q=1.0, identity' })
  assert.equal(packed.headers['content-encoding'], 'gzip')
  assert.match(gunzipSync(packed.body).toString(), /^node_load1 0.5$/m)
  const accept = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;q=0.5'
  const protobuf = await get('/metrics', { accept })
  assert.match(String(protobuf.headers['content-type']), /^application\/vnd\.google\.protobuf; .*encoding=delimited/)
  assert.match(Buffer.from(protobuf.body).toString('latin1'), /node_load1[\s\S]*own/)
  const unknown = await get('/metrics', { accept: 'application/openmetrics-text;version=1.0.0' })
  assert.equal(unknown.headers['content-type'], plain.headers['content-type'])
  assert.match(await text('/'), /Version 1\.2\.3[\s\S]*href="\/metrics"/)
  assert.equal((await get('/-/ready')).status, 200)
  assert.equal((await get('/metric')).status, 404)
  assert.equal((await get('/metrics', {}, 'POST')).status, 405)
  assert.equal((await get('/metrics?collect[]=nfs')).status, 400)
  assert.equal((await get('/metrics', {}, 'HEAD')).body.length, 0)
})

test('two scrapes at the same time are one', async () => {
  const { env, exporter } = await exporterWith(LOADAVG, ['loadavg'])
  let scrapes = 0
  const ownMetrics = async () => {
    await sleep(env.clock, 5)
    return `own ${++scrapes}\n`
  }
  const handler = exporterHandler(exporter, { telemetryPath: '/metrics', ownMetrics, version: '', log: env.log })
  await env.http.listen({ host: '127.0.0.1', port: 9100 }, handler)
  const url = 'http://127.0.0.1:9100/metrics'
  const both = [env.http.request({ url }), env.http.request({ url })]
  await env.clock.advance(10)
  for (const answer of await Promise.all(both)) assert.match(Buffer.from(answer.body).toString(), /^own 1$/m)
  const later = env.http.request({ url })
  await env.clock.advance(10)
  assert.match(Buffer.from((await later).body).toString(), /^own 2$/m)
})

test('acceptsGzip', () => {
  const check = (header: string | undefined, want: boolean) => assert.equal(acceptsGzip(header), want)
  check(undefined, false)
  check('gzip', true)
  check('deflate, GZIP ; q=0.5', true)
  check('gzip;q=0', false)
  check('gzip;q=0.000', false)
  check('identity', false)
  check('*', true)
})

test('a pattern that is not RE2 is refused with the flag it came from', () => {
  const options = { ...DEFAULT_OPTIONS, collectors: new Set(['netdev']), networkDevices: { include: '', exclude: '(' } }
  assert.throws(() => new HostExporter(virtualEnv(), options), /^CodedError: --collector\.netdev\.device-exclude: error parsing regexp/)
  const both = { ...DEFAULT_OPTIONS, collectors: new Set(['netdev']), networkDevices: { include: 'a', exclude: 'b' } }
  assert.throws(() => new HostExporter(virtualEnv(), both), /mutually exclusive/)
})
