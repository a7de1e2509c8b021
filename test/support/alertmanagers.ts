// Upstream's Alertmanagers, for clusters with them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, Program } from './program.ts'

export interface UpstreamAlertmanager {
  readonly program: Program
  readonly clusterPort: number
  readonly directory: string
}

export interface UpstreamOptions {
  readonly command: string
  readonly directory: string
  /** alertmanager.yml. */
  readonly config: string
  readonly peers: readonly number[]
  readonly flags?: readonly string[]
  readonly ports?: { readonly web: number; readonly cluster: number }
}

/** Starts one on 127.0.0.1; ports are of the cluster. */
export async function startUpstream(options: UpstreamOptions): Promise<UpstreamAlertmanager> {
  const { command, directory, config, peers, flags = [] } = options
  const { web, cluster } = options.ports ?? { web: await freePort(), cluster: await freePort() }
  const configFile = join(directory, `alertmanager-${web}.yml`)
  writeFileSync(configFile, config)
  const program = new Program(
    command,
    [
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
