// What reads input from outside, each as one function: it takes any bytes and answers whether they are good. An error of its kind is an
// answer; any other is ours.

import { virtualEnv } from '../../src/base/env-virtual.ts'
import { CodedError } from '../../src/base/errors.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problems.ts'
import { ExpositionError } from '../../src/exposition/exposition-error.ts'
import { FamiliesError } from '../../src/exposition/family-scanner.ts'
import { parseMetricFamilies } from '../../src/exposition/metric-families.ts'
import { OpenMetricsParser } from '../../src/exposition/open-metrics-parser.ts'
import { Entry, type PageParser } from '../../src/exposition/page-parser.ts'
import { ProtobufParser } from '../../src/exposition/protobuf-parser.ts'
import { TextParser } from '../../src/exposition/text-parser.ts'
import { compileAnchoredRegex } from '../../src/model/regex.ts'
import { FuzzedOtlpReceiver, type OtlpForm } from './otlp-fuzz.ts'
import { checkRead, type ReadForm } from './read-fuzz.ts'
import { FuzzedReceiver } from './write-fuzz.ts'

export interface Verdict {
  readonly good: boolean
  /** Why not, or what was found. */
  readonly text: string
}

export type JudgeName = keyof typeof JUDGES

const parsers = {
  text: new TextParser(),
  openMetrics: new OpenMetricsParser({ skipCreated: false }),
  protobuf: new ProtobufParser({ ignoreNative: false, keepClassic: true }),
}
const receivers = { 1: new FuzzedReceiver(), 2: new FuzzedReceiver() }
let otlpReceiver = new FuzzedOtlpReceiver()
let otlpRequests = 0

export const JUDGES = {
  text: (bytes: Uint8Array) => readPage(parsers.text, bytes),
  openMetrics: (bytes: Uint8Array) => readPage(parsers.openMetrics, bytes),
  protobuf: (bytes: Uint8Array) => readPage(parsers.protobuf, bytes),
  families: (bytes: Uint8Array) => refused(FamiliesError, () => `${parseMetricFamilies(bytes).length} families`),
  config: judgeConfig,
  regex: (bytes: Uint8Array) => refused(CodedError, () => compileAnchoredRegex(Buffer.from(bytes).toString()).source),
  write1: (body: Uint8Array) => judgeWrite(1, body),
  write2: (body: Uint8Array) => judgeWrite(2, body),
  otlpProtobuf: (body: Uint8Array) => judgeOtlp('protobuf', body),
  otlpJson: (body: Uint8Array) => judgeOtlp('json', body),
  otlpGzip: (body: Uint8Array) => judgeOtlp('gzip', body),
  readRequest: (body: Uint8Array) => judgeRead('request', body),
  readSamples: (body: Uint8Array) => judgeRead('samples', body),
  readFrames: (body: Uint8Array) => judgeRead('frames', body),
} as const

function refused(kind: abstract new (...args: never[]) => Error, read: () => string): Verdict {
  try {
    return { good: true, text: read() }
  } catch (error) {
    if (error instanceof kind) return { good: false, text: error.message }
    throw error
  }
}

/** Reads a page to its end, and all that there is to ask about each entry. */
function readPage(parser: PageParser, page: Uint8Array): Verdict {
  const buffer = new Uint8Array(page.length + 1)
  buffer.set(page)
  return refused(ExpositionError, () => {
    parser.reset(buffer, page.length)
    let series = 0
    let entries = 0
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
      // A byte makes an entry at the very least; of protobuf a histogram makes a dozen or two of its own.
      if (++entries > 64 * (page.length + 1)) throw new Error(`${entries} entries from ${page.length} bytes`)
      if (entry !== Entry.series) continue
      series++
      parser.labels()
      parser.emptyLabelNames()
      if (parser.isHistogram) parser.histogram()
      parser.exemplars(0)
      parser.startTime()
    }
    return `${series} series`
  })
}

async function judgeConfig(bytes: Uint8Array): Promise<Verdict> {
  const env = virtualEnv()
  await env.fs.mkdir('/etc')
  await env.fs.writeFile('/etc/prometheus.yml', bytes)
  try {
    const config = await loadConfig(env, '/etc/prometheus.yml', {})
    config.toYaml()
    return { good: true, text: config.warnings.map(({ message }) => message).join('\n') }
  } catch (error) {
    if (error instanceof ConfigError) return { good: false, text: error.message }
    throw error
  }
}

async function judgeWrite(version: 1 | 2, body: Uint8Array): Promise<Verdict> {
  const status = await receivers[version].check({ version, body }, Infinity)
  return { good: status === 204, text: String(status) }
}

/** The memory store keeps all there was: a new one now and then. */
async function judgeOtlp(form: OtlpForm, body: Uint8Array): Promise<Verdict> {
  if (++otlpRequests % 2000 === 0) otlpReceiver = new FuzzedOtlpReceiver()
  const status = await otlpReceiver.check({ form, body }, Infinity)
  return { good: status === 200, text: String(status) }
}

async function judgeRead(form: ReadForm, body: Uint8Array): Promise<Verdict> {
  const good = await checkRead({ form, body })
  return { good, text: good ? 'read' : 'refused' }
}
