import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Http, sleep } from '../../src/base/env.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { consulDiscoverer } from '../../src/discovery/consul/consul.ts'
import type { ConsulSdConfig } from '../../src/discovery/consul/schema.ts'
import type { Discoverer, TargetGroup } from '../../src/discovery/discoverer.ts'
import { dnsDiscoverer } from '../../src/discovery/dns.ts'
import { httpDiscoverer } from '../../src/discovery/http.ts'
import { PLAIN_HTTP_CLIENT } from '../../src/http-client/client-config.ts'
import { ConsulServer } from '../support/consul-server.ts'
import { type MutableZone, startDnsServer } from '../support/dns-server.ts'
import { fastEnv } from '../support/fast-env.ts'
import { until } from '../support/program.ts'

// http, dns and consul discovery against small real servers, which change what they say, fail, and answer with nonsense. Sockets are real, the
// clock runs faster. When the trouble is over, the targets are those that the server names; and no answer without sense takes one away.

const SPEED = 100
const env = fastEnv(SPEED)
const REFRESH_MS = 30_000
const AT_ONCE = 50
/** Real time: a machine with much to do must not fail a proof. */
const SETTLE_MS = 30_000

interface Chance {
  below(count: number): number
  pick<T>(choices: readonly T[]): T
}

function chanceOf(seed: number): Chance {
  const random = seededRandom(seed)
  const below = (count: number) => Math.floor(random.next() * count)
  return { below, pick: (choices) => choices[below(choices.length)] }
}

/** What a discoverer has said so far. */
class Watched {
  readonly #groups = new Map<string, TargetGroup>()
  readonly #controller = new AbortController()
  readonly #done: Promise<void>

  constructor(discoverer: Discoverer) {
    this.#done = this.#watch(discoverer)
  }

  async #watch(discoverer: Discoverer): Promise<void> {
    for await (const changed of discoverer.watch(this.#controller.signal)) {
      for (const group of changed) {
        if (group.targets.length === 0) this.#groups.delete(group.source)
        else this.#groups.set(group.source, group)
      }
    }
  }

  lines(): string[] {
    return [...this.#groups.values()]
      .flatMap(({ labels, targets }) => targets.map((target) => line({ ...Object.fromEntries(labels), ...Object.fromEntries(target) })))
      .sort()
  }

  /** Waits until the targets are these, and that they stay. */
  async settle(what: string, want: readonly string[]): Promise<void> {
    const sorted = [...want].sort()
    const isThere = async () => this.lines().join('\n') === sorted.join('\n')
    await until(what, SETTLE_MS, isThere).catch(() => assert.deepEqual(this.lines(), sorted, what))
    await sleep(env.clock, 2 * REFRESH_MS)
    assert.deepEqual(this.lines(), sorted, `${what}, later`)
  }

  async stop(): Promise<void> {
    this.#controller.abort()
    await this.#done
  }
}

function line(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** Runs `count` sequences, some at once. */
async function sequences(seed: number, count: number, run: (seed: number) => Promise<void>): Promise<void> {
  for (let begin = 0; begin < count; begin += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - begin) }, (_, index) => run(seed + begin + index)))
  }
}

const STEPS = 20
const pause = (chance: Chance) => sleep(env.clock, chance.below(2 * REFRESH_MS))

interface HttpAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly how?: 'cut' | 'never'
}

