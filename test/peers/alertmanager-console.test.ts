// The pages of an Alertmanager in a real browser, on a running one of ours below a prefix: what is done there is done.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { encodeMeshSilence } from '../../src/alertmanager/silences/silence-message.ts'
import type { GettableAlert, GettableSilence } from '../../src/api/types/alertmanager.ts'
import { startAlertmanager, startRecorder } from '../support/alertmanagers.ts'
import { launchBrowser } from '../support/browser.ts'
import { peer } from '../support/peers.ts'
import { freePort } from '../support/program.ts'

const PREFIX = '/some/am'

interface VisitOptions {
  /** Errors that the page logs. */
  readonly expected?: RegExp
  readonly width?: number
  readonly height?: number
  /** Its clock is the test's. */
  readonly clock?: boolean
}

const config = (webhook: string) => `
route:
  receiver: team
  group_by: [alertname]
  group_wait: 100ms
  routes:
    - matchers: [severity="page"]
      receiver: pager.a+b
inhibit_rules:
  - source_matchers: [alertname="ClusterDown"]
    target_matchers: [alertname="DiskFull"]
receivers:
  - name: team
    webhook_configs: [{ url: "${webhook}" }]
  - name: pager.a+b
    webhook_configs: [{ url: "${webhook}" }]
`

