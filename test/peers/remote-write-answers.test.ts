import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer } from '../support/program.ts'
import {
  field,
  type HandHistogram,
  type HandSeries,
  messageV1,
  messageV2,
  snappyBlock,
  V1,
  V2,
  varint,
  varintField,
} from '../support/write-requests.ts'

/** One request, the same to both servers. */
interface Case {
  readonly name: string
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly body: Buffer
}

/** What differs on purpose, and our answer, from theirs. */
interface Difference {
  readonly why: string
  ours(theirs: string): string
}

const T = Date.now() - 60_000
const HOUR = 3_600_000

const named = (name: string, ...more: [string, string][]): [string, string][] => [['__name__', name], ...more]
const one = (name: string, t: number, v: number): HandSeries => ({ labels: named(name), samples: [[t, v]] })
const v1 = (name: string, series: readonly HandSeries[]): Case => ({
  name: `1.0: ${name}`,
  contentType: V1,
  body: snappyBlock(messageV1(series)),
})
const v2 = (name: string, series: readonly HandSeries[]): Case => ({
  name: `2.0: ${name}`,
  contentType: V2,
  body: snappyBlock(messageV2(series)),
})
/** The same series to both versions, under names of their own. */
const both = (name: string, series: (prefix: string) => readonly HandSeries[]) => [v1(name, series('one')), v2(name, series('two'))]
const exemplar = (t: number, id: string) => ({ labels: [['trace_id', id]] as [string, string][], value: 1.5, t })
const raw = (name: string, message: Buffer, version: 1 | 2): Case => ({
  name: `${version}.0: ${name}`,
  contentType: version === 1 ? V1 : V2,
  body: snappyBlock(message),
})

const HISTOGRAM: HandHistogram = {
  t: T,
  count: 6,
  sum: 12.5,
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 1,
  positiveSpans: [
    [0, 2],
    [3, 1],
  ],
  positive: [2, -1, 1],
}
const bad = (change: Partial<HandHistogram>) => (prefix: string) => [
  { labels: named(`${prefix}_h_bad`), histograms: [{ ...HISTOGRAM, ...change }] },
]

