import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { CounterResetHint, NO_BUCKETS, NO_SPANS } from '../model/histogram.ts'
import { Labels } from '../model/labels.ts'
import { type MemorySeries, MemorySource } from '../storage/memory-source.ts'
import { everything } from '../tsdb/block/block.fixture.ts'
import { writeBlock } from '../tsdb/block/block-writer.ts'
import { runDb } from '../tsdb/db.fixture.ts'
import { samplesRecord, segmentOf, seriesRecord } from '../tsdb/upstream-log/upstream-log.fixture.ts'
import type { Command, CommandContext } from './command.ts'
import { findCommand } from './program.ts'
import { ProgressBar } from './progress-bar.ts'

const env = virtualEnv({ seed: 1 })

/** What a command prints and ends with. */
async function run(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const io = {
    out: (line: string) => out.push(`${line}\n`),
    write: (text: string) => out.push(text),
    err: (line: string) => err.push(`${line}\n`),
    progress: () => {},
  }
  const found = findCommand(args)
  assert.ok('command' in found, args.join(' '))
  const command: Command = found.command
  // A process has its own.
  env.metrics.clear()
  const context = { env: () => env, io, signal: new AbortController().signal } as unknown as CommandContext
  try {
    const code = await command.run(found.args, context)
    return { code, out: out.join(''), err: err.join('') }
  } catch (error) {
    return { code: 1, out: out.join(''), err: String(error) }
  }
}

const page = `# TYPE requests counter
requests_total{code="200"} 1 1700006400
requests_total{code="200"} 3 1700006430
requests_total{code="200"} 2 1700006415
requests_total{code="200"} 9 1700006415
requests_total{code="500"} 0.5 1700013599.999
requests_total{code="200"} 4 1700013600
# EOF
`

test('samples in OpenMetrics text become blocks, which are listed, dumped, analysed and without faults', async () => {
  await env.fs.writeFile('/page.om', page)
  const made = await run('tsdb', 'create-blocks-from', 'openmetrics', '--label=dc=x', '/page.om', '/d1/')
  assert.deepEqual([made.code, made.err], [0, ''])
  const cells = made.out.split('\n').map((line) => line.split(/ {2,}/).slice(1, 7))
  assert.deepEqual(cells, [
    ['MIN TIME', 'MAX TIME', 'DURATION', 'NUM SAMPLES', 'NUM CHUNKS', 'NUM SERIES'],
    ['1700006400000', '1700013600000', '2h0m0s', '4', '2', '2'],
    ['1700013600000', '1700013600001', '1ms', '1', '1', '1'],
    [],
  ])
  const listed = await run('tsdb', 'list', '/d1')
  assert.equal(listed.out, made.out)
  assert.match((await run('tsdb', 'list', '-r', '/d1')).out, / 2023-11-15 00:00:00 \+0000 UTC .* \d+B\n/)
  const dumped = await run('tsdb', 'dump', '/d1')
  assert.equal(
    dumped.out,
    `{__name__="requests_total", code="200", dc="x"} 1 1700006400000
{__name__="requests_total", code="200", dc="x"} 2 1700006415000
{__name__="requests_total", code="200", dc="x"} 3 1700006430000
{__name__="requests_total", code="200", dc="x"} 4 1700013600000
{__name__="requests_total", code="500", dc="x"} 0.5 1700013599999
`,
  )
  const range = ['--min-time=1700006430000', '--max-time', '1700013599999']
  assert.equal((await run('tsdb', 'dump', ...range, '/d1')).out.split('\n').length, 3)
  const matched = await run('tsdb', 'dump', '--match={code="500"}', '--match={code!="200"}', '--match=none', '/d1')
  assert.equal(matched.out, dumped.out.split('\n').slice(4).join('\n'))
  assert.deepEqual(await run('tsdb', 'verify', '/d1'), { code: 0, out: '', err: 'tsdb verify: 2 blocks, 0 faults\n' })
  const analysed = await run('tsdb', 'analyze', '--match={code="200"}', '--limit=1', '/d1')
  assert.match(analysed.out, /^Total Series: 1\nMatcher: \{code="200"\}\nLabel names: 3\nMatched series: 1\n/m)
  assert.match((await run('tsdb', 'analyze', '/d1', made.out.split('\n')[1].slice(0, 26))).out, /^Total Series: 2$/m)
})

