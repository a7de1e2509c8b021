import { consulDiscoverer } from '../discovery/consul/consul.ts'
import { toConsulSdConfig } from '../discovery/consul/schema.ts'
import type { DiscovererConfig } from '../discovery/discoverer.ts'
import { dnsDiscoverer, toDnsSdConfig } from '../discovery/dns.ts'
import { dockerDiscoverer, toDockerSdConfig } from '../discovery/docker.ts'
import { ec2Discoverer, ec2Fingerprint, toEc2SdConfig } from '../discovery/ec2/ec2.ts'
import { fileDiscoverer, toFileSdConfig } from '../discovery/file.ts'
import { httpDiscoverer, toHttpSdConfig } from '../discovery/http.ts'
import { kubernetesDiscoverer } from '../discovery/kubernetes/kubernetes.ts'
import { toKubernetesSdConfig } from '../discovery/kubernetes/schema.ts'
import { staticDiscoverer } from '../discovery/static.ts'
import type { HttpClientSection } from '../http-client/client-schema.ts'
import type { ScrapeSection } from '../scrape/scrape-config-schema.ts'
import { toHttpClientConfig } from './http-client.ts'

type DiscoverySections = Pick<
  ScrapeSection,
  | 'static_configs'
  | 'file_sd_configs'
  | 'consul_sd_configs'
  | 'dns_sd_configs'
  | 'docker_sd_configs'
  | 'ec2_sd_configs'
  | 'http_sd_configs'
  | 'kubernetes_sd_configs'
>

export interface DiscoveryContext {
  /** Of whom they are, in metrics: a job's name. */
  readonly name: string
  /** Makes a path complete. */
  resolve(path: string): string
  /** The complete path of a file of secrets or certificates; `field` is where it stands in the section. */
  file(field: readonly (string | number)[], name: string): string
  /** Of the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** All mechanisms of a section, in the order in which their targets count. */
export function discoverers(job: DiscoverySections, { name, resolve, file, variables }: DiscoveryContext): readonly DiscovererConfig[] {
  const out: DiscovererConfig[] = []
  const add = (mechanism: string, config: unknown, create: DiscovererConfig['create']) =>
    out.push({ mechanism, fingerprint: JSON.stringify(config), create })
  const client = (field: string, index: number, section: HttpClientSection) =>
    toHttpClientConfig(section, { file: (path, fileName) => file([field, index, ...path], fileName), variables })

  const groups = job.static_configs
  if (groups !== undefined && groups.length > 0) add('static', groups, () => staticDiscoverer(groups))
  for (const section of job.file_sd_configs ?? []) {
    const config = toFileSdConfig(section, resolve)
    add('file', config, (env) => fileDiscoverer(env, config))
  }
  for (const [index, section] of (job.consul_sd_configs ?? []).entries()) {
    const config = toConsulSdConfig(section, client('consul_sd_configs', index, section))
    add('consul', config, (env) => consulDiscoverer(env, config))
  }
  for (const section of job.dns_sd_configs ?? []) {
    const config = toDnsSdConfig(section)
    add('dns', config, (env) => dnsDiscoverer(env, config, name))
  }
  for (const [index, section] of (job.docker_sd_configs ?? []).entries()) {
    const config = toDockerSdConfig(section, client('docker_sd_configs', index, section))
    add('docker', config, (env) => dockerDiscoverer(env, config, name))
  }
  for (const [index, section] of (job.ec2_sd_configs ?? []).entries()) {
    const config = toEc2SdConfig(section, client('ec2_sd_configs', index, section))
    add('ec2', ec2Fingerprint(config), (env) => ec2Discoverer(env, config, name))
  }
  for (const [index, section] of (job.http_sd_configs ?? []).entries()) {
    const config = toHttpSdConfig(section, client('http_sd_configs', index, section))
    add('http', config, (env) => httpDiscoverer(env, config, name))
  }
  for (const [index, section] of (job.kubernetes_sd_configs ?? []).entries()) {
    const config = toKubernetesSdConfig(section, { client: client('kubernetes_sd_configs', index, section), resolve, variables })
    add('kubernetes', config, (env) => kubernetesDiscoverer(env, config))
  }
  return out
}
