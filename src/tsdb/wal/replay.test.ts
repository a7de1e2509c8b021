import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { SlabPool } from '../window/slab-pool.ts'
import { Window } from '../window/window.ts'
import { LogWriter } from './log-writer.ts'
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './record.ts'
import { listSegments, type ReplayReport, replayLog } from './replay.ts'
import { segmentNumber, segmentPath } from './segment.ts'

const DIR = '/data/log'
const QUARANTINE = '/data/quarantine'

interface Replayed {
  readonly report: ReplayReport
  /** `labels t v`, in order. */
  readonly samples: string[]
}

async function replay(env: VirtualEnv): Promise<Replayed> {
  const series: string[] = []
  const samples: string[] = []
  const report = await replayLog(env, DIR, await listSegments(env, DIR), QUARANTINE, {
    series: (labels) => series.push(labels.toString()) - 1,
    samples: (ref, { times, values }, count) => {
      for (let i = 0; i < count; i++) samples.push(`${series[ref]} ${times[i]} ${values[i]}`)
    },
    sample: (ref, t, v, startTime) => samples.push(`${series[ref]} ${t} ${v}${startTime === 0 ? '' : ` from ${startTime}`}`),
    histogram: (ref, t, isFloat, histogram, startTime) => {
      const what = histogram === undefined ? 'stale' : `count ${histogram.count} sum ${histogram.sum} [${histogram.positiveBuckets}]`
      samples.push(`${series[ref]} ${t} ${isFloat ? 'float ' : ''}histogram ${what}${startTime === 0 ? '' : ` from ${startTime}`}`)
    },
    exemplar: (ref, { labels, value, timestamp, hasTimestamp }) => {
      samples.push(`${series[ref]} exemplar ${labels} ${value} ${timestamp}${hasTimestamp ? ' given' : ''}`)
    },
    metadata: (ref, { type, unit, help }) => samples.push(`${series[ref]} ${type} ${unit} ${help}`),
    deletion: async ({ minTime, maxTime, matchers }) => void samples.push(`delete {${matchers.join(',')}} ${minTime} to ${maxTime}`),
    progress: () => {},
    restBegins: () => {},
    isAsked: () => false,
    segmentEnd: () => true,
  })
  return { report, samples }
}

interface Written {
  readonly env: VirtualEnv
  readonly window: Window
  readonly writer: LogWriter
}

async function openWriter(env = virtualEnv(), options: { segmentBytes?: number } = {}): Promise<Written> {
  await env.fs.mkdir(DIR)
  const writer = new LogWriter({
    fs: env.fs,
    clock: env.clock,
    log: env.log,
    dir: DIR,
    fsync: 'interval',
    segmentBefore: 0,
    onSync: () => {},
    onFailure: () => {},
    ...options,
  })
  return { env, window: new Window(new SlabPool(), 1, 0, 7_200_000), writer }
}

/** A batch of one sample each for `m{i="0"}` … as records of series, where they are new, and samples. */
async function writeBatch({ window, writer }: Written, t: number, seriesFrom: number, seriesTo: number): Promise<void> {
  const fresh = writer.beginBatch()
  for (let i = fresh ? 0 : seriesFrom; i < seriesTo; i++) {
    if (fresh || i >= seriesFrom) writer.encoder.series(window, window.add(Labels.of({ __name__: 'm', i: String(i) })), t)
  }
  for (let i = 0; i < seriesTo; i++) writer.encoder.sample(i, t, t + i)
  await writer.writeBatch(t)
}

const wanted = (t: number, seriesTo: number) => Array.from({ length: seriesTo }, (_, i) => `m{i="${i}"} ${t} ${t + i}`)

test('what was written is read, over segments, and a new writer goes on after it', async () => {
  const written = await openWriter(virtualEnv(), { segmentBytes: 200 })
  for (let t = 1; t <= 20; t++) await writeBatch(written, t, t === 1 ? 0 : 3, 3)
  await written.writer.close()
  const { report, samples } = await replay(written.env)
  assert.deepEqual(samples, Array.from({ length: 20 }, (_, i) => wanted(i + 1, 3)).flat())
  assert.ok(report.segments.length > 3)
  assert.deepEqual([report.samples, report.samplesLost, report.corruptions, report.damages.length], [60, 0, 0, 0])
  assert.equal(report.segments.at(-1)!.maxTime, 20)
  assert.deepEqual(
    (await written.env.fs.readDir(DIR)).map(segmentNumber),
    report.segments.map(({ number }) => number),
  )
})

