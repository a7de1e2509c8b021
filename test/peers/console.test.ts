// The built console in a real browser, against a made-up API, below a route prefix and under the strict policy.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { COLOURED_PIXELS, launchBrowser } from '../support/browser.ts'
import { type ConsoleServer, openConsoleServer } from '../support/console-server.ts'
import { peer } from '../support/peers.ts'
import { eventually } from '../support/program.ts'

const CPU = 'g0.expr=rate(node_cpu_seconds_total%5B5m%5D)&g0.range_input=1h'

test('console', async (t) => {
  const executablePath = peer(t, 'chromium')
  if (executablePath === undefined) return
  const server = await openConsoleServer('/some/prefix/')
  const browser = await launchBrowser(executablePath)
  /** A page of its own; whatever it logs as an error, the policy's refusals included, fails the test. */
  const visit = async (path: string, check: (page: Page) => Promise<void>, expected: RegExp = /^$/) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !expected.test(message.text())) problems.push(message.text())
    })
    await page.goto(server.url + path)
    await check(page)
    assert.deepEqual(problems, [])
    await context.close()
  }
  try {
    await t.test('the graph draws every series', () => visit(`query?${CPU}`, drawsGraph))
    await t.test('a click on the legend leaves one line, a drag zooms, back undoes', () => visit(`query?${CPU}`, isolatesAndZooms))
    await t.test('the start page asks what is typed, as graph and as table', () => visit('', typesAndExecutes))
    await t.test('completion knows functions and metrics', () => visit('query', completes))
    await t.test('panels come and go', () => visit(`query?${CPU}`, addsAndRemoves))
    await t.test('an error is shown and its place marked', () => visit('query?g0.expr=sum(rte(up))', showsError, /status of 400/))
    await t.test('nothing found is said so', () => visit('query?g0.expr=nothing', saysNothingMatches))
    await t.test('targets show health, errors and counts, filtered', () => visit('targets', showsTargets))
    await t.test('alerts show what fires and for how long, filtered, with annotations', () => visit('alerts', showsAlerts))
    await t.test('rules show their health, what failed and what is not known', () => visit('rules', showsRules))
    await t.test('Alertmanagers are listed, dropped ones apart', () => visit('alertmanager-discovery', showsAlertmanagers))
    await t.test('discovery shows what was found, dropped and why', () => visit('service-discovery', showsDiscovery))
    await t.test('the database shows what its series are made of', () => visit('tsdb-status', showsCardinality))
    await t.test('budgets show what is refused, for which label, and what grew', () => visit('budgets', showsBudgets))
    await t.test('configuration, flags and runtime are there', () => visit('config', showsStatus))
    await t.test('the explorer finds a metric by its description and asks for it', () => visit('query', exploresMetrics))
    await t.test('a narrow screen cuts nothing off', () => visit('targets', fitsNarrowScreens))
    await t.test('the colour scheme steps and stays', () => visit('targets', changesScheme))
    assert.deepEqual(unforeseen(server), [])
  } finally {
    await browser.close()
    await server.close()
  }
})

/** A page shows what an address says a moment after it has that address. */
const becomes = (want: unknown, seen: () => Promise<unknown>) => eventually(async () => assert.deepEqual(await seen(), want))

const unforeseen = (server: ConsoleServer) => [...new Set(server.unknown)]

async function drawsGraph(page: Page): Promise<void> {
  await page.locator('canvas').waitFor()
  await page.waitForFunction(`${COLOURED_PIXELS} > 5000`)
  await page.getByText('Result series 16').waitFor()
  const legend = page.getByRole('list', { name: 'Series' }).getByRole('button')
  assert.equal(await legend.count(), 16)
  assert.match((await legend.first().textContent()) ?? '', /cpu="0", mode="idle"/)
}

