import assert from 'node:assert/strict'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { kubernetesDiscoverer } from '../../src/discovery/kubernetes/kubernetes.ts'
import type { KubernetesSdConfig, RoleName } from '../../src/discovery/kubernetes/schema.ts'
import { PLAIN_HTTP_CLIENT } from '../../src/http-client/client-config.ts'
import { type CollectedGroups, collectGroups } from '../support/discovered-groups.ts'
import { KubernetesApi } from '../support/kubernetes-api.ts'
import { Happenings } from '../support/kubernetes-happenings.ts'
import { expectedTargets, targetLine } from '../support/kubernetes-model.ts'

// One API server on a virtual network and clock, and six discoverers, one a role, that watch it. Objects come, change and go; watches end, break,
// babble, expire; requests are refused, cut, delayed, answered with nonsense; the history is compacted, the data restored.
// 1. When the trouble is over, each role has the targets that the objects say, whatever happened before.
// 2. While every request fails, nobody's targets change.

const ROLES: readonly RoleName[] = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress']
const STEPS = 100
/** The longest pause between two attempts is a minute, and four failures may pass before all is listed again. */
const SETTLE_MS = 600_000

export interface SequenceCounts {
  targets: number
  requests: number
  outages: number
}

/** Throws what differs. */
export async function proveKubernetesSequence(seed: number): Promise<SequenceCounts> {
  const env = virtualEnv({ seed })
  const random = seededRandom(seed)
  const api = new KubernetesApi(env.clock)
  await api.listen(env.http, { host: 'k8s', port: 80 })
  const happenings = new Happenings(api, random)
  const watched = ROLES.map((role) => {
    const config = anyConfig(role, happenings)
    return { config, found: collectGroups(env, kubernetesDiscoverer(env, config)) }
  })
  const fault = (role: RoleName, what: string) => `seed ${seed}, ${role}: ${what}`
  const counts = { targets: 0, requests: 0, outages: 0 }
  for (let step = 0; step < STEPS; step++) {
    const share = random.next()
    if (share < 0.6) happenings.object()
    else if (share < 0.8) happenings.trouble()
    else if (share < 0.9) happenings.faults(happenings.pick([0, 0.3, 1]))
    else if (share < 0.93) {
      counts.outages++
      api.failure = { status: happenings.pick([500, 403, 429]), body: 'no' }
      api.disconnect(happenings.pick(['end', 'cut']))
      await env.clock.advance(1000)
      const before = watched.map(({ found }) => lines(found))
      for (let change = happenings.below(5); change > 0; change--) happenings.object()
      await env.clock.advance(happenings.below(300_000))
      for (const [index, { config, found }] of watched.entries())
        assert.deepEqual(lines(found), before[index], fault(config.role, 'changed while every request failed'))
      api.failure = undefined
    }
    if (happenings.chance(0.4)) await env.clock.advance(happenings.below(20_000))
  }
  api.fault = () => undefined
  await env.clock.advance(SETTLE_MS)
  for (const { config, found } of watched) {
    const want = expectedTargets(api, config)
    assert.deepEqual(lines(found), want, fault(config.role, JSON.stringify(config)))
    counts.targets += want.length
    await found.stop()
  }
  counts.requests = api.requests.length
  return counts
}

function lines({ groups }: CollectedGroups): string[] {
  return [...groups.values()]
    .flatMap(({ source, labels, targets }) =>
      targets.map((target) => targetLine(source, { ...Object.fromEntries(labels), ...Object.fromEntries(target) })),
    )
    .sort()
}

function anyConfig(role: RoleName, happenings: Happenings): KubernetesSdConfig {
  const flag = () => happenings.chance(0.5)
  const zone = { label: `zone${happenings.pick(['=', '!='])}z1`, field: '' }
  return {
    role,
    place: { kind: 'server', url: 'http://k8s', client: PLAIN_HTTP_CLIENT },
    namespaces: happenings.pick([[], ['ns-a'], ['ns-a', 'ns-b', 'ns-a']]),
    ownNamespace: false,
    selectors: {
      ...(role === 'pod' && happenings.chance(0.3) ? { nodes: zone } : {}),
      ...(role !== 'node' && role !== 'ingress' && happenings.chance(0.3) ? { pods: { label: '', field: 'status.phase=Running' } } : {}),
      ...(role === 'ingress' && happenings.chance(0.3) ? { ingresses: zone } : {}),
    },
    attach: { node: flag(), namespace: flag(), deployment: flag(), job: flag(), cronjob: flag() },
  }
}
