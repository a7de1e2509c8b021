import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from './env-virtual.ts'
import { LineLog } from './line-log.ts'

test('a line is written whenever it comes, also while the one before comes to its end', async () => {
  for (let turns = 0; turns < 40; turns++) {
    const env = virtualEnv()
    await env.fs.mkdir('/log')
    const log = new LineLog({ env, log: env.log, path: '/log/lines', what: 'lines' })
    log.reopen()
    await env.clock.advance(1)
    log.write('one')
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    log.write('two')
    await env.clock.advance(1)
    assert.equal(await env.fs.readText('/log/lines'), 'one\ntwo\n', `after ${turns} turns`)
    await log.close()
  }
})

test('lines that come to nothing are counted, each', async () => {
  const env = virtualEnv()
  let failures = 0
  const log = new LineLog({ env, log: env.log, path: '/gone/lines', what: 'lines', onFailure: () => failures++ })
  log.reopen()
  await env.clock.advance(1)
  assert.equal(failures, 1)
  log.write('one')
  log.write('two')
  await env.clock.advance(1)
  assert.equal(failures, 3)
  await log.close()
})
