import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { endpointSliceRole } from './endpoint-slice.ts'
import { endpointsRole } from './endpoints.ts'
import { ingressRole } from './ingress.ts'
import { nodeRole } from './node.ts'
import { ObjectStore } from './object-store.ts'
import type { Objects, Pod, Resource } from './objects.ts'
import { podRole } from './pod.ts'
import type { Role } from './role.ts'
import { serviceRole } from './service.ts'

// Objects and labels as in upstream's tests and documentation; names without `__meta_kubernetes_`, as the group's, then each target's.

function build<R extends Resource>(
  role: Role<R>,
  object: Objects[R],
  others: { readonly [R in Resource]?: readonly Objects[R][] } = {},
  attach = false,
) {
  const store = new ObjectStore(() => {})
  for (const [resource, objects] of Object.entries(others)) for (const other of objects) store.set(resource as Resource, other)
  const group = role.build(
    object,
    store.cluster('group', { node: attach, namespace: attach, deployment: attach, job: attach, cronjob: attach }),
  )
  if (group === undefined) return undefined
  const show = (labels: Record<string, string>) =>
    Object.fromEntries([...Labels.of(labels)].map(([name, value]) => [name.replace('__meta_kubernetes_', ''), value]))
  return [show(group.labels), ...group.targets.map(show)]
}

const NODE = {
  metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'a' }, annotations: { 'x-y': 'z' } },
  spec: { providerID: 'aws:///i-1' },
  status: {
    addresses: [
      { type: 'Hostname', address: 'h' },
      { type: 'ExternalIP', address: '8.8.8.8' },
      { type: 'InternalIP', address: 'fd00::1' },
      { type: 'InternalIP', address: '10.0.0.1' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
}
const NODE_LABELS = {
  node_name: 'n1',
  node_label_topology_kubernetes_io_zone: 'a',
  node_labelpresent_topology_kubernetes_io_zone: 'true',
  node_annotation_x_y: 'z',
  node_annotationpresent_x_y: 'true',
}
const NAMESPACE = { metadata: { name: 'ns', labels: { team: 'red' } } }
const NAMESPACE_LABELS = { namespace: 'ns', namespace_label_team: 'red', namespace_labelpresent_team: 'true' }

const POD: Pod = {
  metadata: {
    name: 'p',
    namespace: 'ns',
    uid: 'u-1',
    labels: { app: 'x' },
    ownerReferences: [
      { kind: 'Other', name: 'o' },
      { kind: 'ReplicaSet', name: 'rs', controller: true },
    ],
  },
  spec: {
    nodeName: 'n1',
    containers: [
      {
        name: 'web',
        image: 'web:1',
        ports: [
          { name: 'http', containerPort: 80, protocol: 'TCP' },
          { containerPort: 81, protocol: 'UDP' },
        ],
      },
      { name: 'quiet', image: 'quiet:1' },
    ],
    initContainers: [{ name: 'side', image: 'side:1', ports: [{ name: 'metrics', containerPort: 9090, protocol: 'TCP' }] }],
  },
  status: {
    podIP: '10.1.0.1',
    hostIP: '10.0.0.1',
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: 'web', containerID: 'docker://1' }],
    initContainerStatuses: [{ name: 'side', containerID: 'docker://2' }],
  },
}
const POD_LABELS = {
  pod_name: 'p',
  pod_ip: '10.1.0.1',
  pod_host_ip: '10.0.0.1',
  pod_node_name: 'n1',
  pod_phase: 'Running',
  pod_ready: 'true',
  pod_uid: 'u-1',
  pod_label_app: 'x',
  pod_labelpresent_app: 'true',
  pod_controller_kind: 'ReplicaSet',
  pod_controller_name: 'rs',
}
const container = (name: string, init: boolean) => ({
  pod_container_name: name,
  pod_container_image: `${name}:1`,
  pod_container_init: String(init),
})
const containerPort = (name: string, number: string, protocol: string) => ({
  ...(name && { pod_container_port_name: name }),
  pod_container_port_number: number,
  pod_container_port_protocol: protocol,
})
const SIDE = { __address__: '10.1.0.1:9090', ...container('side', true), ...containerPort('metrics', '9090', 'TCP') }

test('what stands behind the controller of a pod', () => {
  const owned = (name: string, kind: string, owner: string) => ({
    metadata: { name, namespace: 'ns', ownerReferences: [{ kind, name: owner, controller: true }] },
  })
  const check = (kind: string, others: Parameters<typeof build>[2], want: object) => {
    const pod = { ...owned('p', kind, 'o'), status: { podIP: '10.1.0.1' } }
    const own: object = { ...others, pods: [pod] }
    const slice = {
      metadata: { name: 's', namespace: 'ns' },
      endpoints: [{ addresses: ['10.1.0.1'], targetRef: { kind: 'Pod', namespace: 'ns', name: 'p' } }],
      ports: [{}],
    }
    for (const labels of [build(podRole, pod, others, true)![0], build(endpointSliceRole, slice, own, true)![1]])
      assert.deepEqual(Object.fromEntries(Object.entries(labels).filter(([name]) => /^pod_(deployment|job|cronjob)/.test(name))), want)
    assert.ok(!Object.keys(build(podRole, pod, others)![0]).some((name) => /^pod_(deployment|job|cronjob)/.test(name)))
  }
  check('ReplicaSet', { replicasets: [owned('o', 'Deployment', 'web')] }, { pod_deployment_name: 'web' })
  check('ReplicaSet', { replicasets: [owned('o', 'Rollout', 'web')] }, {})
  check('ReplicaSet', { jobs: [owned('o', 'CronJob', 'web')] }, {})
  check('Job', {}, { pod_job_name: 'o' })
  check('Job', { jobs: [owned('o', 'CronJob', 'nightly')] }, { pod_job_name: 'o', pod_cronjob_name: 'nightly' })
  check('DaemonSet', { replicasets: [owned('o', 'Deployment', 'web')] }, {})
})

