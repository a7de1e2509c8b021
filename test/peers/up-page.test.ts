import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { COLOURED_PIXELS, launchBrowser } from '../support/browser.ts'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program, ROOT, until } from '../support/program.ts'

test('the page of a running fleet draws the CPU rate of this machine', async (t) => {
  const executablePath = peer(t, 'chromium')
  if (executablePath === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-page-'))
  const ports = [await freePort(), await freePort(), await freePort()]
  const listen = ['exporter', 'a', 'b'].map((name, index) => `--listen=${name}=127.0.0.1:${ports[index]}`)
  const up = new Program(PROMONTORY, ['up', `--data=${directory}/data`, ...listen], `http://127.0.0.1:${ports[1]}`)
  const browser = await launchBrowser(executablePath)
  try {
    await up.ready()
    const query = 'rate(node_cpu_seconds_total[30s])'
    await until(
      'a drawable rate',
      60_000,
      async () => Number((await up.query(`count(count_over_time(node_cpu_seconds_total[1m]) >= 4)`))[0]?.value[1]) > 0,
    )
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(`${up.url}/query?expr=${encodeURIComponent(query)}&range=5m&tab=graph`)
    await page.waitForSelector('canvas', { timeout: 60_000 })
    const painted = await until('a painted graph', 60_000, async () => {
      const pixels = Number(await page.evaluate(COLOURED_PIXELS))
      return pixels > 50 && pixels
    })
    assert.ok(painted > 50)
    mkdirSync(join(ROOT, '.cache'), { recursive: true })
    await page.screenshot({ path: join(ROOT, '.cache/query.png') })
    assert.deepEqual(problems, [])
    await page.goto(`${up.url}/targets`)
    await page.getByText('exporter').first().waitFor({ timeout: 60_000 })
    await page.screenshot({ path: join(ROOT, '.cache/targets.png') })
    assert.deepEqual(problems, [])
  } finally {
    await browser.close()
    await up.stop('SIGINT')
    rmSync(directory, { recursive: true, force: true })
  }
})
