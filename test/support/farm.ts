// Targets in this process: pages of counters whose values tell which scrape they are from.
import { createServer, type Server } from 'node:http'

export interface Farm {
  readonly port: number
  readonly requests: () => number
  close(): Promise<void>
}

/** Any path is a target: `/t7` serves `seriesCount` counters, each the number of that target's scrapes so far. */
export function startFarm(seriesCount: number): Promise<Farm> {
  const scrapes = new Map<string, number>()
  let requests = 0
  const prefix = Array.from({ length: seriesCount }, (_, index) => `farm_value{series="${index}",zone="z${index % 3}",kind="counter"} `)
  const server: Server = createServer((request, response) => {
    requests++
    const path = request.url ?? '/'
    const count = (scrapes.get(path) ?? 0) + 1
    scrapes.set(path, count)
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    response.end(`# TYPE farm_value counter\n${prefix.map((line) => `${line}${count}\n`).join('')}`)
  })
  server.keepAliveTimeout = 60_000
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({
        port,
        requests: () => requests,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}
