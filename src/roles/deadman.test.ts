import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEADMAN, DeadmanWorld, MINUTE, RECEIVER, SECOND } from '../../test/support/deadman-world.ts'

const CONFIG = `heartbeats:
  - {name: eu, timeout: 5m, receiver: page, repeat_interval: 30m, labels: {severity: critical}}
receivers:
  - name: page
    webhook_configs: [{url: '${RECEIVER}/page'}]
`

const WATCHDOG = JSON.stringify({ status: 'firing', alerts: [{ status: 'firing', labels: { alertname: 'Watchdog' } }] })
const OVER = JSON.stringify({ status: 'resolved', alerts: [{ status: 'resolved', labels: { alertname: 'Watchdog' } }] })

async function started(config = CONFIG) {
  const world = await DeadmanWorld.start()
  const process = await world.startDeadman(config)
  await world.pass(SECOND)
  const call = (name = 'eu', body = WATCHDOG) => world.ask(`${DEADMAN}/watch/${name}`, { method: 'POST', body })
  return { world, process, call }
}

test('who stops calling is told of after the timeout, again while it lasts, and when it calls again', async () => {
  const { world, call } = await started()
  for (let minute = 0; minute < 10; minute++) {
    assert.equal((await call()).status, 200)
    await world.pass(MINUTE)
  }
  assert.deepEqual(world.news(), [])
  assert.match(await world.metric('promontory_deadman_last_heartbeat_timestamp_seconds{heartbeat="eu"}'), /^1\.7672261\d+e\+09$/)
  await world.pass(4 * MINUTE)
  const [first] = world.told
  assert.deepEqual(first.labels, { alertname: 'HeartbeatMissing', heartbeat: 'eu', severity: 'critical' })
  assert.equal(first.annotations.summary, 'No heartbeat of eu for 5m')
  assert.match(first.annotations.description, /last heard: 2026-01-01T00:09:0/)
  assert.equal(await world.metric('promontory_deadman_heartbeat_expired{heartbeat="eu"}'), '1')
  assert.deepEqual(world.news().length, 1)
  await world.pass(31 * MINUTE)
  const [again] = world.told
  assert.equal(again.reason, 'repeat interval elapsed')
  assert.notEqual(again.key, first.key)
  assert.equal(again.startsAt, first.startsAt)
  assert.equal(world.news().length, 1)
  await call()
  await world.pass(SECOND)
  const [over] = world.told
  assert.deepEqual([over.status, over.startsAt, over.reason], ['resolved', first.startsAt, 'all alerts resolved'])
  assert.notEqual(over.endsAt, '0001-01-01T00:00:00Z')
  assert.equal(world.news().length, 1)
  assert.equal(await world.metric('promontory_deadman_heartbeat_expired{heartbeat="eu"}'), '0')
  assert.equal(await world.metric('promontory_deadman_notifications_total{integration="webhook",outcome="delivered",receiver="page"}'), '3')
  await world.pass(4 * MINUTE)
  assert.deepEqual(world.news(), [])
  await world.stopAll()
})

test('one that was never heard is told of after its timeout from the start', async () => {
  const { world } = await started()
  await world.pass(5 * MINUTE)
  assert.deepEqual(world.news(), ['300 /page firing eu'])
  const { body } = await world.ask(`${DEADMAN}/api/v1/status`)
  const [heartbeat] = JSON.parse(body).data.heartbeats
  assert.equal(heartbeat.lastHeard, undefined)
  assert.equal(heartbeat.expiredSince, '2026-01-01T00:05:00Z')
  assert.deepEqual(heartbeat.notifications, [{ integration: 'webhook[0]', status: 'firing', at: '2026-01-01T00:05:00Z' }])
  assert.match((await world.ask(`${DEADMAN}/`)).body, /silent since 2026-01-01T00:05:00Z/)
  await world.stopAll()
})

