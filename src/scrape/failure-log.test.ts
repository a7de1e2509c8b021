import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedTargets, scrapeConfig } from '../../test/support/scrape-config.ts'
import { world } from '../../test/support/scrape-world.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { FailureLogs } from './failure-log.ts'

const failure = { message: 'Get "http://a:1/metrics": EOF', job: 'j', target: 'http://a:1/metrics' }
const LINE =
  '{"time":"2026-01-01T00:00:00Z","level":"ERROR","source":"scrape/loop.ts","msg":"Get \\"http://a:1/metrics\\": EOF","job_name":"j","target":"http://a:1/metrics"}\n'

test('lines go to the end of the file, and after a reload to the file that has the name then', async () => {
  const env = virtualEnv()
  await env.fs.writeFile('/fail.log', 'before\n')
  const logs = new FailureLogs(env, env.log)
  logs.open(['/fail.log', '', '/fail.log'])
  logs.write('/fail.log', failure)
  logs.write('', failure)
  logs.write('/other.log', failure)
  await env.clock.advance(10)
  assert.equal(await env.fs.readText('/fail.log'), `before\n${LINE}`)
  await env.fs.rename('/fail.log', '/fail.log.1')
  logs.open(['/fail.log'])
  logs.write('/fail.log', failure)
  await env.clock.advance(10)
  const later = LINE.replace(':00Z', ':00.01Z')
  assert.equal(await env.fs.readText('/fail.log'), later)
  assert.equal(await env.fs.readText('/fail.log.1'), `before\n${LINE}`)
  logs.write('/fail.log', failure)
  await logs.close()
  assert.equal(await env.fs.readText('/fail.log'), later + LINE.replace(':00Z', ':00.02Z'))
})

test('a file that is no longer named gets what was written before, and nothing after', async () => {
  const env = virtualEnv()
  const logs = new FailureLogs(env, env.log)
  logs.open(['/a.log'])
  logs.write('/a.log', failure)
  logs.open(['/b.log'])
  logs.write('/a.log', failure)
  logs.write('/b.log', failure)
  await env.clock.advance(10)
  assert.equal(await env.fs.readText('/a.log'), LINE)
  assert.equal(await env.fs.readText('/b.log'), LINE)
})

test('a file that cannot be opened is said once a reload, and lines that would pile up are dropped', async () => {
  const env = virtualEnv()
  const logs = new FailureLogs(env, env.log)
  logs.open(['/no/such/directory/fail.log'])
  logs.write('/no/such/directory/fail.log', failure)
  await env.clock.advance(10)
  assert.deepEqual(
    env.lines.map(({ message }) => message),
    ['scrape failures are not logged'],
  )
  logs.open(['/fail.log'])
  const long = { ...failure, message: 'x'.repeat(100_000) }
  for (let i = 0; i < 20; i++) logs.write('/fail.log', long)
  await env.clock.advance(10)
  assert.equal((await env.fs.readText('/fail.log')).split('\n').length - 1, 10)
  assert.deepEqual(env.lines.at(-1)?.fields.droppedCount, 10)
})

test('scrapes that bring no page are logged, those of a broken page are not', async () => {
  const w = world()
  w.pages.set('a:1', 'not a page\n')
  w.manager.apply([
    scrapeConfig({ failureLogFile: '/fail.log', discoverers: [fixedTargets('a:1', 'b:1')] }),
    scrapeConfig({ jobName: 'limited', failureLogFile: '/fail.log', targetLimit: 1, discoverers: [fixedTargets('a:1', 'c:1')] }),
    scrapeConfig({ jobName: 'quiet', discoverers: [fixedTargets('c:1')] }),
  ])
  await w.env.clock.advance(1100)
  await w.stop()
  const lines = (await w.env.fs.readText('/fail.log'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.ok(lines.length > 0)
  assert.deepEqual(
    [...new Set(lines.map((line) => `${line.job_name} ${line.target} ${line.msg}`))],
    ['j http://b:1/metrics Get "http://b:1/metrics": dial tcp b:1: connect: connection refused'],
  )
})
