// What each role of Kubernetes discovery must find, written down from upstream's documentation as plainly as can be: the whole of it anew
// from the objects that there are. Source: Prometheus docs/configuration/configuration.md, kubernetes_sd_config.
import type {
  Container,
  EndpointSlice,
  Endpoints,
  Ingress,
  KubernetesObject,
  Node,
  ObjectReference,
  Pod,
  Service,
} from '../../src/discovery/kubernetes/objects.ts'
import type { KubernetesSdConfig } from '../../src/discovery/kubernetes/schema.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

type LabelSet = Record<string, string | undefined>

/** A line a target: its source and all its labels, `__meta_kubernetes_` left out. */
export function expectedTargets(api: KubernetesApi, config: KubernetesSdConfig): string[] {
  const model = new Model(api, config)
  return model
    .targets()
    .map(([source, labels]) => targetLine(source, labels))
    .sort()
}

export function targetLine(source: string, labels: LabelSet): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== undefined && value !== '')
  return `${source} ${JSON.stringify(pairs.map(([name, value]) => [name.replace('__meta_kubernetes_', ''), value]).sort(([a], [b]) => (a! < b! ? -1 : 1)))}`
}

const NAMESPACED = new Set(['pods', 'services', 'endpoints', 'endpointslices', 'ingresses', 'replicasets', 'jobs'])
const ALL = { label: '', field: '' }

class Model {
  readonly #api: KubernetesApi
  readonly #config: KubernetesSdConfig

  constructor(api: KubernetesApi, config: KubernetesSdConfig) {
    this.#api = api
    this.#config = config
  }

