import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import type { ClusterView, ReplicatedState } from '../cluster/replicated-state.ts'
import { Claims, claimId } from './claims.ts'

const ID = claimId('{}:{}', { name: 'r', integration: 'webhook', index: 0 })

/** Members whose news arrives when it is delivered. */
function members(...names: string[]) {
  const { clock } = virtualEnv()
  const living = new Set(names)
  const states: ReplicatedState[] = []
  const sent: { readonly from: ReplicatedState; readonly bytes: Uint8Array }[] = []
  const claims = names.map((name) => {
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
  })
  const deliver = () => {
    for (const { from, bytes } of sent.splice(0)) for (const state of states) if (state !== from) state.merge(bytes)
  }
  return { clock, claims, deliver, sent, living }
}

test('a claim is known to others while it holds and its holder lives', async () => {
  const { clock, claims, deliver, living } = members('a', 'b')
  const [a, b] = claims
  b.claim(ID)
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
    for (const i of order) claims[i].claim(ID)
    deliver()
    assert.deepEqual(
      claims.map((one) => one.byOther(ID)?.holder),
      [undefined, 'a', 'a'],
    )
  }
})

test('a later claim takes the place of an earlier, and what is heard again of that changes nothing', async () => {
  const { clock, claims, deliver, sent } = members('a', 'b', 'c')
  claims[0].claim(ID)
  const [{ bytes }] = sent
  deliver()
  assert.equal(claims[2].merge(bytes), null)
  await clock.advance(3000)
  claims[1].claim(ID)
  deliver()
  assert.equal(claims[2].byOther(ID)?.holder, 'b')
  assert.equal(claims[2].merge(bytes), null)
  assert.equal(claims[2].byOther(ID)?.holder, 'b')
  assert.throws(() => claims[0].merge(Buffer.from('what')), /a claim that is none/)
})