const CASES: readonly Case[] = [
  ...both('nothing', () => []),
  ...both('two series', (p) => [
    one(`${p}_a`, T, 1),
    {
      labels: named(`${p}_b`, ['c', 'd']),
      samples: [
        [T, 1],
        [T + 1, 2],
      ],
    },
  ]),
  ...both('the same again', (p) => [one(`${p}_a`, T, 1)]),
  ...both('a staleness marker', (p) => [{ labels: named(`${p}_a`), samples: [[T + 1, 'stale']] }]),
  ...both('out of order', (p) => [one(`${p}_a`, T - 1, 1)]),
  ...both('out of order beside a good one', (p) => [one(`${p}_a`, T - 1, 1), one(`${p}_beside`, T, 1)]),
  ...both('two out of order', (p) => [
    {
      labels: named(`${p}_a`),
      samples: [
        [T - 1, 1],
        [T - 2, 1],
      ],
    },
  ]),
  ...both('back in time within a request', (p) => [
    {
      labels: named(`${p}_back`),
      samples: [
        [T + 1, 1],
        [T, 2],
      ],
    },
  ]),
  ...both('another value at the same time', (p) => [one(`${p}_b2`, T, 1)]),
  ...both('another value at the same time, second', (p) => [one(`${p}_b2`, T, 2)]),
  ...both('far too old', (p) => [one(`${p}_old`, T - 1000 * HOUR, 1)]),
  ...both('too far ahead', (p) => [one(`${p}_ahead`, T + HOUR, 1)]),
  ...both('a histogram too far ahead', (p) => [{ labels: named(`${p}_h_ahead`), histograms: [{ ...HISTOGRAM, t: T + HOUR }] }]),
  ...both('time zero', (p) => [one(`${p}_zero`, 0, 1)]),
  ...both('without a name', () => [{ labels: [['foo', 'bar']], samples: [[T, 1]] }]),
  ...both('an empty name', () => [
    {
      labels: [
        ['__name__', ''],
        ['foo', 'bar'],
      ],
      samples: [[T, 1]],
    },
  ]),
  ...both('without labels', () => [{ labels: [], samples: [[T, 1]] }]),
  ...both('an empty label name', (p) => [{ labels: named(`${p}_e`, ['', 'x']), samples: [[T, 1]] }]),
  ...both('an empty label value', (p) => [{ labels: named(`${p}_e`, ['x', '']), samples: [[T, 1]] }]),
  ...both('a label twice', (p) => [{ labels: named(`${p}_e`, ['x', '1'], ['x', '2']), samples: [[T, 1]] }]),
  ...both('labels out of order', (p) => [
    {
      labels: [
        ['z', '1'],
        ['__name__', `${p}_e`],
        ['a', '1'],
      ],
      samples: [[T, 1]],
    },
  ]),
  ...both('names in UTF-8', (p) => [{ labels: named(`${p} ä.b`, ['ö', '"\n\\']), samples: [[T, 1]] }]),
  ...both('a name that is quoted', (p) => [{ labels: [['a.b', `${p}`]], samples: [[T, 1]] }]),
  ...both('no samples', (p) => [{ labels: named(`${p}_a`) }]),
  ...both('an exemplar', (p) => [{ ...one(`${p}_ex`, T, 1), exemplars: [exemplar(T, 'a')] }]),
  ...both('the same exemplar', (p) => [{ ...one(`${p}_ex`, T + 1, 1), exemplars: [exemplar(T, 'a')] }]),
  ...both('an exemplar out of order', (p) => [{ ...one(`${p}_ex`, T + 2, 1), exemplars: [exemplar(T - 5, 'b')] }]),
  ...both('an exemplar with long labels', (p) => [{ ...one(`${p}_ex`, T + 3, 1), exemplars: [exemplar(T + 3, 'x'.repeat(200))] }]),
  ...both('an exemplar alone', (p) => [{ labels: named(`${p}_ex`), exemplars: [exemplar(T + 4, 'c')] }]),
  ...both('an exemplar alone of a series that is not there', (p) => [{ labels: named(`${p}_none`), exemplars: [exemplar(T, 'c')] }]),
  ...both('a histogram', (p) => [{ labels: named(`${p}_h`), histograms: [HISTOGRAM] }]),
  ...both('a float histogram', (p) => [
    { labels: named(`${p}_fh`), histograms: [{ ...HISTOGRAM, isFloat: true, positive: [2, 1, 2], count: 6 }] },
  ]),
  ...both('custom buckets', (p) => [
    {
      labels: named(`${p}_ch`),
      histograms: [{ t: T, count: 3, sum: 4, schema: -53, positiveSpans: [[0, 2]], positive: [1, 1], customValues: [1, 2] }],
    },
  ]),
  ...both('the same histogram', (p) => [{ labels: named(`${p}_h`), histograms: [HISTOGRAM] }]),
  ...both('another histogram at the same time', (p) => [{ labels: named(`${p}_h`), histograms: [{ ...HISTOGRAM, sum: 13 }] }]),
  ...both('a float at the time of a histogram', (p) => [one(`${p}_h`, T, 1)]),
  ...both('a histogram at the time of a float', (p) => [{ labels: named(`${p}_b2`), histograms: [HISTOGRAM] }]),
  ...both('a histogram out of order', (p) => [{ labels: named(`${p}_h`), histograms: [{ ...HISTOGRAM, t: T - 1 }] }]),
  ...both('a stale histogram', (p) => [{ labels: named(`${p}_h`), histograms: [{ t: T + 1, sum: 'stale' }] }]),
  ...both('spans and buckets differ', bad({ positive: [1] })),
  ...both('a negative bucket', bad({ positive: [2, -3, 1] })),
  ...both(
    'a span that goes back',
    bad({
      positiveSpans: [
        [0, 2],
        [-1, 1],
      ],
    }),
  ),
  ...both('too few observations', bad({ count: 2 })),
  ...both('a wrong count of observations', bad({ count: 7 })),
  ...both(
    'custom bounds that fall',
    bad({ schema: -53, zeroCount: 0, zeroThreshold: 0, count: 5, customValues: [3, 2, 1, 0, -1], positiveSpans: [[0, 3]] }),
  ),
  ...both('an unknown schema', bad({ schema: 77 })),
  ...both('a bad histogram beside a good sample', (p) => [...bad({ positive: [1] })(p), one(`${p}_beside_h`, T, 1)]),
  v2('metadata', [{ ...one('two_m', T, 1), metadata: { type: 1, help: 'Help.', unit: 'bytes' } }]),
  v2('a created timestamp', [{ ...one('two_ct', T, 1), createdTime: T - 5000 }]),
  v2('an odd number of references', [{ ...one('two_odd', T, 1), refs: [1, 2, 1] }]),
  v2('references outside of the symbols', [{ ...one('two_out', T, 1), refs: [0, 99] }]),
  v2('a histogram with a created timestamp', [{ labels: named('two_hct'), histograms: [HISTOGRAM], createdTime: T - 5000 }]),
  v2('a created timestamp again', [{ ...one('two_ct', T + 1, 1), createdTime: T - 5000 }]),
  v2('a created timestamp that is later than its sample', [{ ...one('two_ct', T + 2, 1), createdTime: T + 3 }]),
  raw('metadata alone', messageV1([], [{ type: 1, name: 'one_a', help: 'Help.' }]), 1),
  raw('a message cut off', messageV1([one('one_cut', T, 1)]).subarray(0, 20), 1),
  raw('a message cut off', messageV2([one('two_cut', T, 1)]).subarray(0, 40), 2),
  raw('tag zero', Buffer.of(0), 1),
  raw('a length beyond the end', field(1, Buffer.of(0x12, 50)), 1),
  raw('a field of another type', varintField(1, 1), 1),
  raw('an illegal wire type', Buffer.of(0x26), 1),
  raw('a long number', Buffer.concat([Buffer.of(0x0a), Buffer.alloc(11, 0xff)]), 1),
  raw('a negative length', Buffer.concat([Buffer.of(0x0a), varint(-1)]), 1),
  raw('an end of a group', Buffer.of(0x24), 1),
  raw('unknown fields', Buffer.concat([varintField(9, 1), field(10, 'x'), Buffer.of(0x5b, 0x08, 1, 0x5c)]), 1),
  raw('the message of 2.0', messageV2([one('two_wrong', T, 1)]), 1),
  raw('the message of 1.0', messageV1([one('one_wrong', T, 1)]), 2),
  raw('a label without its text', field(1, Buffer.concat([field(1, Buffer.of(0x0a, 5)), field(2, varintField(2, T))])), 1),
  { name: 'no snappy', contentType: V1, body: Buffer.from('x') },
  { name: 'no snappy, 2.0', contentType: V2, body: Buffer.from('x') },
  { name: 'more bytes than a request may have', contentType: V1, body: Buffer.concat([varint(33 * 1024 * 1024), Buffer.of(0)]) },
  { name: 'no body', contentType: V1, body: Buffer.alloc(0) },
  { name: 'no headers', body: snappyBlock(messageV1([one('one_plain', T, 1)])), contentEncoding: '' },
  { name: 'the media type alone', contentType: 'application/x-protobuf', body: snappyBlock(messageV1([one('one_plain', T + 1, 1)])) },
  { name: 'another media type', contentType: 'text/plain', body: snappyBlock(messageV1([])) },
  { name: 'a parameter without a value', contentType: 'application/x-protobuf;x', body: snappyBlock(messageV1([])) },
  { name: 'another parameter', contentType: 'application/x-protobuf;x=y', body: snappyBlock(messageV1([])) },
  { name: 'an unknown message', contentType: 'application/x-protobuf;proto=zz', body: snappyBlock(messageV1([])) },
  { name: 'gzip', contentType: V1, contentEncoding: 'gzip', body: snappyBlock(messageV1([])) },
]

