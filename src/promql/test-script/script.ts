import { CodedError, errorMessage } from '../../base/errors.ts'
import { parseDuration } from '../../model/duration.ts'
import { parseNumber, unquote } from '../../model/go-text.ts'
import { compileRegex } from '../../model/regex.ts'
import type { Timestamp } from '../../model/time.ts'
import type { SeriesDescription } from '../parser/series-description.ts'
import { parseSeriesDescription } from '../parser/series-description.ts'
import { parseStartDescription, type StartDescription } from './start-description.ts'

// The language of upstream's test scripts, with the older `eval_fail`, `eval_warn`, `eval_info` and `eval_ordered`.
// Source: Prometheus promql/promqltest/README.md.

interface ClearCommand {
  readonly kind: 'clear'
  readonly line: number
}

export interface LoadCommand {
  readonly kind: 'load'
  readonly line: number
  readonly stepMs: number
  /** `load_with_nhcb`: classic histograms become native ones too. */
  readonly withNativeHistograms: boolean
  /** When the counting behind samples began (`@st` lines), against the time of the sample. */
  readonly starts: readonly StartDescription[]
  readonly series: readonly SeriesDescription[]
}

export type ExpectationType = 'fail' | 'warn' | 'info' | 'no_warn' | 'no_info' | 'ordered'

export interface Expectation {
  readonly type: ExpectationType
  /** What must match, as written; empty when anything does. */
  readonly text: string
  matches(message: string): boolean
}

export interface ExpectedSeries extends SeriesDescription {
  /** From 0, in the order of the script. */
  readonly position: number
}

export interface EvalCommand {
  readonly kind: 'eval'
  readonly line: number
  readonly expr: string
  readonly mode: 'instant' | 'range'
  /** For an instant query that expects a range vector: the times of its points. */
  readonly start: Timestamp
  readonly end: Timestamp
  readonly stepMs: number
  /** When an instant query is evaluated. */
  readonly time: Timestamp
  readonly expectations: readonly Expectation[]
  readonly series: readonly ExpectedSeries[]
  readonly scalar: number | undefined
  readonly string: string | undefined
  readonly expectsRangeVector: boolean
}

export type Command = ClearCommand | LoadCommand | EvalCommand

const LOAD = /^load(?:_(with_nhcb))?\s+(.+?)$/
const EVAL_INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/
const EVAL_RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/
const EXPECT = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/
const EXPECT_RANGE = /^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$/
const START_TIMESTAMPS = /^(?:[^\s{]*(?:\{[^}]*\})?)@st\s/

/** The commands of a script. Throws `bad_data` naming file and line. */
export function parseScript(text: string, fileName: string): readonly Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()))
  const commands: Command[] = []
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] === '') continue
    let blockEnd = i + 1
    while (blockEnd < lines.length && lines[blockEnd] !== '') blockEnd++
    const word = lines[i].split(/[\t ]+/, 1)[0].toLowerCase()
    const line = i + 1
    try {
      if (word === 'clear') commands.push({ kind: 'clear', line })
      else if (word.startsWith('load')) {
        commands.push(parseLoad(lines.slice(i, blockEnd), line))
        i = blockEnd - 1
      } else if (word.startsWith('eval')) {
        const { command, linesUsed } = parseEval(lines.slice(i, blockEnd), line)
        commands.push(command)
        i += linesUsed - 1
      } else throw new CodedError('bad_data', `invalid command ${JSON.stringify(lines[i])}`)
    } catch (cause) {
      throw new CodedError('bad_data', `${fileName}:${line}: ${errorMessage(cause)}`, { cause })
    }
  }
  return commands
}

function parseLoad(lines: readonly string[], line: number): LoadCommand {
  const parts = LOAD.exec(lines[0])
  if (parts === null) throw new CodedError('bad_data', 'invalid load command. (load[_with_nhcb] <step:duration>)')
  const definitions = lines.slice(1)
  return {
    kind: 'load',
    line,
    stepMs: parseDuration(parts[2]),
    withNativeHistograms: parts[1] !== undefined,
    starts: definitions.filter((definition) => START_TIMESTAMPS.test(definition)).map(parseStartDescription),
    series: definitions.filter((definition) => !START_TIMESTAMPS.test(definition)).map(parseSeriesDescription),
  }
}

