import { formatAddress } from '../base/address.ts'
import type { Env, HttpStream, HttpTransport } from '../base/env.ts'
import { quote } from '../base/go-quote.ts'
import { boolean, integer, list, section, text } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { HttpClient, readBody } from '../http-client/client.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../http-client/client-schema.ts'
import { duration } from '../model/config-schema.ts'
import { Labels, sortStrings } from '../model/labels.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'
import { labelName } from './label-name.ts'
import { refreshDiscoverer } from './refresh.ts'
import { ADDRESS_LABEL } from './static.ts'

// Source: Prometheus discovery/moby/docker.go and network.go; docs/configuration/configuration.md, docker_sd_config; Docker Engine API.

const PREFIX = '__meta_docker_'
const REFRESH_INTERVAL_MS = 60_000
const PORT = 80
const BODY_BYTES_MAX = 64 * 1024 * 1024
const ERROR_LENGTH_MAX = 1024

const filters = () => list(section('filter', { name: text(), values: list(text()) }))

const dockerSdConfigSchema = section(
  'docker_sd_config',
  {
    host: text(),
    port: integer(),
    host_networking_host: text(),
    match_first_network: boolean(),
    filters: filters(),
    refresh_interval: duration(),
    ...httpClientFields(),
  },
  {
    printed: {
      port: PORT,
      host_networking_host: 'localhost',
      match_first_network: true,
      refresh_interval: '1m',
      ...HTTP_CLIENT_PRINTED,
    },
    shown: showHttpClient,
    check(config, report) {
      if (!config.host) report(['host'], 'host missing')
      else if (endpointOf(config.host) === undefined)
        report(['host'], `found ${quote(config.host)}, want unix:///PATH, tcp://HOST:PORT, http://HOST:PORT or https://HOST:PORT`)
      checkHttpClient(config, report)
    },
  },
)

export const dockerSdConfigsSchema = list(dockerSdConfigSchema, { empty: 'empty or null section in docker_sd_configs' })

/** Where a daemon is: its URL, and the socket where that is not TCP. */
interface DockerEndpoint {
  readonly url: string
  readonly socketPath: string | undefined
  /** Whether the section's client is meant for it: a URL of HTTP. Source: docker.go, NewDockerDiscovery. */
  readonly isHttp: boolean
}

function endpointOf(host: string): DockerEndpoint | undefined {
  const socket = /^unix:\/\/(\/.+)$/.exec(host)
  if (socket !== null) return { url: 'http://docker', socketPath: socket[1], isHttp: false }
  const url = URL.parse(host.replace(/^tcp:/, 'http:'))
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined
  return { url: url.href.replace(/\/$/, ''), socketPath: undefined, isHttp: !host.startsWith('tcp:') }
}

export interface DockerSdConfig {
  readonly host: string
  /** Of containers that show none. */
  readonly port: number
  /** The address of containers in the network of their host. */
  readonly hostNetworkingHost: string
  readonly matchFirstNetwork: boolean
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[]
  readonly refreshIntervalMs: number
  readonly client: HttpClientConfig
}

export function toDockerSdConfig(config: Output<typeof dockerSdConfigSchema>, client: HttpClientConfig): DockerSdConfig {
  return {
    host: config.host!,
    port: config.port ?? PORT,
    hostNetworkingHost: config.host_networking_host ?? 'localhost',
    matchFirstNetwork: config.match_first_network ?? true,
    filters: (config.filters ?? []).map(({ name = '', values = [] }) => ({ name, values })),
    refreshIntervalMs: config.refresh_interval || REFRESH_INTERVAL_MS,
    client,
  }
}

interface DockerContainer {
  readonly Id: string
  readonly Names: readonly string[] | null
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Ports: readonly DockerPort[] | null
  readonly HostConfig: { readonly NetworkMode?: string } | null
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, DockerAttachment | null>> | null } | null
}

interface DockerPort {
  readonly Type: string
  readonly PrivatePort: number
  readonly PublicPort?: number
  readonly IP?: string
}

interface DockerAttachment {
  readonly NetworkID: string
  readonly IPAddress: string
}

interface DockerNetwork {
  readonly Id: string
  readonly Name: string
  readonly Scope: string
  readonly Internal: boolean
  readonly Ingress: boolean
  readonly Labels: Readonly<Record<string, string>> | null
}

