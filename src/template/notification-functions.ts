import { GoDuration } from './duration-value.ts'
import { goJson } from './go-json.ts'
import { jsonOf } from './json-value.ts'
import { stringList, TEXT_FUNCTIONS, textFunction } from './text-functions.ts'
import { formatGoTime } from './time-layout.ts'
import { GoTime } from './time-value.ts'
import { isZone } from './time-zone.ts'
import { type Callable, type FunctionTable, GoList, GoMap, GoSafeText, type Value } from './value.ts'

/**
 * The functions of notification templates. `nowMs` is the time that `now` and `since` see.
 * Source: Alertmanager docs/notifications.md, "Functions"; template/template.go, DefaultFuncs.
 */
export function notificationFunctions(nowMs: () => number): FunctionTable {
  const time: Callable['params'][number] = { type: 'time.Time' }
  return new Map<string, Callable>([
    ...TEXT_FUNCTIONS,
    ['trimSpace', textFunction(1, trimSpace)],
    ['safeUrl', textFunction(1, (text) => new GoSafeText('template.URL', text))],
    ['urlUnescape', textFunction(1, urlUnescape)],
    ['join', { params: ['string', 'strings'], call: ([separator, list]) => texts(list).join(separator as string) }],
    ['stringSlice', { params: [], rest: 'string', call: (args) => stringList(args as string[]) }],
    ['list', { params: [], rest: 'any', call: (args) => new GoList(args) }],
    ['append', { params: ['list'], rest: 'any', call: ([list, ...more]) => new GoList([...itemsOf(list), ...more]) }],
    ['dict', { params: [], rest: 'any', call: dictionary }],
    ['toJson', { params: ['any'], call: ([value]) => goJson(jsonOf(value)) }],
    ['now', { params: [], call: () => GoTime.fromMs(nowMs()) }],
    ['date', { params: ['string', time], call: ([layout, at]) => formatGoTime(at as GoTime, layout as string) }],
    ['tz', { params: ['string', time], call: ([zone, at]) => inZone(zone as string, at as GoTime) }],
    ['since', { params: [time], call: ([at]) => new GoDuration(GoTime.fromMs(nowMs()).nanoseconds - (at as GoTime).nanoseconds) }],
  ])
}

const itemsOf = (list: Value): readonly Value[] => (list instanceof GoList ? list.items : [])
const texts = (list: Value): string[] => itemsOf(list).map(String)

/** Source: Go unicode.IsSpace. */
const SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** By hand: an expression for the spaces at the end looks at every run of spaces once for each of them. */
function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && SPACE.test(text[start])) start++
  while (end > start && SPACE.test(text[end - 1])) end--
  return text.slice(start, end)
}

function dictionary(args: readonly Value[]): GoMap {
  if (args.length % 2 !== 0) throw new Error('dict requires an even number of arguments')
  const entries = new Map<string, Value>()
  for (let i = 0; i < args.length; i += 2) {
    const key = args[i]
    if (typeof key !== 'string') throw new Error('dict keys must be strings')
    entries.set(key, args[i + 1])
  }
  return new GoMap(entries, { typeName: 'map[string]interface {}', zero: undefined })
}

function inZone(zone: string, time: GoTime): GoTime {
  const name = zone === '' ? 'UTC' : zone
  if (!isZone(name)) throw new Error(`unknown time zone ${zone}`)
  return new GoTime(time.nanoseconds, name)
}

/** Go's url.QueryUnescape. */
function urlUnescape(text: string): string {
  const bad = /%(?![\da-fA-F]{2}).{0,2}/s.exec(text)
  if (bad !== null) throw new Error(`invalid URL escape ${JSON.stringify(bad[0])}`)
  const bytes = Buffer.from(text.replaceAll('+', ' '))
  const out: number[] = []
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0x25) out.push(bytes[i] as number)
    else {
      out.push(Number.parseInt(bytes.toString('latin1', i + 1, i + 3), 16))
      i += 2
    }
  }
  return Buffer.from(out).toString()
}
