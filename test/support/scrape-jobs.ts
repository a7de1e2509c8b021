// What a scrape may meet: scripted and generated pages, steps of relabeling, groups of targets. All follow from one seed.
import { seededRandom } from '../../src/base/virtual/random.ts'
import type { ScriptedAnswer } from './scripted-targets.ts'

export const seed = Number(process.env.PROMONTORY_SEED ?? 20260801)
const random = seededRandom(seed)
const chance = (share: number) => random.next() < share
const below = (count: number) => Math.floor(random.next() * count)
const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)]
const several = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make)

/** Of each target so many scrapes are compared. */
export const SCRAPES = 6
/** Targets carry their own timestamps from around here. */
export const NOW = Math.floor(Date.now() / 1000) * 1000

type Page = string | ScriptedAnswer
interface Job {
  readonly name: string
  readonly pages: readonly Page[]
  readonly settings?: Readonly<Record<string, unknown>>
  /** Labels of the target. */
  readonly labels?: Readonly<Record<string, string>>
}

const job = (name: string, pages: readonly Page[], settings: Job['settings'] = {}, labels: Job['labels'] = {}): Job => ({
  name,
  pages,
  settings,
  labels,
})

export const OK = 'a 1\nb 2\n'
const at = (seconds: number) => NOW + seconds * 1000