  targets(): [source: string, labels: LabelSet][] {
    const of = <T extends KubernetesObject>(resource: string, kind: string, build: (object: T) => LabelSet[]) =>
      this.#list<T>(resource).flatMap((object) => {
        const { namespace, name } = object.metadata!
        const source = `${kind}/${namespace === undefined ? '' : `${namespace}/`}${name}`
        return build(object).map((labels): [string, LabelSet] => [source, labels])
      })
    switch (this.#config.role) {
      case 'node':
        return of<Node>('nodes', 'node', (node) => this.#ofNode(node))
      case 'pod':
        return of<Pod>('pods', 'pod', (pod) => this.#ofPod(pod))
      case 'service':
        return of<Service>('services', 'svc', (service) => this.#ofService(service))
      case 'ingress':
        return of<Ingress>('ingresses', 'ingress', (ingress) => this.#ofIngress(ingress))
      case 'endpoints':
        return of<Endpoints>('endpoints', 'endpoints', (endpoints) => this.#ofEndpoints(endpoints))
      default:
        return of<EndpointSlice>('endpointslices', 'endpointslice', (slice) => this.#ofSlice(slice))
    }
  }

  #list<T extends KubernetesObject>(resource: string): readonly T[] {
    const { namespaces, selectors } = this.#config
    const within = NAMESPACED.has(resource) && namespaces.length > 0 ? namespaces : undefined
    return this.#api.visible(resource, within, selectors[resource as keyof typeof selectors] ?? ALL) as readonly T[]
  }

  #find<T extends KubernetesObject>(resource: string, namespace: string | undefined, name: string | undefined): T | undefined {
    return this.#list<T>(resource).find(({ metadata }) => metadata?.name === name && metadata?.namespace === namespace)
  }

  #ofNode(node: Node): LabelSet[] {
    const addresses = node.status?.addresses ?? []
    const firstOf = (type: string) => addresses.find((address) => address.type === type)?.address
    const order = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname']
    const host = order.map(firstOf).find((address) => address !== undefined)!
    const labels: LabelSet = {
      __address__: withPort(host, node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0),
      instance: node.metadata?.name,
      node_provider_id: node.spec?.providerID,
      ...meta('node', node),
    }
    for (const { type } of addresses) labels[`node_address_${type}`] = firstOf(type)
    return [labels]
  }

  #ofPod(pod: Pod): LabelSet[] {
    const ip = pod.status?.podIP
    if (!ip) return []
    const node = this.#find<Node>('nodes', undefined, pod.spec?.nodeName)
    if (this.#config.selectors.nodes !== undefined && node === undefined) return []
    const group = { ...this.#podLabels(pod), ...this.#namespaceLabels(pod), ...this.#nodeLabels(pod.spec?.nodeName) }
    return containers(pod).flatMap(({ container, init }) => {
      const statuses = init ? pod.status?.initContainerStatuses : pod.status?.containerStatuses
      const own = {
        ...containerLabels(container, init),
        pod_container_id: statuses?.find(({ name }) => name === container.name)?.containerID,
      }
      const ports = container.ports ?? []
      if (ports.length === 0) return [{ ...group, ...own, __address__: ip }]
      return ports.map((port) => ({ ...group, ...own, ...portLabels(port), __address__: withPort(ip, port.containerPort) }))
    })
  }

  #ofService(service: Service): LabelSet[] {
    const { metadata, spec } = service
    return (spec?.ports ?? []).map((port) => ({
      __address__: `${metadata?.name}.${metadata?.namespace}.svc:${port.port}`,
      ...this.#namespaceLabels(service),
      ...meta('service', service),
      service_port_name: port.name,
      service_port_number: String(port.port),
      service_port_protocol: port.protocol,
      service_type: spec?.type,
      service_cluster_ip: spec?.type === 'ExternalName' ? undefined : spec?.clusterIP,
      service_external_name: spec?.type === 'ExternalName' ? spec.externalName : undefined,
      service_loadbalancer_ip: spec?.type === 'LoadBalancer' ? spec.loadBalancerIP : undefined,
    }))
  }

  #ofIngress(ingress: Ingress): LabelSet[] {
    const hosts = (ingress.spec?.tls ?? []).flatMap((tls) => tls.hosts ?? [])
    const isSecret = (host: string) => hosts.includes(host) || hosts.includes(host.replace(/^[^.]*/, '*'))
    return (ingress.spec?.rules ?? []).flatMap(({ host = '', http }) =>
      (http?.paths ?? [{ path: '/' }]).map(({ path }) => ({
        __address__: host,
        ...this.#namespaceLabels(ingress),
        ...meta('ingress', ingress),
        ingress_class_name: ingress.spec?.ingressClassName,
        ingress_scheme: isSecret(host) ? 'https' : 'http',
        ingress_host: host,
        ingress_path: path || '/',
      })),
    )
  }

  #ofEndpoints(endpoints: Endpoints): LabelSet[] {
    const { name, namespace } = endpoints.metadata!
    const service = this.#find<Service>('services', namespace, name)
    const group = { ...this.#namespaceLabels(endpoints), ...(service && meta('service', service)), ...meta('endpoints', endpoints) }
    const covered: Covered[] = []
    const targets = (endpoints.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
      ports.flatMap((port) =>
        [...addresses, ...notReadyAddresses].map((address, index) => {
          const reference = address.targetRef
          covered.push([reference, port.port])
          return {
            ...group,
            __address__: withPort(address.ip, port.port),
            endpoint_port_name: port.name,
            endpoint_port_protocol: port.protocol,
            endpoint_ready: String(index < addresses.length),
            endpoint_address_target_kind: reference?.kind,
            endpoint_address_target_name: reference?.name,
            endpoint_node_name: address.nodeName,
            endpoint_hostname: address.hostname,
            ...this.#nodeLabels(address.nodeName ?? (reference?.kind === 'Node' ? reference.name : undefined)),
            ...this.#labelsBehind(reference, port.port, port.protocol ?? ''),
          }
        }),
      ),
    )
    return [...targets, ...this.#uncovered(covered, group)]
  }

  #ofSlice(slice: EndpointSlice): LabelSet[] {
    const { metadata } = slice
    const service = this.#find<Service>('services', metadata?.namespace, metadata?.labels?.['kubernetes.io/service-name'])
    const { ipFamilyPolicy: policy, ipFamilies: families = [] } = service?.spec ?? {}
    if (policy?.endsWith('DualStack') && families.length > 0 && families[0] !== slice.addressType) return []
    const group = {
      ...this.#namespaceLabels(slice),
      endpointslice_address_type: slice.addressType,
      ...meta('endpointslice', slice),
      ...(service && meta('service', service)),
    }
    const covered: Covered[] = []
    const targets: LabelSet[] = []
    for (const endpoint of slice.endpoints ?? []) {
      for (const port of slice.ports ?? []) {
        for (const address of endpoint.addresses ?? []) {
          const reference = endpoint.targetRef
          covered.push([reference, port.port])
          targets.push({
            ...group,
            __address__: port.port === undefined ? address : withPort(address, port.port),
            endpointslice_port: port.port?.toString(),
            endpointslice_port_name: port.name,
            endpointslice_port_protocol: port.protocol,
            endpointslice_port_app_protocol: port.appProtocol,
            endpointslice_endpoint_conditions_ready: endpoint.conditions?.ready?.toString(),
            endpointslice_endpoint_conditions_serving: endpoint.conditions?.serving?.toString(),
            endpointslice_endpoint_conditions_terminating: endpoint.conditions?.terminating?.toString(),
            endpointslice_endpoint_hostname: endpoint.hostname,
            endpointslice_endpoint_node_name: endpoint.nodeName,
            endpointslice_endpoint_zone: endpoint.zone,
            endpointslice_address_target_kind: reference?.kind,
            endpointslice_address_target_name: reference?.name,
            ...this.#nodeLabels(reference?.kind === 'Node' ? reference.name : endpoint.nodeName),
            ...this.#labelsBehind(reference, port.port, undefined),
          })
        }
      }
    }
    return [...targets, ...this.#uncovered(covered, group)]
  }

  /** What a target has of the pod that its address belongs to. */
  #labelsBehind(reference: ObjectReference | undefined, port: number | undefined, protocol: string | undefined): LabelSet {
    const pod = reference?.kind === 'Pod' ? this.#find<Pod>('pods', reference.namespace, reference.name) : undefined
    if (pod === undefined) return {}
    const labels = this.#podLabels(pod)
    for (const { container, init } of containers(pod)) {
      const match = container.ports?.find(({ containerPort }) => port !== undefined && containerPort === port)
      if (match) Object.assign(labels, containerLabels(container, init), portLabels({ ...match, protocol: protocol ?? match.protocol }))
    }
    return labels
  }

  #uncovered(covered: readonly Covered[], group: LabelSet): LabelSet[] {
    const names = new Set(covered.map(([reference]) => (reference?.kind === 'Pod' ? `${reference.namespace}/${reference.name}` : '')))
    return this.#list<Pod>('pods').flatMap((pod) => {
      const { namespace, name } = pod.metadata!
      if (!names.has(`${namespace}/${name}`) || !pod.status?.podIP) return []
      const ports = covered.filter(
        ([reference]) => reference?.kind === 'Pod' && reference.name === name && reference.namespace === namespace,
      )
      return containers(pod).flatMap(({ container, init }) =>
        (container.ports ?? [])
          .filter(({ containerPort }) => !ports.some(([, port]) => port === containerPort))
          .map((port) => ({
            ...group,
            ...this.#podLabels(pod),
            ...containerLabels(container, init),
            ...portLabels(port),
            __address__: withPort(pod.status!.podIP!, port.containerPort),
          })),
      )
    })
  }

  #podLabels(pod: Pod): LabelSet {
    const controller = ownerOf(pod)
    const { attach } = this.#config
    const behind = (resource: string, kind: string): string | undefined => {
      const owner = ownerOf(this.#find(resource, pod.metadata?.namespace, controller?.name))
      return owner?.kind === kind ? owner.name : undefined
    }
    return {
      ...meta('pod', pod),
      pod_ip: pod.status?.podIP,
      pod_host_ip: pod.status?.hostIP,
      pod_node_name: pod.spec?.nodeName,
      pod_phase: pod.status?.phase,
      pod_ready: (pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'unknown').toLowerCase(),
      pod_uid: pod.metadata?.uid,
      pod_controller_kind: controller?.kind,
      pod_controller_name: controller?.name,
      pod_deployment_name: attach.deployment && controller?.kind === 'ReplicaSet' ? behind('replicasets', 'Deployment') : undefined,
      pod_job_name: attach.job && controller?.kind === 'Job' ? controller.name : undefined,
      pod_cronjob_name: attach.cronjob && controller?.kind === 'Job' ? behind('jobs', 'CronJob') : undefined,
    }
  }

  #namespaceLabels({ metadata }: KubernetesObject): LabelSet {
    const name = metadata?.namespace
    const namespace = this.#config.attach.namespace ? this.#find('namespaces', undefined, name) : undefined
    return { namespace: name, ...(namespace && { ...meta('namespace', namespace), namespace_name: undefined }) }
  }

  #nodeLabels(name: string | undefined): LabelSet {
    const node = this.#config.attach.node && name !== undefined ? this.#find<Node>('nodes', undefined, name) : undefined
    return node === undefined ? {} : meta('node', node)
  }
}

