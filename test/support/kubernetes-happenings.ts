// What happens in a small cluster, and to its API server; all of it follows from one source of chance.
import type { Random } from '../../src/base/env.ts'
import type { Fault, KubernetesApi } from './kubernetes-api.ts'

const NAMESPACES = ['ns-a', 'ns-b', 'ns-c']

export class Happenings {
  readonly #api: KubernetesApi
  readonly #random: Random
  #version = 0

  constructor(api: KubernetesApi, random: Random) {
    this.#api = api
    this.#random = random
  }

  below(count: number): number {
    return Math.floor(this.#random.next() * count)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]
  }

  chance(share: number): boolean {
    return this.#random.next() < share
  }

  /** An object comes, changes or goes. */
  object(): void {
    const resource = this.pick([
      'pods',
      'pods',
      'services',
      'endpoints',
      'endpointslices',
      'endpointslices',
      'ingresses',
      'nodes',
      'namespaces',
      'replicasets',
      'jobs',
    ])
    const [name, namespace] = [`x${this.below(3)}`, this.pick(NAMESPACES)]
    const isNamespaced = resource !== 'nodes' && resource !== 'namespaces'
    const key = resource === 'nodes' ? this.#node() : resource === 'namespaces' ? namespace : name
    if (this.chance(0.15)) this.#api.delete(resource, key, isNamespaced ? namespace : undefined)
    else this.#api.put(resource, { metadata: this.#metadata(key, isNamespaced ? namespace : undefined), ...this.#content(resource) })
  }

  /** Something the server does to those who watch it. */
  trouble(): void {
    this.pick([
      () => this.#api.disconnect('end'),
      () => this.#api.disconnect('cut'),
      () => this.#api.expire(),
      () => this.#api.compact(),
      () => this.#api.bookmark(),
      () =>
        this.#api.babble(
          this.pick(['{"type":\n', '\n', '{"type":"WEIRD","object":{"metadata":{"name":"w"}}}\n', 'null\n', '\u0000\xff{}\n']),
        ),
      () => this.#api.endWithError(500, 'InternalError', 'etcdserver: request timed out'),
      () => (this.chance(0.2) ? this.#api.restore() : this.#api.disconnect('cut')),
    ])()
  }

  /** A share of the requests meets with these, until there are none. */
  faults(share: number): void {
    this.#api.fault = () => (this.chance(share) ? this.#fault() : undefined)
  }

  #fault(): Fault {
    return this.pick<Fault>([
      {
        kind: 'status',
        status: this.pick([400, 401, 403, 404, 500, 502, 503, 504]),
        body: this.pick(['', 'no', '{"message":"x"}', '<html>']),
      },
      { kind: 'status', status: 429, body: 'busy', headers: { 'retry-after': this.pick(['0', '2', '20', 'soon']) } },
      {
        kind: 'garbage',
        body: this.pick(['', '<html>', '{}', '{"kind":"PodList"}', '{"kind":"List","items":[1],"metadata":{"resourceVersion":"1"}}', '[]']),
      },
      { kind: 'cut' },
      { kind: 'delay', delayMs: this.below(50_000) },
    ])
  }

