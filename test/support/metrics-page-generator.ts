// Pages of metrics for comparing linters: mostly right, with everything that a linter has to say, and now and then broken. Labels without a
// name are not among them: upstream takes them for the line before's, or crashes. Pages in all formats: exposition-page-generator.ts.
import type { Random } from '../../src/base/env.ts'

const WORDS = [
  'http',
  'requests',
  'total',
  'bytes',
  'kilobytes',
  'seconds',
  'milliseconds',
  'minutes',
  'ms',
  's',
  'b',
  'count',
  'sum',
  'bucket',
]
const MORE = [
  'info',
  'gauge',
  'counter',
  'histogram',
  'summary',
  'aB',
  'fooBar',
  'timestamp',
  'gauge_histogram',
  'fahrenheit',
  'x',
  'Sec',
  'decabits',
]
const TYPES = [
  'counter',
  'gauge',
  'summary',
  'histogram',
  'untyped',
  'COUNTER',
  'gauge_histogram',
  'gaugehistogram',
  'unknown',
  'info',
  'gauge ',
]
const LABELS = ['a', 'b', 'le', 'quantile', 'fooBar', '__name__', '"c"', '"d.e"', 'code']
const VALUES = ['"1"', '"0.5"', '"+Inf"', '""', '"x\\"y"', '"x\\\\y"', '"é"', '"x\\ny"', '"\\q"', '"open', 'bare', '"a,b}"', '"NaN"']
const SAMPLES = [
  '1',
  '0',
  '-1.5',
  '+Inf',
  'NaN',
  '1e3',
  '.5',
  '5.',
  '0x10',
  '1_0',
  'abc',
  '1e999',
  '',
  '1 1700000000000',
  '1 -5',
  '1 1.5',
  '1 2 3',
  '1 2 ',
]

export function metricsPage(random: Random): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]
  const chance = (part: number) => random.next() < part
  const name = () => {
    const parts = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => pick(chance(0.6) ? WORDS : MORE))
    return `${chance(0.05) ? ':' : ''}${parts.join(chance(0.05) ? ':' : '_')}`
  }
  const blank = () => pick([' ', ' ', ' ', '\t', '  '])
  const labels = (odd: number) => {
    const count = Math.floor(random.next() * 4)
    const pairs = Array.from({ length: count }, () => {
      const label = chance(odd) ? pick(['0a', 'é', '', 'a-b', 'a"']) : pick(LABELS)
      const value = chance(odd) ? pick(VALUES) : pick(VALUES.slice(0, 7))
      return `${chance(0.05) ? ' ' : ''}${label}${chance(0.05) ? ' ' : ''}${chance(odd) ? pick(['', '==', ':']) : '='}${value}`
    })
    return `${pairs.join(chance(odd) ? pick([';', ' ', ',,']) : pick([',', ', ']))}${chance(0.1) ? ',' : ''}`
  }
  const lines: string[] = []
  // Half of the pages have nothing broken, so that the linter's rules are reached.
  const odd = chance(0.5) ? 0 : 0.04
  for (let family = Math.floor(random.next() * 5) + 1; family > 0; family--) {
    const base = name()
    const type = odd > 0 && chance(0.2) ? pick(TYPES) : pick(TYPES.slice(0, 8))
    const comments = []
    if (chance(0.8))
      comments.push(`#${blank()}HELP${blank()}${base} ${chance(odd) ? 'bad \\q escape' : pick(['Text.', 'a \\n b \\\\', '  spaces ', ''])}`)
    if (chance(0.8)) comments.push(`#${blank()}TYPE${blank()}${base} ${type}`)
    if (chance(0.3)) comments.reverse()
    if (chance(0.1)) comments.push('# a comment', '', '#', '#HELP', '# TYPE')
    if (chance(odd))
      comments.push(
        pick(['# HELP', `# HELP ${base} again`, `# TYPE ${base} gauge`, '# TYPE é gauge', `# TYPE "${base}" gauge`, '# HELP 0x y']),
      )
    lines.push(...comments)
    for (let sample = Math.floor(random.next() * 4); sample > 0; sample--) {
      const suffix = chance(0.4) ? pick(['_sum', '_count', '_bucket']) : ''
      const written = chance(odd) ? pick(['0bad', 'é', '-', `{"${base}"`, `{a="b","${base}"`, '{"a.b"']) : base + suffix
      const inside = labels(odd)
      const open = written.startsWith('{')
      const body = open ? (inside === '' ? '}' : `,${inside}}`) : inside === '' && chance(0.6) ? '' : `{${inside}${chance(odd) ? '' : '}'}`
      const value = chance(odd) ? pick(SAMPLES) : pick(SAMPLES.slice(0, 8))
      lines.push(`${chance(0.03) ? ' ' : ''}${written}${chance(0.05) ? ' ' : ''}${body} ${value}`)
    }
    if (chance(0.1) && lines.length > 0) lines.push(lines[lines.length - 1])
  }
  return lines.join('\n') + (chance(odd) ? '' : '\n')
}
