// Receivers built from text, which send to servers in memory that record.
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import type { NotifyFailure, NotifyRequest } from '../../src/alertmanager/receivers/integration.ts'
import type { ReceiverGlobals } from '../../src/alertmanager/receivers/receiver-globals.ts'
import type { ReceiverContext } from '../../src/alertmanager/receivers/receiver-kind.ts'
import { buildReceiver, RECEIVER_FIELDS, receiverProblems } from '../../src/alertmanager/receivers/registry.ts'
import { loadTemplates } from '../../src/alertmanager/template-library.ts'
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { section } from '../../src/base/schema.ts'
import { parseYamlTree } from '../../src/base/yaml-tree.ts'
import { toHttpClientConfig } from '../../src/config/http-client.ts'
import { HttpClients } from '../../src/http-client/clients.ts'
import type { Alert } from '../../src/model/alert.ts'
import { Labels } from '../../src/model/labels.ts'

export const NOW = 1_767_225_600_000

/** An alert that fires since a minute; `over`: it ended a second ago. */
export function alertOf(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
  { over = false, generatorUrl = 'http://p/g?x=1&y=2' } = {},
): Alert {
  return {
    labels: Labels.of(labels),
    annotations: Labels.of(annotations),
    startsAt: NOW - 60_000,
    endsAt: over ? NOW - 1000 : NOW + 300_000,
    generatorUrl,
    updatedAt: NOW - 1000,
    hasTimeout: !over,
  }
}

export function requestOf(alerts: readonly Alert[], more: Partial<NotifyRequest> = {}): NotifyRequest {
  return {
    receiver: 'team',
    groupKey: '{}:{alertname="High"}',
    groupLabels: Labels.of({ alertname: 'High' }),
    alerts,
    now: NOW,
    reason: 'first notification',
    idempotencyKey: 'key-1',
    memory: new Map(),
    ...more,
  }
}

export interface Recorded {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** It never comes. */
  readonly silent?: boolean
}

export interface Delivered {
  readonly failure: NotifyFailure | undefined
  readonly requests: readonly Recorded[]
}

const receiverSchema = section('receiver', RECEIVER_FIELDS)

/** What a list of entries, such as `webhook_configs: [{…}]`, is: its problems, as texts. */
export function problemsOf(yaml: string, global: ReceiverGlobals = {}): readonly string[] {
  const parsed = receiverSchema.read(parseYamlTree(yaml).root)
  if (!parsed.success) return parsed.problems.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
  return receiverProblems(parsed.data, global).map(({ message }) => message)
}

export interface Bench {
  readonly env: VirtualEnv
  readonly context: ReceiverContext
  /** Delivers by the first entry; `answer` is what the server says to each request. */
  send(request: NotifyRequest, answer?: (request: Recorded) => Answer, waitMs?: number): Promise<Delivered>
}

/** A receiver out of its YAML; HTTP servers are `r` and `other`, port 80. */
export async function receiverBench(
  yaml: string,
  {
    global = {},
    files = {},
    templates = '',
  }: { readonly global?: ReceiverGlobals; readonly files?: Readonly<Record<string, string>>; readonly templates?: string } = {},
): Promise<Bench> {
  const env = virtualEnv({ startTime: NOW })
  await env.fs.mkdir('/etc')
  for (const [path, text] of Object.entries({ ...files, '/etc/t.tmpl': templates })) await env.fs.writeFile(path, text)
  assert.deepEqual(problemsOf(yaml, global), [])
  const context: ReceiverContext = {
    env,
    clients: new HttpClients(env),
    templates: await loadTemplates(env, ['/etc/*.tmpl']),
    externalUrl: 'http://am.example:9093',
    global,
    httpClient: (section) => toHttpClientConfig(section, { file: (_, name) => name, variables: {} }),
    path: (name) => name,
    variables: {},
  }
  const [integration] = await buildReceiver(receiverSchema.read(parseYamlTree(yaml).root).data!, context)
  assert.ok(integration)
  const requests: Recorded[] = []
  let answerTo: (request: Recorded) => Answer = () => ({})
  for (const host of ['r', 'other'])
    await env.http.listen({ host, port: 80 }, (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const recorded = {
          method: request.method!,
          url: `${host}${request.url}`,
          headers: request.headers,
          body: Buffer.concat(parts).toString(),
        }
        requests.push(recorded)
        const { status = 200, body = '', headers = {}, silent = false } = answerTo(recorded)
        if (!silent) response.writeHead(status, headers).end(body)
      })
    })
  return {
    env,
    context,
    async send(request, answer = () => ({}), waitMs = 1000) {
      answerTo = answer
      requests.length = 0
      const controller = new AbortController()
      const done = integration.notify(request, controller.signal)
      const timer = env.clock.setTimer(waitMs, () => controller.abort(new Error('context deadline exceeded')))
      await env.clock.advance(waitMs)
      const failure = await done
      timer.cancel()
      return { failure, requests: [...requests] }
    },
  }
}
