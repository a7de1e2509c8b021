import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Clock } from '../base/env.ts'
import { realEnv } from '../base/env-real.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { parseTargetGroups } from './file.ts'
import { parseJsonGroups } from './json-groups.ts'

const { clock } = realEnv(virtualEnv().log)
const seed = Number(process.env.PROMONTORY_SEED ?? 11)

test('JSON is read as the same groups in YAML, and refused in the same words', async () => {
  const text = fc.oneof(fc.constantFrom('', 'a:1', 'x', '__proto__'), fc.string({ maxLength: 4 }))
  const odd = fc.constantFrom(null, [], {}, 'x', ['y'], { z: 'z' })
  const mostly = <T>(good: fc.Arbitrary<T>) => fc.oneof({ weight: 8, arbitrary: good }, { weight: 1, arbitrary: odd })
  // Of two names that are one to YAML it refuses the second; of what it takes as a merge JSON knows nothing.
  const name = fc.constantFrom('a', 'b', '', 'ä ö', 'constructor')
  const group = fc.record(
    {
      targets: mostly(fc.array(mostly(text), { maxLength: 3 })),
      labels: mostly(fc.dictionary(name, mostly(text), { maxKeys: 3 })),
      ...{ target: text },
    },
    { requiredKeys: [] },
  )
  const usual = group.map(({ target, ...rest }) => rest)
  const list = fc.array(fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: group }, { weight: 1, arbitrary: odd }), {
    maxLength: 4,
  })
  const outcome = async (path: string, text: string) => {
    try {
      return (await parseTargetGroups(clock, path, text)).map(({ source, targets, labels }) =>
        `${source} ${labels} ${targets.join()}`.replaceAll(path, ''),
      )
    } catch (error) {
      return (error as Error).message.replace(/^.*?: (?:at .*?: )?/s, '')
    }
  }
  let [read, refused] = [0, 0]
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 20, arbitrary: list }, { weight: 1, arbitrary: odd }), async (groups) => {
      const json = JSON.stringify(groups)
      const found = await outcome('a.json', json)
      if (typeof found === 'string') refused++
      else read++
      assert.deepEqual(found, await outcome('a.yaml', json))
    }),
    { seed, numRuns: 600 },
  )
  assert.ok(read > 100 && refused > 50, `${read} read, ${refused} refused`)
})

test('a problem far down has its place', async () => {
  const groups: unknown[] = Array.from({ length: 1000 }, (_, i) => ({ targets: [`t:${i}`], labels: { i: String(i) } }))
  const check = async (index: number, group: unknown, want: string) => {
    const text = JSON.stringify(groups.with(index, group))
    await assert.rejects(parseJsonGroups(clock, 'w', text, {}), { message: `w: at ${want}` })
  }
  await check(777, { targets: ['a', 3] }, '777.targets.1: found 3, want a text')
  await check(999, { targets: ['a'], labels: { '': 'x' } }, '999.labels.: "" is not a valid label name')
  await check(0, null, '0: nil target group item found')
})

test('a long list leaves the event loop its turns', async () => {
  let time = 0
  const slow: Clock = {
    now: () => time,
    monotonic: () => time++,
    setTimer: (_, callback) => clock.setTimer(0, callback),
    setTicker: (intervalMs, callback) => clock.setTicker(intervalMs, callback),
  }
  const text = JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ targets: [`t:${i}`] })))
  let turns = 0
  const ticker = clock.setTicker(1, () => turns++)
  const groups = await parseJsonGroups(slow, 'w', text, {})
  ticker.cancel()
  assert.equal(groups.length, 5000)
  assert.ok(turns > 0)
})
