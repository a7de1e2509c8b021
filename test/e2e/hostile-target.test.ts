import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { realEnv } from '../../src/base/env-real.ts'
import type { Log } from '../../src/base/log.ts'
import { relabelConfig } from '../../src/model/relabel.ts'
import { createScrapeManager } from '../../src/scrape/manager.ts'
import type { ScrapeConfig } from '../../src/scrape/scrape-config.ts'
import { MemoryAppendable } from '../support/memory-appendable.ts'
import { until } from '../support/program.ts'
import { fixedTargets, scrapeConfig } from '../support/scrape-config.ts'

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const MEGABYTE = 1024 * 1024

interface Hostile {
  readonly name: string
  /** What it does to a connection once a request has come. */
  readonly serve: (socket: Socket) => void
  readonly config?: Partial<ScrapeConfig>
  readonly wantError: RegExp
}

function page(body: string | Uint8Array, headers = ''): (socket: Socket) => void {
  const content = Buffer.from(body)
  return (socket) => socket.write(Buffer.concat([Buffer.from(`${OK}${headers}Content-Length: ${content.length}\r\n\r\n`), content]))
}

/** Writes without end, as fast as the other side reads. */
function endless(head: string, piece: Uint8Array): (socket: Socket) => void {
  return (socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.on('drain', more)
    socket.write(head)
    more()
  }
}

function drip(head: string, piece: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(head)
    const timer = setInterval(() => socket.write(piece), 20)
    socket.on('close', () => clearInterval(timer))
  }
}

const line = Buffer.from('x{a="b"} 1\n'.repeat(6000))
const chunk = Buffer.concat([Buffer.from(`${line.length.toString(16)}\r\n`), line, Buffer.from('\r\n')])
const bomb = gzipSync(Buffer.alloc(300 * MEGABYTE), { level: 9 })
const millionLabels = `x{${Array.from({ length: 1_000_000 }, (_, i) => `l${i}="v"`).join(',')}} 1\n`
const manySeries = Array.from({ length: 200_000 }, (_, i) => `x{label_${i}="v"} 1\n`).join('')
const garbage = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) & 255))

const OUT_OF_TIME = { scrapeTimeoutMs: 1000 }