/** Each made for one behaviour. */
export const SCRIPTED: readonly Job[] = [
  job('plain', ['a 1\nb 2\n', 'a 2\nb 3\n']),
  job('no newline at the end', ['a 1\nb 2', 'a 1\nb 3']),
  job('series comes and goes', ['a 1\nb 1\n', 'a 2\n', 'a 3\nb 3\n', 'b 4\n', '', 'a 6\n']),
  job('order changes', ['a 1\nb 1\nc 1\n', 'c 2\na 2\nb 2\n', 'b 3\nc 3\n', 'c 4\nb 4\na 4\n']),
  job('twice on the page', ['a 1\na 2\nb 1\n', 'a 3\nb 2\na 4\n', 'a 5\nb 3\n', 'b 4\na 6\na 6\n']),
  job('twice with labels in another order', [
    'a{x="1",y="2"} 1\na{y="2",x="1"} 2\n',
    'a{y="2",x="1"} 4\na{x="1",y="2"} 3\n',
    'a{y="2",x="1"} 5\n',
    'b 1\n',
  ]),
  job('twice after relabeling', ['a{x="1"} 1\na{x="2"} 2\n', 'a{x="2"} 3\n', 'a{x="1"} 4\n', 'a{x="2"} 5\n', 'b 1\n'], {
    metric_relabel_configs: [{ action: 'labeldrop', regex: 'x' }],
  }),
  job('empty page', ['', OK, '', '', OK]),
  job('fails and recovers', [OK, { body: '', status: 500 }, OK, { body: 'gone', status: 404 }, 'a 5\n', OK]),
  job('garbage midway', [OK, 'a 1\n}{\n', OK, 'a 1 2 3\n', 'a x\n', OK]),
  job('content types', [
    { body: OK, contentType: 'text/plain' },
    { body: OK, contentType: null },
    { body: OK, contentType: 'TEXT/PLAIN; charset=UTF-8' },
    { body: OK, contentType: 'text/html' },
    { body: '', contentType: null },
    { body: OK, contentType: 'text/plain; version=1.0.0' },
  ]),
  job('content types 2', [
    { body: OK, contentType: 'text/plain;' },
    { body: OK, contentType: 'text/plain; version' },
    { body: OK, contentType: 'application/json' },
    { body: OK, contentType: 'nonsense' },
    { body: OK, contentType: 'text/plain; version="0.0.4"; x=y' },
    { body: OK, contentType: '; version=0.0.4' },
  ]),
  job('statuses', [
    { body: OK, status: 204 },
    { body: OK, status: 201 },
    { body: OK, status: 206 },
    { body: OK, status: 304 },
    OK,
    { body: OK, status: 503 },
  ]),
  job('interim answers', [
    {
      body: '',
      raw: `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${OK.length}\r\n\r\n${OK}`,
    },
    { body: '', raw: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n${OK}` },
    { body: '', raw: `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n${OK}` },
    { body: '', raw: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n${OK}` },
    { body: '', raw: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n0\r\n\r\n` },
    { body: '', raw: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n` },
  ]),
  job('odd heads', [
    { body: '', raw: `HTTP/1.1 200\r\nContent-Type: text/plain\r\n\r\n${OK}` },
    { body: '', raw: `HTTP/1.1 200 OK\nContent-Type: text/plain\n\n${OK}` },
    { body: '', raw: '' },
    { body: '', raw: 'nonsense\r\n\r\n' },
    { body: '', raw: `HTTP/1.1 200 OK\r\nContent-Type:text/plain\r\nX: y\r\n z\r\n\r\n${OK}` },
    { body: '', raw: `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n${OK}` },
  ]),
  job('gzip', [
    { body: OK, gzip: true },
    OK,
    { body: OK, headers: { 'content-encoding': 'gzip' } },
    { body: OK, headers: { 'content-encoding': 'deflate' } },
    { body: '', gzip: true },
    { body: OK, gzip: true },
  ]),
  job('gzip unasked', [{ body: OK, gzip: true }, OK], { enable_compression: false }),
  job('redirects', [
    { body: '', status: 302, headers: { location: '/to/plain' } },
    { body: '', status: 307, headers: { location: '../to/plain' } },
    { body: '', status: 301 },
    { body: '', status: 302, headers: { location: '/to/loop' } },
    { body: '', status: 308, headers: { location: 'ftp://x/' } },
    { body: '', status: 300, headers: { location: '/to/plain' } },
  ]),
  job('redirects not followed', [{ body: '', status: 302, headers: { location: '/to/plain' } }], { follow_redirects: false }),
  job('too slow', [OK, { body: OK, delayMs: 900 }, OK], { scrape_timeout: '300ms' }),
  job('own timestamps', [
    `a 1 ${at(-60)}\nb 1\n`,
    `a 2 ${at(-50)}\nb 2\n`,
    `a 3 ${at(-55)}\nb 3\n`,
    `a 4 ${at(-50)}\nb 4\n`,
    `a 2 ${at(-50)}\n`,
    `b 9\n`,
  ]),
  job('own timestamps not honored', [`a 1 ${at(-60)}\nb 1\n`, `a 2 ${at(-50)}\n`, `a 3 ${at(-55)}\nb 3\n`], { honor_timestamps: false }),
  job('timestamps of the future', [
    `a 1 ${at(300)}\nb 1\n`,
    `a 2 ${at(3600)}\nb 2\n`,
    `a 3 ${at(301)}\n`,
    `c 1 ${at(7200)}\n`,
    `c 1\n`,
    `a 1 ${at(302)}\n`,
  ]),
  job('timestamps of the past', [`a 1 1000\nb 1\n`, `a 1 0\nb 2\n`, `a 1 ${at(-86400 * 30)}\n`, `a 2\n`, 'b 2\n']),
  job('timestamps come and go', [`a 1 ${at(-30)}\n`, 'a 2\n', 'b 1\n', `a 3 ${at(-10)}\n`, 'a 4\n', 'b 2\n']),
  job('same series with several timestamps', [`a 1 ${at(-30)}\na 2 ${at(-29)}\na 3 ${at(-29)}\n`, `a 4 ${at(-20)}\na 5 ${at(-21)}\n`]),
  job('sample limit', [OK, 'a 1\nb 2\nc 3\n', OK, 'a 1\na 2\na 3\n', 'a 1\n', OK], { sample_limit: 2 }),
  job('sample limit after relabeling', ['a 1\nb 2\nc 3\n', 'a 1\nb 2\nc 3\nd 4\n', OK], {
    sample_limit: 2,
    metric_relabel_configs: [{ action: 'drop', source_labels: ['__name__'], regex: 'c' }],
  }),
  job('label limit', [OK, 'a{x="1",y="2"} 1\n', OK, 'a{x="1"} 1\n', 'a{x="",y="",z=""} 1\n'], { label_limit: 4 }),
  job('label name length', [OK, 'a{abcdefghi="1"} 1\n', OK, 'a{abcdefgh="1"} 1\n', 'a{éééé="1"} 1\n', '{"a","éééé"="1"} 1\n'], {
    label_name_length_limit: 8,
  }),
  job(
    'label value length',
    [
      OK,
      `a{x="${'v'.repeat(41)}"} 1\n`,
      OK,
      `a{x="${'v'.repeat(40)}"} 1\n`,
      `a{x="${'é'.repeat(20)}"} 1\n`,
      `a{x="${'é'.repeat(21)}"} 1\n`,
    ],
    { label_value_length_limit: 40 },
  ),
  job('limits of dropped series', [OK, 'a{x="1",y="2"} 1\nb 1\n', OK], {
    label_limit: 4,
    metric_relabel_configs: [{ action: 'drop', source_labels: ['x'], regex: '1' }],
  }),
  job(
    'body limit',
    [OK, `${OK}# ${'x'.repeat(100)}\n`, OK, `${OK}# ${'x'.repeat(40)}\n`, { body: `${OK}# ${'x'.repeat(1000)}\n`, gzip: true }],
    { body_size_limit: '50B' },
  ),
  job(
    'honor labels',
    ['a{job="x",zone="y"} 1\nb 2\n', 'a{job="",zone=""} 1\nb 2\n', 'a{zone="",exported_zone="z"} 1\n'],
    { honor_labels: true },
    { zone: 'eu' },
  ),
  job(
    'labels in conflict',
    ['a{job="x",zone="y"} 1\nb 2\n', 'a{job="",zone=""} 1\nb 2\n', 'a{zone="q",exported_zone="z",exported_exported_zone="r"} 1\n'],
    {},
    { zone: 'eu' },
  ),
  job('labels that are empty', ['a{x=""} 1\n', 'a 2\n', 'a{x="",y="1"} 1\n', '{"a",x=""} 3\n']),
  job('names in UTF-8', [
    '{"a.b","c.d"="é"} 1\n',
    '{"a.b", "c.d" = "é" } 2\n',
    '{"c.d"="x","a.b"} 3\n',
    '{"a b"} 1\n',
    'a{"x"="y"} 2\n',
    '{"x"="y"} 1\n',
  ]),
  job('escapes', ['a{x="\\\\\\"\\n"} 1\n', 'a{x="\\t\\q"} 1\n', 'a{x="a\tb"} 1\n', 'a{x="a\nb"} 1\n', 'a{x="\\\n"} 1\n']),
  job('values', [
    'a NaN\nb +Inf\nc -Inf\nd 1e3\ne 0x1p3\nf -0\n',
    'a nan\nb inf\nc infinity\nd 1_000\ne 0x10\n',
    'a 1e999\n',
    'a .5\nb 5.\nc +5\n',
    'a 1e-400\nb 4.9e-324\n',
    'a Nan\nb -iNf\n',
  ]),
  job('spaces', ['a   1  \nb\t2\n', 'a { x = "1" , } 1\n', 'a{,} 1\n', 'a{x="1",,} 1\n', 'a{x="1" y="2"} 1\n', 'a{} 1\r\n']),
  job('blank lines and comments', [
    '\n\na 1\n\n#\n# \n#x\nb 2\n',
    '# TYPE a counter\n# HELP a text \\n here\na 1\n',
    '# TYPE a nonsense\na 1\n',
    '# TYPE\na 1\n',
    '# HELP a\na 1\n',
    '# TYPE a gauge x\na 1\n',
  ]),
  job('broken text', ['a{x="\xff"} 1\n', '1a 1\n', 'a{1x="y"} 1\n', 'a{x=y} 1\n', 'a{x="y" 1\n']),
  job('not UTF-8', [{ body: Buffer.from('b 1\n# HELP a \xff\n', 'latin1') }, { body: Buffer.from('# \xff\nb 1\n', 'latin1') }, OK]),
  job('label twice', [
    'a{x="1",x="2"} 1\n',
    'a{x="1",x="1"} 1\n',
    'a{__name__="b"} 1\n',
    '{__name__="b"} 1\n',
    '{"a",__name__="b"} 1\n',
    OK,
  ]),
  job('buckets', [
    '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_bucket{le="1e3"} 2\nh_sum 1\nh_count 2\n',
    '# TYPE h histogram\nh_bucket{le="1.0"} 1\nh_bucket{le="inf"} 3\n',
    '# TYPE s summary\ns{quantile="1"} 1\ns{quantile="0.50"} 2\n',
    '# TYPE g gauge\ng{le="1"} 1\ng{quantile="1"} 1\n',
  ]),
  job('metric name goes', [OK, OK], {
    metric_relabel_configs: [{ target_label: '__name__', source_labels: ['__name__'], regex: 'b', replacement: '' }],
  }),
  job('everything dropped', [OK, OK], { metric_relabel_configs: [{ action: 'drop', source_labels: ['__name__'], regex: '.*' }] }),
  job('staleness marker on the page', ['a NaN\n', 'a 1\n', 'a NaN\n', 'a 1\n']),
  job('reports of the target', ['up 7\nscrape_duration_seconds 3\na 1\n', 'a 1\n', 'up 8\n']),
  job('reserved labels', ['a{__address__="x",__meta_x="y",__x="z"} 1\n', OK]),
]