const HISTOGRAM: Histogram = {
  isFloat: false,
  counterResetHint: CounterResetHint.unknown,
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 1,
  count: 7,
  sum: 3.5,
  positiveSpans: Int32Array.of(-2, 2, 1, 1),
  negativeSpans: NO_SPANS,
  positiveBuckets: Float64Array.of(2, 3, 1),
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
}

test('the bytes of a small segment are those of the golden file', async () => {
  const written = await openWriter(virtualEnv({ startTime: 1_700_000_000_000 }))
  const { encoder } = written.writer
  const t = 1_700_000_000_000
  await writeBatch(written, t, 0, 2)
  await writeBatch(written, t + 15_000, 2, 3)
  written.writer.beginBatch()
  encoder.sampleFrom(0, t + 30_000, 7, t - 1000)
  encoder.sampleFrom(1, t + 30_000, 8, 0)
  encoder.sampleFrom(2, t + 30_000, 9.5, t - 1000)
  encoder.histogram(0, t + 45_000, false, HISTOGRAM, 0)
  encoder.histogram(1, t + 45_000, true, { ...HISTOGRAM, isFloat: true, count: 7.5, counterResetHint: CounterResetHint.gauge }, t)
  encoder.histogram(0, t + 60_000, false, undefined, 0)
  encoder.exemplar(0, { labels: Labels.of({ trace_id: 'a1' }), value: 0.25, timestamp: t + 44_000, hasTimestamp: true })
  encoder.exemplar(2, { labels: Labels.of({ trace_id: 'b2' }), value: 3, timestamp: t + 45_000, hasTimestamp: false })
  encoder.metadata(0, { type: 'counter', unit: 'seconds', help: 'Time spent.' })
  encoder.metadata(1, { type: 'counter', unit: 'seconds', help: 'Time spent.' })
  encoder.metadata(2, { type: 'stateset', unit: '', help: 'Ü' })
  const matchers = [new Matcher('=', '__name__', 'm'), new Matcher('!~', 'i', 'm|1')]
  encoder.deletion({ minTime: t - 1, maxTime: t + 60_000, matchers })
  encoder.deletion({ minTime: -5, maxTime: t, matchers: [] })
  await written.writer.writeBatch(t + 60_000)
  await written.writer.close()
  const bytes = await written.env.fs.readFile(segmentPath(DIR, 1))
  const want = await readFile(new URL('testdata/small.log.hex', import.meta.url), 'utf8')
  assert.equal(Buffer.from(bytes).toString('hex'), want.replace(/\s/g, ''))
  const { samples } = await replay(written.env)
  // What is said of series comes first.
  assert.deepEqual(samples.slice(0, 5), [
    `m{i="0"} exemplar {trace_id="a1"} 0.25 ${t + 44_000} given`,
    `m{i="2"} exemplar {trace_id="b2"} 3 ${t + 45_000}`,
    'm{i="0"} counter seconds Time spent.',
    'm{i="1"} counter seconds Time spent.',
    'm{i="2"} stateset  Ü',
  ])
  assert.deepEqual(samples.slice(10), [
    `m{i="0"} ${t + 30_000} 7 from ${t - 1000}`,
    `m{i="1"} ${t + 30_000} 8`,
    `m{i="2"} ${t + 30_000} 9.5 from ${t - 1000}`,
    `m{i="0"} ${t + 45_000} histogram count 7 sum 3.5 [2,3,1]`,
    `m{i="1"} ${t + 45_000} float histogram count 7.5 sum 3.5 [2,3,1] from ${t}`,
    `m{i="0"} ${t + 60_000} histogram stale`,
    `delete {__name__="m",i!~"m|1"} ${t - 1} to ${t + 60_000}`,
    `delete {} -5 to ${t}`,
  ])
})

