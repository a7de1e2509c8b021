// Alertmanagers, upstream's and ours, for clusters of them.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { freePort, PROMONTORY, Program } from './program.ts'

export interface RunningAlertmanager {
  readonly program: Program
  readonly clusterPort: number
  readonly directory: string
}

export interface AlertmanagerOptions {
  /** `ours`, or the path of upstream's program. */
  readonly command: string
  readonly directory: string
  /** alertmanager.yml. */
  readonly config: string
  readonly peers: readonly number[]
  readonly flags?: readonly string[]
  readonly ports?: { readonly web: number; readonly cluster: number }
}

/** Starts one on 127.0.0.1, `peers` are ports of the cluster. Ours has upstream's flags behind the name of its role. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<RunningAlertmanager> {
  const { command, directory, config, peers, flags = [] } = options
  const { web, cluster } = options.ports ?? { web: await freePort(), cluster: await freePort() }
  const configFile = join(directory, `alertmanager-${web}.yml`)
  writeFileSync(configFile, config)
  const isOurs = command === 'ours'
  const program = new Program(
    isOurs ? PROMONTORY : command,
    [
      ...(isOurs ? ['alertmanager'] : []),
      `--config.file=${configFile}`,
      `--storage.path=${join(directory, `data-${web}`)}`,
      `--web.listen-address=127.0.0.1:${web}`,
      `--cluster.listen-address=127.0.0.1:${cluster}`,
      '--cluster.reconnect-interval=1s',
      ...peers.map((port) => `--cluster.peer=127.0.0.1:${port}`),
      ...flags,
    ],
    `http://127.0.0.1:${web}`,
  )
  return { program, clusterPort: cluster, directory }
}

/** Names and addresses of the members that one lists. */
export async function membersOf(url: string): Promise<readonly { readonly name: string; readonly address: string }[]> {
  const response = await fetch(`${url}/api/v2/status`)
  const { cluster } = (await response.json()) as { cluster: { peers?: { name: string; address: string }[] } }
  return cluster.peers ?? []
}

/** `ready` when it has settled. */
export async function clusterStatus(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v2/status`)
  return ((await response.json()) as { cluster: { status: string } }).cluster.status
}

/** Makes a silence of an hour; its ID. */
export async function silence(url: string, comment: string, matcher: { readonly name: string; readonly value: string }): Promise<string> {
  const now = Date.now()
  const response = await fetch(`${url}/api/v2/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      matchers: [{ ...matcher, isRegex: false, isEqual: true }],
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + 3600_000).toISOString(),
      createdBy: 'test',
      comment,
    }),
  })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return ((await response.json()) as { silenceID: string }).silenceID
}

export async function silenceComments(url: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/api/v2/silences`)
  return ((await response.json()) as { comment: string }[]).map(({ comment }) => comment).sort()
}

/** An alert that fires until it is told otherwise, sent as a server does: to all. */
export async function sendAlert(urls: readonly string[], labels: Readonly<Record<string, string>>): Promise<void> {
  const body = JSON.stringify([{ labels, startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 300_000).toISOString() }])
  await Promise.all(
    urls.map(async (url) => {
      const response = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`)
    }),
  )
}

export interface Recorder {
  readonly url: string
  /** The group's labels of each notification, in the order in which they came, with who sent it. */
  readonly heard: { readonly group: string; readonly from: string }[]
  close(): void
}

/** A webhook that remembers. */
export async function startRecorder(): Promise<Recorder> {
  const heard: Recorder['heard'] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { groupLabels, externalURL } = JSON.parse(Buffer.concat(parts).toString()) as {
      groupLabels: Record<string, string>
      externalURL: string
    }
    heard.push({ group: JSON.stringify(groupLabels), from: externalURL })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}/`, heard, close: () => void server.close() }
}