const METRICS = ['a', 'b_total', 'c:d', 'e_bucket', 'f.g']
const LABELS = ['x', 'y', 'zone', 'le', 'path', 'x.y']
const VALUES = ['', '1', '2', 'eu-west', 'a/b/c', 'é', 'UPPER lower', '10']
const REGEXES = [
  '.*',
  '(.*)',
  '.+',
  '1|2',
  '(eu)-(.*)',
  '([a-z]+)/(.*)',
  '[^1]*',
  '',
  'a.*',
  '(?i)upper.*',
  '(?s).*',
  'x|y',
  '(?P<n>.*)',
  'le|path',
  '\\w+',
]
const REPLACEMENTS = ['$1', '$0', 'q', '', '${1}x', '$1x', '$2-$1', '$$', '$n', '${n}z', '$', 'é']
const ACTIONS = [
  'replace',
  'replace',
  'replace',
  'keep',
  'drop',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
]

/** A step of relabeling; most are valid. None touches `job`, by which jobs are told apart. */
function relabelStep(names: readonly string[], kept: string): Record<string, unknown> {
  const action = pick(ACTIONS)
  const step: Record<string, unknown> = action === 'replace' && chance(0.3) ? {} : { action }
  if (action === 'labelmap')
    return { ...step, regex: pick(['x(.*)', '(x|y)', '__meta_(.*)', '(z)one']), replacement: pick(['m_$1', '$1_m', 'm', '${1}q']) }
  if (action === 'labeldrop') return { ...step, regex: pick(['x', 'y|z.*', '__meta_.*', 'p.*h', 'le', 'none']) }
  if (action === 'labelkeep') return { ...step, regex: `${kept}|${pick(['x', 'y|zone', '.*e', 'x\\..'])}` }
  if (action === 'keepequal' || action === 'dropequal')
    return { ...step, source_labels: [pick(names), ...(chance(0.2) ? [pick(names)] : [])], target_label: pick(names) }
  step.source_labels = Array.from({ length: 1 + below(3) }, () => pick(names))
  if (chance(0.3)) step.separator = pick(['', '-', ';;', '/'])
  if (action === 'hashmod') return { ...step, modulus: pick([1, 2, 7, 1000, 4294967295]), target_label: pick(['x', 'shard', '__tmp']) }
  if (action !== 'lowercase' && action !== 'uppercase' && chance(0.8)) step.regex = pick(REGEXES)
  if (action === 'keep' || action === 'drop') return step
  step.target_label = pick([...names, 'made', '__tmp', ...(chance(0.1) ? ['m_$1', '${1}'] : [])])
  if (action === 'replace' && chance(0.7)) step.replacement = pick(REPLACEMENTS)
  return step
}

