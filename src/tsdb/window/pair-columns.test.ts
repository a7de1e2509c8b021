import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from '../../base/breather.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'
import { selectFromWindows } from './window-reader.ts'

test('one series of many labels does not make a selection of others large', async () => {
  const window = new Window(new SlabPool(), 1, 0, 7_200_000)
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`label_${i}`, 'x']))
  window.append(window.add(Labels.of({ __name__: 'm', ...many })), 1000, 0)
  for (let pod = 1; pod <= 3000; pod++) window.append(window.add(Labels.of({ __name__: 'm', pod: `${pod}` })), 1000, pod)
  const { budget: unlimited, signal } = unlimitedContext()
  let [bytes, bytesPeak] = [0, 0]
  const chargeBytes = (count: number) => {
    bytes += count
    bytesPeak = Math.max(bytesPeak, bytes)
  }
  const request = { minTime: 0, maxTime: 7_200_000, matchers: [new Matcher('=', '__name__', 'm')] }
  const sizes: number[] = []
  const ctx = { signal, budget: { ...unlimited, chargeBytes, releaseBytes: (count: number) => chargeBytes(-count) } }
  for await (const batch of selectFromWindows([window], request, ctx, new Breather(virtualEnv().clock)))
    for (const { labels } of batch) sizes.push(labels.size)
  assert.deepEqual(sizes, [3001, ...Array.from({ length: 3000 }, () => 2)])
  assert.ok(bytesPeak < 4 * 2 ** 20, `${bytesPeak} bytes were held`)
})