export async function proveHttp(seed: number, count: number): Promise<void> {
  const answers = new Map<string, HttpAnswer>()
  const server = createServer((request, response) => {
    const { status, type, body, how } = answers.get(request.url!)!
    if (how === 'never') return
    response.writeHead(status, { 'content-type': type, ...(how === 'cut' ? { 'content-length': '100000' } : {}) })
    if (how === undefined) response.end(body)
    else response.write(body, () => response.socket?.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await sequences(seed, count, async (own) => {
    const chance = chanceOf(own)
    const [path, url] = [`/${own}`, `http://127.0.0.1:${port}/${own}`]
    let groups: { targets: string[]; labels: Record<string, string> }[] = []
    const good = (): HttpAnswer => ({
      status: 200,
      type: chance.pick(['application/json', 'application/json; charset=utf-8']),
      body: JSON.stringify(groups),
    })
    const bad = (): HttpAnswer =>
      chance.pick<HttpAnswer>([
        { ...good(), status: chance.pick([201, 204, 400, 404, 500, 503]) },
        { ...good(), type: 'text/html' },
        { ...good(), body: chance.pick(['', '{', '{}', '[{"targets": 1}]', '[1]', '[{"labels": {"a": 1}}]', '"x"', '\u0000']) },
        { ...good(), how: 'cut' },
        { ...good(), how: 'never' },
      ])
    answers.set(path, bad())
    const watched = new Watched(httpDiscoverer(env, { url, refreshIntervalMs: REFRESH_MS, client: PLAIN_HTTP_CLIENT }, 'j'))
    for (let step = 0; step < STEPS; step++) {
      if (chance.below(2) === 0) {
        groups = Array.from({ length: chance.below(3) }, () => ({
          targets: Array.from({ length: chance.below(3) }, () => `10.0.0.${chance.below(9)}:${chance.below(99)}`),
          labels: Object.fromEntries(Array.from({ length: chance.below(2) }, () => [`l${chance.below(3)}`, chance.pick(['', 'v', 'é'])])),
        }))
      }
      answers.set(path, chance.below(3) === 0 ? bad() : good())
      await pause(chance)
    }
    answers.set(path, good())
    const want = groups.flatMap(({ targets, labels }) => targets.map((target) => line({ ...labels, __address__: target, __meta_url: url })))
    await watched.settle(`http, seed ${own}`, want)
    // The last good answer stays while there are others.
    answers.set(path, bad())
    await sleep(env.clock, 3 * REFRESH_MS)
    assert.deepEqual(watched.lines(), [...want].sort(), `http, seed ${own}: bad answers at the end`)
    await watched.stop()
  })
  server.closeAllConnections()
  server.close()
}

/** Hands what a fake listens for to a real server. */
function listener(server: Server): Pick<Http, 'listen'> {
  return {
    async listen(_options, handler) {
      server.on('request', handler)
      return { host: '', port: 0, close: async () => {} }
    },
  }
}

export async function proveConsul(seed: number, count: number): Promise<void> {
  await sequences(seed, count, async (own) => {
    const chance = chanceOf(own)
    const consul = new ConsulServer(env.clock)
    const server = createServer()
    await consul.listen(listener(server), { host: '', port: 0 })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const config: ConsulSdConfig = {
      url: `http://127.0.0.1:${port}`,
      client: PLAIN_HTTP_CLIENT,
      token: '',
      datacenter: chance.pick(['', 'dc1']),
      namespace: '',
      partition: '',
      tagSeparator: ',',
      allowStale: true,
      refreshIntervalMs: REFRESH_MS,
      services: chance.pick([[], [], ['s0', 's1']]),
      tags: chance.pick([[], ['a'], ['a', 'b']]),
      nodeMeta: {},
      filter: '',
      healthFilter: '',
    }
    const watched = new Watched(consulDiscoverer(env, config))
    const names = ['s0', 's1', 's2']
    for (let step = 0; step < STEPS; step++) {
      const name = chance.pick(names)
      const happening = chance.below(10)
      if (happening < 5) {
        consul.put(name, {
          Node: { Node: 'n', Address: '10.0.0.1' },
          Service: {
            ID: `i${chance.below(3)}`,
            Address: chance.pick(['', '10.1.1.1', 'fd00::1']),
            Port: chance.below(99),
            Tags: chance.pick([[], ['a'], ['b', 'a'], ['c']]),
          },
          Checks: chance.pick([[], [{ CheckID: 'c', Status: 'critical' }], [{ CheckID: '_node_maintenance', Status: 'critical' }]]),
        })
      } else if (happening < 7) consul.remove(name, `i${chance.below(3)}`)
      else if (happening === 7) consul.reset()
      else {
        consul.failure = chance.pick([
          undefined,
          { status: 500, body: 'no leader' },
          { status: 200, body: '<html>' },
          { status: 403, body: '' },
        ])
        consul.interrupt()
      }
      await pause(chance)
    }
    consul.failure = undefined
    const wanted = names.filter((name) => config.services.length === 0 || config.services.includes(name))
    const want = wanted.flatMap((name) =>
      consul
        .instances(name)
        .filter(({ Service }) => config.tags.every((tag) => Service.Tags!.includes(tag)))
        .map(({ Service, Checks }) => {
          const { ID, Address = '', Port, Tags = [] } = Service
          const [check] = Checks as { CheckID: string }[]
          return line({
            __address__: `${(Address || '10.0.0.1').replace('fd00::1', '[fd00::1]')}:${Port}`,
            __meta_consul_address: '10.0.0.1',
            __meta_consul_dc: 'dc1',
            __meta_consul_health: check === undefined ? 'passing' : check.CheckID === 'c' ? 'critical' : 'maintenance',
            __meta_consul_node: 'n',
            __meta_consul_service: name,
            __meta_consul_service_address: Address,
            __meta_consul_service_id: ID,
            __meta_consul_service_port: String(Port),
            __meta_consul_tags: `,${Tags.join(',')},`,
          })
        }),
    )
    await watched.settle(`consul, seed ${own}`, want)
    consul.failure = { status: 500, body: '' }
    consul.interrupt()
    await sleep(env.clock, 2 * REFRESH_MS)
    assert.deepEqual(watched.lines(), [...want].sort(), `consul, seed ${own}: bad answers at the end`)
    await watched.stop()
    server.closeAllConnections()
    server.close()
  })
}

const DNS_TYPES = ['A', 'AAAA', 'SRV', 'MX', 'NS'] as const

/** Where the name server at 127.0.0.1:53 is this process', and the search path is `x.y`. */
export async function proveDns(seed: number, count: number): Promise<void> {
  const zone: MutableZone = {}
  const failing = new Set<string>()
  const dns = await startDnsServer(zone, { host: '127.0.0.1', port: 53 }, (name) => failing.has(name))
  await sequences(seed, count, async (own) => {
    const chance = chanceOf(own)
    const type = chance.pick(DNS_TYPES)
    const names = [`s${own}-a`, `s${own}-b.x.y`, `s${own}-c.x.y.`]
    /** All that a name may stand for, in the order in which it is asked for. */
    const candidates = (name: string) => {
      if (name.endsWith('.')) return [name.slice(0, -1)]
      return name.includes('.') ? [name, `${name}.x.y`] : [`${name}.x.y`, name]
    }
    const all = names.flatMap(candidates)
    const watched = new Watched(dnsDiscoverer(env, { names, type, port: 9100, refreshIntervalMs: REFRESH_MS }, 'j'))
    const record = () => {
      if (type === 'A') return `10.0.0.${chance.below(9)}`
      if (type === 'AAAA') return `fd00:0000:0000:0000:0000:0000:0000:000${1 + chance.below(8)}`
      return type === 'SRV' ? `${chance.below(99)} t${chance.below(3)}.x.y` : `t${chance.below(3)}.x.y`
    }
    for (let step = 0; step < STEPS; step++) {
      const name = chance.pick(all)
      const happening = chance.below(8)
      if (happening < 4)
        zone[name] = { [chance.below(8) === 0 ? 'A' : type]: [...new Set(Array.from({ length: chance.below(4) }, record))] }
      else if (happening < 6) delete zone[name]
      else if (happening === 6) failing.add(name)
      else failing.delete(name)
      await pause(chance)
    }
    for (const name of all) failing.delete(name)
    const want = names.flatMap((name) => {
      const found = candidates(name).find((candidate) => zone[candidate] !== undefined)
      return (found === undefined ? [] : (zone[found]![type] ?? [])).map((value) => dnsLine(name, type, value))
    })
    await watched.settle(`dns ${type}, seed ${own}`, want)
    for (const name of all) failing.add(name)
    await sleep(env.clock, 3 * REFRESH_MS)
    assert.deepEqual(watched.lines(), [...want].sort(), `dns ${type}, seed ${own}: bad answers at the end`)
    await watched.stop()
  })
  await dns.close()
}

function dnsLine(name: string, type: (typeof DNS_TYPES)[number], value: string): string {
  const base = { __meta_dns_name: name }
  if (type === 'A') return line({ ...base, __address__: `${value}:9100` })
  if (type === 'AAAA') return line({ ...base, __address__: `[fd00::${value.at(-1)}]:9100` })
  if (type !== 'SRV')
    return line({ ...base, __address__: `${value}:9100`, [`__meta_dns_${type.toLowerCase()}_record_target`]: `${value}.` })
  const [port, target] = value.split(' ')
  return line({ ...base, __address__: `${target}:${port}`, __meta_dns_srv_record_target: `${target}.`, __meta_dns_srv_record_port: port })
}