const TEXT = 'text/plain; charset=utf-8'
const COUNTS = '0 0 0'

/** An answer 400 with a text. */
const refused = (text: string, counts = '') => `400 ${TEXT}${counts && ` ${counts}`} ${JSON.stringify(`${text}\n`)}`
const badLabels = (text: string): Difference => ({
  why: 'series of 1.0 with bad labels are refused, not dropped',
  ours: () => refused(text),
})
const badReferences = (text: string): Difference => ({
  why: 'wrong references are a bad request, as in 3.14; 3.5 ends the connection',
  ours: () => refused(text, COUNTS),
})
const EXISTING: Difference = {
  why: 'the existing value is not said',
  ours: (theirs) => theirs.replace(/existing (1|is a histogram), new/, 'new'),
}
const BAD_HISTOGRAM: Difference = {
  why: 'a bad histogram is a bad request, as in 3.14, not a fault of ours',
  ours: (theirs) => {
    const answer = theirs.replace(/^500/, '400')
    return answer.includes(COUNTS) ? answer.replace('\\n', ' for series {__name__=\\"two_h_bad\\"}\\n') : answer
  },
}
const SCHEMA =
  'histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 77'

const BAD_HISTOGRAMS = [
  'spans and buckets differ',
  'a negative bucket',
  'a span that goes back',
  'too few observations',
  'a wrong count of observations',
  'custom bounds that fall',
]