test('any call counts, but not the end of an alert, and not a name that nobody configured', async () => {
  const { world, call } = await started()
  await world.pass(4 * MINUTE)
  assert.deepEqual(await call('eu', OVER), { status: 200, body: 'not counted: no alert of this message fires\n' })
  assert.deepEqual(await call('us'), { status: 404, body: 'no heartbeat "us" is configured\n' })
  await world.pass(MINUTE)
  assert.deepEqual(world.news(), ['300 /page firing eu'])
  assert.deepEqual(await world.ask(`${DEADMAN}/watch/eu`), { status: 200, body: 'heard\n' })
  await world.pass(SECOND)
  assert.equal(world.news().length, 1)
  assert.equal((await call('eu', 'anything')).body, 'heard\n')
  assert.equal((await call('eu', '{}')).body, 'heard\n')
  assert.equal(await world.metric('promontory_deadman_heartbeats_total{heartbeat="eu"}'), '3')
  await world.stopAll()
})

test('a receiver that is away is tried until it is back, and delays no other', async () => {
  const { world, call } = await started(CONFIG.replace("/page'}", `/page'}, {url: '${RECEIVER}/second'}`))
  world.answer = (path) => (path === '/page' ? 503 : 200)
  await world.pass(10 * MINUTE)
  assert.deepEqual(world.news(), ['300 /second firing eu'])
  assert.match((await world.ask(`${DEADMAN}/api/v1/status`)).body, /"error":"unexpected status code 503"/)
  world.answer = (path) => (path === '/page' ? 404 : 200)
  await world.pass(2 * MINUTE)
  world.answer = () => 200
  await world.pass(MINUTE + SECOND)
  const [late] = world.told
  assert.deepEqual([late.path, late.reason, late.startsAt], ['/page', 'first notification', '2026-01-01T00:05:00Z'])
  world.news()
  world.answer = (path) => (path === '/page' ? 503 : 200)
  await call()
  await world.pass(SECOND)
  assert.match(world.news().join(), /^\d+ \/second resolved eu$/)
  world.answer = () => 200
  await world.pass(2 * MINUTE)
  assert.match(world.news().join(), /^\d+ \/page resolved eu$/)
  await world.stopAll()
})

test('who never heard of the silence is not told of its end', async () => {
  const { world, call } = await started()
  world.answer = () => 503
  await world.pass(6 * MINUTE)
  await call()
  world.answer = () => 200
  await world.pass(2 * MINUTE)
  assert.deepEqual(world.news(), [])
  await world.stopAll()
})