const TARGETS: readonly Hostile[] = [
  {
    name: 'endless body',
    serve: endless(`${OK}\r\n`, line),
    config: { bodyBytesMax: 8 * MEGABYTE },
    wantError: /^body size limit exceeded$/,
  },
  {
    name: 'endless chunks',
    serve: endless(`${OK}Transfer-Encoding: chunked\r\n\r\n`, chunk),
    config: { bodyBytesMax: 8 * MEGABYTE },
    wantError: /^body size limit exceeded$/,
  },
  {
    name: 'endless headers',
    serve: endless(OK, Buffer.from('a: b\r\n'.repeat(1000))),
    wantError: /response headers exceeded 65536 bytes$/,
  },
  {
    name: 'endless interim responses',
    serve: endless('', Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n')),
    wantError: /too many 1xx informational responses$/,
  },
  { name: 'slow body', serve: drip(`${OK}\r\n`, 'x'), config: OUT_OF_TIME, wantError: /context deadline exceeded$/ },
  { name: 'slow headers', serve: drip(OK, 'a: b\r\n'), config: OUT_OF_TIME, wantError: /context deadline exceeded$/ },
  { name: 'silence', serve: () => {}, config: OUT_OF_TIME, wantError: /context deadline exceeded$/ },
  { name: 'cut off', serve: (socket) => socket.end(`${OK}Content-Length: 100\r\n\r\nx 1\n`), wantError: /unexpected EOF$/ },
  { name: 'reset', serve: (socket) => socket.resetAndDestroy(), wantError: /connection reset by peer$/ },
  {
    name: 'gzip bomb',
    serve: page(bomb, 'Content-Encoding: gzip\r\n'),
    config: { bodyBytesMax: 8 * MEGABYTE },
    wantError: /^body size limit exceeded$/,
  },
  { name: 'a million labels', serve: page(millionLabels), wantError: /series with more than 4096 labels$/ },
  { name: 'labels over the limit', serve: page('x{a="1",b="2",c="3"} 1\n'), config: { labelLimit: 4 }, wantError: /^label_limit exceeded/ },
  { name: 'too many series', serve: page(manySeries), config: { sampleLimit: 1000 }, wantError: /^sample limit exceeded$/ },
  { name: 'garbage', serve: page(garbage), wantError: /^line 1, column 1: expected a valid start token/ },
  {
    name: 'a web page',
    serve: page('<!DOCTYPE html>\n'),
    wantError: /^line 1, column 1: expected a valid start token, found "<!DOCTYPE html>"$/,
  },
  {
    name: 'another protocol',
    serve: (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
    wantError: /malformed HTTP response "SSH-2.0-OpenSSH_9.2"$/,
  },
  {
    name: 'redirects in a circle',
    serve: (socket) => socket.write('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'),
    wantError: /stopped after 10 redirects$/,
  },
]

function listen(serve: (socket: Socket) => void, sockets: Set<Socket>): Promise<Server> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', () => serve(socket))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

const portOf = (server: Server) => (server.address() as { port: number }).port

test('hostile targets cost their own scrapes, with a reason, and no others', async () => {
  const sockets = new Set<Socket>()
  // A value on which a backtracking engine would try 2^40 ways.
  const evil = page(`x{v="${'a'.repeat(40)}!"} 1\n`)
  const servers = await Promise.all([page('good 1\n'), evil, ...TARGETS.map(({ serve }) => serve)].map((serve) => listen(serve, sockets)))
  const job = (jobName: string, server: Server, config: Partial<ScrapeConfig> = {}) =>
    scrapeConfig({
      jobName,
      discoverers: [fixedTargets(`127.0.0.1:${portOf(server)}`)],
      // On a busy machine as well, only who never ends is out of time.
      scrapeIntervalMs: 5000,
      scrapeTimeoutMs: 5000,
      ...config,
    })
  const backtracking = relabelConfig({ sourceLabels: ['v'], regex: '(a+)+b', action: 'drop' })

  const env = realEnv(SILENT)
  const store = new MemoryAppendable()
  const manager = createScrapeManager({ env, appendable: store, version: 'test' })
  manager.apply([
    job('good', servers[0]),
    job('regex', servers[1], { metricRelabelConfigs: [backtracking] }),
    ...TARGETS.map(({ name, config }, i) => job(name, servers[i + 2], config)),
  ])
  const residentBefore = process.memoryUsage().rss
  const controller = new AbortController()
  const done = manager.run(controller.signal, () => {})
  try {
    const upsOf = (name: string, url: string) => store.text(`up{instance="${new URL(url).host}", job="${name}"}`)
    await until('every target has said its reason, and the good ones have been scraped often', 200_000, async () => {
      const states = new Map(manager.active().map((target) => [target.scrapePool, target]))
      for (const { name, wantError } of TARGETS) {
        const state = states.get(name)!
        assert.equal(state.health, 'down', name)
        assert.match(state.lastError, wantError, name)
        assert.match(upsOf(name, state.scrapeUrl), /^(\d+=0 ?)+$/, name)
      }
      for (const name of ['good', 'regex']) {
        const state = states.get(name)!
        assert.equal(state.health, 'up', `${name}: ${state.lastError}`)
        assert.match(upsOf(name, state.scrapeUrl), /^(\d+=1 ?){4,}$/, name)
      }
      return true
    })
    assert.ok(
      !store.names().some((series) => series.startsWith('x{') && !series.includes('job="regex"')),
      'nothing of a failed scrape is stored',
    )
    const grown = (process.memoryUsage().rss - residentBefore) / MEGABYTE
    assert.ok(grown < 500, `resident memory grew by ${grown.toFixed(0)} MB`)
  } finally {
    controller.abort()
    await done
    for (const socket of sockets) socket.destroy()
    for (const server of servers) server.close()
  }
})