test('a segment of version 1 is read', async () => {
  const env = virtualEnv()
  await env.fs.mkdir(DIR)
  const hex = await readFile(new URL('testdata/version-1.log.hex', import.meta.url), 'utf8')
  await env.fs.writeFile(segmentPath(DIR, 1), Buffer.from(hex.replace(/\s/g, ''), 'hex'))
  const { report, samples } = await replay(env)
  assert.equal(report.damages.length, 0)
  const t = 1_700_000_000_000
  const want = [0, 1].map((i) => `m{i="${i}"} ${t} ${t + i}`)
  assert.deepEqual(samples, [...want, ...[0, 1, 2].map((i) => `m{i="${i}"} ${t + 15_000} ${t + 15_000 + i}`)])
})

test('every cut and every flipped bit of a segment: what is before it is there, and the loss is told', async () => {
  const written = await openWriter()
  const ends: number[] = []
  for (let t = 1; t <= 6; t++) {
    await writeBatch(written, t, t === 1 ? 0 : t + 1, t + 2)
    ends.push(written.writer.segments[0].sizeBytes)
  }
  await written.writer.close()
  const whole = await written.env.fs.readFile(segmentPath(DIR, 1))
  const all = Array.from({ length: 6 }, (_, i) => wanted(i + 1, i + 3))
  const damaged = async (bytes: Uint8Array) => {
    const env = virtualEnv()
    await env.fs.mkdir(DIR)
    await env.fs.writeFile(segmentPath(DIR, 1), bytes)
    const first = await replay(env)
    const second = await replay(env)
    assert.deepEqual(second.samples, first.samples, 'a second start reads the same')
    assert.equal(second.report.corruptions, 0, 'and reports no damage anew')
    return { ...first, env }
  }

  for (let size = 0; size < whole.length; size++) {
    const { samples, report } = await damaged(whole.slice(0, size))
    const whole_ = ends.filter((end) => end <= size).length
    const sure = all.slice(0, whole_).flat()
    assert.deepEqual(samples.slice(0, sure.length), sure, `cut at ${size}`)
    const clean = size === 0 || size === SEGMENT_HEADER_BYTES || ends.includes(size)
    if (clean) assert.equal(report.damages.length, 0)
    else
      assert.ok(
        report.damages.every(({ torn }) => torn),
        `cut at ${size} is torn`,
      )
    assert.equal(report.corruptions, 0)
  }

  const random = seededRandom(7)
  for (let offset = 0; offset < whole.length; offset++) {
    const bytes = whole.slice()
    bytes[offset] ^= 1 << Math.floor(random.next() * 8)
    const { samples, report, env } = await damaged(bytes)
    const sure = all.slice(0, ends.filter((end) => end <= offset).length).flat()
    assert.deepEqual(samples.slice(0, sure.length), sure, `bit at ${offset}`)
    assert.ok(
      samples.every((sample) => all.flat().includes(sample)),
      `no sample is made up, bit at ${offset}`,
    )
    assert.equal(report.damages.length, 1, `bit at ${offset}`)
    const [damage] = report.damages
    assert.ok(
      damage.offset <= offset && offset < damage.offset + damage.sizeBytes,
      `bit at ${offset} is in ${damage.offset}+${damage.sizeBytes}`,
    )
    const missing = all.flat().length - samples.length
    assert.ok(damage.offset < SEGMENT_HEADER_BYTES ? missing === 0 : missing > 0, `bit at ${offset}`)
    if (damage.torn) continue
    const kept = await env.fs.readFile(damage.quarantine!)
    assert.deepEqual(kept, bytes.slice(damage.offset, damage.offset + damage.sizeBytes))
    if (damage.recordsLost === 1 && damage.reason === 'checksum of the record') assert.notEqual(damage.want, damage.got)
  }
})

test('samples of a lost series record are counted, and given to no other series', async () => {
  const written = await openWriter()
  await writeBatch(written, 1, 0, 2)
  const at = written.writer.segments[0].sizeBytes
  await writeBatch(written, 2, 2, 4)
  await writeBatch(written, 3, 4, 5)
  await written.writer.close()
  const bytes = await written.env.fs.readFile(segmentPath(DIR, 1))
  bytes[at + RECORD_HEADER_BYTES + 3] ^= 1
  await written.env.fs.writeFile(segmentPath(DIR, 1), bytes)
  const { samples, report } = await replay(written.env)
  assert.deepEqual(samples, [...wanted(1, 2), ...wanted(2, 2), 'm{i="0"} 3 3', 'm{i="1"} 3 4', 'm{i="4"} 3 7'])
  assert.deepEqual([report.samplesLost, report.corruptions, report.damages[0].recordsLost], [4, 1, 1])
})