test('a service of both address families has targets of its first one', () => {
  const check = (spec: object, addressType: string, want: number) => {
    const slice = {
      metadata: { name: 's', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType,
      endpoints: [{ addresses: ['x'] }],
      ports: [{ port: 80 }],
    }
    const services = [{ metadata: { name: 'web', namespace: 'ns' }, spec }]
    assert.equal(build(endpointSliceRole, slice, { services })!.length - 1, want, JSON.stringify([spec, addressType]))
  }
  for (const ipFamilyPolicy of ['PreferDualStack', 'RequireDualStack']) {
    check({ ipFamilyPolicy, ipFamilies: ['IPv4', 'IPv6'] }, 'IPv4', 1)
    check({ ipFamilyPolicy, ipFamilies: ['IPv4', 'IPv6'] }, 'IPv6', 0)
    check({ ipFamilyPolicy, ipFamilies: ['IPv6'] }, 'IPv6', 1)
    check({ ipFamilyPolicy }, 'IPv6', 1)
  }
  check({ ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] }, 'IPv6', 1)
  check({ ipFamilies: ['IPv4', 'IPv6'] }, 'IPv6', 1)
})

test('a node', () => {
  assert.deepEqual(build(nodeRole, NODE), [
    { node_provider_id: 'aws:///i-1', ...NODE_LABELS },
    {
      __address__: '[fd00::1]:10250',
      instance: 'n1',
      node_address_ExternalIP: '8.8.8.8',
      node_address_Hostname: 'h',
      node_address_InternalIP: 'fd00::1',
    },
  ])
  assert.equal(build(nodeRole, { metadata: { name: 'n2' }, status: { addresses: [] } }), undefined)
})

test('a service of each type', () => {
  const check = (spec: object, want: object) => {
    const object = { metadata: { name: 's', namespace: 'ns' }, spec: { ...spec, ports: [{ name: 'web', port: 80, protocol: 'TCP' }] } }
    const port = { service_port_name: 'web', service_port_number: '80', service_port_protocol: 'TCP' }
    assert.deepEqual(build(serviceRole, object, { namespaces: [NAMESPACE] }, true), [
      { ...NAMESPACE_LABELS, service_name: 's' },
      { __address__: 's.ns.svc:80', ...port, ...want },
    ])
  }
  check({ type: 'ClusterIP', clusterIP: '10.9.0.1' }, { service_type: 'ClusterIP', service_cluster_ip: '10.9.0.1' })
  check({ type: 'ExternalName', externalName: 'x.y' }, { service_type: 'ExternalName', service_external_name: 'x.y' })
  check(
    { type: 'LoadBalancer', clusterIP: '10.9.0.1', loadBalancerIP: '1.2.3.4' },
    { service_type: 'LoadBalancer', service_cluster_ip: '10.9.0.1', service_loadbalancer_ip: '1.2.3.4' },
  )
})

test('a pod', () => {
  const web = { ...container('web', false), pod_container_id: 'docker://1' }
  assert.deepEqual(build(podRole, POD, { nodes: [NODE], namespaces: [NAMESPACE] }, true), [
    { ...NAMESPACE_LABELS, ...POD_LABELS, ...NODE_LABELS },
    { __address__: '10.1.0.1:80', ...web, ...containerPort('http', '80', 'TCP') },
    { __address__: '10.1.0.1:81', ...web, ...containerPort('', '81', 'UDP') },
    { __address__: '10.1.0.1', ...container('quiet', false) },
    { ...SIDE, pod_container_id: 'docker://2' },
  ])
  assert.deepEqual(build(podRole, { ...POD, status: {} }), [{}])
  assert.equal(build(podRole, { ...POD, status: { podIP: '1.1.1.1' } })![0].pod_ready, 'unknown')
})