test('pages of an Alertmanager', async (t) => {
  const executablePath = peer(t, 'chromium')
  if (executablePath === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'alertmanager-console-'))
  const recorder = await startRecorder()
  const ports = { web: await freePort(), cluster: await freePort() }
  seedSilence(join(directory, `data-${ports.web}`))
  const { program } = await startAlertmanager({
    command: 'ours',
    directory,
    config: config(recorder.url),
    peers: [],
    ports,
    flags: [`--web.external-url=http://proxy.example${PREFIX}`, '--cluster.settle-timeout=100ms'],
  })
  const base = `${program.url}${PREFIX}`
  const browser = await launchBrowser(executablePath)
  const read = async <T>(path: string) => (await (await fetch(`${base}/api/v2/${path}`)).json()) as T
  const stateOf = async (name: string) =>
    (await read<readonly GettableAlert[]>('alerts')).find(({ labels }) => labels['alertname'] === name)?.status.state
  /** A page of its own; whatever it logs as an error, the policy's refusals included, fails the test. */
  const visit = async (
    hash: string,
    check: (page: Page) => Promise<void>,
    { expected = /^$/, width = 1300, height = 900, clock = false }: VisitOptions = {},
  ) => {
    const context = await browser.newContext({ viewport: { width, height } })
    const page = await context.newPage()
    if (clock) await page.clock.install()
    page.setDefaultTimeout(60_000)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !expected.test(message.text())) problems.push(message.text())
    })
    await page.goto(`${base}/${hash}`)
    await check(page)
    assert.deepEqual(problems, [])
    await context.close()
  }
  const item = (page: Page, name: string) => page.getByRole('listitem').filter({ has: page.getByText(`"${name}"`) })
  const group = (page: Page, name: string) => page.getByRole('region', { name: `alertname="${name}"` })
  try {
    await program.ready(`${PREFIX}/-/ready`)
    await postAlerts(base)

    await t.test('alerts stand in their groups, with links, and what is suppressed apart', () =>
      visit('#/alerts', async (page) => {
        await group(page, 'InstanceDown').getByText('web-1 does not answer').waitFor()
        const runbook = group(page, 'InstanceDown').getByRole('link', { name: 'https://runbooks.example/x' })
        assert.equal(await runbook.first().getAttribute('href'), 'https://runbooks.example/x')
        assert.equal(
          await group(page, 'InstanceDown').getByRole('link', { name: 'Source' }).first().getAttribute('href'),
          'http://prom.example/graph?g0.expr=up',
        )
        // What is no address of the web is none here.
        assert.equal(await group(page, 'ClusterDown').getByRole('link', { name: 'Source' }).count(), 0)
        assert.equal(await group(page, 'DiskFull').count(), 0)
        await page.getByRole('switch', { name: 'Inhibited 1' }).click()
        await group(page, 'DiskFull').getByRole('link', { name: 'ClusterDown' }).waitFor()
        assert.match(page.url(), /#\/alerts\?inhibited=true$/)
        await page.getByRole('button', { name: 'instance="web-1"' }).click()
        await group(page, 'ClusterDown').waitFor({ state: 'detached' })
        assert.match(decodeURIComponent(page.url()), /filter=\{instance="web-1"\}/)
        assert.equal(await group(page, 'InstanceDown').count(), 1)
        await page.getByRole('button', { name: 'Remove instance="web-1"' }).click()
        await group(page, 'ClusterDown').waitFor()
        const field = page.getByLabel('Filter alerts by matchers')
        await field.fill('{instance=~"web-.+"')
        await field.press('Enter')
        await page.getByText('the closing } is missing').waitFor()
        await field.fill('instance=~"web-.+", severity!="none"')
        await field.press('Enter')
        await group(page, 'ClusterDown').waitFor({ state: 'detached' })
        assert.equal(await page.getByRole('button', { name: /^Remove / }).count(), 2)
      }),
    )

    await t.test('the link that templates write shows the receiver’s alerts', () =>
      visit('#/alerts?receiver=pager.a%2Bb', async (page) => {
        await group(page, 'InstanceDown').waitFor()
        assert.equal(await group(page, 'ClusterDown').count(), 0)
        assert.equal(await page.getByLabel('Receiver').inputValue(), 'pager.a+b')
      }),
    )

    await t.test('a silence that is made in the page silences, can be changed, and ends', () =>
      visit('#/alerts', async (page) => {
        await group(page, 'ClusterDown').getByRole('link', { name: 'Silence', exact: true }).click()
        await page.getByRole('heading', { name: 'Affected alerts: 1' }).waitFor()
        await page.getByRole('button', { name: 'Create' }).click()
        await page.getByText('The creator is missing').waitFor()
        await page.getByLabel('Creator').fill('anna')
        await page.getByLabel('Comment').fill('maintenance https://tickets.example/1')
        await page.getByLabel('Duration').fill('30m')
        await page.getByRole('button', { name: 'Create' }).click()
        await page.getByRole('heading', { name: /^Ends in (29|30)m/ }).waitFor()
        assert.equal(await stateOf('ClusterDown'), 'suppressed')
        const [made] = await read<readonly GettableSilence[]>('silences')
        assert.deepEqual([made.createdBy, made.comment, made.status.state], ['anna', 'maintenance https://tickets.example/1', 'active'])
        assert.equal(Math.round((Date.parse(made.endsAt) - Date.parse(made.startsAt)) / 60_000), 30)

        await page.getByRole('link', { name: 'Edit' }).click()
        await page.getByRole('button', { name: '1d' }).click()
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByRole('heading', { name: /^Ends in 23h/ }).waitFor()
        const silences = await read<readonly GettableSilence[]>('silences')
        assert.deepEqual([silences.length, silences[0].id], [2, made.id])

        await page.getByRole('link', { name: 'Silences' }).click()
        await page.getByText('Active 1').waitFor()
        await item(page, 'ClusterDown').getByRole('button', { name: 'Expire' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Expire' }).click()
        await page.getByText('There are no active silences').waitFor()
        assert.equal(await stateOf('ClusterDown'), 'active')
        await page.getByText('Expired 1').click()
        await item(page, 'ClusterDown').getByRole('link', { name: 'Recreate' }).click()
        // The browser knows who it is.
        assert.equal(await page.getByLabel('Creator').inputValue(), 'anna')
        assert.equal(await page.getByLabel('Comment').inputValue(), 'maintenance https://tickets.example/1')
      }),
    )

    await t.test('a link to a filled form works, and shows what the server refuses', () =>
      visit(
        '#/silences/new?filter={alertname="InstanceDown",instance=~"web-[12]"}',
        async (page) => {
          await page.getByRole('heading', { name: 'Affected alerts: 2' }).waitFor()
          // What is typed there counts, added or not.
          await page.getByLabel('Add matchers as text').fill('{job}')
          await page.getByRole('button', { name: 'Create' }).click()
          await page.getByText('found "job}", want a matcher').waitFor()
          await page.getByLabel('Add matchers as text').fill('job!="x"')
          await page.getByLabel('Value').nth(1).fill('web-[')
          await page.getByText('These matchers cannot be tried').waitFor()
          await page.getByLabel('Creator').fill('anna')
          await page.getByLabel('Comment').fill('c')
          await page.getByRole('button', { name: 'Create' }).click()
          await page
            .getByText(/invalid label matcher|error parsing regexp/)
            .first()
            .waitFor()
          assert.equal((await read<readonly GettableSilence[]>('silences')).length, 2)
        },
        { expected: /status of 400/ },
      ),
    )

    await t.test('a filter that cannot be read is said so', () =>
      visit('#/alerts?filter={x', async (page) => {
        await page.getByText('The filter of this address cannot be read').waitFor()
        await page.getByRole('link', { name: 'Show without it' }).click()
        await group(page, 'ClusterDown').waitFor()
      }),
    )

    await t.test('notifications and the configuration are shown', () =>
      visit('#/notifications', async (page) => {
        const row = page.getByRole('row').filter({ hasText: 'InstanceDown' })
        await row.first().waitFor()
        assert.match((await row.first().textContent()) ?? '', /pager\.a\+b webhook.*2 firing.*first notification.*delivered/)
        await page.getByRole('link', { name: 'Status' }).click()
        await page.getByText('group_wait').first().waitFor()
        await page.getByRole('region', { name: 'Cluster' }).getByText('ready').waitFor()
      }),
    )

    await t.test('a narrow screen cuts nothing off, and the keyboard reaches the first alert', () =>
      visit(
        '#/alerts?inhibited=true',
        async (page) => {
          await group(page, 'InstanceDown').waitFor()
          const fits = () => page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')
          assert.equal(await fits(), true)
          const toggle = group(page, 'InstanceDown').getByRole('button', { name: /^Alerts of/ })
          await toggle.focus()
          await page.keyboard.press('Enter')
          assert.equal(await toggle.getAttribute('aria-expanded'), 'false')
          for (const name of ['Silences', 'Notifications', 'Status']) {
            await page.getByRole('link', { name }).click()
            await page.getByRole('heading', { level: 1, name }).waitFor()
            assert.equal(await fits(), true, name)
          }
        },
        { width: 390 },
      ),
    )

    await t.test('groups of many alerts come closed, and are read when they are opened', async () => {
      await postMany(base, 260)
      const listed = (page: Page) => group(page, 'Many').getByRole('listitem', { name: /instance=/ })
      await visit('#/alerts', async (page) => {
        const requests: string[] = []
        page.on('request', (request) => requests.push(request.url()))
        const toggle = group(page, 'Many').getByRole('button', { name: /^Alerts of/ })
        assert.equal(await toggle.getAttribute('aria-expanded'), 'false')
        await toggle.click()
        await listed(page).first().waitFor()
        assert.equal(await listed(page).count(), 50)
        await group(page, 'Many').getByRole('button', { name: 'Show more: 210 alerts are not shown' }).click()
        await group(page, 'Many').getByRole('button', { name: 'Show more: 160 alerts are not shown' }).waitFor()
        await listed(page).nth(99).waitFor()
        assert.ok(requests.every((url) => !url.includes('/api/v2/alerts')))
      })
    })

    await t.test('alerts that a silence would affect are asked for while they are in sight', () =>
      visit(
        '#/silences/new?filter={alertname="InstanceDown"}',
        async (page) => {
          const asked: string[] = []
          page.on('request', (request) => {
            const url = new URL(request.url())
            if (url.pathname.endsWith('/api/v2/alerts')) asked.push(url.searchParams.getAll('filter').join())
          })
          const field = page.getByLabel('Add matchers as text')
          await field.fill('instance="web-1"')
          await field.press('Enter')
          await page.getByLabel('Value').nth(1).waitFor()
          // Typing has rested for long, and it is time to ask again.
          await page.clock.runFor(30_000)
          assert.deepEqual(asked, [])
          await page.getByRole('region', { name: 'Affected alerts' }).scrollIntoViewIfNeeded()
          await page.getByRole('heading', { name: 'Affected alerts: 1' }).waitFor()
          await page.clock.runFor(11_000)
          await page.evaluate('scrollTo(0, 0)')
          assert.ok(asked.length >= 1)
          assert.deepEqual([...new Set(asked)], ['alertname="InstanceDown",instance="web-1"'])
        },
        { width: 390, height: 300, clock: true },
      ),
    )

    await t.test('all sets of matchers of a silence are shown, and can be changed', () =>
      visit('#/silences?state=pending', async (page) => {
        const listed = item(page, 'Set1').first()
        assert.match((await listed.textContent()) ?? '', /alertname="Set1"or\S*alertname="Set2"/)
        await listed.getByRole('link', { name: 'Edit' }).click()
        const text = (index: number) => page.getByLabel('Add matchers as text').nth(index)
        await text(1).fill('instance="i1"')
        await text(1).press('Enter')
        await page.getByRole('button', { name: 'Add a set of matchers' }).click()
        await text(2).fill('Many')
        await page.getByRole('button', { name: 'Remove this set' }).first().click()
        assert.equal(await text(1).inputValue(), 'Many')
        // None of them is left out unsaid.
        await page.getByRole('button', { name: 'Add a set of matchers' }).click()
        await page.getByRole('button', { name: 'Save' }).click()
        const last = page.getByRole('group', { name: 'or alerts with' }).last()
        await last.getByRole('alert').filter({ hasText: 'It needs a matcher' }).waitFor()
        assert.equal(await page.getByRole('alert').count(), 1)
        await last.getByLabel('Value').fill('x')
        await last.getByText('A value has none').waitFor()
        await page.getByRole('button', { name: 'Remove this set' }).last().click()
        assert.equal(await page.getByRole('alert').count(), 0)
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByRole('heading', { name: 'Affected alerts: 260' }).waitFor()
        const one = (name: string, value: string) => ({ isEqual: true, isRegex: false, name, value })
        const pending = (await read<readonly GettableSilence[]>('silences')).filter(({ status }) => status.state === 'pending')
        assert.deepEqual(
          pending.map(({ matcherSets }) => matcherSets),
          [[[one('alertname', 'Set2'), one('instance', 'i1')], [one('alertname', 'Many')]]],
        )
        await page.getByRole('button', { name: 'Expire' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Expire' }).click()
        await page.getByRole('link', { name: 'Recreate' }).click()
        await page.getByRole('button', { name: 'Create' }).click()
        await page.getByRole('heading', { name: /^Ends in 1h 59m/ }).waitFor()
        await page.getByText('alertname="Set2"').waitFor()
      }),
    )
  } finally {
    await browser.close()
    await program.stop()
    recorder.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

/** A silence of several sets, as another member makes it, which has not begun. */
function seedSilence(directory: string): void {
  const now = Date.now()
  const fields = {
    startsAt: now + 3_600_000,
    endsAt: now + 7_200_000,
    updatedAt: BigInt(now) * 1_000_000n,
    createdBy: 'ops',
    comment: 'several',
  }
  const matcherSets = ['Set1', 'Set2'].map((value) => [{ operator: '=' as const, name: 'alertname', value }])
  const silence = { ...fields, id: '11111111-2222-4333-8444-555555555555', matcherSets, annotations: new Map() }
  mkdirSync(directory)
  writeFileSync(join(directory, 'silences'), encodeMeshSilence({ expiresAt: now + 86_400_000, silence }))
}

async function postAlerts(base: string): Promise<void> {
  const times = { startsAt: new Date(Date.now() - 60_000).toISOString(), endsAt: new Date(Date.now() + 600_000).toISOString() }
  const alerts = [
    ...['web-1', 'web-2'].map((instance) => ({
      ...times,
      labels: { alertname: 'InstanceDown', instance, severity: 'page' },
      annotations: { summary: `${instance} does not answer`, runbook: 'https://runbooks.example/x', ['long_'.repeat(30)]: 'x' },
      generatorURL: 'http://prom.example/graph?g0.expr=up',
    })),
    { ...times, labels: { alertname: 'ClusterDown', severity: 'none' }, generatorURL: 'ftp://prom.example/' },
    { ...times, labels: { alertname: 'DiskFull' } },
  ]
  await post(base, alerts)
}

async function postMany(base: string, count: number): Promise<void> {
  await post(
    base,
    Array.from({ length: count }, (_, i) => ({ labels: { alertname: 'Many', instance: `i${i}` } })),
  )
}

async function post(base: string, alerts: readonly object[]): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(alerts) }
  const response = await fetch(`${base}/api/v2/alerts`, init)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
}
