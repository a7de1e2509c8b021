import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { checkMetrics } from '../../src/commands/check-metrics.ts'
import { metricsPage } from '../support/metrics-page-generator.ts'
import { peer } from '../support/peers.ts'

const SEED = Number(process.env.SEED ?? 1)
const PAGES = Number(process.env.PAGES ?? 250)

async function ours(page: Uint8Array, args: readonly string[] = []) {
  const [out, err]: [string[], string[]] = [[], []]
  const status = await checkMetrics(args, {
    env: virtualEnv(),
    input: async () => page,
    out: (line) => out.push(`${line}\n`),
    err: (line) => err.push(`${line}\n`),
  })
  return { status, out: out.join(''), err: err.join('') }
}

test('generated pages are linted as upstream lints them, in its words and with its exit code', async (t) => {
  const promtool: string | undefined = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const random = seededRandom(SEED)
  const codes = new Map<number, number>()
  for (let index = 0; index < PAGES; index++) {
    const page = metricsPage(random)
    const run: SpawnSyncReturns<string> = spawnSync(promtool, ['check', 'metrics'], { input: page, encoding: 'utf8' })
    const own = await ours(Buffer.from(page))
    assert.deepEqual({ page, ...own }, { page, status: run.status, out: run.stdout, err: run.stderr }, `page ${index} of seed ${SEED}`)
    codes.set(own.status, (codes.get(own.status) ?? 0) + 1)
  }
  // The pages must reach all of it.
  for (const code of [0, 1, 3])
    assert.ok((codes.get(code) ?? 0) >= PAGES / 40, `${codes.get(code) ?? 0} of ${PAGES} pages end with ${code}`)
})

test('the table of series a metric is upstream’s', async (t) => {
  const promtool: string | undefined = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const page = `# HELP a_total A.
# TYPE a_total counter
a_total{x="1"} 1
a_total{x="2"} 1
a_total{x="3"} 1
# HELP h_seconds H.
# TYPE h_seconds histogram
h_seconds_bucket{le="1"} 1
h_seconds_bucket{le="+Inf"} 2
h_seconds_sum 2
h_seconds_count 2
# HELP b B.
# TYPE b gauge
b 1
`
  const run = spawnSync(promtool, ['check', 'metrics', '--extended'], { input: page, encoding: 'utf8' })
  assert.deepEqual(await ours(Buffer.from(page), ['--extended']), { status: run.status, out: run.stdout, err: run.stderr })
})
