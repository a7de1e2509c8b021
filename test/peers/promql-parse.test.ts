import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseExpr } from '../../src/promql/parser/parse.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program } from '../support/program.ts'
import { expressions } from '../support/promql-generator.ts'

const WORDS = 'a b:c sum topk quantile by without on ignoring group_left group_right bool offset @ rate time abs atan2 and or inf _'.split(
  ' ',
)
const SIGNS = '( ) { } [ ] , = =~ != !~ == > + - * ^ 5m 1 "s" foo( sum( rate( a[5m] (a) {x="y"}'.split(' ')

/**
 * What the language has changed since the peer (2.42): quoted names, durations as numbers, numbers as durations, functions
 * named like keywords, `offset 0s`, labels with colons, and the reading of brackets.
 */
const CHANGED = [
  /label matching, expected identifier/,
  /unexpected (duration|number)/,
  /bad (number|duration)/,
  /unexpected "\("/,
  /colon/,
  /bracket/,
  /missing unit/,
  /greater than 0/,
  /unexpected metric identifier .* in grouping opts/,
]
const OURS_CHANGED = [/duration expression/, /function "(start|end)" is not enabled/, /grouping opts/]

test('random queries are refused where Prometheus refuses them, with its words', async (t) => {
  const binary = peer(t, 'debian prometheus')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-parse-'))
  writeFileSync(join(directory, 'prometheus.yml'), 'global: {}\n')
  const port = await freePort()
  const args = [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const prometheus = new Program(binary, args, `http://127.0.0.1:${port}`)
  try {
    await prometheus.ready()
    const differences: string[] = []
    let [same, accepted] = [0, 0]
    for (const query of queries()) {
      const [ours, theirs] = [verdict(query), await peerVerdict(prometheus.url, query)]
      // A duration as an argument is no expression to the peer.
      if (/,\s*\d+[smhdwy]/.test(query)) continue
      if (CHANGED.some((pattern) => pattern.test(theirs)) || OURS_CHANGED.some((pattern) => pattern.test(ours))) continue
      if (ours !== theirs) differences.push(`${JSON.stringify(query)}\n  ours:   ${ours}\n  theirs: ${theirs}`)
      else if (ours === 'accepted') accepted++
      else same++
    }
    t.diagnostic(`${same} refused in the same words, ${accepted} accepted by both`)
    assert.deepEqual(differences, [])
    assert.ok(same > 500 && accepted > 50, 'the queries show both')
  } finally {
    prometheus.child.kill('SIGKILL')
    await prometheus.exited
    rmSync(directory, { recursive: true, force: true })
  }
})

/** Heaps of words, and expressions with a word put in or something cut out. */
function queries(): readonly string[] {
  const word = fc.constantFrom(...WORDS, ...SIGNS, 'by (x)')
  const soup = fc.array(word, { minLength: 1, maxLength: 9 }).map((parts) => parts.join(' '))
  const { any } = expressions({
    depthMax: 2,
    metrics: ['a', 'b_total', 'c:rule', 'sum', 'offset', 'by'],
    labels: { job: ['x', 'y'], group: ['g'] },
    functions: ['rate', 'abs', 'time', 'scalar', 'vector', 'hour', 'round', 'label_replace', 'label_join', 'clamp', 'absent'],
  })
  const broken = fc.tuple(any, fc.nat(), fc.nat(5), fc.oneof(fc.constant(''), word)).map(([query, position, removed, added]) => {
    const at = position % (query.length + 1)
    return `${query.slice(0, at)} ${added} ${query.slice(at + removed)}`
  })
  return fc.sample(fc.oneof(soup, broken, broken), { numRuns: 2000, seed: 4 })
}

function verdict(query: string): string {
  try {
    parseExpr(query)
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  }
}

async function peerVerdict(url: string, query: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query, time: '0' }) })
  const answer = (await response.json()) as { status: string; errorType?: string; error?: string }
  if (answer.status === 'success' || answer.errorType === 'execution') return 'accepted'
  return answer
    .error!.replace('invalid parameter "query": ', '')
    .replace(/"<Item \d+>" <op:@>/, '<op:@>')
    .replace('in offset, expected duration', 'in offset, expected number, duration, step(), or range()')
    .replace(/in subquery selector, expected duration$/, 'in subquery or range selector, expected number, duration, step(), or range()')
    .replace('expected duration or "]"', 'expected number, duration, step(), range(), or "]"')
    .replace(/`\^\(\?:(.*)\)\$`/s, '`$1`')
}