/** By the name of the case. */
const DIFFERENCES: Readonly<Record<string, Difference>> = {
  '1.0: another value at the same time, second': EXISTING,
  '2.0: another value at the same time, second': EXISTING,
  '1.0: a float at the time of a histogram': EXISTING,
  '2.0: a float at the time of a histogram': EXISTING,
  '1.0: without a name': badLabels('invalid metric name or labels, got {foo="bar"}'),
  '1.0: an empty name': badLabels('invalid metric name or labels, got {__name__="", foo="bar"}'),
  '1.0: without labels': badLabels('invalid metric name or labels, got {}'),
  '1.0: an empty label name': badLabels('invalid metric name or labels, got {""="x", __name__="one_e"}'),
  '1.0: a label twice': badLabels('invalid labels for series, labels {__name__="one_e", x="1", x="2"}, duplicated label x'),
  '1.0: a name that is quoted': badLabels('invalid metric name or labels, got {"a.b"="one"}'),
  '1.0: back in time within a request': { why: 'a sample that is not stored is told', ours: () => refused('out of order sample') },
  '2.0: back in time within a request': {
    why: 'a sample that is not stored is told, and not counted',
    ours: () => refused('out of order sample for series {__name__="two_back"}', '1 0 0'),
  },
  'more bytes than a request may have': {
    why: 'the size is checked before anything is decoded',
    ours: () => refused('snappy: decoded block is too large: 34603008 bytes, want at most 33554432'),
  },
  '2.0: no samples': {
    why: 'a series without anything is refused, as in 3.14',
    ours: () => refused('TimeSeries must contain at least one sample or histogram for series {__name__="two_a"}', COUNTS),
  },
  ...Object.fromEntries(BAD_HISTOGRAMS.flatMap((name) => [`1.0: ${name}`, `2.0: ${name}`]).map((name) => [name, BAD_HISTOGRAM])),
  '1.0: a bad histogram beside a good sample': BAD_HISTOGRAM,
  '2.0: a bad histogram beside a good sample': {
    why: 'the good sample is written, as in 3.14',
    ours: (theirs) => BAD_HISTOGRAM.ours(theirs).replace(COUNTS, '1 0 0'),
  },
  '1.0: an unknown schema': { why: 'refused as in 3.14; 3.5 stores it', ours: () => refused(SCHEMA) },
  '2.0: an unknown schema': {
    why: 'refused as in 3.14; 3.5 stores it',
    ours: () => refused(`${SCHEMA} for series {__name__="two_h_bad"}`, COUNTS),
  },
  '2.0: an odd number of references': badReferences('parsing labels for series [1 2 1]: invalid labelRefs length 3'),
  '2.0: references outside of the symbols': badReferences(
    'parsing labels for series [0 99]: labelRefs 0 (name) = 99 (value) outside of symbols table (size 1)',
  ),
  '2.0: a message cut off': {
    why: 'what was written is said with every answer to 2.0, as in 3.14',
    ours: (theirs) => theirs.replace(TEXT, `${TEXT} ${COUNTS}`),
  },
  'an unknown message': { why: 'the text of 3.14', ours: (theirs) => theirs.replace('unknown remote', 'unknown type for remote') },
}

const HEADERS = [
  'content-type',
  'x-prometheus-remote-write-samples-written',
  'x-prometheus-remote-write-histograms-written',
  'x-prometheus-remote-write-exemplars-written',
]

/** Series that only one of the two has afterwards. */
const ONLY_OURS = ['one_beside', 'one_beside_h', 'two_beside_h']
const ONLY_THEIRS = ['one_h_bad', 'two_h_bad']

/** All that is stored, a line a series. */
async function stored(program: Program, without: readonly string[]): Promise<string[]> {
  const { result } = await program.api<{ result: unknown[] }>('query', {
    query: `{__name__=~"(one|two).*",__name__!~"${without.join('|')}"}[2h]`,
    time: T / 1000 + 600,
  })
  return result.map((series) => JSON.stringify(series)).sort()
}

/** Status, the headers that say something, and the text; in one line. */
async function answer(url: string, { contentType, contentEncoding = 'snappy', body }: Case): Promise<string> {
  const headers: Record<string, string> = { 'x-prometheus-remote-write-version': '2.0.0' }
  if (contentType !== undefined) headers['content-type'] = contentType
  if (contentEncoding !== '') headers['content-encoding'] = contentEncoding
  try {
    const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body: new Blob([Uint8Array.from(body)]) })
    const said = HEADERS.flatMap((name) => response.headers.get(name) ?? [])
    return [response.status, ...said, JSON.stringify(await response.text())].join(' ').replaceAll(String(T).slice(0, 10), 'T')
  } catch {
    return 'no answer'
  }
}

test('remote write is answered as by Prometheus', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'storage: {tsdb: {out_of_order_time_window: 0s}, exemplars: {max_exemplars: 1000}}\n')
  const flags = [
    '--web.enable-remote-write-receiver',
    '--enable-feature=native-histograms,exemplar-storage,metadata-wal-records,created-timestamp-zero-ingestion',
  ]
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...flags],
    `http://127.0.0.1:${port}`,
  )
  try {
    await ours.ready()
    await theirs.ready()
    for (const one of CASES) {
      const [our, their] = [await answer(ours.url, one), await answer(theirs.url, one)]
      const difference = DIFFERENCES[one.name]
      assert.equal(our, difference?.ours(their) ?? their, one.name)
      if (difference !== undefined) assert.notEqual(our, their, `${one.name}: is equal by now: ${difference.why}`)
    }
    const [our, their] = [await stored(ours, ONLY_OURS), await stored(theirs, ONLY_THEIRS)]
    assert.ok(our.length > 20)
    assert.deepEqual(our, their)
  } finally {
    await theirs.stop()
    await ours.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
