// The console in a real browser, on a real server that scrapes native histograms and exemplars.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { COLOURED_PIXELS, launchBrowser } from '../support/browser.ts'
import { peer } from '../support/peers.ts'
import { type Program, startServer, until } from '../support/program.ts'
import { startShopTarget } from '../support/shop-target.ts'

test('the console shows native histograms and exemplars', async (t) => {
  const executablePath = peer(t, 'chromium')
  if (executablePath === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-histograms-'))
  const shop = await startShopTarget()
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(
    configFile,
    [
      'global: { scrape_interval: 500ms, scrape_native_histograms: true }',
      'scrape_configs:',
      '- job_name: shop',
      '  convert_classic_histograms_to_nhcb: true',
      `  static_configs: [{ targets: ["127.0.0.1:${shop.port}"] }]`,
    ].join('\n'),
  )
  const storing = await startServer({ configFile, dataDir: join(directory, 'a'), flags: ['--enable-feature=exemplar-storage'] })
  const forgetful = await startServer({ configFile, dataDir: join(directory, 'b') })
  const browser = await launchBrowser(executablePath)
  try {
    for (const server of [storing, forgetful]) {
      await server.ready()
      await until('some scrapes', 60_000, async () => {
        const [result] = await server.query('count_over_time(shop_balance_change_euros[1m])')
        return Number(result?.value[1]) >= 5
      })
    }
    const on = (server: Program, path: string, check: (page: Page) => Promise<void>) => visit(browser, `${server.url}/${path}`, check)
    await t.test('buckets are drawn on both axes and listed', () =>
      on(storing, 'query?expr=shop_balance_change_euros&tab=table', drawsBuckets),
    )
    await t.test('histograms with custom buckets and floats stand in one table', () =>
      on(storing, `query?expr=${encodeURIComponent('{__name__=~"shop_payload_bytes|up"}')}&tab=table`, showsMixture),
    )
    await t.test('a range of histograms unfolds one by one', () =>
      on(storing, `query?expr=${encodeURIComponent('shop_payload_bytes[1m]')}&tab=table`, unfoldsSamples),
    )
    await t.test('a graph draws one number of a histogram', () =>
      on(storing, 'query?expr=shop_request_duration_seconds&range=1m', drawsNumbers),
    )
    await t.test('a graph of what cannot be said has a warning', () =>
      on(storing, `query?expr=${encodeURIComponent('rate(up[1m]) + rate(shop_payload_bytes[1m])')}&range=1m`, showsRemarks),
    )
    await t.test('exemplars are shown when asked for, by pointer and by keyboard', () =>
      on(storing, `query?expr=${encodeURIComponent(QUANTILE)}&range=1m`, picksExemplars),
    )
    await t.test('a server without exemplars offers none', () =>
      on(forgetful, `query?g0.expr=${encodeURIComponent(QUANTILE)}&g0.range_input=1m&g0.show_exemplars=1`, offersNoExemplars),
    )
    await t.test('the explorer knows a native histogram', () => on(storing, 'query', exploresHistograms))
  } finally {
    await browser.close()
    await storing.stop()
    await forgetful.stop()
    await shop.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

const QUANTILE = 'histogram_quantile(0.9, rate(shop_request_duration_seconds[5s]))'

async function visit(browser: Browser, url: string, check: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  await page.goto(url)
  await check(page)
  assert.deepEqual(problems, [])
  await context.close()
}

/** The policy of the server forbids what Playwright's own waiting evaluates. */
async function holds(page: Page, condition: string): Promise<void> {
  await until(condition, 60_000, async () => (await page.evaluate(condition)) === true)
}

const drawing = (page: Page) => page.getByRole('img', { name: /^Histogram, count \d+, sum [\d.]+, \d+ buckets from -/ })

async function drawsBuckets(page: Page): Promise<void> {
  await drawing(page).waitFor()
  const name = (await drawing(page).getAttribute('aria-label')) ?? ''
  const bucketCount = Number(/(\d+) buckets/.exec(name)?.[1])
  const bars = page.locator('[title*="%)"]')
  assert.equal(await bars.count(), bucketCount)
  const widths = () => bars.evaluateAll((found) => found.map((bar) => Math.round(bar.getBoundingClientRect().width)))
  const [least, most] = [Math.min(...(await widths())), Math.max(...(await widths()))]
  assert.ok(most - least <= 1, 'buckets of a schema are equally wide on the exponential axis')
  await page.locator('label', { hasText: 'Linear' }).click()
  await holds(page, `document.body.innerText.includes('density')`)
  assert.ok(Math.max(...(await widths())) > most * 2, 'the outermost buckets are the widest on the linear axis')
  await bars.last().hover()
  await page.getByRole('button', { name: `Show ${bucketCount} buckets` }).click()
  const rows = page.getByRole('region', { name: 'Buckets' }).locator('tbody tr')
  assert.equal(await rows.count(), bucketCount)
  assert.match((await rows.first().textContent()) ?? '', /^\[-[\d.]+, -[\d.]+\)\d+/)
  await rows.filter({ hasText: '[-0.001, 0.001]' }).waitFor()
}

async function showsMixture(page: Page): Promise<void> {
  await page.getByRole('img', { name: /buckets from -Inf to / }).waitFor()
  const up = page.getByRole('row').filter({ hasText: /^up\{/ })
  assert.match((await up.textContent()) ?? '', /1$/)
}

async function unfoldsSamples(page: Page): Promise<void> {
  const samples = page.getByRole('button', { name: /^count \d+ sum/ })
  await samples.nth(3).waitFor()
  const drawn = page.getByRole('img', { name: /^Histogram/ })
  assert.equal(await drawn.count(), 1)
  await samples.first().click()
  await drawn.nth(1).waitFor()
}

async function drawsNumbers(page: Page): Promise<void> {
  await page.getByText('Native histograms are drawn by their').waitFor()
  await holds(page, `${COLOURED_PIXELS} > 100`)
  const values = page.getByRole('list', { name: 'Series' }).getByRole('button')
  assert.match((await values.first().textContent()) ?? '', /handler="\/cart"\d+$/)
  await page.locator('label', { hasText: 'Average' }).click()
  await page.waitForURL(/g0\.histogram_line=average/)
  await holds(page, `/ ms$/.test(document.querySelector('[aria-label="Series"] button').textContent)`)
  await page.getByRole('button', { name: 'See the buckets in the table' }).click()
  await page
    .getByRole('img', { name: /^Histogram/ })
    .first()
    .waitFor()
}

async function showsRemarks(page: Page): Promise<void> {
  await page.getByText('PromQL info: metric might not be a counter, name does not end in').first().waitFor()
}

async function picksExemplars(page: Page): Promise<void> {
  await holds(page, `${COLOURED_PIXELS} > 100`)
  const points = page.getByRole('group', { name: 'Exemplars' }).getByRole('button')
  assert.equal(await points.count(), 0)
  await page.locator('label', { hasText: 'Show exemplars' }).click()
  await page.waitForURL(/g0\.show_exemplars=1/)
  await points.nth(2).waitFor()
  await points.first().click()
  const picked = page.getByRole('region', { name: 'Picked exemplars' })
  assert.match((await picked.textContent()) ?? '', /trace_id4bf92f3577b34d.*shop_request_duration_seconds\{handler=/)
  const pointed = () => page.evaluate(`document.activeElement.getAttribute('aria-label')`)
  const first = await pointed()
  await page.keyboard.press('ArrowRight')
  assert.notEqual(await pointed(), first)
  await page.keyboard.press('Escape')
  await picked.waitFor({ state: 'detached' })
  await page.keyboard.press('Enter')
  await picked.waitFor()
  const [value] = String(await pointed()).split(' at ')
  assert.ok((await picked.textContent())?.includes(value.replace(', above the axis', '')), value)
}

async function offersNoExemplars(page: Page): Promise<void> {
  await holds(page, `${COLOURED_PIXELS} > 100`)
  await page.getByText('Stacked').waitFor()
  assert.equal(await page.getByText('Show exemplars').count(), 0)
  assert.equal(await page.getByRole('group', { name: 'Exemplars' }).count(), 0)
}

async function exploresHistograms(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Metric explorer' }).click()
  await page.getByRole('list', { name: 'Metrics' }).getByRole('button').first().waitFor()
  // Keys go to the field once it has the focus.
  await holds(page, `document.activeElement?.matches('input') === true`)
  await page.keyboard.type('native seconds')
  const found = page.getByRole('list', { name: 'Metrics' }).getByRole('button')
  await holds(page, `document.querySelectorAll('[aria-label="Metrics"] button').length === 1`)
  assert.match((await found.textContent()) ?? '', /shop_request_duration_seconds.*native histogram.*seconds.*How long requests took/)
  await found.click()
  await page.waitForURL(
    (url) => url.searchParams.get('g0.expr') === 'histogram_quantile(0.9, sum(rate(shop_request_duration_seconds[5m])))',
  )
}
