import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ScriptFailure } from '../../src/promql/test-script/run.ts'
import { peer } from '../support/peers.ts'
import { runScriptsOverHttp } from '../support/promql-servers.ts'

const FEATURES = 'native-histograms,promql-experimental-functions,promql-duration-expr'

/** Why 3.5 answers something else than the newer upstream that the scripts follow, and we. */
const REASONS: readonly { readonly name: string; explains(failure: ScriptFailure): boolean }[] = [
  {
    name: 'functions, operators and modifiers that came after 3.5',
    explains: ({ reason }) => /parse error: unexpected|unknown function/.test(reason),
  },
  { name: 'the text on a ratio of NaN', explains: ({ reason }) => reason.includes('Ratio value NaN is NaN') },
  { name: 'start times of samples, which 3.5 does not know', explains: ({ expr }) => expr === 'resets(s[4m])' },
  {
    name: 'dates of NaN: what a conversion makes of it on the processor at hand; here NaN',
    explains: ({ expr, reason }) => /^(day|hour|minute|month|year)/.test(expr) && reason.startsWith('expected NaN'),
  },
  { name: 'info() of a fixed time looks for info series at that time', explains: ({ expr }) => expr === 'info(b)' },
  { name: 'mad_over_time of NaN', explains: ({ expr, reason }) => expr.startsWith('mad_over_time') && reason.startsWith('expected NaN') },
  { name: 'histogram_fraction of classic histograms', explains: ({ expr }) => /^histogram_fraction\(0, 1, h_bucket\)/.test(expr) },
  {
    name: 'the text on histograms that are not monotonic says more',
    explains: ({ reason }) => /^expected info annotation .* needed to be fixed for monotonicity/.test(reason),
  },
  {
    name: 'several matches of which a comparison leaves one at most',
    explains: ({ expr, reason }) => expr === 'many == on () one' && reason === 'expected an error, got none',
  },
  {
    name: 'the order in which an error names two series',
    explains: ({ reason }) => /^expected error "found duplicate series .*got "found duplicate series/.test(reason),
  },
  {
    name: 'where ignored histograms of topk are said to stand',
    explains: ({ reason }) => /ignored histogram in topk aggregation/.test(reason),
  },
  { name: 'custom buckets that differ are reconciled', explains: ({ expr }) => /^sum\(c\)|^sum\(\{__name__=~"c\|e"\}\)/.test(expr) },
  {
    name: 'a warning that sorting a range does nothing',
    explains: ({ reason }) => reason.includes('sort is ineffective for range queries'),
  },
]

test('our own PromQL scripts expect what Prometheus answers', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const { results } = await runScriptsOverHttp(fileURLToPath(new URL('../promql', import.meta.url)), {
    path: binary,
    args: [`--enable-feature=${FEATURES}`],
  })
  const counts = new Map<string, number>()
  const unexplained: string[] = []
  let same = 0
  for (const [file, { passed, failed }] of results) {
    same += passed
    for (const failure of failed) {
      const name = REASONS.find(({ explains }) => explains(failure))?.name
      if (name === undefined) unexplained.push(`${file}:${failure.line}: ${failure.expr}: ${failure.reason}`)
      else counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  t.diagnostic(`${same} evaluations pass`)
  for (const [name, count] of counts) t.diagnostic(`  ${count} do not for ${name}`)
  assert.deepEqual(unexplained, [])
  assert.ok(same > 300, `${same} pass`)
})
