import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import type { ClusterView, ReplicatedState } from '../cluster/replicated-state.ts'
import { Claims, claimId } from './claims.ts'

const ID = claimId('{}:{}', { name: 'r', integration: 'webhook', index: 0 })
const NEWS = 'ab'.repeat(16)

/** Members whose news arrives when it is delivered. */
function members(...names: string[]) {
  const { clock } = virtualEnv()
  const living = new Set(names)
  const states: ReplicatedState[] = []
  const sent: { readonly from: ReplicatedState; readonly bytes: Uint8Array }[] = []
  const start = (name: string) => {
    living.add(name)
    const cluster: ClusterView = {
      addState(state) {
        states.push(state)
        return { broadcast: (bytes) => void sent.push({ from: state, bytes }) }
      },
      position: () => 0,
      settled: () => Promise.resolve(),
      isSettled: () => true,
      status: () => ({ status: 'ready', name, peers: [] }),
      allHave: () => true,
      hasMember: (other) => living.has(other),
    }
    return new Claims(clock, cluster)
  }
  const claims = names.map(start)
  const deliver = () => {
    for (const { from, bytes } of sent.splice(0)) for (const state of states) if (state !== from) state.merge(bytes)
  }
  return { clock, claims, deliver, sent, living, start }
}

test('a claim is known to others while it holds and its holder lives', async () => {
  const { clock, claims, deliver, living } = members('a', 'b')
  const [a, b] = claims
  b.claim(ID, NEWS)
  assert.equal(a.byOther(ID), undefined)
  deliver()
  assert.equal(a.byOther(ID)?.holder, 'b')
  assert.equal(b.byOther(ID), undefined)
  living.delete('b')
  assert.equal(a.byOther(ID), undefined)
  living.add('b')
  await clock.advance(12_001)
  assert.equal(a.byOther(ID), undefined)
})

test('of two at once the first by name holds, whoever hears of which first', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const { claims, deliver } = members('a', 'b', 'c')
    for (const i of order) claims[i].claim(ID, NEWS)
    deliver()
    assert.deepEqual(
      claims.map((one) => one.byOther(ID)?.holder),
      [undefined, 'a', 'a'],
    )
  }
})

test('a later claim takes the place of an earlier, and what is heard again of that changes nothing', async () => {
  const { clock, claims, deliver, sent } = members('a', 'b', 'c')
  claims[0].claim(ID, NEWS)
  const [{ bytes }] = sent
  deliver()
  assert.equal(claims[2].merge(bytes), null)
  await clock.advance(3000)
  claims[1].claim(ID, NEWS)
  deliver()
  assert.equal(claims[2].byOther(ID)?.holder, 'b')
  assert.equal(claims[2].merge(bytes), null)
  assert.equal(claims[2].byOther(ID)?.holder, 'b')
  assert.throws(() => claims[0].merge(Buffer.from('what')), /a claim that is none/)
})

test('a claim is kept up while a receiver takes its time, and not for ever', async () => {
  const { clock, claims, deliver } = members('a', 'b')
  const [a, b] = claims
  a.hold(ID).cancel()
  deliver()
  assert.equal(b.byOther(ID), undefined, 'what was not claimed is not held')
  a.claim(ID, NEWS)
  const hold = a.hold(ID)
  const heldAfter = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1000)
      deliver()
    }
    return b.byOther(ID) !== undefined
  }
  assert.equal(await heldAfter(25), true)
  assert.equal(await heldAfter(20), false)
  hold.cancel()
  a.claim(ID, NEWS)
  a.hold(ID).cancel()
  assert.equal(await heldAfter(11), true)
  assert.equal(await heldAfter(2), false)
})

test('who tells what another member has claimed may tell it again', async () => {
  const { clock, claims, deliver } = members('a', 'b')
  const [a, b] = claims
  a.claim(ID, NEWS)
  deliver()
  await clock.advance(60_000)
  assert.equal(b.mayHaveBeenTold(ID, NEWS), true)
  assert.equal(b.mayHaveBeenTold(ID, 'cd'.repeat(16)), false)
  assert.equal(a.mayHaveBeenTold(ID, NEWS), false)
  // Of two at once the later one by name has not told.
  b.claim(ID, NEWS)
  a.claim(ID, NEWS)
  deliver()
  assert.equal(a.mayHaveBeenTold(ID, NEWS), false)
})

test('who claims again what was claimed before is told so, be it by itself in an earlier life', async () => {
  const world = members('a', 'b', 'c')
  const [a, b] = world.claims
  a.claim(ID, NEWS)
  world.deliver()
  await world.clock.advance(2000)
  // Its own claims of this life are no news to it.
  a.claim(ID, NEWS)
  world.deliver()
  world.deliver()
  assert.equal(a.mayHaveBeenTold(ID, NEWS), false)
  await world.clock.advance(1000)
  const again = world.start('a')
  again.claim(ID, NEWS)
  assert.equal(again.mayHaveBeenTold(ID, NEWS), false)
  world.deliver()
  world.deliver()
  assert.equal(again.mayHaveBeenTold(ID, NEWS), true)
  assert.equal(again.byOther(ID), undefined, 'what is remembered is no claim')
  assert.equal(b.byOther(ID)?.holder, 'a')
  // Who was not there before hears of it as well, and it ends there.
  const late = world.start('d')
  await world.clock.advance(20_000)
  late.claim(ID, NEWS)
  world.deliver()
  world.deliver()
  assert.equal(late.mayHaveBeenTold(ID, NEWS), true)
  world.deliver()
  assert.equal(world.sent.length, 0)
})
