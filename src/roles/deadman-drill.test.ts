import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEADMAN, DeadmanWorld, MINUTE, RECEIVER, SECOND } from '../../test/support/deadman-world.ts'

const CONFIG = `drills:
  - name: paging
    alertmanagers: [http://10.0.1.1:9093, http://10.0.1.2:9093/]
    every: 10m
    deadline: 2m
    labels: {severity: critical}
    receiver: page
receivers:
  - name: page
    webhook_configs: [{url: '${RECEIVER}/page'}]
`

const ALERTMANAGER = `route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 1m
  routes:
    - {matchers: [promontory_drill=~".+"], receiver: drill, continue: true}
    - {matchers: [severity="critical"], receiver: team}
receivers:
  - name: team
    webhook_configs: [{url: '${RECEIVER}/team'}]
  - name: drill
    webhook_configs: [{url: '${DEADMAN}/drill'}]
`

interface Run {
  readonly outcome: string
  readonly latencySeconds?: number
  readonly duplicates: number
}

async function runs(world: DeadmanWorld): Promise<readonly Run[]> {
  const { body } = await world.ask(`${DEADMAN}/api/v1/status`)
  return JSON.parse(body).data.drills[0].runs
}

const shown = ({ outcome, latencySeconds, duplicates }: Run) => `${outcome} ${latencySeconds?.toFixed(0)} ${duplicates}`

test('a drill goes through one of two Alertmanagers, and its time is measured; what came twice is counted', async () => {
  const world = await DeadmanWorld.start()
  await world.startAlertmanager(1, ALERTMANAGER)
  await world.pass(SECOND)
  await world.startDeadman(CONFIG)
  await world.pass(35 * SECOND)
  assert.deepEqual((await runs(world)).map(shown), ['arrived 30 0'])
  const [{ labels, annotations }] = world.told
  assert.equal(labels.alertname, 'PromontoryDrill')
  assert.deepEqual([labels.severity, labels.promontory_drill, labels.promontory_drill_run.length], ['critical', 'paging', 16])
  assert.equal(annotations.summary, 'This is a drill: nothing is wrong')
  assert.equal(await world.metric('promontory_deadman_drill_latency_seconds_bucket{drill="paging",le="20"}'), '0')
  assert.equal(await world.metric('promontory_deadman_drill_latency_seconds_bucket{drill="paging",le="45"}'), '1')
  const posts = (outcome: string) =>
    world.metric(`promontory_deadman_drill_posts_total{alertmanager="10.0.1.1:9093",drill="paging",outcome="${outcome}"}`)
  assert.deepEqual([await posts('failed'), Number(await posts('taken')) > 2], ['', true])
  assert.match((await world.ask(`${DEADMAN}/api/v1/status`)).body, /"url":"http:\/\/10.0.1.2:9093","error":"Post .*connection refused"/)
  // It was taken back.
  assert.doesNotMatch((await world.ask('http://10.0.1.1:9093/api/v2/alerts')).body, /promontory_drill/)
  await world.startAlertmanager(2, ALERTMANAGER)
  await world.pass(11 * MINUTE)
  const [second, first] = await runs(world)
  assert.equal(shown(first), 'arrived 30 0')
  assert.equal(shown(second), 'arrived 30 1')
  assert.equal(await world.metric('promontory_deadman_drill_duplicate_arrivals_total{drill="paging"}'), '1')
  assert.equal(await world.metric('promontory_deadman_drills_total{drill="paging",outcome="arrived"}'), '2')
  assert.deepEqual(
    world.news().filter((line) => line.includes('/page')),
    [],
  )
  await world.stopAll()
})

test('a drill that does not arrive in time is told of as a silence, until one does', async () => {
  const world = await DeadmanWorld.start()
  const process = await world.startDeadman(CONFIG)
  await world.pass(2 * MINUTE + SECOND)
  const [missed] = world.told
  assert.deepEqual(missed.labels, { alertname: 'DrillMissed', drill: 'paging' })
  assert.equal(
    missed.annotations.description,
    'An alert that was to go through 10.0.1.1:9093 (did not take it), 10.0.1.2:9093 (did not take it) did not come back. Real alerts may not arrive either.',
  )
  assert.equal(await world.metric('promontory_deadman_drill_expired{drill="paging"}'), '1')
  assert.deepEqual(world.news(), ['120 /page firing paging'])
  // Neither a restart nor the configuration begins a new one before its time.
  await world.stop(process)
  await world.startDeadman()
  await world.startAlertmanager(1, ALERTMANAGER)
  await world.pass(7 * MINUTE)
  assert.deepEqual(world.news(), [])
  await world.pass(MINUTE)
  await world.pass(31 * SECOND)
  assert.match(
    world
      .news()
      .filter((line) => line.includes('/page'))
      .join(),
    /^63\d \/page resolved paging$/,
  )
  assert.deepEqual((await runs(world)).map(shown), ['arrived 30 0', 'missed undefined 0'])
  await world.stopAll()
})