test('endpoints, their pods, and the ports that no service covers', () => {
  const endpoints = {
    metadata: { name: 's', namespace: 'ns', annotations: { a: 'b' } },
    subsets: [
      {
        addresses: [{ ip: '10.1.0.1', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'ns', name: 'p' } }],
        notReadyAddresses: [{ ip: '10.1.0.2', hostname: 'h2', targetRef: { kind: 'Node', name: 'n1' } }],
        ports: [{ name: 'web', port: 80, protocol: 'TCP' }],
      },
    ],
  }
  const service = { metadata: { name: 's', namespace: 'ns', labels: { tier: '1' } } }
  const port = { endpoint_port_name: 'web', endpoint_port_protocol: 'TCP' }
  assert.deepEqual(build(endpointsRole, endpoints, { pods: [POD], services: [service], nodes: [NODE], namespaces: [NAMESPACE] }, true), [
    {
      ...NAMESPACE_LABELS,
      endpoints_name: 's',
      endpoints_annotation_a: 'b',
      endpoints_annotationpresent_a: 'true',
      service_name: 's',
      service_label_tier: '1',
      service_labelpresent_tier: 'true',
    },
    {
      __address__: '10.1.0.1:80',
      ...port,
      endpoint_ready: 'true',
      endpoint_node_name: 'n1',
      endpoint_address_target_kind: 'Pod',
      endpoint_address_target_name: 'p',
      ...NODE_LABELS,
      ...POD_LABELS,
      ...container('web', false),
      ...containerPort('http', '80', 'TCP'),
    },
    {
      __address__: '10.1.0.2:80',
      ...port,
      endpoint_ready: 'false',
      endpoint_hostname: 'h2',
      endpoint_address_target_kind: 'Node',
      endpoint_address_target_name: 'n1',
      ...NODE_LABELS,
    },
    { __address__: '10.1.0.1:81', ...POD_LABELS, ...container('web', false), ...containerPort('', '81', 'UDP') },
    { ...SIDE, ...POD_LABELS },
  ])
})

test('an endpoint slice', () => {
  const slice = {
    metadata: { name: 's-abc', namespace: 'ns', labels: { 'kubernetes.io/service-name': 's' } },
    addressType: 'IPv6',
    endpoints: [
      {
        addresses: ['fd00::1'],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'h',
        nodeName: 'n1',
        zone: 'a',
        deprecatedTopology: { 'x/y': 'z' },
        targetRef: { kind: 'Pod', namespace: 'ns', name: 'p' },
      },
      { addresses: ['fd00::2'] },
    ],
    ports: [{ name: 'side', port: 9090, protocol: 'TCP', appProtocol: 'http' }],
  }
  const service = { metadata: { name: 's', namespace: 'ns' } }
  const port = {
    endpointslice_port: '9090',
    endpointslice_port_name: 'side',
    endpointslice_port_protocol: 'TCP',
    endpointslice_port_app_protocol: 'http',
  }
  const groupLabels = {
    namespace: 'ns',
    endpointslice_name: 's-abc',
    endpointslice_address_type: 'IPv6',
    endpointslice_label_kubernetes_io_service_name: 's',
    endpointslice_labelpresent_kubernetes_io_service_name: 'true',
    service_name: 's',
  }
  assert.deepEqual(build(endpointSliceRole, slice, { services: [service], pods: [{ ...POD, status: { podIP: '' } }] }), [
    groupLabels,
    {
      __address__: '[fd00::1]:9090',
      ...port,
      endpointslice_endpoint_conditions_ready: 'true',
      endpointslice_endpoint_conditions_serving: 'true',
      endpointslice_endpoint_conditions_terminating: 'false',
      endpointslice_endpoint_hostname: 'h',
      endpointslice_endpoint_node_name: 'n1',
      endpointslice_endpoint_zone: 'a',
      endpointslice_endpoint_topology_x_y: 'z',
      endpointslice_endpoint_topology_present_x_y: 'true',
      endpointslice_address_target_kind: 'Pod',
      endpointslice_address_target_name: 'p',
      ...without(POD_LABELS, 'pod_ip', 'pod_host_ip', 'pod_phase'),
      pod_ready: 'unknown',
      ...container('side', true),
      ...containerPort('metrics', '9090', 'TCP'),
    },
    { __address__: '[fd00::2]:9090', ...port },
  ])
  assert.deepEqual(build(endpointSliceRole, { ...slice, endpoints: [{ addresses: ['host.x'] }], ports: [{}] })?.slice(1), [
    { __address__: 'host.x' },
  ])
})

const without = (labels: Record<string, string>, ...names: string[]) =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)))

test('an ingress', () => {
  const ingress = {
    metadata: { name: 'i', namespace: 'ns' },
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['a.x', '*.wild.x'] }],
      rules: [
        { host: 'a.x', http: { paths: [{ path: '/p' }, {}] } },
        { host: 'b.wild.x' },
        { host: 'b.c.wild.x', http: { paths: [{ path: '/' }] } },
        { host: 'wild.x', http: { paths: [] } },
      ],
    },
  }
  const target = (host: string, scheme: string, path: string) => ({
    __address__: host,
    ingress_host: host,
    ingress_scheme: scheme,
    ingress_path: path,
  })
  assert.deepEqual(build(ingressRole, ingress), [
    { namespace: 'ns', ingress_name: 'i', ingress_class_name: 'nginx' },
    target('a.x', 'https', '/p'),
    target('a.x', 'https', '/'),
    target('b.wild.x', 'https', '/'),
    target('b.c.wild.x', 'http', '/'),
  ])
})
