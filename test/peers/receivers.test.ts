import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Integration, NotifyRequest } from '../../src/alertmanager/receivers/integration.ts'
import { buildReceiver, RECEIVER_FIELDS, RECEIVER_KINDS } from '../../src/alertmanager/receivers/registry.ts'
import { loadTemplates } from '../../src/alertmanager/template-library.ts'
import { realEnv } from '../../src/base/env-real.ts'
import { createLog } from '../../src/base/log-lines.ts'
import { parseRfc3339 } from '../../src/base/rfc3339.ts'
import { section } from '../../src/base/schema.ts'
import { parseYamlTree } from '../../src/base/yaml-tree.ts'
import { toHttpClientConfig } from '../../src/config/http-client.ts'
import { HttpClients } from '../../src/http-client/clients.ts'
import { Labels } from '../../src/model/labels.ts'
import { peer } from '../support/peers.ts'
import { freePort } from '../support/program.ts'
import { DEFAULTS, FULL, OTHERS, type Place } from '../support/receiver-variants.ts'
import { listens, type ReceiverWorld, receiverWorld, type WorldRecord } from '../support/receiver-world.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 7)
const GROUPS = 50
const VARIANTS = [DEFAULTS, FULL, DEFAULTS, OTHERS]
const EXTERNAL_URL = 'http://am.example:9093/x'

const KINDS = RECEIVER_KINDS.map(({ kind }) => kind)
const receiverSchema = section('receiver', RECEIVER_FIELDS)

/** The entries of a receiver, a list a line. */
function entriesOf(index: number, place: Place): string {
  const variant = VARIANTS[index % VARIANTS.length]!
  const entries = { ...DEFAULTS(place), ...variant(place) }
  return KINDS.map((kind) => `  ${kind}_configs: [${entries[kind]}]`).join('\n')
}

interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt?: string
  readonly generatorURL: string
}

const VALUES = [
  'a',
  'x y',
  '<b>&"\'',
  'é😀',
  '12',
  '1e3',
  'yes',
  '{"a": [1]}',
  'a: b',
  '- l',
  '#',
  'line\nbreak',
  '\\',
  'null',
  '2026-01-02',
]

function groups(): readonly (readonly PostedAlert[])[] {
  let state = SEED
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
  const value = () => VALUES[random(VALUES.length)]!
  return Array.from({ length: GROUPS }, (_, group) =>
    Array.from({ length: 1 + random(4) }, (_, number) => ({
      labels: {
        alertname: `G${group}`,
        ...(random(2) ? { severity: ['critical', 'warning', 'info', 'other'][random(4)]! } : {}),
        instance: `i${number}`,
        ...(random(3) ? { job: 'j' } : {}),
        ...(random(3) ? {} : { odd: value() }),
      },
      annotations: { ...(random(2) ? { summary: value() } : {}), ...(random(3) ? {} : { description: `${value()} ${value()}` }) },
      startsAt: `2026-01-02T03:04:${String(10 + number)}.${random(2) ? '5' : '123'}Z`,
      ...(number > 0 && random(4) === 0 ? { endsAt: '2026-01-02T04:00:00Z' } : {}),
      generatorURL: random(4) ? 'http://p/graph?g0.expr=up+%3D%3D+0&g0.tab=1' : '',
    })),
  )
}

/** The request that a recorded webhook tells of. */
function requestOf(body: string, receiver: string): NotifyRequest {
  const told = JSON.parse(body)
  const now = Date.now()
  return {
    receiver,
    groupKey: told.groupKey,
    groupLabels: Labels.of(told.groupLabels),
    alerts: told.alerts.map((alert: Record<string, never>) => ({
      labels: Labels.of(alert.labels),
      annotations: Labels.of(alert.annotations),
      startsAt: parseRfc3339(alert.startsAt)!,
      endsAt: alert.status === 'resolved' ? parseRfc3339(alert.endsAt)! : now + 600_000,
      generatorUrl: alert.generatorURL,
      updatedAt: now,
      hasTimeout: false,
    })),
    now,
    reason: told.notification_reason,
    idempotencyKey: 'key',
    memory: new Map(),
  }
}

/** Without what is another every time. */
function comparable({ target, headers, body }: WorldRecord): string {
  const boundary = /boundary=([0-9a-f]{60})/.exec(body)?.[1]
  const same = (boundary === undefined ? body : body.replaceAll(boundary, 'BOUNDARY'))
    .replace(/^(Message-Id: <)\d+\.\d+@[^>]*>/m, '$1ID>')
    .replace(/^Date: .*$/m, 'Date: NOW')
  const [head = '', ...rest] = boundary === undefined ? [same] : same.split('\r\n\r\n')
  const text = boundary === undefined ? same : [head.split('\r\n').sort().join('\r\n'), ...rest].join('\r\n\r\n')
  const shown = headers.map((header) => header.replace(/^(authorization: AWS4-HMAC-SHA256 Credential=a)\/\d+(\/\S+),.*/, '$1/DAY$2'))
  return [target, ...shown, '', text].join('\n')
}

