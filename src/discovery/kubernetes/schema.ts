import { boolean, list, oneOf, path, section, text, url } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { HttpClientConfig, ProxyConfig } from '../../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../../http-client/client-schema.ts'
import { environmentProxy } from '../../http-client/proxy.ts'
import type { Resource } from './objects.ts'
import type { AttachMetadata } from './role.ts'
import { fieldSelectorProblem, labelSelectorProblem } from './selector-syntax.ts'

// Source: Prometheus discovery/kubernetes/kubernetes.go; docs/configuration/configuration.md, kubernetes_sd_config.

const ROLES = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'] as const
export type RoleName = (typeof ROLES)[number]

/** Whose objects each role reads: those that selectors may choose from. */
const SELECTABLE: Readonly<Record<RoleName, readonly RoleName[]>> = {
  node: ['node'],
  service: ['service'],
  pod: ['pod', 'node'],
  endpoints: ['pod', 'service', 'endpoints'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  ingress: ['ingress'],
}

const RESOURCES: Readonly<Record<RoleName, Resource>> = {
  node: 'nodes',
  service: 'services',
  pod: 'pods',
  endpoints: 'endpoints',
  endpointslice: 'endpointslices',
  ingress: 'ingresses',
}

const roleName = () => oneOf(ROLES, (found) => `unknown Kubernetes SD role ${JSON.stringify(found)}, want ${ROLES.join(', ')}`)

const kubernetesSdConfigSchema = section(
  'kubernetes_sd_config',
  {
    api_server: url(),
    role: roleName(),
    kubeconfig_file: path(),
    namespaces: section('namespaces', { own_namespace: boolean(), names: list(text()) }),
    selectors: list(section('selector', { role: roleName(), label: text(), field: text() })),
    attach_metadata: section('attach_metadata', {
      node: boolean(),
      namespace: boolean(),
      deployment: boolean(),
      job: boolean(),
      cronjob: boolean(),
    }),
    ...httpClientFields(),
  },
  {
    printed: HTTP_CLIENT_PRINTED,
    shown: showHttpClient,
    check(config, report) {
      const { role, api_server: server, kubeconfig_file: kubeconfig, namespaces } = config
      checkHttpClient(config, report)
      if (role === undefined) return report([], 'role missing (one of: pod, service, endpoints, endpointslice, node, ingress)')
      const custom = customHttpField(config)
      if (server && kubeconfig) report(['kubeconfig_file'], "cannot use 'kubeconfig_file' and 'api_server' simultaneously")
      else if (kubeconfig && custom) report([custom], "cannot use a custom HTTP client configuration together with 'kubeconfig_file'")
      else if (!server && custom) report([custom], "to use custom HTTP client configuration please provide the 'api_server' URL explicitly")
      for (const [field, value] of [
        ['api_server', server],
        ['kubeconfig_file', kubeconfig],
      ] as const) {
        if (value && namespaces?.own_namespace)
          report(['namespaces', 'own_namespace'], `cannot use '${field}' and 'namespaces.own_namespace' simultaneously`)
      }
      const seen = new Set<string>()
      for (const [index, selector] of (config.selectors ?? []).entries()) {
        const allowed = SELECTABLE[role]
        if (selector.role === undefined || !allowed.includes(selector.role))
          report(['selectors', index], `${role} role supports only ${allowed.join(', ')} selectors`)
        else if (seen.has(selector.role)) report(['selectors', index], `duplicated selector role: ${selector.role}`)
        else seen.add(selector.role)
        const [label, field] = [labelSelectorProblem(selector.label ?? ''), fieldSelectorProblem(selector.field ?? '')]
        if (label !== undefined) report(['selectors', index, 'label'], label)
        if (field !== undefined) report(['selectors', index, 'field'], field)
      }
    },
  },
)

export type KubernetesSection = Output<typeof kubernetesSdConfigSchema>

export const kubernetesSdConfigsSchema = list(kubernetesSdConfigSchema, { empty: 'empty or null section in kubernetes_sd_configs' })

/** The first field of `http_config` that asks for something else than upstream's default. */
function customHttpField(config: KubernetesSection): keyof KubernetesSection | undefined {
  return (Object.keys(httpClientFields()) as (keyof KubernetesSection)[]).find((field) => {
    const value = config[field]
    if (field === 'enable_http2' || field === 'follow_redirects') return value === false
    return value !== undefined && value !== '' && value !== false
  })
}

/** Which of a resource's objects are asked for; empty texts choose all. */
export interface Selector {
  readonly label: string
  readonly field: string
}

/** Where the API server is. */
export type ApiPlace =
  | { readonly kind: 'server'; readonly url: string; readonly client: HttpClientConfig }
  /** `proxy` is that of the environment. */
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly proxy: ProxyConfig | undefined }
  /** `host` and `port` from the variables that Kubernetes gives each pod. */
  | {
      readonly kind: 'in-cluster'
      readonly host: string | undefined
      readonly port: string | undefined
      readonly proxy: ProxyConfig | undefined
    }

export interface KubernetesSdConfig {
  readonly role: RoleName
  readonly place: ApiPlace
  readonly namespaces: readonly string[]
  readonly ownNamespace: boolean
  readonly selectors: Readonly<Partial<Record<Resource, Selector>>>
  readonly attach: AttachMetadata
}

export interface KubernetesContext {
  readonly client: HttpClientConfig
  resolve(path: string): string
  readonly variables: Readonly<Record<string, string | undefined>>
}

export function toKubernetesSdConfig(config: KubernetesSection, { client, resolve, variables }: KubernetesContext): KubernetesSdConfig {
  const selectors: Partial<Record<Resource, Selector>> = {}
  for (const { role, label = '', field = '' } of config.selectors ?? []) selectors[RESOURCES[role!]] = { label, field }
  const proxy = environmentProxy(variables, [])
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = variables
  const inCluster = { kind: 'in-cluster', host, port, proxy } as const
  const kubeconfig = config.kubeconfig_file ? ({ kind: 'kubeconfig', file: resolve(config.kubeconfig_file), proxy } as const) : inCluster
  return {
    role: config.role!,
    place: config.api_server ? { kind: 'server', url: config.api_server, client } : kubeconfig,
    namespaces: config.namespaces?.names ?? [],
    ownNamespace: config.namespaces?.own_namespace ?? false,
    selectors,
    attach: { node: false, namespace: false, deployment: false, job: false, cronjob: false, ...config.attach_metadata },
  }
}