/** Containers that a Docker daemon runs: a target for each TCP port in each network. */
export function dockerDiscoverer(env: Env, config: DockerSdConfig, jobName: string): Discoverer {
  const endpoint = endpointOf(config.host)!
  const client = new HttpClient(env, config.client)
  const transport: HttpTransport = endpoint.socketPath === undefined ? {} : { socketPath: endpoint.socketPath }
  const send = (path: string, signal: AbortSignal): Promise<HttpStream> => {
    const request = { url: `${endpoint.url}${path}`, signal, timeoutMs: config.refreshIntervalMs, headers: { 'user-agent': 'Promontory' } }
    return endpoint.isHttp ? client.send(request) : env.http.stream({ ...request, transport })
  }
  const get = async <T>(path: string, signal: AbortSignal): Promise<T> => {
    const response = await send(path, signal)
    const body = new TextDecoder().decode(await readBody(response, BODY_BYTES_MAX))
    if (response.status !== 200) throw new Error(`status ${response.status}: ${body.trim().slice(0, ERROR_LENGTH_MAX)}`)
    return JSON.parse(body) as T
  }
  const filtersText = Object.fromEntries(filterEntries(config))
  const query = config.filters.length === 0 ? '' : `?filters=${encodeURIComponent(JSON.stringify(filtersText))}`
  return refreshDiscoverer(env, {
    mechanism: 'docker',
    jobName,
    intervalMs: config.refreshIntervalMs,
    async refresh(signal) {
      const containers = await get<readonly DockerContainer[]>(`/containers/json${query}`, signal).catch((cause: unknown) => {
        throw new Error('error while listing containers', { cause })
      })
      const networks = await get<readonly DockerNetwork[]>('/networks', signal).catch((cause: unknown) => {
        throw new Error('error while computing network labels', { cause })
      })
      return { groups: [groupOf(containers, networks, config)], complete: true }
    },
  })
}

/** As the API wants them: a set of values by name. */
function* filterEntries({ filters }: DockerSdConfig): Generator<[string, Record<string, boolean>]> {
  const byName = new Map<string, Record<string, boolean>>()
  for (const { name, values } of filters) {
    const set = byName.get(name) ?? {}
    for (const value of values) set[value] = true
    byName.set(name, set)
  }
  yield* byName
}

function groupOf(containers: readonly DockerContainer[], networks: readonly DockerNetwork[], config: DockerSdConfig): TargetGroup {
  const networkLabels = new Map(networks.map((network) => [network.Id, labelsOfNetwork(network)]))
  const byId = new Map(containers.map((container) => [container.Id, container]))
  const targets: Labels[] = []
  for (const container of containers) {
    if (!container.Names?.length) continue
    const mode = container.HostConfig?.NetworkMode ?? ''
    const common: Record<string, string> = {
      [`${PREFIX}container_id`]: container.Id,
      [`${PREFIX}container_name`]: container.Names[0],
      [`${PREFIX}container_network_mode`]: mode,
    }
    for (const [name, value] of Object.entries(container.Labels ?? {})) common[`${PREFIX}container_label_${labelName(name)}`] = value
    for (const attachment of attachmentsOf(container, byId, config.matchFirstNetwork)) {
      const base = { ...common, ...networkLabels.get(attachment.NetworkID), [`${PREFIX}network_ip`]: attachment.IPAddress }
      const ports = (container.Ports ?? []).filter(({ Type }) => Type === 'tcp')
      for (const port of ports)
        targets.push(Labels.of({ ...base, ...labelsOfPort(port), [ADDRESS_LABEL]: address(attachment, port.PrivatePort) }))
      if (ports.length > 0) continue
      // In the network of its host a container shows no ports.
      const fallback = mode === 'host' ? config.hostNetworkingHost : address(attachment, config.port)
      targets.push(Labels.of({ ...base, [ADDRESS_LABEL]: fallback }))
    }
  }
  return { source: 'Docker', targets, labels: Labels.empty }
}

function address({ IPAddress: host }: DockerAttachment, port: number): string {
  return formatAddress({ host, port })
}

function labelsOfPort({ PrivatePort, PublicPort = 0, IP = '' }: DockerPort): Record<string, string> {
  const labels = { [`${PREFIX}port_private`]: String(PrivatePort) }
  return PublicPort > 0 ? { ...labels, [`${PREFIX}port_public`]: String(PublicPort), [`${PREFIX}port_public_ip`]: IP } : labels
}

function labelsOfNetwork({ Id, Name, Scope, Internal, Ingress, Labels: own }: DockerNetwork): Record<string, string> {
  const labels: Record<string, string> = {
    [`${PREFIX}network_id`]: Id,
    [`${PREFIX}network_name`]: Name,
    [`${PREFIX}network_scope`]: Scope,
    [`${PREFIX}network_internal`]: String(Internal),
    [`${PREFIX}network_ingress`]: String(Ingress),
  }
  for (const [name, value] of Object.entries(own ?? {})) labels[`${PREFIX}network_label_${labelName(name)}`] = value
  return labels
}

/** The networks of a container, or of the one whose network it shares; by name, and the first alone where that is wanted. */
function attachmentsOf(
  container: DockerContainer,
  byId: ReadonlyMap<string, DockerContainer>,
  firstOnly: boolean,
): readonly DockerAttachment[] {
  const seen = new Set<DockerContainer>()
  let current: DockerContainer | undefined = container
  while (current !== undefined && !seen.has(current)) {
    seen.add(current)
    const networks: Readonly<Record<string, DockerAttachment | null>> = current.NetworkSettings?.Networks ?? {}
    const names = sortStrings(Object.keys(networks))
    if (names.length > 0) {
      const found = names.map((name) => networks[name]).filter((network) => network !== null)
      return firstOnly ? found.slice(0, 1) : found
    }
    const shared: string | undefined = /^container:(.+)$/.exec(current.HostConfig?.NetworkMode ?? '')?.[1]
    current = shared === undefined ? undefined : byId.get(shared)
  }
  return []
}