type Covered = readonly [reference: ObjectReference | undefined, port: number | undefined]

function ownerOf(object: KubernetesObject | undefined) {
  return object?.metadata?.ownerReferences?.find(({ controller }) => controller === true)
}

function meta(kind: string, { metadata }: KubernetesObject): LabelSet {
  const labels: LabelSet = { [`${kind}_name`]: metadata?.name }
  for (const [what, values] of [
    ['label', metadata?.labels],
    ['annotation', metadata?.annotations],
  ] as const) {
    for (const [key, value] of Object.entries(values ?? {})) {
      labels[`${kind}_${what}_${key.replaceAll(/\W/g, '_')}`] = value
      labels[`${kind}_${what}present_${key.replaceAll(/\W/g, '_')}`] = 'true'
    }
  }
  return labels
}

function containers({ spec }: Pod) {
  return [
    ...(spec?.containers ?? []).map((container) => ({ container, init: false })),
    ...(spec?.initContainers ?? []).map((container) => ({ container, init: true })),
  ]
}

function containerLabels({ name, image }: Container, init: boolean): LabelSet {
  return { pod_container_name: name, pod_container_image: image, pod_container_init: String(init) }
}

function portLabels({ name, containerPort, protocol }: { name?: string; containerPort: number; protocol?: string }): LabelSet {
  return {
    pod_container_port_name: name ?? '',
    pod_container_port_number: String(containerPort),
    pod_container_port_protocol: protocol ?? '',
  }
}

function withPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
