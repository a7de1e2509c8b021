import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import { checkFaults, startSender, wanted, write } from '../../../test/support/write-sender.ts'
import type { Env } from '../../base/env.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import type { Backlog } from './remote-writer.ts'

const SECOND = 1000
const MINUTE = 60_000

test('what is written is sent, and a restart goes on where the last one was', async () => {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  const times: number[] = []
  let sender = await startSender(world, to)
  for (let n = 0; n < 60; n++) {
    if (n === 20) {
      await sender.stop()
      sender = await startSender(world, to)
    }
    times.push(world.clock.now())
    await write(sender.db, world, 3, n)
    await world.clock.advance(15 * SECOND)
  }
  await world.clock.advance(10 * SECOND)
  for (let i = 0; i < 3; i++) assert.equal(to.store.text(`m{i="${i}"}`), wanted(times))
  assert.equal(to.duplicates, 0)
  await sender.stop()
})

test('the receiver is away for 30 minutes and the sender is killed twice meanwhile: no sample is missing, none is stored twice', async () => {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  const times: number[] = []
  const options = {
    segmentBytes: 4000,
    configs: [writeConfig({ queue: { ...writeConfig().queue, minShards: 3, maxSamplesPerSend: 10, capacity: 20 } })],
  }
  let sender = await startSender(world, to, options)
  const start = world.clock.now()
  for (let n = 0; n < 240; n++) {
    const minute = (world.clock.now() - start) / MINUTE
    to.behave = () => (minute >= 10 && minute < 40 ? 'refused' : undefined)
    if (n === 80 || n === 140) {
      sender.kill()
      sender = await startSender(world, to, options)
    }
    times.push(world.clock.now())
    await write(sender.db, world, 10, n)
    await world.clock.advance(15 * SECOND)
  }
  await world.clock.advance(MINUTE)
  for (let i = 0; i < 10; i++) assert.equal(to.store.text(`m{i="${i}"}`), wanted(times), `series ${i}`)
  assert.equal(to.duplicates, 0)
  assert.equal(to.refused, 0)
  await sender.stop()
})

const SEED = Number(process.env.PROMONTORY_SEED ?? 1)

test('whatever happens to the receiver and to the sender, the receiver has every sample once', async () => {
  for (let i = 0; i < 4; i++) await checkFaults(SEED + i)
})

/** Sums of a metric over its labels. */
async function metric(env: Env, name: string): Promise<number> {
  const found = await env.metrics.getSingleMetric(name)?.get()
  return found?.values.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN
}

test('what is beyond the bounds of the backlog is not sent, and counted; the rest is', async () => {
  const check = async (backlog: Backlog, queueMax: number) => {
    const world = virtualEnv()
    const to = new WriteDestination(world)
    const queue = { ...writeConfig().queue, maxSamplesPerSend: 10, capacity: queueMax }
    const sender = await startSender(world, to, { segmentBytes: 3000, backlog, configs: [writeConfig({ queue })] })
    let isAway = true
    to.behave = () => (isAway ? 'refused' : undefined)
    for (let n = 0; n < 200; n++) {
      await write(sender.db, world, 10, n)
      await world.clock.advance(15 * SECOND)
    }
    isAway = false
    await world.clock.advance(2 * MINUTE)
    const lost = await metric(sender.env, 'promontory_remote_write_lost_samples_total')
    const arrived = to.store.names().reduce((sum, name) => sum + to.store.times(name).length, 0)
    assert.equal(arrived + lost, 2000)
    assert.equal(await metric(sender.env, 'prometheus_remote_storage_samples_dropped_total'), lost)
    assert.ok(lost > 0 && arrived > 0, `${lost} lost, ${arrived} arrived`)
    // The oldest went.
    for (const name of to.store.names()) assert.match(to.store.text(name), /=199$/)
    assert.equal(to.duplicates + to.refused, 0)
    await sender.stop()
    return { arrived, lost }
  }
  const byAge = await check({ bytesMax: 0, ageMsMax: 15 * MINUTE }, 40)
  // 15 minutes are 60 samples of 10 series, and what shares a segment with them.
  assert.ok(byAge.arrived >= 600 && byAge.arrived < 1900, `${byAge.arrived} arrived`)
  await check({ bytesMax: 4000, ageMsMax: 0 }, 40)
  await check({ bytesMax: 4000, ageMsMax: 0 }, 1000)
})
