import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from '../../base/breather.ts'
import type { Clock } from '../../base/env.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { matchSeries, sortByLabels } from './match.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'

/** A breather that rests whenever it is asked, and does something meanwhile. */
function restless(meanwhile: () => void): Breather {
  let now = 0
  const setTimer = (_delay: number, run: () => void) => {
    meanwhile()
    queueMicrotask(run)
  }
  return new Breather({ monotonic: () => (now += 100), setTimer } as unknown as Clock)
}

test('series that come while others are looked for are either found with all that they match, or not at all', async () => {
  const window = new Window(new SlabPool(), 1, 0, 7_200_000)
  const add = (id: string) => window.append(window.add(Labels.of({ __name__: 'm', id, parity: String(Number(id.slice(1)) % 2) })), 1000, 1)
  for (let i = 0; i < 300; i++) add(`a${i}`)
  let added = 0
  const breather = restless(() => added < 3000 && add(`${'xa'[added % 2]}${1000 + added++}`))
  const find = async (...matchers: Matcher[]) => {
    const series = await matchSeries(window, matchers, 0, 7_200_000, breather)
    await sortByLabels(window, series, breather)
    return [...series].map((one) => window.labels(one).get('id'))
  }
  const name = new Matcher('=', '__name__', 'm')
  const before = [...(await find(name, new Matcher('!~', 'id', 'x.*')))]
  assert.ok(added > 300, `${added} came meanwhile`)
  assert.ok(before.length >= 300)
  for (const id of before) assert.match(id, /^a/)
  assert.deepEqual(before, before.toSorted())
  assert.equal(new Set(before).size, before.length)
  for (const id of await find(name, new Matcher('=~', 'id', 'a.*'), new Matcher('!=', 'parity', '1'))) assert.match(id, /^a\d*[02468]$/)
  for (const id of await find(new Matcher('!~', 'id', 'x.*[13579]'), new Matcher('=~', 'parity', '0|7'))) assert.match(id, /[02468]$/)
})