test('a restart does not fire at once, and gives who calls a whole timeout', async () => {
  const { world, process, call } = await started()
  await call()
  await world.pass(4 * MINUTE)
  process.kill()
  await world.pass(60 * MINUTE)
  await world.startDeadman()
  await world.pass(4 * MINUTE + 50 * SECOND)
  assert.deepEqual(world.news(), [])
  await world.pass(20 * SECOND)
  assert.equal(world.news().length, 1)
  assert.match((await world.ask(`${DEADMAN}/api/v1/status`)).body, /"lastHeard":"2026-01-01T00:00:0/)
  await world.stopAll()
})

test('restarts without end do not hide a silence', async () => {
  const { world, process, call } = await started()
  await call()
  let last = process
  let minutes = 0
  for (; minutes < 30 && world.told.length === 0; minutes += 4) {
    await world.pass(4 * MINUTE)
    last.kill()
    last = await world.startDeadman()
  }
  assert.equal(minutes, 12)
  await world.stopAll()
})

test('a restart remembers what was told, and to whom', async () => {
  const { world, process, call } = await started()
  await world.pass(5 * MINUTE)
  const [first] = world.told
  assert.equal(world.news().length, 1)
  process.kill()
  await world.pass(MINUTE)
  const second = await world.startDeadman()
  await world.pass(20 * MINUTE)
  assert.deepEqual(world.news(), [])
  await world.stop(second)
  await world.startDeadman()
  await world.pass(10 * MINUTE)
  const [again] = world.told
  assert.deepEqual([again.reason, again.startsAt], ['repeat interval elapsed', first.startsAt])
  world.news()
  await call()
  await world.pass(SECOND)
  assert.match(world.news().join(), /resolved eu$/)
  await world.stopAll()
})

test('a silence that nobody was told of before the process ended is told after it, with the same key', async () => {
  const { world, process } = await started()
  // Killed after the receiver has heard, before it has said so.
  world.answer = () => {
    process.kill()
    return 200
  }
  await world.pass(5 * MINUTE)
  const [first] = world.told
  world.answer = () => 200
  await world.startDeadman()
  await world.pass(MINUTE)
  assert.deepEqual(
    world.told.map(({ key }) => key),
    [first.key, first.key],
  )
  await world.stopAll()
})

test('a state that is damaged is set aside', async () => {
  const { world, process } = await started()
  await world.stop(process)
  await process.env.fs.writeFile('/data/deadman.json', '{"version":1,"heartbeats":{"eu":{}}}')
  const next = await world.startDeadman()
  assert.equal(await next.env.fs.readText('/data/deadman.json.damaged'), '{"version":1,"heartbeats":{"eu":{}}}')
  assert.ok(
    next.lines.some(({ message, fields }) => message === 'state not read, it is set aside' && fields.error === 'heartbeat eu is damaged'),
  )
  await world.pass(5 * MINUTE)
  assert.equal(world.news().length, 1)
  await world.stopAll()
})

test('a reload keeps what is known of those that stay; a file that is wrong changes nothing', async () => {
  const { world, process, call } = await started()
  await call()
  await world.pass(3 * MINUTE)
  const reload = () => world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })
  await process.env.fs.writeFile('/deadman.yml', 'heartbeats: []')
  const bad = await reload()
  assert.deepEqual(
    [bad.status, bad.body],
    [500, 'failed to reload config: /deadman.yml:1:1: found no heartbeats and no drills, want at least one\n'],
  )
  assert.equal(await world.metric('promontory_deadman_config_last_reload_successful'), '0')
  await process.env.fs.writeFile('/deadman.yml', CONFIG.replace('receivers:', '  - {name: us, timeout: 1h, receiver: page}\nreceivers:'))
  assert.equal((await reload()).status, 200)
  assert.equal(await world.metric('promontory_deadman_heartbeat_timeout_seconds{heartbeat="us"}'), '3600')
  await world.pass(2 * MINUTE)
  assert.match(world.news().join(), /^30\d \/page firing eu$/)
  await process.env.fs.writeFile('/deadman.yml', CONFIG.replaceAll('eu', 'us'))
  assert.equal((await reload()).status, 200)
  assert.equal(await world.metric('promontory_deadman_heartbeat_expired{heartbeat="eu"}'), '')
  assert.equal((await call('eu')).status, 404)
  assert.match((await world.ask(`${DEADMAN}/api/v1/status/config`)).body, /timeout: 5m/)
  await world.stopAll()
})

const US = `heartbeats: [{name: us, timeout: 1h, receiver: page}]
receivers:
  - name: page
    webhook_configs: [{url: '${RECEIVER}/page'}]
`

test('who was told of a heartbeat that is not configured any more is told once that it is over', async () => {
  const { world, process } = await started(CONFIG.replace('timeout: 5m', 'annotations: {summary: EU is silent}, timeout: 5m'))
  await world.pass(5 * MINUTE)
  const [first] = world.told
  assert.equal(world.news().length, 1)
  world.answer = () => 503
  await process.env.fs.writeFile('/deadman.yml', US)
  assert.equal((await world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })).status, 200)
  await world.pass(MINUTE)
  world.answer = () => 200
  await world.pass(MINUTE)
  const [over] = world.told
  assert.deepEqual([over.status, over.reason, over.labels], ['resolved', 'removed from the configuration', first.labels])
  assert.deepEqual([over.startsAt, over.endsAt.slice(0, 16)], [first.startsAt, '2026-01-01T00:05'])
  assert.deepEqual(over.annotations, {
    summary: 'EU is silent',
    description: 'The heartbeat eu is not in the configuration any more: nobody waits for it.',
  })
  assert.equal(world.news().length, 1)
  assert.doesNotMatch(await process.env.fs.readText('/data/deadman.json'), /severity/)
  await world.stop(process)
  await world.startDeadman()
  await world.pass(40 * MINUTE)
  assert.deepEqual(world.news(), [])
  await world.stopAll()
})

