import { Counter } from 'prom-client'
import { formatAddress } from '../base/address.ts'
import type { DnsRecord, DnsRecordType, Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { integer, list, section, text } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { duration } from '../model/config-schema.ts'
import { Labels } from '../model/labels.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'
import { knownMetric } from './known-metric.ts'
import { refreshDiscoverer } from './refresh.ts'
import { parseResolvConf, searchNames } from './resolv-conf.ts'
import { ADDRESS_LABEL } from './static.ts'

// Source: Prometheus discovery/dns/dns.go; docs/configuration/configuration.md, dns_sd_config.

const RESOLV_CONF = '/etc/resolv.conf'
const REFRESH_INTERVAL_MS = 30_000
const TYPES: readonly DnsRecordType[] = ['SRV', 'A', 'AAAA', 'MX', 'NS']

const dnsSdConfigSchema = section(
  'dns_sd_config',
  { names: list(text()), type: text(), port: integer(), refresh_interval: duration() },
  {
    printed: { refresh_interval: '30s', type: 'SRV' },
    check(config, report) {
      if (!config.names?.length) report([], 'DNS-SD config must contain at least one SRV record name')
      // A type that is null is none, as upstream: only one that is not there is the default.
      const type = 'type' in config ? recordType(config.type ?? '') : recordType()
      if (type === undefined) report(['type'], `invalid DNS-SD records type ${config.type ?? ''}, want SRV, A, AAAA, MX or NS`)
      else if (type !== 'SRV' && !config.port) report(['type'], 'a port is required in DNS-SD configs for all record types except SRV')
    },
  },
)

export const dnsSdConfigsSchema = list(dnsSdConfigSchema, { empty: 'empty or null section in dns_sd_configs' })

function recordType(text = 'SRV'): DnsRecordType | undefined {
  return TYPES.find((type) => type === text.toUpperCase())
}

export interface DnsSdConfig {
  readonly names: readonly string[]
  readonly type: DnsRecordType
  /** Of records that have none. */
  readonly port: number
  readonly refreshIntervalMs: number
}

export function toDnsSdConfig(config: Output<typeof dnsSdConfigSchema>): DnsSdConfig {
  return {
    names: config.names!,
    type: recordType(config.type)!,
    port: config.port ?? 0,
    refreshIntervalMs: config.refresh_interval || REFRESH_INTERVAL_MS,
  }
}

/** Targets that DNS names, a group a name. A name that no server answers for keeps what it had; one that is gone loses it. */
export function dnsDiscoverer(env: Env, { names, type, port, refreshIntervalMs }: DnsSdConfig, jobName: string): Discoverer {
  const lookups = knownMetric(
    env.metrics,
    'prometheus_sd_dns_lookups_total',
    (base) => new Counter({ ...base, help: 'The number of DNS-SD lookups.' }),
  )
  const failures = knownMetric(
    env.metrics,
    'prometheus_sd_dns_lookup_failures_total',
    (base) => new Counter({ ...base, help: 'The number of DNS-SD lookup failures.' }),
  )
  const groupOf = async (name: string, signal: AbortSignal): Promise<TargetGroup | undefined> => {
    try {
      const records = await lookup(env, name, type, signal)
      return { source: name, targets: records.map((record) => target(name, record, port)), labels: Labels.empty }
    } catch (error) {
      if (signal.aborted) return undefined
      failures.inc()
      env.log.error('dns discovery: name not resolved, its last targets stay', { name, type, error: errorMessage(error) })
      return undefined
    } finally {
      lookups.inc()
    }
  }
  return refreshDiscoverer(env, {
    mechanism: 'dns',
    jobName,
    intervalMs: refreshIntervalMs,
    async refresh(signal) {
      const groups = await Promise.all(names.map((name) => groupOf(name, signal)))
      return { groups: groups.filter((group) => group !== undefined), complete: false }
    },
  })
}

/**
 * The records of the first name on the search path that exists, even if it has none of the type. None when every name is
 * known not to exist. Rejects when one of them may exist, since its servers gave no answer.
 */
async function lookup(env: Env, name: string, type: DnsRecordType, signal: AbortSignal): Promise<readonly DnsRecord[]> {
  const problems: string[] = []
  for (const candidate of searchNames(name, parseResolvConf(await env.fs.readText(RESOLV_CONF)))) {
    try {
      const records = await env.dns.resolve(candidate, type, signal)
      if (records !== undefined) return records
    } catch (error) {
      problems.push(errorMessage(error))
    }
  }
  if (problems.length === 0) return []
  throw new Error(
    `could not resolve ${quote(name)}: all servers responded with errors to at least one search domain: ${problems.join(', ')}`,
  )
}

function target(name: string, record: DnsRecord, port: number): Labels {
  if ('address' in record) return Labels.of({ [ADDRESS_LABEL]: formatAddress({ host: record.address, port }), __meta_dns_name: name })
  // Upstream's labels hold the name as DNS has it, with the dot at its end; addresses do without.
  const rooted = `${record.target}.`
  const address = formatAddress({ host: record.target, port: record.type === 'SRV' ? record.port : port })
  const base = { [ADDRESS_LABEL]: address, __meta_dns_name: name }
  if (record.type === 'SRV')
    return Labels.of({ ...base, __meta_dns_srv_record_target: rooted, __meta_dns_srv_record_port: String(record.port) })
  return Labels.of({ ...base, [`__meta_dns_${record.type.toLowerCase()}_record_target`]: rooted })
}
