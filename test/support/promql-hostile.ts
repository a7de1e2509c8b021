// Texts that are meant to hurt whoever parses them.
import assert from 'node:assert/strict'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { parseExpr } from '../../src/promql/parser/parse.ts'
import { ParseError } from '../../src/promql/parser/parse-error.ts'
import { buildPlan } from '../../src/promql/plan/build.ts'
import { optimise } from '../../src/promql/plan/optimise.ts'
import { EXPERIMENTAL_FEATURES } from './promql-generator.ts'

const DEPTH = 10_000
const LONG = 1_000_000

/** What stands in the middle is inside as many of each. */
const nested = (before: string, inside: string, after: string, depth = DEPTH) => before.repeat(depth) + inside + after.repeat(depth)
const filled = (part: string, length = LONG) => part.repeat(Math.ceil(length / part.length))
const regex = (text: string) => `a{b=~"${text}"}`

const TEXTS: readonly (() => string)[] = [
  () => nested('(', '1', ')'),
  () => nested('(', 'a', ')', 990),
  () => nested('-', 'a', ''),
  () => nested('-(', 'a', ')'),
  () => nested('abs(', 'a', ')'),
  () => nested('sum by (b) (', 'a', ')'),
  () => nested('max_over_time(', 'a', '[1m:1s])'),
  () => nested('', 'a', '[1m:1s]'),
  () => nested('label_replace(', 'a', ', "b", "$1", "c", "(.*)")'),
  () => nested('topk(', '1', ', a)'),
  () => nested('a + on (b) group_left (c) (', 'a', ')'),
  () => filled('('),
  () => filled('{'),
  () => filled('['),
  () => filled('a[1m]'),
  () => nested('a + ', 'a', ''),
  () => nested('a + ', 'a', '', 990),
  () => nested('a + ', 'a', '', 100_000),
  () => nested('2 ^ ', '2', ''),
  () => nested('a or ', 'a', ''),
  () => nested('a == bool ', 'a', ''),
  () => `a == ${filled('bool ')} a`,
  () => `sum ${filled('by (a) ')} (a)`,
  () => `a + ${filled('fill(1) ')} a`,
  () => `a[1m]${filled(' anchored')}`,
  () => `a${filled(' offset 5m')}`,
  () => `a${filled(' @ 5')}`,
  () => `a @ ${filled('-')}1`,
  () => `a[${nested('(', '1', ')')}]`,
  () => `a[${nested('-', '1', '')}]`,
  () => `a[${nested('1 + ', '1', '')}]`,
  () => `a[${nested('min_of(1, ', '1', ')')}]`,
  () => `a offset ${nested('(', 'step()', ')')}`,
  () => `a[${filled('1m')}]`,
  () => `a[${filled('9')}y]`,
  () => filled('9'),
  () => `.${filled('9')}`,
  () => `1e${filled('9')}`,
  () => `0x${filled('f')}`,
  () => filled('1_'),
  () => `"${filled('x')}"`,
  () => `"${filled('x')}`,
  () => `'${filled('\\x41')}'`,
  () => `"${filled('\\')}"`,
  () => `"${filled('😀')}"`,
  () => filled('"\ud800"'),
  () => filled('\u0000'),
  () => filled('é'),
  () => filled('\n'),
  () => `a ${filled('# comment\n')}`,
  () => filled('a'),
  () => `{${filled('"a",')}}`,
  () => `a{${Array.from({ length: 100_000 }, (_, i) => `l${i}="x"`)}}`,
  () => `sum by (${Array.from({ length: 100_000 }, (_, i) => `l${i}`)}) (a)`,
  () => `a * on (${Array.from({ length: 100_000 }, (_, i) => `l${i}`)}) a`,
  () => `label_join(a, "b", ${filled('"c", ')}"d")`,
  () => `histogram_quantiles(a, "q"${filled(', 0.5')})`,
  () => regex(filled('x')),
  () => regex(filled('x|')),
  () => regex(filled('(')),
  () => regex(filled('(x*)*')),
  () => regex(nested('(', 'x', ')*')),
  () => regex(nested('(?:', 'x', '){2}', 100)),
  () => regex('((x{1000}){1000}){1000}'),
  () => regex('x{1000}'.repeat(1000)),
  () => regex('(x{30}y){30}'.repeat(1000)),
  () => regex(filled('[a-z]')),
  () => regex(filled('\\\\pL')),
  () => regex(filled('(?i)ſ')),
  () => regex(filled('.*', 30_000)),
  () => regex(filled('(a?){3}', 30_000)),
]

/** All of them, and some made of pieces of them. */
export function hostileQueries(seed: number): readonly string[] {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const texts = TEXTS.map((make) => make())
  const pieces = Array.from({ length: 20 }, () => {
    const [one, other] = [texts[below(texts.length)], texts[below(texts.length)]]
    return one.slice(0, below(LONG)) + other.slice(below(LONG))
  })
  return [...texts, ...pieces]
}

/** Most need a tenth of it. */
const CPU_BOUND_MS = 2000

/** Throws where a text is neither refused as it should be nor taken, or takes long, whatever else the machine does. */
export function judgeHostile(text: string): void {
  const before = process.threadCpuUsage()
  try {
    const expr = parseExpr(text, { features: EXPERIMENTAL_FEATURES })
    optimise(buildPlan(expr, { start: 0, end: 600_000, stepMs: 15_000, defaultSubqueryStepMs: 60_000 }))
  } catch (error) {
    assert.ok(error instanceof ParseError || (error as { code?: string }).code === 'bad_data', String(error).slice(0, 500))
  }
  const { user, system } = process.threadCpuUsage(before)
  const tookMs = (user + system) / 1000
  assert.ok(tookMs < CPU_BOUND_MS, `${tookMs} ms for ${text.length} characters that begin with ${text.slice(0, 200)}`)
}
