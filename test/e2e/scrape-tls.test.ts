import assert from 'node:assert/strict'
import { createServer as createPlainServer, type Server } from 'node:http'
import { createServer } from 'node:https'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { realEnv } from '../../src/base/env-real.ts'
import type { Log } from '../../src/base/log.ts'
import { type HttpClientConfig, PLAIN_HTTP_CLIENT, PLAIN_TLS } from '../../src/http-client/client-config.ts'
import { HttpClients } from '../../src/http-client/clients.ts'
import { BufferPool } from '../../src/scrape/body-buffer.ts'
import { ScrapeClient } from '../../src/scrape/scrape-client.ts'
import { scrapeUrl } from '../../src/scrape/scrape-url.ts'
import { TimerQueue } from '../../src/scrape/timer-queue.ts'
import { TEST_CERTIFICATE, TEST_PRIVATE_KEY } from '../support/tls-certificate.ts'

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)))
}

async function scrape(port: number, tls: HttpClientConfig['tls'], count: number): Promise<string[]> {
  const env = realEnv(SILENT)
  const buffers = new BufferPool(1 << 26)
  const client = new ScrapeClient(
    { env, timers: new TimerQueue(env.clock), buffers, clients: new HttpClients(env), userAgent: 'Promontory/test' },
    {
      url: scrapeUrl('https', `127.0.0.1:${port}`, '/metrics', new Map()),
      http: { ...PLAIN_HTTP_CLIENT, tls },
      accept: 'text/plain',
      enableCompression: true,
      timeoutMs: 60_000,
      bodyBytesMax: 1 << 24,
    },
  )
  const texts: string[] = []
  for (let i = 0; i < count; i++) {
    try {
      const { body } = await client.scrape()
      texts.push(Buffer.from(body.bytes.subarray(0, body.length)).toString())
      body.release()
    } catch (error) {
      texts.push((error as Error).message)
    }
  }
  client.abort(new Error('the test is over'))
  assert.equal(buffers.usedBytes, 0)
  return texts
}

test('targets over TLS are scraped over one connection, when their certificate holds', async () => {
  const page = 'x 1\n'.repeat(50_000)
  let connections = 0
  const server = createServer({ cert: TEST_CERTIFICATE, key: TEST_PRIVATE_KEY }, (_request, response) => {
    response.setHeader('content-type', 'text/plain')
    response.setHeader('content-encoding', 'gzip')
    response.end(gzipSync(page))
  })
  server.on('secureConnection', () => connections++)
  const plain = createPlainServer((_request, response) => response.end('x 1\n'))
  try {
    const port = await listening(server)
    assert.deepEqual(await scrape(port, { ...PLAIN_TLS, ca: { text: TEST_CERTIFICATE } }, 3), [page, page, page])
    assert.equal(connections, 1)
    assert.deepEqual(await scrape(port, { ...PLAIN_TLS, insecureSkipVerify: true }, 1), [page])
    const get = (toPort: number) => `Get "https://127.0.0.1:${toPort}/metrics": `
    assert.deepEqual(await scrape(port, undefined, 1), [
      `${get(port)}tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    ])
    const plainPort = await listening(plain)
    assert.deepEqual(await scrape(plainPort, undefined, 1), [`${get(plainPort)}http: server gave HTTP response to HTTPS client`])
  } finally {
    for (const each of [server, plain]) {
      each.closeAllConnections()
      each.close()
    }
  }
})
