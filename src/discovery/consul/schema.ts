import { redactUrl } from '../../base/redact-url.ts'
import { boolean, list, map, secret, section, text, urlText } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { HttpClientConfig } from '../../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../../http-client/client-schema.ts'
import { duration } from '../../model/config-schema.ts'

// Source: Prometheus discovery/consul/consul.go; docs/configuration/configuration.md, consul_sd_config.

const REFRESH_INTERVAL_MS = 30_000

const consulSdConfigSchema = section(
  'consul_sd_config',
  {
    server: urlText(),
    path_prefix: text(),
    token: secret(),
    datacenter: text(),
    namespace: text(),
    partition: text(),
    tag_separator: text(),
    scheme: text(),
    username: text(),
    password: secret(),
    allow_stale: boolean(),
    refresh_interval: duration(),
    services: list(text()),
    filter: text(),
    health_filter: text(),
    tags: list(text()),
    node_meta: map(text()),
    ...httpClientFields(),
  },
  {
    printed: {
      server: 'localhost:8500',
      tag_separator: ',',
      scheme: 'http',
      allow_stale: true,
      refresh_interval: '30s',
      ...HTTP_CLIENT_PRINTED,
    },
    shown: showHttpClient,
    check(config, report) {
      const { server, scheme, token } = config
      if (server?.trim() === '') report(['server'], 'consul SD configuration requires a server address')
      else if (!URL.canParse(baseUrl(config)))
        report(['server'], `found ${JSON.stringify(redactUrl(server ?? ''))}, want HOST:PORT or a URL such as https://host:8501`)
      if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
        report(['scheme'], `found ${JSON.stringify(scheme)}, want http or https`)
      if ((config.username || config.password) && config.basic_auth)
        report(['basic_auth'], 'at most one of consul SD configuration username and password and basic auth can be configured')
      if (token && (config.authorization || config.oauth2))
        report(['token'], 'at most one of consul SD token, authorization, or oauth2 can be configured')
      checkHttpClient(config, report)
    },
  },
)

type ConsulSection = Output<typeof consulSdConfigSchema>

export const consulSdConfigsSchema = list(consulSdConfigSchema, { empty: 'empty or null section in consul_sd_configs' })

function baseUrl({ server = 'localhost:8500', scheme = 'http', path_prefix: prefix = '' }: ConsulSection): string {
  const [, own, rest] = /^(?:(https?):\/\/)?(.*?)\/*$/.exec(server.trim())!
  const path = prefix.replace(/^\/+|\/+$/g, '')
  return `${own ?? scheme}://${rest}${path && `/${path}`}`
}

export interface ConsulSdConfig {
  /** Without a slash at its end. */
  readonly url: string
  readonly client: HttpClientConfig
  readonly token: string
  /** Empty: that of the agent which is asked. */
  readonly datacenter: string
  readonly namespace: string
  readonly partition: string
  readonly tagSeparator: string
  readonly allowStale: boolean
  /** The least time between two questions of one kind. */
  readonly refreshIntervalMs: number
  /** None: all. */
  readonly services: readonly string[]
  /** All of which an instance must have. */
  readonly tags: readonly string[]
  readonly nodeMeta: Readonly<Record<string, string>>
  /** Of the list of services. */
  readonly filter: string
  /** Of the instances of a service. */
  readonly healthFilter: string
}

export function toConsulSdConfig(config: ConsulSection, client: HttpClientConfig): ConsulSdConfig {
  const { username, password } = config
  return {
    url: baseUrl(config),
    client:
      username || password ? { ...client, basicAuth: { username: { text: username ?? '' }, password: { text: password ?? '' } } } : client,
    token: config.token ?? '',
    datacenter: config.datacenter ?? '',
    namespace: config.namespace ?? '',
    partition: config.partition ?? '',
    tagSeparator: config.tag_separator ?? ',',
    allowStale: config.allow_stale ?? true,
    refreshIntervalMs: config.refresh_interval || REFRESH_INTERVAL_MS,
    services: config.services ?? [],
    tags: config.tags ?? [],
    nodeMeta: config.node_meta ?? {},
    filter: config.filter ?? '',
    healthFilter: config.health_filter ?? '',
  }
}