test('histograms are dumped, and overlapping blocks are one; what is in a log is said to be missing', async () => {
  const histogram = {
    ...{ isFloat: false, counterResetHint: CounterResetHint.unknown, schema: 0, zeroThreshold: 0.5, zeroCount: 1, count: 3, sum: 4.5 },
    ...{ positiveSpans: Int32Array.of(0, 1), positiveBuckets: Float64Array.of(2) },
    ...{ negativeSpans: NO_SPANS, negativeBuckets: NO_BUCKETS, customValues: NO_BUCKETS },
  }
  const series = (from: number): MemorySeries[] => [
    { labels: Labels.of({ __name__: 'h' }), timestamps: [from, from + 10], values: [4.5, 4.5], histograms: [histogram, histogram] },
    { labels: Labels.of({ 'a b': '"' }), timestamps: [from, from + 10], values: [from, from + 10] },
  ]
  await env.fs.mkdir('/d2/log')
  await env.fs.writeFile('/d2/log/00000001.log', 'x')
  await env.fs.mkdir('/d2/01ARYZ6S410000000000000000.tmp-for-creation')
  for (const from of [5, 10, 100]) await writeBlock(env, '/d2', everything(new MemorySource(series(from))))
  const dumped = await run('tsdb', 'dump', '/d2')
  assert.equal(dumped.err, 'tsdb dump: what is in /d2/log is not read, promontory tsdb flush puts it into blocks\n')
  const times = [5, 10, 15, 20, 100, 110]
  assert.deepEqual(dumped.out.trimEnd().split('\n'), [
    ...times.map((t) => `{__name__="h"} {count:3, sum:4.5, [-0.5,0.5]:1, (0.5,1]:2} ${t}`),
    ...times.map((t) => `{"a b"="\\""} ${t} ${t}`),
  ])
  const verified = await run('tsdb', 'verify', '/d2')
  assert.equal(verified.code, 0)
  assert.match(
    verified.err,
    /^tsdb verify: share time: \w{26}, \w{26}\ntsdb verify: left over: \/d2\/01ARYZ6S41.*\n.* 3 blocks, 0 faults\n$/,
  )
})

test('a damaged block is told of', async () => {
  await env.fs.mkdir('/d3')
  const timestamps = [1, 2, 3]
  const meta = await writeBlock(
    env,
    '/d3',
    everything(new MemorySource([{ labels: Labels.of({ a: 'b' }), timestamps, values: timestamps }])),
  )
  const path = `/d3/${meta!.ulid}`
  const chunks = await env.fs.readFile(`${path}/chunks/000001`)
  chunks[12] ^= 1
  await env.fs.writeFile(`${path}/chunks/000001`, chunks)
  const found = await run('tsdb', 'verify', path)
  assert.equal(found.code, 1)
  assert.match(found.out, /^\/d3\/\w{26}\/chunks\/000001 at offset \d+: checksum of a chunk is \w{8}, want \w{8}\n/)
  const dumped = await run('tsdb', 'dump', '/d3')
  assert.deepEqual([dumped.code, dumped.out], [1, ''])
  assert.match(dumped.err, /checksum of a chunk/)
  await env.fs.writeFile(`${path}/meta.json`, '{')
  assert.match((await run('tsdb', 'list', '/d3')).err, /meta.json at offset 0: content is .*, want JSON\n$/)
  assert.equal((await run('tsdb', 'list', '/d3')).code, 1)
  assert.deepEqual([(await run('tsdb', 'verify', '/d3')).code, (await run('tsdb', 'dump', '/d3')).code], [1, 1])
})

