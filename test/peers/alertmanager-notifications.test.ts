// The same alertmanager.yml and the same alerts give the same notifications from 0.33 and from us, alert for alert.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { generateScenarios, type Scenario, type ScenarioEvent, STEP_MS, TIME_INTERVALS } from '../support/alert-scenarios.ts'
import { peer } from '../support/peers.ts'
import { delay, freePort, PROMONTORY, Program } from '../support/program.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20260801)
const SCENARIOS = 120
const STEPS = 14
const TRIES = 4

const NO_TIME = '0001-01-01T00:00:00Z'

interface Hook {
  readonly receiver: string
  readonly groupKey: string
  readonly alerts: readonly { startsAt: string; endsAt: string; status: string; labels: Record<string, string> }[]
  externalURL?: string
}

/** Notes what comes to a path, by what stands before the second slash. */
async function recorder() {
  const heard = new Map<string, string[]>()
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const [, who, hook] = request.url!.split('/')
      const message = JSON.parse(Buffer.concat(parts).toString()) as Hook
      // One group's notifications follow one another; those of others may be between.
      const key = `${who} ${hook} ${message.groupKey}`
      heard.set(key, [...(heard.get(key) ?? []), JSON.stringify(comparable(message))])
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const of = (who: string) =>
    new Map([...heard].filter(([key]) => key.startsWith(`${who} `)).map(([key, told]) => [key.slice(who.length + 1), told]))
  return { url: `http://127.0.0.1:${port}`, of, close: () => server.close() }
}

/** Where it comes from differs; so does the end of what nobody told of for a while, by what the news took on their way. */
function comparable(message: Hook): Hook {
  const { externalURL: _, ...rest } = message
  return { ...rest, alerts: message.alerts.map((alert) => ({ ...alert, endsAt: alert.endsAt === NO_TIME ? NO_TIME : 'some time' })) }
}

function configOf(scenarios: readonly Scenario[], hooks: string): string {
  const webhook = (receiver: string, index: number, sendResolved: boolean, alertsMax: number) => ({
    url: `${hooks}/${receiver}-${index}`,
    send_resolved: sendResolved,
    max_alerts: alertsMax,
  })
  // JSON is YAML.
  return JSON.stringify({
    // Between two flushes.
    global: { resolve_timeout: '9s' },
    route: { receiver: 'nobody', routes: scenarios.map(({ route }) => route) },
    receivers: [
      { name: 'nobody' },
      ...scenarios.flatMap(({ receivers }) =>
        receivers.map(({ name, sendResolved, alertsMax }) => ({
          name,
          webhook_configs: sendResolved.map((resolved, index) => webhook(name, index, resolved, alertsMax)),
        })),
      ),
    ],
    inhibit_rules: scenarios.flatMap(({ inhibitRules }) => inhibitRules),
    time_intervals: TIME_INTERVALS,
  })
}

class Sender {
  readonly #url: string
  readonly #silences = new Map<string, string>()

  constructor(url: string) {
    this.#url = url
  }

  async send(events: readonly ScenarioEvent[], now: number): Promise<void> {
    const time = (steps: number) => new Date(now + steps * STEP_MS).toISOString()
    const alerts = events.flatMap((event) => (event.kind === 'alerts' ? event.alerts : []))
    await this.#post(
      'alerts',
      alerts.map(({ labels, annotations, endsAfter }) => ({
        labels,
        annotations,
        // What is over began before.
        startsAt: endsAfter === 0 ? time(-0.25) : time(0),
        ...(endsAfter === undefined ? {} : { endsAt: time(endsAfter) }),
      })),
    )
    for (const event of events) {
      if (event.kind === 'silence') {
        const body = { matchers: event.matchers, startsAt: time(0), endsAt: time(event.lasts), createdBy: 't', comment: 't' }
        const { silenceID } = (await this.#post('silences', body)) as { silenceID: string }
        this.#silences.set(event.name, silenceID)
      }
      if (event.kind === 'expire') {
        const response = await fetch(`${this.#url}/api/v2/silence/${this.#silences.get(event.name)}`, { method: 'DELETE' })
        assert.equal(response.status, 200)
      }
    }
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v2/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return text === '' ? undefined : JSON.parse(text)
  }
}

/** What differs in one run, by group. */
async function compare(t: TestContext, binary: string): Promise<ReadonlyMap<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-scenarios-'))
  const scenarios = generateScenarios(SEED, SCENARIOS, STEPS)
  const hooks = await recorder()
  const start = async (who: string, command: string, first: readonly string[]) => {
    const port = await freePort()
    const file = join(directory, `${who}.yml`)
    writeFileSync(file, configOf(scenarios, `${hooks.url}/${who}`))
    const flags = [
      `--config.file=${file}`,
      `--storage.path=${join(directory, who)}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ]
    return new Program(command, [...first, ...flags], `http://127.0.0.1:${port}`)
  }
  const programs = [await start('ours', PROMONTORY, ['alertmanager']), await start('theirs', binary, [])]
  try {
    await Promise.all(programs.map((program) => program.ready()))
    const senders = programs.map(({ url }) => new Sender(url))
    const begin = Date.now() + 100
    for (let step = 0; step < STEPS; step++) {
      await delay(begin + step * STEP_MS - Date.now())
      const now = Date.now()
      const events = scenarios.flatMap(({ events }) => events[step])
      await Promise.all(senders.map((sender) => sender.send(events, now)))
    }
    // Until between two flushes.
    await delay(5 * STEP_MS)
  } finally {
    await Promise.all(programs.map((program) => program.stop()))
    hooks.close()
    rmSync(directory, { recursive: true, force: true })
  }
  const [ours, theirs] = [hooks.of('ours'), hooks.of('theirs')]
  const count = [...theirs.values()].reduce((sum, told) => sum + told.length, 0)
  t.diagnostic(`seed ${SEED}: ${count} notifications of ${theirs.size} groups`)
  assert.ok(count > 10 * SCENARIOS, `${count} notifications`)
  const differing = new Map<string, string>()
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(key) ?? [], theirs.get(key) ?? []]
    if (JSON.stringify(a) === JSON.stringify(b)) continue
    const at = a.findIndex((each, index) => each !== b[index])
    differing.set(key, `${key}\n  ours ${a.length}: ${a[at < 0 ? a.length : at]}\n  theirs ${b.length}: ${b[at < 0 ? a.length : at]}`)
  }
  return differing
}

test(`${SCENARIOS} scenarios give the same notifications as Alertmanager 0.33`, async (t) => {
  const binary = peer(t, 'alertmanager 0.33')
  if (binary === undefined) return
  // On a machine that is busy for half a step, what happens comes to another flush: then once more. What is wrong stays wrong.
  let always = await compare(t, binary)
  for (let run = 1; run < TRIES && always.size > 0; run++) {
    t.diagnostic(`${always.size} groups differ in ${run} runs`)
    const again = await compare(t, binary)
    always = new Map([...again].filter(([group]) => always.has(group)))
  }
  assert.equal(always.size, 0, `${always.size} groups differ in each run:\n${[...always.values()].slice(0, 5).join('\n')}`)
})
