import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { planText } from './promql-explain.ts'
import { testPromql } from './test-promql.ts'

test('a plan is shown as a tree, numbers before what has any length', () => {
  const cost = { timeMs: 1.234, series: 2, samples: 20, samplesRead: 300, bytes: 2048 }
  const plan = {
    operation: '/',
    ...cost,
    inputs: [
      { operation: 'sum', ...cost, timeMs: 12.5, inputs: [{ operation: 'a', ...cost, bytes: 12, inputs: [] }] },
      { operation: '2', inputs: [] },
    ],
  }
  const text = planText(plan, { timings: { execTotalTime: 0.02 }, samples: { samplesRead: 300, peakSamples: 40 } })
  assert.deepEqual(text.split('\n'), [
    '  TIME  SERIES  SAMPLES  READ  MEMORY  OPERATION',
    '1.23ms       2       20   300  2.0KiB  /',
    '  13ms       2       20   300  2.0KiB  ├─ sum',
    '1.23ms       2       20   300     12B  │  └─ a',
    '                                       └─ 2',
    '20ms in all, 300 samples read, 40 held at most',
  ])
})

async function run(files: Readonly<Record<string, string>>, args: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const env = virtualEnv()
  for (const [name, text] of Object.entries(files)) await env.fs.writeFile(`/${name}`, text)
  const lines: string[] = []
  const code = await testPromql(args, { env, out: (line) => lines.push(line), err: (line) => lines.push(`! ${line}`) })
  return { code, lines }
}

test('scripts are run, and what is not as expected is said with its line', async () => {
  const good = 'load 1m\n  a 1 2\n\neval instant at 1m a\n  a 2\n\neval instant at 1m max_of(1, 2)\n  2\n'
  const bad = good.replace('a 2', 'a 3')
  assert.deepEqual(await run({ good }, ['/good']), { code: 0, lines: ['Testing:  /good', '  SUCCESS: 2 evaluations'] })
  assert.deepEqual(await run({ good, bad }, ['/bad', '/good']), {
    code: 1,
    lines: [
      'Testing:  /bad',
      '!   FAILED:',
      '!     /bad:4: a: expected 3 for a, got 2',
      '  1 of 2 evaluations are as expected',
      'Testing:  /good',
      '  SUCCESS: 2 evaluations',
    ],
  })
  const { code, lines } = await run({ none: 'evaluate' }, ['/none'])
  assert.equal(code, 1)
  assert.match(lines.at(-1)!, /\/none:1: invalid/)
  assert.deepEqual(await run({}, []), { code: 2, lines: ['! test promql: found no FILE, want FILE'] })
})