test('what is no page of samples with times is refused in upstream’s words, and leaves nothing', async () => {
  const check = async (text: string, message: RegExp) => {
    await env.fs.writeFile('/bad.om', text)
    const { code, err } = await run('tsdb', 'create-blocks-from', 'openmetrics', '/bad.om', '/d4')
    assert.equal(code, 1)
    assert.match(err, message)
    assert.equal(await env.fs.stat('/d4'), null)
  }
  await check('a 1\n# EOF\n', /getting min and max timestamp: expected timestamp for series got none$/)
  await check('a 1 5\n', /getting min and max timestamp: next: data does not end with # EOF$/)
})

test('typed wrongly', async () => {
  const check = async (args: readonly string[], message: string) =>
    assert.deepEqual(await run('tsdb', ...args), { code: 2, out: '', err: `tsdb ${message}\n` })
  await check(['list', 'a', 'b'], 'list: unexpected b, want one directory')
  await check(['dump', 'a', 'b'], 'dump: unexpected b, want one directory')
  await check(['verify', 'a', 'b'], 'verify: unexpected b, want one directory')
  await check(['analyze', 'a', 'b', 'c'], 'analyze: unexpected c, want a directory and a block')
  await check(['create-blocks-from', 'openmetrics'], 'create-blocks-from openmetrics: found no INPUT, want INPUT')
  await check(
    ['create-blocks-from', 'openmetrics', '--label=x', 'a'],
    'create-blocks-from openmetrics: --label: found "x", want NAME=VALUE',
  )
  assert.equal((await run('tsdb', 'dump', '--match={', '/d1')).code, 2)
  assert.match((await run('tsdb', 'analyze', '/none')).err, /ENOENT/)
})

test('a log is flushed into blocks, and a directory is imported into another', async () => {
  const write = async (minutes: readonly number[]) => {
    const { db, close } = await runDb(env, { dir: '/d5' })
    for (const minute of minutes) {
      const appender = db.appender()
      appender.append(appender.series(Labels.of({ __name__: 'a', b: 'c' })), 1_700_006_400_000 + minute * 60_000, minute)
      await appender.commit()
    }
    await close()
  }
  await write([0, 1, 130])
  assert.deepEqual(
    [(await run('tsdb', 'import', '/d5', '/d6')).err],
    ['CodedError: /d5 has samples in its log, want them in blocks: promontory tsdb flush /d5'],
  )
  const flushed = await run('tsdb', 'flush', '/d5')
  assert.deepEqual([flushed.code, flushed.err, flushed.out.trim().split('\n').length], [0, '', 3])
  assert.match((await run('tsdb', 'flush', '/d5')).out, /^BLOCK ULID .*\n$/)
  const imported = await run('tsdb', 'import', '/d5', '/d6/')
  assert.deepEqual(imported, { code: 0, out: flushed.out, err: '' })
  assert.match((await run('tsdb', 'import', '/d5', '/d6')).out, /^BLOCK ULID .*\n$/)
  // What Prometheus has in its log becomes blocks in the other directory only.
  await env.fs.mkdir('/d5/wal')
  const records = [seriesRecord([1, { __name__: 'a', b: 'd' }]), samplesRecord([1, 1_700_014_400_000, 7])]
  await env.fs.writeFile('/d5/wal/00000000', segmentOf(records))
  assert.equal((await run('tsdb', 'import', '/d5', '/d6')).out.split('\n').length, 3)
  const lines = ['a{b="c"} 0 1700006400.000', 'a{b="c"} 1 1700006460.000', 'a{b="c"} 130 1700014200.000', 'a{b="d"} 7 1700014400.000']
  assert.equal((await run('tsdb', 'dump-openmetrics', '/d6')).out, [...lines, '# EOF', ''].join('\n'))
  assert.equal((await run('tsdb', 'dump-openmetrics', '--match=a{b="c"}', '/d5')).out, [...lines.slice(0, 3), '# EOF', ''].join('\n'))
  assert.deepEqual(await env.fs.readDir('/d5/wal'), ['00000000'])
  assert.match((await run('tsdb', 'flush', '/d5')).out, /\n.* {2}1 .*\n$/)
})

test('what a directory has in Prometheus’ log is not taken for being in newer blocks that come', async () => {
  const time = 1_700_006_400
  await env.fs.mkdir('/d7/wal')
  const records = [seriesRecord([1, { __name__: 'a' }]), samplesRecord([1, time * 1000, 7])]
  await env.fs.writeFile('/d7/wal/00000000', segmentOf(records))
  assert.deepEqual(await run('tsdb', 'dump', '/d7'), { code: 0, out: `{__name__="a"} 7 ${time}000\n`, err: '' })
  assert.deepEqual(await run('tsdb', 'dump', '--sandbox-dir-root=/other', '/d7'), {
    code: 0,
    out: `{__name__="a"} 7 ${time}000\n`,
    err: '',
  })
  assert.deepEqual([await env.fs.readDir('/d7'), await env.fs.readDir('/other')], [['wal'], []])
  await env.fs.writeFile('/later.om', `b 1 ${time + 600}\n# EOF\n`)
  await run('tsdb', 'create-blocks-from', 'openmetrics', '/later.om', '/d8')
  assert.equal((await run('tsdb', 'import', '/d8', '/d7')).code, 0)
  assert.equal((await run('tsdb', 'dump-openmetrics', '/d7')).out, `a{} 7 ${time}.000\nb{} 1 ${time + 600}.000\n# EOF\n`)
  assert.equal((await run('tsdb', 'create-blocks-from', 'openmetrics', '/later.om', '/d7')).err, '')
  await env.fs.mkdir('/d9/wal')
  await env.fs.writeFile('/d9/wal/00000000', segmentOf(records))
  assert.match(
    (await run('tsdb', 'create-blocks-from', 'openmetrics', '/later.om', '/d9')).err,
    /^tsdb create-blocks-from openmetrics: \/d9 has samples/,
  )
})

test('what is not built, or not a command', () => {
  const problem = (...args: readonly string[]) => {
    const found = findCommand(args)
    return 'problem' in found ? found.problem : undefined
  }
  assert.match(
    problem('tsdb', 'create-blocks-from', 'rules', 'x.yml') ?? '',
    /^tsdb create-blocks-from rules is not built yet: past evaluations of rules/,
  )
  assert.match(problem('tsdb', 'create-blocks-from') ?? '', /^tsdb: found create-blocks-from, want one of: list, /)
})

test('how far something is, in one line that changes', () => {
  const lines: string[] = []
  const bar = new ProgressBar({ progress: (line: string) => lines.push(line) } as unknown as CommandContext['io'], 'making')
  bar.end()
  for (const done of [0, 1, 1, 500, 1000]) bar.show(done, 1000)
  bar.end()
  assert.deepEqual(lines, [
    `making [${'.'.repeat(30)}] 0 %`,
    `making [${'#'.repeat(15)}${'.'.repeat(15)}] 50 %`,
    `making [${'#'.repeat(30)}] 100 %`,
    '',
  ])
})