function generatedPage(): string {
  const lines: string[] = []
  for (let i = below(12); i >= 0; i--) {
    const pairs = new Map(several(3, () => [pick(LABELS), pick(VALUES)] as const))
    const metric = pick(METRICS)
    const labels = [...pairs].map(([name, value]) => `${/^\w+$/.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`)
    if (chance(0.1))
      lines.push(
        `# TYPE ${/^[\w:]+$/.test(metric) ? metric : JSON.stringify(metric)} ${pick(['counter', 'gauge', 'histogram', 'summary', 'untyped'])}`,
      )
    const name = /^[\w:]+$/.test(metric) ? `${metric}{${labels.join(',')}}` : `{${[JSON.stringify(metric), ...labels].join(',')}}`
    lines.push(`${name} ${pick(['1', '2.5', '-3', '1e6', 'NaN', '+Inf'])}${chance(0.03) ? ` ${at(below(20) - 40)}` : ''}`)
  }
  return `${lines.join('\n')}\n`
}

/** Pages that follow one another as those of a process do: most lines stay, some go, some come. */
function generatedPages(): Page[] {
  const pages: Page[] = []
  let lines = generatedPage().split('\n')
  for (let i = 0; i < SCRAPES; i++) {
    pages.push(chance(0.05) ? { body: '', status: 503 } : `${lines.join('\n').replace(/\n*$/, '')}\n`)
    if (chance(0.3)) lines = lines.filter(() => chance(0.8))
    if (chance(0.3)) lines.splice(below(lines.length + 1), 0, ...generatedPage().split('\n').slice(0, 2))
    if (chance(0.2)) lines.reverse()
    if (chance(0.6)) lines = lines.map((line) => line.replace(/ 2\.5$/, ' 7'))
  }
  return pages
}

export const GENERATED: readonly Job[] = Array.from({ length: 60 }, (_, index) =>
  job(
    `generated ${index}`,
    generatedPages(),
    {
      metric_relabel_configs: several(3, () => relabelStep(['__name__', 'x', 'y', 'zone', 'path', 'x.y'], '__name__|job|instance')),
      ...(chance(0.2) ? { honor_labels: true } : {}),
      ...(chance(0.1) ? { sample_limit: 4 } : {}),
      ...(chance(0.1) ? { label_limit: 5 } : {}),
    },
    chance(0.5) ? { zone: 'eu', x: 't' } : {},
  ),
)