async function showsAlerts(page: Page): Promise<void> {
  const rule = (name: string) => page.locator('details').filter({ hasText: name })
  const rows = rule('InstanceDown').locator('tbody tr')
  await rows.nth(1).waitFor()
  assert.match((await rows.first().textContent()) ?? '', /instance="10\.0\.7\.3:8080".*firing1h [67]m ago0$/)
  assert.match((await rows.nth(1).textContent()) ?? '', /10\.0\.7\.4.*pending[45]\ds ago0$/)
  assert.match((await rule('InstanceDown').locator('summary').textContent()) ?? '', /for 5m1 firing1 pending/)
  // What is closed has nothing of its alerts in the page; the keyboard opens it again.
  await rule('InstanceDown').locator('summary').click()
  await rule('InstanceDown').locator('table').waitFor({ state: 'detached' })
  await page.keyboard.press('Enter')
  await rule('InstanceDown').locator('table').waitFor()
  // Only what fires is open.
  assert.equal(await page.getByText('14.4 * 0.001').isVisible(), false)
  await page.getByText('ErrorBudgetBurns').click()
  await page.getByText('14.4 * 0.001').waitFor()
  await page.getByText('found duplicate series').waitFor()
  assert.equal(await rows.first().getByText('does not answer').count(), 0)
  await page.getByRole('switch', { name: 'Annotations' }).click()
  await page.waitForURL(/annotations=show/)
  await rows.first().getByText('10.0.7.3:8080 does not answer').waitFor()
  await page.getByText('Firing 1').click()
  await page.waitForURL(/state=firing/)
  await rule('ErrorBudgetBurns').waitFor({ state: 'detached' })
  await page.getByLabel('Filter by name, label, expression or error').fill('nowhere')
  await page.getByText('No alerting rule passes the filter').waitFor()
  await page.getByLabel('Filter by name, label, expression or error').fill('10.0.7.4')
  await rule('InstanceDown').getByTitle('Ask it on the query page').click()
  await page.waitForURL((url) => url.searchParams.get('g0.expr') === 'up{job="checkout"} == 0')
}

async function showsAlertmanagers(page: Page): Promise<void> {
  const urls = (title: string) => page.getByRole('region', { name: title }).getByRole('link')
  await urls('Active').nth(1).waitFor()
  assert.deepEqual(await urls('Dropped by relabeling').allTextContents(), ['http://old:9093/api/v2/alerts'])
  assert.equal(await urls('Active').nth(1).getAttribute('href'), 'https://am.example/prefix/')
}

