// Lets the engine keep what it makes of the bundle's code: a server runs until it has scraped itself and has answered a query in a thread, and
// stops. What a program compiles it keeps when it ends in order; one that was only ever killed would compile all of it at each start.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ENOUGH_MS = 20_000

/** Throws when the server does not start, or does not answer. */
export async function warmCache(program: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'promontory-prepare-'))
  const port = await freePort()
  const config = join(dir, 'promontory.yml')
  writeFileSync(
    config,
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`,
  )
  const args = ['server', `--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]
  const server = spawn(program, args, { stdio: 'ignore' })
  const exited = once(server, 'exit')
  try {
    const query = new URLSearchParams({
      query: '{job="self"}',
      start: String(Date.now() / 1000),
      end: String(Date.now() / 1000 + 9000),
      step: '1',
    })
    const until = Date.now() + ENOUGH_MS
    for (;;) {
      const found = await fetch(`http://127.0.0.1:${port}/api/v1/query_range?${query}`, { signal: AbortSignal.timeout(ENOUGH_MS) })
        .then((answer) => answer.text())
        .catch(() => '')
      if (found.includes('"metric"')) break
      if (server.exitCode !== null || Date.now() > until) throw new Error('the server does not answer')
      await sleep(100)
    }
  } finally {
    server.kill('SIGTERM')
    await exited
    rmSync(dir, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