test('an Alertmanager that comes up during a drill still gets its alert', async () => {
  const world = await DeadmanWorld.start()
  await world.startDeadman(CONFIG)
  await world.pass(45 * SECOND)
  await world.startAlertmanager(1, ALERTMANAGER)
  await world.pass(40 * SECOND)
  assert.match((await runs(world)).map(shown).join(), /^arrived 50 0$/)
  await world.stopAll()
})

test('an arrival after the deadline is measured, and does not end the alarm', async () => {
  const world = await DeadmanWorld.start()
  await world.startAlertmanager(1, ALERTMANAGER.replace('group_wait: 30s', 'group_wait: 45s'))
  await world.startDeadman(CONFIG.replace('deadline: 2m', 'deadline: 40s'))
  await world.pass(41 * SECOND)
  assert.deepEqual(world.news(), ['40 /page firing paging'])
  await world.pass(MINUTE)
  // Over when it came, it is no alert any more.
  assert.deepEqual((await runs(world)).map(shown), ['missed undefined 0'])
  const [run] = JSON.parse((await world.ask(`${DEADMAN}/api/v1/status`)).body).data.drills[0].runs
  const late = { alerts: [{ status: 'firing', labels: { promontory_drill: 'paging', promontory_drill_run: run.id } }] }
  const arrive = (message: unknown) => world.ask(`${DEADMAN}/drill`, { method: 'POST', body: JSON.stringify(message) })
  assert.deepEqual(await arrive(late), { status: 200, body: '0 arrived\n' })
  assert.match((await runs(world)).map(shown).join(), /^missed 10\d 0$/)
  assert.equal(await world.metric('promontory_deadman_drill_expired{drill="paging"}'), '1')
  late.alerts[0].labels.promontory_drill_run = 'f'.repeat(16)
  assert.deepEqual(await arrive(late), { status: 200, body: '0 arrived\n' })
  assert.equal((await arrive({})).status, 400)
  await world.stopAll()
})

test('a drill goes on over a reload, and one that a kill cut off is held again at once', async () => {
  const world = await DeadmanWorld.start()
  await world.startAlertmanager(1, ALERTMANAGER)
  await world.pass(SECOND)
  const process = await world.startDeadman(CONFIG)
  await world.pass(10 * SECOND)
  assert.equal((await world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })).status, 200)
  await world.pass(25 * SECOND)
  assert.deepEqual((await runs(world)).map(shown), ['arrived 30 0'])
  await world.pass(9 * MINUTE + 35 * SECOND)
  process.kill()
  await world.startDeadman()
  await world.pass(80 * SECOND)
  const all = await runs(world)
  assert.equal(all.length, 2)
  assert.equal(all[0].outcome, 'arrived')
  await world.stopAll()
})

test('an Alertmanager that never answers is one that did not take the alert, and holds up no other', async () => {
  const world = await DeadmanWorld.start()
  await world.startAlertmanager(1, ALERTMANAGER)
  const silent = world.world.start('10.0.1.2')
  await silent.env.http.listen({ host: '10.0.1.2', port: 9093 }, () => {})
  await world.pass(SECOND)
  await world.startDeadman(CONFIG.replace('http://10.0.1.2', 'http://me:secret@10.0.1.2'))
  await world.pass(35 * SECOND)
  assert.deepEqual((await runs(world)).map(shown), ['arrived 30 0'])
  const { body } = await world.ask(`${DEADMAN}/api/v1/status`)
  const { url, error } = JSON.parse(body).data.drills[0].alertmanagers[1]
  assert.equal(url, 'http://me:xxxxx@10.0.1.2:9093')
  assert.match(error, /context deadline exceeded$/)
  assert.doesNotMatch(body, /secret/)
  await world.stopAll()
})

test('who was told of a drill that is not configured any more is told that it is over', async () => {
  const world = await DeadmanWorld.start()
  const process = await world.startDeadman(CONFIG)
  await world.pass(2 * MINUTE + SECOND)
  assert.deepEqual(world.news(), ['120 /page firing paging'])
  await process.env.fs.writeFile('/deadman.yml', CONFIG.replace('name: paging', 'name: other'))
  assert.equal((await world.ask(`${DEADMAN}/-/reload`, { method: 'POST' })).status, 200)
  await world.pass(SECOND)
  const [over] = world.told
  assert.deepEqual([over.reason, over.annotations.summary], ['removed from the configuration', 'The drill paging did not arrive within 2m'])
  assert.match(world.news().join(), /^12\d \/page resolved paging$/)
  await world.stopAll()
})