test('it is told as well after a restart with the changed file, and after one before it was told', async () => {
  const { world, process } = await started()
  await world.pass(5 * MINUTE)
  assert.equal(world.news().length, 1)
  process.kill()
  world.answer = () => 503
  const second = await world.startDeadman(US)
  await world.pass(MINUTE)
  await world.stop(second)
  world.answer = () => 200
  await world.startDeadman()
  await world.pass(SECOND)
  const [over] = world.told
  assert.deepEqual([over.status, over.reason], ['resolved', 'removed from the configuration'])
  assert.deepEqual(over.labels, { alertname: 'HeartbeatMissing', heartbeat: 'eu', severity: 'critical' })
  assert.equal(world.news().length, 1)
  await world.pass(40 * MINUTE)
  assert.deepEqual(world.news(), [])
  await world.stopAll()
})

test('a heartbeat that comes back to the configuration before its end was told is one that is over', async () => {
  const { world, process, call } = await started()
  const reload = () => world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })
  await world.pass(5 * MINUTE)
  world.news()
  world.answer = () => 503
  await process.env.fs.writeFile('/deadman.yml', US)
  await reload()
  await process.env.fs.writeFile('/deadman.yml', CONFIG)
  await reload()
  assert.equal(await world.metric('promontory_deadman_heartbeat_expired{heartbeat="eu"}'), '0')
  world.answer = () => 200
  await world.pass(2 * MINUTE)
  assert.match(world.news().join(), /^\d+ \/page resolved eu$/)
  await call()
  await world.pass(4 * MINUTE)
  assert.deepEqual(world.news(), [])
  await world.pass(2 * MINUTE)
  assert.match(world.news().join(), /^\d+ \/page firing eu$/)
  await world.stopAll()
})

test('with another receiver or other labels, what was told of a silence ends, and goes on as what it is now', async () => {
  const { world, process, call } = await started()
  const take = async (config: string) => {
    await process.env.fs.writeFile('/deadman.yml', config)
    assert.equal((await world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })).status, 200)
    await world.pass(SECOND)
    const news = world.told.map(({ path, status, reason, labels }) => `${path} ${status} ${labels.severity}: ${reason}`)
    world.news()
    return news.sort()
  }
  await world.pass(5 * MINUTE)
  world.news()
  assert.deepEqual(await take(CONFIG.replace('repeat_interval: 30m', 'repeat_interval: 40m')), [])
  assert.deepEqual(await take(CONFIG.replace('critical', 'warning')), [
    '/page firing warning: first notification',
    '/page resolved critical: changed in the configuration',
  ])
  const other = `${CONFIG.replace('receiver: page', 'receiver: second')}  - {name: second, webhook_configs: [{url: '${RECEIVER}/second'}]}\n`
  assert.deepEqual(await take(other), [
    '/page resolved warning: changed in the configuration',
    '/second firing critical: first notification',
  ])
  await call()
  await world.pass(SECOND)
  assert.match(world.news().join(), /^\d+ \/second resolved eu$/)
  await world.stopAll()
})

test('a state that an earlier version wrote has its alarms', async () => {
  const { world, process } = await started()
  await world.pass(5 * MINUTE)
  world.news()
  await world.stop(process)
  const { left: _, ...state } = JSON.parse(await process.env.fs.readText('/data/deadman.json'))
  delete state.heartbeats.eu.alarm.labels
  delete state.heartbeats.eu.alarm.annotations
  await process.env.fs.writeFile('/data/deadman.json', JSON.stringify(state))
  const next = await world.startDeadman()
  await world.pass(MINUTE)
  assert.deepEqual(world.news(), [])
  await next.env.fs.writeFile('/deadman.yml', US)
  await world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })
  await world.pass(SECOND)
  assert.equal(world.told[0].labels.severity, 'critical')
  assert.match(world.news().join(), /^\d+ \/page resolved eu$/)
  await world.stopAll()
})