function parseEval(lines: readonly string[], line: number): { command: EvalCommand; linesUsed: number } {
  const instant = EVAL_INSTANT.exec(lines[0])
  const range = EVAL_RANGE.exec(lines[0])
  const parts = instant ?? range
  if (parts === null) {
    throw new CodedError(
      'bad_data',
      `invalid evaluation command ${JSON.stringify(lines[0])}, want eval instant at … or eval range from … to … step …`,
    )
  }
  const times = range === null ? undefined : parseTimes(range[2], range[3], range[4])
  const time = instant === null ? times!.end : parseDuration(instant[2] ?? '')
  const expr = instant === null ? parts[5] : parts[3]
  const expectations: Expectation[] = []
  if (parts[1] !== undefined) expectations.push({ type: parts[1] as ExpectationType, text: '', matches: () => true })
  const series: ExpectedSeries[] = []
  let scalar: number | undefined
  let string: string | undefined
  let rangeVector: ReturnType<typeof parseTimes> | undefined
  let i = 1
  for (; i < lines.length; i++) {
    const text = lines[i]
    const oldFailure = /^expected_fail_(message|regexp)\s+(.*)$/.exec(text)
    if (oldFailure !== null) {
      expectations.push(expectation('fail', oldFailure[1] === 'message' ? 'msg' : 'regex', oldFailure[2].trim()))
      expectations.splice(0, 1)
    } else if (text.startsWith('expect range vector')) {
      const match = EXPECT_RANGE.exec(text)
      if (match === null) throw new CodedError('bad_data', `invalid range vector definition ${JSON.stringify(text)}`)
      rangeVector = parseTimes(match[1], match[2], match[3])
    } else if (text.startsWith('expect string')) string = parseExpectedString(text)
    else if (text.split(' ', 1)[0] === 'expect') {
      const match = EXPECT.exec(text)
      if (match === null)
        throw new CodedError('bad_data', `invalid expect line ${JSON.stringify(text)}, want expect <type> <match_type>: <string>`)
      expectations.push(expectation(match[1] as ExpectationType, match[2], match[3]?.trim() ?? ''))
    } else {
      scalar = parseScalar(text)
      if (scalar !== undefined) {
        i++
        break
      }
      const description = parseSeriesDescription(text)
      if (description.values.length > 1 && instant !== null && rangeVector === undefined) {
        throw new CodedError('bad_data', `more than one value for ${description.labels} in an instant evaluation`)
      }
      series.push({ ...description, position: series.length })
    }
  }
  const { start, end, stepMs } = rangeVector ?? times ?? { start: time, end: time, stepMs: 1 }
  const command: EvalCommand = {
    kind: 'eval',
    line,
    expr,
    mode: instant === null ? 'range' : 'instant',
    start,
    end,
    stepMs,
    time: rangeVector?.end ?? time,
    expectations,
    series,
    scalar,
    string,
    expectsRangeVector: rangeVector !== undefined,
  }
  return { command, linesUsed: i }
}

function parseTimes(from: string, to: string, step: string): { start: Timestamp; end: Timestamp; stepMs: number } {
  const [start, end, stepMs] = [parseDuration(from), parseDuration(to), parseDuration(step)]
  if (end < start) throw new CodedError('bad_data', `end ${to} is before start ${from}`)
  return { start, end, stepMs }
}

function expectation(type: ExpectationType, matchType: string | undefined, text: string): Expectation {
  if (matchType === 'msg') return { type, text, matches: (message) => message === text }
  if (matchType === undefined) return { type, text: '', matches: () => true }
  const regex = compileRegex(`.*(?:${text}).*`)
  return { type, text, matches: (message) => regex.test(message) }
}

function parseExpectedString(text: string): string {
  const literal = text.slice('expect string '.length)
  if (!/^(".*"|`[^`]*`)$/.test(literal)) throw new CodedError('bad_data', 'a quoted string is required behind expect string')
  return unquote(literal)
}

/** A line that is one number: what a scalar must be. */
function parseScalar(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, '')
  if (!/^(\d|\.\d|inf$|infinity$|nan$)/i.test(unsigned)) return undefined
  const value = /^infinity$/i.test(unsigned) ? Number.POSITIVE_INFINITY : parseNumber(unsigned)
  if (typeof value === 'string') return undefined
  return text[0] === '-' ? -value : value
}