/** Waits until all groups have been told of, and then until nothing comes any more. */
async function settled({ records }: ReceiverWorld, groupCount: number): Promise<void> {
  const tellers = () => new Set(records.map(({ sender }) => sender).filter((sender) => sender.startsWith('tell-'))).size
  let last = -1
  const deadline = Date.now() + 120_000
  for (let still = 0; still < 16; ) {
    if (Date.now() > deadline) throw new Error(`${tellers()} of ${groupCount} groups were told of`)
    await new Promise((resolve) => setTimeout(resolve, 250))
    still = records.length === last && tellers() === groupCount ? still + 1 : 0
    last = records.length
  }
}

async function bySender(world: ReceiverWorld, run: () => Promise<void>): Promise<Map<string, string[]>> {
  world.records.length = 0
  await run()
  const out = new Map<string, string[]>()
  for (const record of world.records) out.set(record.sender, [...(out.get(record.sender) ?? []), comparable(record)])
  return out
}

test('what all receivers are sent is what the newest Alertmanager sends, byte for byte', async (t) => {
  const alertmanager = peer(t, 'alertmanager 0.33')
  if (alertmanager === undefined) return
  const directory = await mkdtemp(join(tmpdir(), 'promontory-'))
  const world = await receiverWorld()
  t.after(async () => {
    world.close()
    await rm(directory, { recursive: true })
  })
  const places = Array.from({ length: GROUPS }, (_, index) => ({ name: `g${index}`, port: world.port, smtpPort: world.smtpPort }))
  // Debian's build takes its templates from the machine it is on: those of its own package go over them.
  const own = join(dirname(alertmanager), '../share/prometheus/alertmanager/*.tmpl')
  const config = [
    'route:',
    '  receiver: none',
    '  group_by: [alertname]',
    '  group_wait: 1s',
    '  group_interval: 2s',
    '  routes:',
    ...places.map(({ name }, index) => `  - {receiver: ${name}, matchers: ['alertname="G${index}"']}`),
    `templates: ['${own}']`,
    'receivers:',
    '- name: none',
    ...places.flatMap((place, index) => [`- name: ${place.name}`, entriesOf(index, place), '  # told by this one']),
    '',
  ].join('\n')
  // Payloads of the user's own do not tell all: another webhook does.
  const told = config.replace(/webhook_configs: \[(.*)\]$/gm, (_, entry, at) => {
    const name = /- name: (g\d+)\n[^-]*$/.exec(config.slice(0, at))![1]
    return `webhook_configs: [${entry}, {url: "http://127.0.0.1:${world.port}/tell-${name}/"}]`
  })
  await writeFile(join(directory, 'alertmanager.yml'), told)
  const port = await freePort()
  const child = spawn(
    alertmanager,
    [
      `--config.file=${directory}/alertmanager.yml`,
      `--storage.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.external-url=${EXTERNAL_URL}`,
      '--cluster.listen-address=',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const errors: string[] = []
  child.stderr.on('data', (data) => errors.push(String(data)))
  t.after(() => child.kill('SIGKILL'))
  await listens(port)

  const post = async (alerts: readonly PostedAlert[]) => {
    const response = await fetch(`http://127.0.0.1:${port}${new URL(EXTERNAL_URL).pathname}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    })
    assert.equal(response.status, 200, await response.text())
  }
  const env = realEnv(createLog({ level: 'error', format: 'logfmt', now: Date.now, write: () => {} }))
  const templates = await loadTemplates(env, [])
  const clients = new HttpClients(env)
  const integrations = new Map<string, readonly Integration[]>()
  for (const [index, place] of places.entries()) {
    const parsed = receiverSchema.read(parseYamlTree(`${entriesOf(index, place)}\n`).root).data!
    const context = {
      env,
      clients,
      templates,
      externalUrl: EXTERNAL_URL,
      global: {},
      httpClient: (http: Parameters<typeof toHttpClientConfig>[0]) => toHttpClientConfig(http, { file: (_, name) => name, variables: {} }),
      path: (name: string) => name,
      variables: {},
    }
    integrations.set(place.name, await buildReceiver(parsed, context))
  }

  const all = groups()
  const phases = [
    all,
    all
      .filter((_, index) => index % 3 === 0)
      .map((group) => group.map((alert) => ({ ...alert, endsAt: alert.endsAt ?? new Date().toISOString() }))),
  ]
  let compared = 0
  for (const phase of phases) {
    const theirs = await bySender(world, async () => {
      await post(phase.flat())
      await settled(world, phase.length).catch((error: Error) => assert.fail(`${error.message}: ${errors.join('').slice(0, 5000)}`))
    })
    const tellers = [...theirs].filter(([sender]) => sender.startsWith('tell-'))
    for (const [sender, messages] of tellers) {
      const name = sender.slice('tell-'.length)
      const ours = await bySender(world, async () => {
        for (const message of messages) {
          const request = requestOf(message.slice(message.indexOf('\n\n') + 2), name)
          for (const integration of integrations.get(name)!) {
            const failure = await integration.notify(request, new AbortController().signal)
            assert.equal(failure, undefined, `${integration.kind}: ${failure?.message}`)
          }
        }
      })
      const [want, found] = [[...(theirs.get(name) ?? [])].sort(), [...(ours.get(name) ?? [])].sort()]
      for (const [index, text] of want.entries()) assert.equal(found[index], text)
      assert.equal(found.length, want.length)
      compared += found.length
    }
  }
  t.diagnostic(`${compared} messages compared`)
  assert.deepEqual(
    errors.filter((line) => /level=ERROR/.test(line)),
    [],
  )
})