async function showsRules(page: Page): Promise<void> {
  const group = page.getByRole('region', { name: 'availability' })
  await group.waitFor()
  assert.match(
    (await group.textContent()) ?? '',
    /^availability\/etc\/prometheus\/rules\/availability\.yml(?:\d\.\d|\d\d)s ago in 4\.20 ms, every 15s/,
  )
  const rule = (name: string) => page.getByRole('article', { name })
  assert.match((await rule('job:up:ratio').textContent()) ?? '', /record.*okavg by \(job\) \(up\)labelstier="one"$/)
  assert.match((await rule('InstanceDown').textContent()) ?? '', /for5mlabelsseverity="page", team="checkout"summary\{\{ \$labels/)
  await rule('ErrorBudgetBurns').getByRole('alert').getByText('found duplicate series').waitFor()
  await rule('billing:usage:30d').getByText('it requires more than there is').waitFor()
  await page.getByText('Error 1').click()
  await page.waitForURL(/health=err/)
  await becomes(1, () => page.getByRole('article').count())
}

async function showsDiscovery(page: Page): Promise<void> {
  await page.getByText('3 of 15 discovered are scraped').waitFor()
  const rows = page.locator('tbody tr')
  assert.equal(await rows.count(), 7)
  await page.getByText('Dropped', { exact: true }).click()
  await page.waitForURL(/state=dropped/)
  await becomes(1, () => rows.count())
  assert.match((await rows.textContent()) ?? '', /__meta_zone="east".*dropped/)
  await page.getByRole('button', { name: 'Steps' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('drops the target').waitFor()
  assert.match((await dialog.textContent()) ?? '', /replace {2}source_labels: \[job\] {2}target_label: service.*service "checkout"/)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
}

async function showsCardinality(page: Page): Promise<void> {
  await page.getByText('123,456').waitFor()
  const rows = page.getByRole('region', { name: 'Series by metric' }).locator('tbody tr')
  assert.equal(await rows.count(), 10)
  await page.getByText('Top 50').click()
  await page.waitForURL(/limit=50/)
  await rows.nth(49).waitFor()
  await rows.first().getByRole('link').click()
  await page.waitForURL(/query\?g0.expr=count/)
}

async function showsBudgets(page: Page): Promise<void> {
  const shop = page.getByRole('region', { name: 'Budgets', exact: true }).getByRole('row').filter({ hasText: 'Job shop' })
  await shop.waitFor()
  const text = (await shop.textContent()) ?? ''
  for (const part of ['user_id (about 987,654)', '112,000', '998,877']) assert.ok(text.includes(part), text)
  await page.getByRole('region', { name: 'Values by label' }).getByText('+12,345').waitFor()
  await page.getByRole('region', { name: 'Series by owner' }).getByText('Nothing grew.').waitFor()
  await page.getByRole('link', { name: 'requests_total' }).click()
  await page.waitForURL(/query\?g0.expr=count/)
}

async function showsStatus(page: Page): Promise<void> {
  await page.getByText('scrape_interval').waitFor()
  await page.getByRole('link', { name: 'Flags' }).click()
  await page.getByText('--config.file').waitFor()
  await page.getByLabel('Filter by name or value').fill('external')
  await page.getByText('--config.file').waitFor({ state: 'detached' })
  await page.getByText('--web.external-url').waitFor()
  await page.getByRole('link', { name: 'Runtime' }).click()
  await page.getByText('host-a').waitFor()
}

async function exploresMetrics(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Metric explorer' }).click()
  const metrics = page.getByRole('list', { name: 'Metrics' }).getByRole('button')
  await metrics.nth(2).waitFor()
  await page.getByLabel('Search metrics').fill('spent CPUs')
  await page.waitForFunction(`document.querySelectorAll('[aria-label="Metrics"] button').length === 1`)
  await metrics.first().click()
  await page.waitForURL(/g0\.expr=rate%28node_cpu_seconds_total%5B5m%5D%29/)
  await page.locator('canvas').waitFor()
}

async function isolatesAndZooms(page: Page): Promise<void> {
  await page.locator('canvas').waitFor()
  await page.waitForFunction(`${COLOURED_PIXELS} > 5000`)
  const all = Number(await page.evaluate(COLOURED_PIXELS))
  const first = page.getByRole('list', { name: 'Series' }).getByRole('button').first()
  await first.click()
  await page.waitForFunction(`${COLOURED_PIXELS} < ${all / 2}`)
  assert.ok(Number(await page.evaluate(COLOURED_PIXELS)) > 200)
  await first.click()
  await page.waitForFunction(`${COLOURED_PIXELS} > ${all * 0.8}`)
  const plot = await page.locator('.u-over').boundingBox()
  assert.ok(plot !== null)
  await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 50)
  await page.mouse.down()
  await page.mouse.move(plot.x + plot.width * 0.75, plot.y + 60, { steps: 5 })
  await page.mouse.up()
  await page.waitForURL(/end_input/)
  const range = new URL(page.url()).searchParams.get('g0.range_input') ?? ''
  assert.match(range, /^(14m5\ds|15m|15m\ds)$/)
  await page.goBack()
  await page.waitForURL((url) => url.searchParams.get('g0.range_input') === '1h')
}

async function typesAndExecutes(page: Page): Promise<void> {
  await page.waitForURL(/\/some\/prefix\/query$/)
  await page.locator('.cm-content').click()
  await page.keyboard.type('process_resident_memory_bytes ', { delay: 5 })
  await page.keyboard.press('Control+Enter')
  await page.waitForURL((url) => url.searchParams.get('g0.expr')?.trim() === 'process_resident_memory_bytes')
  await page.locator('canvas').waitFor()
  await page.locator('label', { hasText: 'Table' }).click()
  const row = page.getByRole('row').filter({ hasText: 'replica="b"' })
  await row.waitFor()
  assert.match((await row.textContent()) ?? '', /process_resident_memory_bytes\{.*MiB\s*\d{9}$/)
  await page.getByRole('button', { name: 'Query history' }).click()
  await page.getByRole('dialog').getByText('process_resident_memory_bytes').waitFor()
}

async function completes(page: Page): Promise<void> {
  await page.locator('.cm-content').click()
  await page.keyboard.type('sum(node_c', { delay: 20 })
  await page.locator('.cm-tooltip-autocomplete').getByText('node_cpu_seconds_total').waitFor()
  await page.keyboard.press('Escape')
}

async function addsAndRemoves(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add a panel' }).click()
  const second = page.getByRole('region', { name: 'Query 2' })
  // Keys go to it once it has the focus.
  await second.locator('.cm-focused').waitFor()
  await page.keyboard.type('up ', { delay: 5 })
  await page.keyboard.press('Control+Enter')
  await page.waitForURL((url) => url.searchParams.get('g1.expr')?.trim() === 'up')
  await page.getByRole('button', { name: 'Remove query 1' }).click()
  await page.waitForURL((url) => url.searchParams.get('g0.expr')?.trim() === 'up' && !url.searchParams.has('g1.expr'))
  await becomes('up', async () => (await page.locator('.cm-content').textContent())?.trim())
}

async function showsError(page: Page): Promise<void> {
  const alert = page.getByRole('alert')
  await alert.waitFor()
  assert.match((await alert.textContent()) ?? '', /1:5: parse error: unknown function with name "rte"/)
  await page.locator('.cm-promql-error').waitFor()
  assert.equal(await page.locator('.cm-promql-error').textContent(), 'rte')
}

async function saysNothingMatches(page: Page): Promise<void> {
  await page.getByText('The query is fine, nothing matches it').waitFor()
}

async function showsTargets(page: Page): Promise<void> {
  await page.getByText('1 / 3 up').waitFor()
  await page.getByText('12 dropped').waitFor()
  await page.getByText('connect: connection refused').waitFor()
  assert.equal(await page.getByRole('row').filter({ hasText: 'http://' }).count(), 7)
  await page.getByText('Down 1').click()
  await page.waitForURL(/health=down/)
  const links = () => page.getByRole('link', { name: /^http/ }).allTextContents()
  await becomes(['http://10.0.7.3:8080/metrics'], links)
  await page.getByText('All 6').click()
  await page.getByLabel('Filter by address, label or error').fill('replica="b"')
  await page.waitForURL(/search=/)
  await becomes(['http://127.0.0.1:9091/metrics'], links)
}

async function fitsNarrowScreens(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 800 })
  const widerThanSeen = `[document.documentElement, ...document.querySelectorAll('details > div')]
    .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.textContent.slice(0, 60))`
  for (const [name, sign] of [
    ['Targets', '12 dropped'],
    ['Alerts', '/etc/prometheus/rules/availability.yml'],
    ['Rules', '/etc/prometheus/rules/billing.yml'],
    ['Discovery', '3 of 15 discovered are scraped'],
    ['Alertmanagers', 'http://old:9093/api/v2/alerts'],
    ['TSDB', '123,456'],
    ['Flags', '--config.file'],
    ['Runtime', 'host-a'],
    ['Query', 'Nothing asked yet'],
  ]) {
    const link = page.getByRole('link', { name, exact: true })
    await link.click()
    await page.getByText(sign).waitFor()
    assert.deepEqual(await page.evaluate(widerThanSeen), [], name)
    const place = await link.boundingBox()
    assert.ok(place !== null && place.x >= 0 && place.x + place.width <= 390, `${name} stays in sight in the bar`)
  }
}

async function changesScheme(page: Page): Promise<void> {
  const scheme = () => page.evaluate(`document.documentElement.dataset.mantineColorScheme`)
  const toggle = page.getByRole('button', { name: /^Colours/ })
  assert.equal(await scheme(), 'light')
  await toggle.click()
  await toggle.click()
  await becomes('dark', scheme)
  await page.reload()
  await toggle.waitFor()
  await becomes('dark', scheme)
}