test('a record that a client sent as a label value is not taken for one', async () => {
  const inner = await openWriter()
  await writeBatch(inner, 1, 0, 1)
  await inner.writer.close()
  const record = (await inner.env.fs.readFile(segmentPath(DIR, 1))).slice(SEGMENT_HEADER_BYTES)
  const written = await openWriter()
  written.writer.beginBatch()
  const text = new TextDecoder('latin1').decode(record)
  written.writer.encoder.series(written.window, written.window.add(Labels.of({ __name__: 'evil', value: text })), 1)
  written.writer.encoder.sample(0, 1, 1)
  await written.writer.writeBatch(1)
  await writeBatch(written, 2, 1, 2)
  await written.writer.close()
  const bytes = await written.env.fs.readFile(segmentPath(DIR, 1))
  bytes[SEGMENT_HEADER_BYTES] ^= 1
  await written.env.fs.writeFile(segmentPath(DIR, 1), bytes)
  const { report } = await replay(written.env)
  assert.equal(report.series, 1)
  assert.equal(report.samplesLost, 2)
})

test('records larger than the read buffer, and damage in one of them', async () => {
  const written = await openWriter()
  const long = (i: number) => Labels.of({ __name__: 'long', value: `${i}`.repeat(900_000) })
  for (let i = 1; i <= 4; i++) {
    written.writer.beginBatch()
    written.writer.encoder.series(written.window, written.window.add(long(i)), i)
    written.writer.encoder.sample(i - 1, i, i)
    await written.writer.writeBatch(i)
  }
  await written.writer.close()
  const whole = await replay(written.env)
  assert.deepEqual([whole.report.series, whole.report.samples, whole.report.corruptions], [4, 4, 0])
  const bytes = await written.env.fs.readFile(segmentPath(DIR, 1))
  bytes[1_200_000] ^= 4
  await written.env.fs.writeFile(segmentPath(DIR, 1), bytes)
  const { report } = await replay(written.env)
  assert.deepEqual([report.series, report.samples, report.samplesLost, report.corruptions], [3, 3, 1, 1])
})

test('other files in the directory, and a segment of zeros or nonsense', async () => {
  const env = virtualEnv()
  await env.fs.mkdir(DIR)
  await env.fs.writeFile(`${DIR}/README`, 'hello')
  await env.fs.writeFile(segmentPath(DIR, 1), new Uint8Array(5000))
  await env.fs.writeFile(segmentPath(DIR, 2), env.random.bytes(300_000))
  await env.fs.writeFile(segmentPath(DIR, 3), new Uint8Array(0))
  const { report } = await replay(env)
  assert.equal(report.corruptions, 1)
  assert.deepEqual(
    report.damages.map(({ segment, torn }) => [segment, torn]),
    [
      [1, true],
      [2, false],
    ],
  )
  assert.equal((await env.fs.readFile(`${QUARANTINE}/00000002-0.bin`)).length, 300_000)
})

test('damage at the same place of another log is kept beside the first one', async () => {
  const env = virtualEnv()
  await env.fs.mkdir(DIR)
  const damages = [new Uint8Array(300).fill(1), new Uint8Array(300).fill(2), new Uint8Array(200).fill(3)]
  for (const damage of [...damages, damages[1]]) {
    await env.fs.writeFile(segmentPath(DIR, 1), damage)
    await replay(env)
  }
  const names = ['00000001-0-2.bin', '00000001-0-3.bin', '00000001-0.bin']
  assert.deepEqual((await env.fs.readDir(QUARANTINE)).toSorted(), names)
  const kept = await Promise.all(['', '-2', '-3'].map((n) => env.fs.readFile(`${QUARANTINE}/00000001-0${n}.bin`)))
  assert.deepEqual(
    kept.map(([byte]) => byte),
    [1, 2, 3],
  )
})
