import { escapeQuery } from '../base/url-escape.ts'
import { parseDuration } from '../model/duration.ts'
import { GoDuration } from './duration-value.ts'
import { humanize, humanize1024, humanizePercentage } from './humanize.ts'
import { sprintf } from './sprintf.ts'
import { numberFunction, TEXT_FUNCTIONS, textFunction, titleWords, toFloat } from './text-functions.ts'
import { GoTime } from './time-value.ts'
import { type Callable, compareBytes, type FunctionTable, GoList, GoMap, GoStruct, stringMap, type Value } from './value.ts'

/** What a template of a rule may ask for beyond its own data. */
export interface RuleTemplateWorld {
  /** When the rule is evaluated, Unix ms. */
  readonly timeMs: number
  /** Where users find this server, without a slash at its end. */
  readonly externalUrl: string
  /** The answer of a query at that time; throws where it fails, and a TemplateInterrupt where it is not known yet. */
  readonly query: (expr: string) => Value
}

const SAMPLE = { type: '*template.sample' } as const
const RESULT = { type: 'template.queryResult' } as const

/** One sample of a query's answer, as templates see it. */
export function sampleValue(labels: Readonly<Record<string, string>>, value: number): GoStruct {
  return new GoStruct(SAMPLE.type, { Labels: stringMap(Object.entries(labels)), Value: value })
}

/** A query's answer. */
export function queryResult(samples: readonly GoStruct[]): GoList {
  return new GoList(samples, RESULT.type)
}

/** The page of the console that shows what an expression has now. Source: Prometheus util/strutil/strconv.go, TableLinkForExpression. */
export function tableLink(expr: string): string {
  return `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=1`
}

/**
 * The functions of templates in rules. Source: Prometheus docs/configuration/template_reference.md, template/template.go.
 */
export function ruleFunctions({ timeMs, externalUrl, query }: RuleTemplateWorld): FunctionTable {
  const any = (call: (value: Value) => Value): Callable => ({ params: ['any'], call: ([value]) => call(value) })
  return new Map<string, Callable>([
    ...TEXT_FUNCTIONS,
    // Upstream's `title` leaves the rest of a word as it is, Alertmanager's does not.
    ['title', textFunction(1, (text) => titleWords(text, { isRestLowered: false }))],
    ['query', textFunction(1, query)],
    ['first', { params: [RESULT], call: ([result]) => first(result as GoList) }],
    ['label', { params: ['string', SAMPLE], call: ([name, sample]) => labelOf(sample as GoStruct, name as string) }],
    ['value', { params: [SAMPLE], call: ([sample]) => (sample as GoStruct).fields.get('Value') }],
    ['strvalue', { params: [SAMPLE], call: ([sample]) => labelOf(sample as GoStruct, '__value__') }],
    ['sortByLabel', { params: ['string', RESULT], call: ([name, result]) => sortByLabel(name as string, result as GoList) }],
    ['args', { params: [], rest: 'any', call: (args) => argumentMap(args) }],
    ['graphLink', textFunction(1, (expr) => `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=0`)],
    ['tableLink', textFunction(1, tableLink)],
    ['stripPort', textFunction(1, (text) => hostPort(text)?.host ?? text)],
    ['stripDomain', textFunction(1, stripDomain)],
    ['urlQueryEscape', textFunction(1, escapeQuery)],
    ['humanize', numberFunction(humanize)],
    ['humanize1024', numberFunction(humanize1024)],
    ['humanizePercentage', numberFunction(humanizePercentage)],
    ['humanizeTimestamp', any(humanizeTimestamp)],
    ['toTime', any((value) => timeOf(toFloat(value)))],
    ['toDuration', any((value) => new GoDuration(nanoseconds(toFloat(value))))],
    ['parseDuration', textFunction(1, (text) => parseDuration(text) / 1000)],
    ['now', { params: [], call: () => timeMs / 1000 }],
    ['externalURL', { params: [], call: () => externalUrl }],
    ['pathPrefix', { params: [], call: () => (URL.canParse(externalUrl) ? new URL(externalUrl).pathname.replace(/\/$/, '') : '') }],
  ])
}

function first(result: GoList): Value {
  if (result.items.length === 0) throw new Error('first() called on vector with no elements')
  return result.items[0]
}

function labelOf(sample: GoStruct, name: string): string {
  const labels = sample.fields.get('Labels')
  return labels instanceof GoMap ? ((labels.entries.get(name) as string | undefined) ?? '') : ''
}

function sortByLabel(name: string, result: GoList): GoList {
  const samples = [...(result.items as readonly GoStruct[])]
  return queryResult(samples.sort((a, b) => compareBytes(labelOf(a, name), labelOf(b, name))))
}

function argumentMap(args: readonly Value[]): GoMap {
  const entries = new Map(args.map((arg, index) => [`arg${index}`, arg]))
  return new GoMap(entries, { typeName: 'map[string]interface {}', zero: undefined })
}

interface HostPort {
  readonly host: string
  readonly port: string
}

/** `host:port` and `[::1]:port`; undefined for anything else. Source: Go net.SplitHostPort. */
function hostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text)
  return match === null ? undefined : { host: match[1] ?? match[2] ?? '', port: match[3] ?? '' }
}

/** `a.example.com:80` → `a:80`; an address stays. */
function stripDomain(text: string): string {
  const parts = hostPort(text)
  const host = parts?.host ?? text
  if (/^\d+(?:\.\d+){3}$/.test(host) || host.includes(':')) return text
  const [name = ''] = host.split('.')
  return parts === undefined ? name : `${name}:${parts.port}`
}

function nanoseconds(seconds: number): bigint {
  if (!Number.isFinite(seconds)) throw new Error(`invalid value ${sprintf('%v', [seconds])}`)
  return BigInt(Math.trunc(seconds * 1e9))
}

const timeOf = (seconds: number): GoTime => new GoTime(nanoseconds(seconds))

function humanizeTimestamp(value: Value): string {
  const seconds = toFloat(value)
  return Number.isFinite(seconds) ? timeOf(seconds).format() : sprintf('%.4g', [seconds])
}