  #node(): string {
    return `n${this.below(3)}`
  }

  #metadata(name: string, namespace: string | undefined): object {
    const labels: Record<string, string> = { version: String(this.#version++), zone: this.pick(['z1', 'z2']) }
    if (this.chance(0.3)) labels['app.kubernetes.io/part-of'] = this.pick(['', 'é', 'shop'])
    if (this.chance(0.8)) labels['kubernetes.io/service-name'] = `x${this.below(3)}`
    const owners = this.chance(0.6)
      ? [
          {
            kind: this.pick(['ReplicaSet', 'Job', 'Deployment', 'CronJob', 'DaemonSet']),
            name: `x${this.below(3)}`,
            controller: this.chance(0.9),
          },
        ]
      : []
    return {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: `u${this.#version}`,
      labels,
      ...(this.chance(0.3) ? { annotations: { 'prometheus.io/scrape': 'true', 'x-y': '' } } : {}),
      ownerReferences: owners,
      managedFields: [{ manager: 'kubectl' }],
    }
  }

  #content(resource: string): object {
    if (resource === 'pods') return this.#pod()
    if (resource === 'services') return { spec: this.#serviceSpec() }
    if (resource === 'endpoints') return { subsets: this.#several(2, () => this.#subset()) }
    if (resource === 'endpointslices') return this.#slice()
    if (resource === 'ingresses') return { spec: this.#ingressSpec() }
    if (resource === 'nodes') return this.#nodeContent()
    return { spec: { replicas: this.below(9) } }
  }

  #several<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }

  #address(): string {
    return this.chance(0.2) ? `fd00::${1 + this.below(9)}` : `10.1.0.${this.below(9)}`
  }

  #port(): number {
    return 80 + this.below(4)
  }

  #pod(): object {
    const container = () => ({
      name: this.pick(['web', 'side', 'init']),
      image: `i:${this.below(3)}`,
      ports: this.#several(2, () => ({
        containerPort: this.#port(),
        ...(this.chance(0.5) ? { name: 'web' } : {}),
        protocol: this.pick(['TCP', 'UDP']),
      })),
    })
    const statuses = () => this.#several(2, () => ({ name: this.pick(['web', 'side', 'init']), containerID: `docker://${this.below(9)}` }))
    return {
      spec: {
        ...(this.chance(0.8) ? { nodeName: this.#node() } : {}),
        containers: [container(), ...this.#several(1, container)],
        initContainers: this.#several(1, container),
      },
      status: {
        ...(this.chance(0.85) ? { podIP: this.#address(), hostIP: '10.0.0.1' } : {}),
        phase: this.pick(['Pending', 'Running', 'Failed']),
        conditions: this.#several(1, () => ({ type: 'Ready', status: this.pick(['True', 'False', 'Unknown']) })),
        containerStatuses: statuses(),
        initContainerStatuses: statuses(),
      },
    }
  }

  #serviceSpec(): object {
    return {
      type: this.pick(['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']),
      clusterIP: '10.9.0.1',
      externalName: 'x.y',
      loadBalancerIP: this.pick(['', '1.2.3.4']),
      ports: this.#several(2, () => ({ port: this.#port(), protocol: 'TCP', ...(this.chance(0.5) ? { name: 'web' } : {}) })),
      ...(this.chance(0.5)
        ? {
            ipFamilyPolicy: this.pick(['SingleStack', 'PreferDualStack', 'RequireDualStack']),
            ipFamilies: this.pick([['IPv4', 'IPv6'], ['IPv6'], []]),
          }
        : {}),
    }
  }

  #reference(): object {
    if (this.chance(0.15)) return {}
    if (this.chance(0.2)) return { targetRef: { kind: 'Node', name: this.#node() } }
    return { targetRef: { kind: 'Pod', namespace: this.pick(NAMESPACES), name: `x${this.below(3)}` } }
  }

  #subset(): object {
    const address = () => ({
      ip: this.#address(),
      ...(this.chance(0.5) ? { nodeName: this.#node() } : {}),
      ...(this.chance(0.2) ? { hostname: 'h' } : {}),
      ...this.#reference(),
    })
    return {
      addresses: this.#several(2, address),
      notReadyAddresses: this.#several(1, address),
      ports: this.#several(2, () => ({ port: this.#port(), protocol: 'TCP', ...(this.chance(0.5) ? { name: 'web' } : {}) })),
    }
  }

  #slice(): object {
    const conditions = () =>
      Object.fromEntries(['ready', 'serving', 'terminating'].filter(() => this.chance(0.5)).map((name) => [name, this.chance(0.5)]))
    return {
      addressType: this.pick(['IPv4', 'IPv6']),
      endpoints: this.#several(3, () => ({
        addresses: [this.#address(), ...this.#several(1, () => this.#address())],
        conditions: conditions(),
        ...(this.chance(0.5) ? { nodeName: this.#node() } : {}),
        ...(this.chance(0.3) ? { zone: 'z', hostname: 'h' } : {}),
        ...this.#reference(),
      })),
      ports: this.#several(2, () => ({
        ...(this.chance(0.9) ? { port: this.#port() } : {}),
        ...(this.chance(0.5) ? { name: 'web', protocol: 'TCP', appProtocol: 'http' } : {}),
      })),
    }
  }

  #ingressSpec(): object {
    const host = () => this.pick(['a.x', 'b.x', '*.x', 'a.b.x', 'x'])
    return {
      ...(this.chance(0.5) ? { ingressClassName: 'nginx' } : {}),
      tls: this.#several(2, () => ({ hosts: this.#several(2, host) })),
      rules: this.#several(2, () => ({
        ...(this.chance(0.9) ? { host: host() } : {}),
        ...(this.chance(0.7)
          ? { http: { paths: this.#several(2, () => (this.chance(0.7) ? { path: this.pick(['/', '/a']) } : {})) } }
          : {}),
      })),
    }
  }

  #nodeContent(): object {
    const types = ['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS', 'InternalIP']
    return {
      spec: { providerID: `aws:///${this.below(3)}` },
      status: {
        addresses: [{ type: 'Hostname', address: 'h' }, ...this.#several(3, () => ({ type: this.pick(types), address: this.#address() }))],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      },
    }
  }
}
