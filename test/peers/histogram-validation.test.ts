// What Prometheus says of histograms that contradict themselves is what we say.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { histogram } from '../../src/chunkenc/samples.fixture.ts'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../../src/model/histogram.ts'
import { validateHistogram } from '../../src/model/histogram-validation.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program } from '../support/program.ts'
import { remoteWriteBody, sendRemoteWrite } from '../support/remote-write-body.ts'

const counts = (...numbers: number[]) => Float64Array.from(numbers)
const spans = (...numbers: number[]) => Int32Array.from(numbers)
const good = histogram({ zeroCount: 1, sum: 5, spans: [0, 2], buckets: [1, 2], negativeSpans: [1, 1], negativeBuckets: [4] })
const custom = histogram({ schema: CUSTOM_BUCKETS_SCHEMA, customValues: [1, 2.5], spans: [0, 3], buckets: [1, 2, 3] })

// Custom bounds that are NaN are not here: 3.5 takes them, later ones refuse.
const BAD: readonly Histogram[] = [
  { ...good, positiveSpans: spans(0, 5) },
  { ...good, negativeSpans: spans(0, 1, 3, 2) },
  { ...good, positiveSpans: spans(0, 1, -3, 1) },
  { ...good, negativeSpans: spans(0, 1, -1, 0) },
  { ...good, positiveBuckets: counts(1, -2) },
  { ...good, negativeBuckets: counts(-4) },
  { ...good, isFloat: true, negativeBuckets: counts(-4e-7) },
  { ...good, isFloat: true, positiveBuckets: counts(1, -2.5) },
  { ...good, isFloat: true, positiveBuckets: counts(-1e21, 1) },
  { ...good, count: 3 },
  { ...good, count: 9 },
  { ...good, sum: Number.NaN, count: 7 },
  { ...custom, customValues: counts(1) },
  { ...custom, customValues: counts(2, 1.5, 7) },
  { ...custom, customValues: counts(1, 1, 2) },
  { ...custom, customValues: counts(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY) },
  { ...custom, customValues: counts(1, Number.POSITIVE_INFINITY) },
  { ...custom, customValues: counts(1e300, 1) },
  { ...custom, positiveSpans: spans(-1, 3) },
  { ...custom, positiveSpans: spans(0, 2) },
  { ...custom, positiveSpans: spans(0, 1, 4, 2) },
  { ...custom, zeroCount: 1 },
  { ...custom, zeroThreshold: 0.5 },
  { ...custom, negativeSpans: spans(0, 0) },
  { ...custom, negativeBuckets: counts(1) },
  { ...custom, positiveBuckets: counts(1, -2, 3) },
  { ...custom, count: 7 },
  { ...good, customValues: counts(1) },
]

test('Prometheus refuses the same histograms with the same words', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const port = await freePort()
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'global: {}\n')
  const prometheus = new Program(
    binary,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--enable-feature=native-histograms',
    ],
    `http://127.0.0.1:${port}`,
  )
  try {
    await prometheus.ready()
    const now = Date.now()
    const send = async (value: Histogram, at: number) => {
      const response = await sendRemoteWrite(
        prometheus.url,
        remoteWriteBody([{ name: `h${at}`, isFloat: value.isFloat, samples: [{ t: now, value }] }]),
      )
      return { status: response.status, text: (await response.text()).trim() }
    }
    assert.deepEqual(await send(good, 100), { status: 204, text: '' })
    assert.deepEqual(await send(custom, 101), { status: 204, text: '' })
    const theirs: string[] = []
    for (const [i, value] of BAD.entries()) {
      const { status, text } = await send(value, i)
      // 3.5 says 500, later ones 400.
      assert.ok(status === 400 || status === 500, `histogram ${i}: ${status}`)
      theirs.push(text)
    }
    assert.deepEqual(BAD.map(validateHistogram), theirs)
  } finally {
    await prometheus.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
