import { createHash } from 'node:crypto'
import type { Env } from '../../base/env.ts'
import { integer, list, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { HttpClientConfig } from '../../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../../http-client/client-schema.ts'
import { duration } from '../../model/config-schema.ts'
import type { Discoverer } from '../discoverer.ts'
import { refreshDiscoverer } from '../refresh.ts'
import type { Ec2Instances } from './ec2-instances.ts'

// Source: Prometheus discovery/aws/ec2.go; docs/configuration/configuration.md, ec2_sd_config.

const REFRESH_INTERVAL_MS = 60_000
const PORT = 80

const filters = () => list(section('filter', { name: text(), values: list(text()) }))

const ec2SdConfigSchema = section(
  'ec2_sd_config',
  {
    region: text(),
    endpoint: text(),
    access_key: text(),
    secret_key: secret(),
    profile: text(),
    role_arn: text(),
    external_id: text(),
    port: integer(),
    filters: filters(),
    refresh_interval: duration(),
    ...httpClientFields(),
  },
  {
    printed: { port: PORT, refresh_interval: '1m', ...HTTP_CLIENT_PRINTED },
    shown: showHttpClient,
    check(config, report) {
      for (const [index, { values }] of (config.filters ?? []).entries())
        if (!values?.length) report(['filters', index], 'EC2 SD configuration filter values cannot be empty')
      checkHttpClient(config, report)
    },
  },
)

export const ec2SdConfigsSchema = list(ec2SdConfigSchema, { empty: 'empty or null section in ec2_sd_configs' })

export interface Ec2SdConfig {
  /** Empty: what the environment or the machine says. */
  readonly region: string
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly profile: string
  readonly roleArn: string
  readonly externalId: string
  readonly port: number
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[]
  readonly refreshIntervalMs: number
  readonly client: HttpClientConfig
}

export function toEc2SdConfig(config: Output<typeof ec2SdConfigSchema>, client: HttpClientConfig): Ec2SdConfig {
  return {
    region: config.region ?? '',
    endpoint: config.endpoint ?? '',
    accessKey: config.access_key ?? '',
    secretKey: config.secret_key ?? '',
    profile: config.profile ?? '',
    roleArn: config.role_arn ?? '',
    externalId: config.external_id ?? '',
    port: config.port ?? PORT,
    filters: (config.filters ?? []).map(({ name = '', values = [] }) => ({ name, values })),
    refreshIntervalMs: config.refresh_interval || REFRESH_INTERVAL_MS,
    client,
  }
}

/** What tells one section from another, without its secret. */
export function ec2Fingerprint({ secretKey, ...config }: Ec2SdConfig): unknown {
  return { ...config, secret: createHash('sha256').update(secretKey).digest('hex') }
}

/** Instances of EC2. The libraries that ask for them are large: they are loaded when the first section is asked. */
export function ec2Discoverer(env: Env, config: Ec2SdConfig, jobName: string): Discoverer {
  let instances: Promise<Ec2Instances> | undefined
  return refreshDiscoverer(env, {
    mechanism: 'ec2',
    jobName,
    intervalMs: config.refreshIntervalMs,
    async refresh(signal) {
      instances ??= import('./ec2-instances.ts').then(({ Ec2Instances }) => new Ec2Instances(env, config))
      return { groups: [await (await instances).read(signal)], complete: true }
    },
  })
}
