import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from '../../base/breather.ts'
import { realClock } from '../../base/real/clock.ts'
import { Labels } from '../../model/labels.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'

test('values come in the order of bytes, those that came since the last question too', async () => {
  const window = new Window(new SlabPool(), 1, 0, 7_200_000)
  const breather = new Breather(realClock)
  const valuesOf = async (label: string) => {
    const { pairs, texts } = await window.valueOrder.textsOf(window.symbols.find(label), breather)
    assert.deepEqual(
      Array.from(pairs, (pair) => window.symbols.text(window.pairs.value(pair))),
      texts,
    )
    return texts
  }
  const add = (pod: string) => window.add(Labels.of({ __name__: 'up', pod }))
  for (const pod of ['b', 'é', 'a', '😀', '\uffff']) add(pod)
  const first = await valuesOf('pod')
  assert.deepEqual(first, ['a', 'b', 'é', '\uffff', '😀'])
  assert.deepEqual(await valuesOf('__name__'), ['up'])
  assert.deepEqual(await valuesOf('pod'), first)
  add('aa')
  assert.deepEqual(await valuesOf('pod'), ['a', 'aa', 'b', 'é', '\uffff', '😀'])
  assert.deepEqual(first, ['a', 'b', 'é', '\uffff', '😀'])
})

test('values that take more than is kept are the same each time', async () => {
  const window = new Window(new SlabPool(), 1, 0, 7_200_000)
  const pods = Array.from({ length: 600 }, (_, i) => `${'x'.repeat(1000)}${String(i).padStart(4, '0')}`)
  for (const pod of pods.toReversed()) window.add(Labels.of({ pod }))
  const name = window.symbols.find('pod')
  for (let i = 0; i < 2; i++) assert.deepEqual((await window.valueOrder.textsOf(name, new Breather(realClock))).texts, pods)
})
