import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { type Appender, AppendStatus } from '../storage/appender.ts'
import { CommitGroup } from './commit-group.ts'
import { TimerQueue } from './timer-queue.ts'

function appender(commit: () => Promise<void>): Appender {
  return { ...FLOATS_ONLY, series: () => 0, append: () => AppendStatus.ok, commit, rollback: () => {} }
}

test('what comes at about the same time is committed at once, in order, and each learns how it went', async () => {
  const { clock } = virtualEnv()
  const group = new CommitGroup(new TimerQueue(clock))
  const log: string[] = []
  const commit = (name: string, error?: Error) => {
    const done = group.commit(
      appender(async () => {
        log.push(`${name} committed at ${clock.monotonic() % 20}`)
        if (error !== undefined) throw error
      }),
    )
    return done.then(
      () => void log.push(`${name} done`),
      (reason: Error) => void log.push(`${name} failed: ${reason.message}`),
    )
  }
  await clock.advance(20 - (clock.monotonic() % 20) + 5)
  const all = [commit('a')]
  await clock.advance(3)
  all.push(commit('b', new Error('disk full')), commit('c'))
  assert.deepEqual(log, [])
  await clock.advance(12)
  await Promise.all(all)
  assert.deepEqual(log.slice(0, 3), ['a committed at 0', 'b committed at 0', 'c committed at 0'])
  assert.deepEqual(log.slice(3).sort(), ['a done', 'b failed: disk full', 'c done'])
  const last = commit('d')
  await clock.advance(20)
  await last
  assert.equal(log.at(-1), 'd done')
})
